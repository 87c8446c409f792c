package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// update rewrites the expected output in the scripts: go test -run TestScripts ./cmd/sealcfg -update
var update = flag.Bool("update", false, "rewrite the files in scripts that cmp compares with stdout or stderr")

// console FILE runs the lines of a console session that start with "$ ", in a shell in which sops
// is the shim. It prints the session with the actual output, for:
//
//	console session
//	cmp stdout session
//
// With -update, cmp then replaces the session in the script.
func console(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: console FILE")
	}
	normalize := strings.NewReplacer(ts.Getenv("WORK"), "$WORK")
	var session strings.Builder
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue // the expected output
		}
		err := ts.Exec("sh", "-c", `PATH=${SHIM%/*}:$PATH; `+command)
		output := normalize.Replace(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
		session.WriteString(line + recipientText.ReplaceAllString(output, "age1..."))
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			fmt.Fprintf(&session, "[exit code %d]\n", exit.ExitCode())
		} else {
			ts.Check(err)
		}
	}
	path := filepath.Join(ts.Getenv("WORK"), ".session")
	ts.Check(os.WriteFile(path, []byte(session.String()), 0o600))
	ts.Check(ts.Exec("cat", path))
}

var recipientText = regexp.MustCompile(`age1[0-9a-z]{8,}(\.\.\.[0-9a-z]+)?`)
