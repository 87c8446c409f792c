package servicetest

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// envInside holds, in the process of a test that [PrintsNothing] has started, the
// argument of call.
const envInside = "SEALCFG_TEST_INSIDE"

// PrintsNothing requires that call writes no output to standard output or standard
// error: it runs call in a separate process. prepare runs in this process, and
// returns the argument of call. A test that uses it must contain no other code.
func PrintsNothing(t *testing.T, prepare func() string, call func(argument string)) {
	t.Helper()
	if argument, ok := os.LookupEnv(envInside); ok {
		call(argument)
		os.Exit(0) // before package testing prints its result
	}
	argument := prepare()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), envInside+"="+argument)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Errorf("%v, with the output: %s", err, said.String())
	}
}
