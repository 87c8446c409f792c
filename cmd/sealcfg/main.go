// Command sealcfg edits, decrypts and rekeys config files whose values are
// sealed and whose field names stay readable. The files are SOPS files.
package main

import (
	"context"
	"os"
)

func main() { os.Exit(realMain()) }

func realMain() int {
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, lookupEnv: os.LookupEnv}
	return a.run(context.Background(), os.Args[1:])
}
