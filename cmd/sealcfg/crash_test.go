//go:build linux

package main

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
)

// A sealcfg that crashes while it holds plaintext leaves the stacks of its goroutines on stderr,
// without a value, and no core dump.
func TestCrashLeaksNothing(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	canary := "CANARY" + rand.Text()
	run := func(env []string, stdin, name string, args ...string) (stderr string, err error) {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Stdin = home, strings.NewReader(stdin)
		for name, value := range clitest.Isolated(home) {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		cmd.Env = append(append(cmd.Env, "PATH="+os.Getenv("PATH"), "TMPDIR="+home), env...)
		var text strings.Builder
		cmd.Stderr = &text
		err = cmd.Run()
		return text.String(), err
	}
	for _, args := range [][]string{{"init", "-q", "--name", "alice"}, {"set", "-q", "prod", "db.password", "-"}} {
		stderr, err := run(nil, canary, "sealcfg", args...)
		require.NoError(t, err, stderr)
	}
	allowed := `ulimit -c "$(ulimit -H -c)"; exec sealcfg "$@"`
	editor := `cp "$2" where; cp /proc/$PPID/limits .; kill -$1 $PPID; while kill -0 $PPID 2>/dev/null; do sleep 0.01; done`
	require.NoError(t, os.WriteFile(filepath.Join(home, "editor"), []byte(editor), 0o600))
	where := filepath.Join(home, "where")
	for _, signal := range []string{"ABRT", "SEGV"} { // as a panic and a fault do, they end with the runtime's report
		for _, traceback := range []string{"single", "all", "system"} { // crash is system plus a core dump, which the runtime takes long to write
			stderr, err := run([]string{"GOTRACEBACK=" + traceback, "EDITOR=sh editor " + signal}, "",
				"sh", "-c", allowed, "sh", "edit", "prod")
			held, readErr := os.ReadFile(where)
			require.NoError(t, readErr, stderr)
			require.Contains(t, string(held), canary)
			require.NoError(t, os.Remove(where))
			require.Error(t, err)
			require.Contains(t, stderr, "goroutine ")
			if traceback != "single" { // single shows only the goroutine that received the signal
				require.Contains(t, stderr, "editing.(*session).runEditor")
			}
			assert.NotContains(t, stderr, canary)
		}
	}
	limits, err := os.ReadFile(filepath.Join(home, "limits"))
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^Max core file size +0 `, string(limits), "so there is no core dump; that there is none, package coredump tests")
	// As after kill -9, the next command removes the editor's file.
	_, err = run(nil, "", "sealcfg", "key", "show")
	require.NoError(t, err)
	p := &person{t: t, home: home, canary: canary}
	p.leavesNothing()
}
