//go:build linux

package coredump

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The child is this test binary. The variable selects its setup; then it aborts
// itself.
const childVar = "COREDUMP_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVar) {
	case "":
		os.Exit(m.Run())
	case "off":
		Off()
	case "restored":
		Off()
		if err := Restored(abortChild); !dumped(err) {
			fmt.Println("a child's own limit is not given back:", err)
			os.Exit(1)
		}
		if err := abortChild(); dumped(err) {
			fmt.Println("the limit is not lowered again")
			os.Exit(1)
		}
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
	select {}
}

func abortChild() error {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("sh", "-c", "kill -ABRT $$")
	cmd.Dir = dir // the directory of its core dump
	return cmd.Run()
}

func dumped(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).CoreDump()
}

// aborts runs the child with core dumps allowed, and reports whether it left one.
func aborts(t *testing.T, how string) bool {
	t.Helper()
	cmd := exec.Command("sh", "-c", `ulimit -c "$(ulimit -H -c)"; exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+how, "GOTRACEBACK=crash")
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.True(t, exit.Sys().(syscall.WaitStatus).Signaled(), "%s", out)
	if !dumped(err) {
		found, err := filepath.Glob(filepath.Join(cmd.Dir, "core*"))
		require.NoError(t, err)
		assert.Empty(t, found)
	}
	return dumped(err)
}

func TestOff(t *testing.T) {
	if !aborts(t, "on") {
		t.Skip("NOT TESTED: core dumps are off on this machine")
	}
	assert.False(t, aborts(t, "off"))
	assert.False(t, aborts(t, "restored"))
}

// The limit alone would not do where core dumps go to a program.
func TestOffIsMoreThanALimit(t *testing.T) {
	Off()
	got, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, 3, 0, 0) // PR_GET_DUMPABLE
	require.Zero(t, errno)
	assert.Zero(t, got)
}
