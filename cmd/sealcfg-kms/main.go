// Command sealcfg-kms wraps and unwraps data keys with key services. sealcfg runs
// it when a file has keys other than age keys. It is a separate program because the
// SDKs of the key services are large. Users do not run it themselves.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/term"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/kmswire"
)

func main() {
	kmswire.DisableCoreDumps() // it holds data keys
	os.Exit(run(os.Args[1:], services()))
}

func run(args []string, services []keys.Service) int {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	switch {
	case len(args) == 1 && (args[0] == "version" || args[0] == "--version"):
		fmt.Printf("%s %s (protocol %d, keys of type %s)\n", kmswire.Program, version, kmswire.Protocol, types(services))
		return 0
	case len(args) > 0 || term.IsTerminal(int(os.Stdin.Fd())):
		fmt.Fprintf(os.Stderr, "sealcfg runs %s for files with keys of type %s.\nInstall it in the directory of sealcfg or on PATH. You never need to run it yourself.\n",
			kmswire.Program, types(services))
		return 2
	}
	kmswire.LeaveSignals()
	if err := kmswire.Serve(context.Background(), os.Stdin, os.Stdout, version, services); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", kmswire.Program, err)
		return 1
	}
	return 0
}

func types(services []keys.Service) string {
	var all []string
	for _, s := range services {
		all = append(all, s.Type())
	}
	return strings.Join(all, " ")
}
