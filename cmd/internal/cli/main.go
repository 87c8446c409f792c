package cli

import (
	"context"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/coredump"
	"github.com/sealcfg/sealcfg/internal/gitrun"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
)

// Main runs a command line with the terminal and the environment of this process. It returns the
// exit code of run.
func Main(run func(context.Context, *App) int) int {
	coredump.Off()
	wd, _ := os.Getwd() // "" if it was removed
	a := &App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: NewErrorStream(os.Stderr), LookupEnv: os.LookupEnv, Finder: new(environments.Finder)}
	defer a.Stderr.Flush()
	a.WithholdIdentity()
	a.Git = gitrun.New(os.Environ(), wd)
	scratch.Sweep(a.ScratchDirs()) // files of processes that were killed
	a.RegisterServices(keys.Default)
	defer a.Helper.Close()
	return run(context.Background(), a)
}

// BuildVersion returns the version of the program, or "(devel)".
func BuildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// FileArgument returns the last argument that is a file, quoted for a shell, or "FILE".
func FileArgument(args []string) string {
	for _, arg := range slices.Backward(args) {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() && !strings.HasPrefix(arg, "-") {
			return ShellWord(arg)
		}
	}
	return "FILE"
}
