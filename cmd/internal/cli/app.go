package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/cmd/internal/kmswire"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/gitrun"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
	_ "github.com/sealcfg/sealcfg/keys/ageplugin" // age-plugin-*
	_ "github.com/sealcfg/sealcfg/keys/agessh"    // SSH keys
)

// App is what the commands share: the terminal, the process environment, and
// the global flags.
type App struct {
	Stdin, Stdout *os.File
	Stderr        *errorStream
	LookupEnv     func(string) (string, bool)

	Git *gitrun.Git // knows the directory and the variables that the command began with

	Withheld []string // of the environment, from the programs that are started

	WorkDir string // working directory, after -C
	Dir     string
	JSON    bool
	Quiet   bool
	NoColor bool

	InputType string          // how files are read, "" to go by their names
	AllowKeys []string        // keys of services that no policy need name
	Helper    *kmswire.Helper // asks the services

	AnswersOnly bool // a tool may take stderr for a part of the answer

	Interrupted func() bool // reports whether a signal has ended the command; nil if the command handles signals

	prompts prompts

	identities []keys.Identity // loaded once per run
	Loaded     bool
	keySources []keySource
	Broken     []error // key sources that cannot be used
	toldBroken int     // how many of them have been reported
	brokenMu   sync.Mutex

	NamedBroken string // text of warnings, which may name a broken key source

	Finder *environments.Finder // what applies to files, found once per run

	told    sync.Map // paths of files whose problems have been reported
	boundIn sync.Map // by directory, what returns a file with a binding
}

// HandlesSignals is the annotation of a command that ends by itself after a signal. For any
// other command, a signal ends the context.
const HandlesSignals = "handles-signals"

// WatchSignals lets a signal end the context of a command, unless the command has the annotation
// [HandlesSignals].
func (a *App) WatchSignals(cmd *cobra.Command) {
	if cmd.Annotations[HandlesSignals] != "" {
		return
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), scratch.Signals()...)
	// The second signal has its usual effect again: what hangs can be stopped.
	context.AfterFunc(ctx, stop)
	a.Interrupted = func() bool { return ctx.Err() != nil }
	cmd.SetContext(ctx)
}

func (a *App) Env(name string) string {
	v, _ := a.LookupEnv(name)
	return v
}

// ScratchDirs are where plain text may lie for a while.
func (a *App) ScratchDirs() scratch.Options {
	return scratch.Options{Memory: []string{"/dev/shm", a.Env("XDG_RUNTIME_DIR")}, Temp: os.TempDir()}
}

// Project finds the project that the command works on.
func (a *App) Project() (*environments.Project, error) {
	if _, err := os.Getwd(); err != nil {
		return nil, WithHint(fmt.Errorf("find the working directory: %w", err), "it may be gone: go to one that is there, or name one with -C")
	}
	return environments.Find(".")
}

// EnterDir obeys -C.
func (a *App) EnterDir() error {
	if a.Dir == "" {
		return nil
	}
	if err := os.Chdir(a.Dir); err != nil {
		return Usage(err)
	}
	a.Dir = "" // once
	a.WorkDir, _ = os.Getwd()
	return nil
}

// Shown is how a path is named to a person: relative where that is shorter.
func Shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || strings.HasPrefix(rel, filepath.Join("..", "..", "..")) {
		return path
	}
	return rel
}

// Below reports whether path is dir or below it.
func Below(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
