// Command sealcfg edits, decrypts and rekeys config files whose values are
// sealed and whose field names stay readable. The files are SOPS files.
package main

import (
	"context"
	"os"

	"github.com/sealcfg/sealcfg/keys"
)

func main() { os.Exit(realMain()) }

func realMain() int {
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, lookupEnv: os.LookupEnv}
	a.registerServices(keys.Default)
	defer a.helper.Close()
	if calledAsSops(os.Args[0]) {
		return a.runSops(context.Background(), os.Args[1:])
	}
	return a.run(context.Background(), os.Args[1:])
}
