// Command sealcfg edits, decrypts and rekeys config files whose values are
// sealed and whose field names stay readable. The files are SOPS files.
package main

import (
	"context"
	"os"
	"runtime/debug"

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
	a := &app{in: os.Stdin, out: os.Stdout, err: newErrorStream(os.Stderr), lookupEnv: os.LookupEnv, finder: new(environments.Finder)}
	defer a.err.Flush()
	a.withholdIdentity()
	a.git = gitrun.New(os.Environ(), wd)
	scratch.Sweep(a.scratchPlaces()) // what a kill -9 has left
	a.registerServices(keys.Default)
	defer a.helper.Close()
	if calledAsSops(os.Args[0]) {
		return a.runSops(context.Background(), os.Args[1:])
	}
	return execute(context.Background(), a, os.Args[1:])
}
