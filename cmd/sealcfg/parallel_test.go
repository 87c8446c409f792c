//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A bench is a project for commands that run without a terminal.
type bench struct {
	t   *testing.T
	dir string
	env []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "project")}
	home := t.TempDir()
	require.NoError(t, os.Mkdir(b.dir, 0o755))
	for name, value := range clitest.Isolated(home) {
		b.env = append(b.env, name+"="+value)
	}
	b.env = append(b.env, "PATH="+os.Getenv("PATH"))
	_, stderr, err := b.run("", "init", "-q", "--name", "alice")
	require.NoError(t, err, "%s", stderr)
	// These tests do not require a binding, because the tests remove it.
	require.NoError(t, os.Remove(filepath.Join(b.dir, "sealcfg.yaml")))
	return b
}

func (b *bench) command(args ...string) *exec.Cmd {
	cmd := exec.Command("sealcfg", args...)
	cmd.Dir, cmd.Env = b.dir, b.env
	return cmd
}

func (b *bench) run(stdin string, args ...string) (stdout, stderr string, err error) {
	cmd := b.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// sealcfg runs a command that must succeed.
func (b *bench) sealcfg(args ...string) string {
	b.t.Helper()
	out, stderr, err := b.run("", args...)
	require.NoError(b.t, err, "sealcfg %v: %s", args, stderr)
	return out
}

// Many processes change one file while another one rekeys it. Each change is in the file,
// or its command failed and reported it.
func TestParallelChangesLoseNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const writers = 50
	type result struct {
		stderr string
		err    error
	}
	sets := make([]result, writers)
	rekeys := make([]result, 3)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range sets {
		wg.Go(func() {
			<-start
			_, sets[i].stderr, sets[i].err = b.run(fmt.Sprintf("value %d", i), "set", "prod", fmt.Sprintf("field%d", i), "-")
		})
	}
	for i := range rekeys {
		wg.Go(func() {
			<-start
			_, rekeys[i].stderr, rekeys[i].err = b.run("", "rekey", "--yes", "prod")
		})
	}
	close(start)
	wg.Wait()

	done := 0
	for i, r := range append(sets, rekeys...) {
		var exit *exec.ExitError
		if r.err != nil && assert.ErrorAs(t, r.err, &exit) {
			assert.Equal(t, cli.ExitError, exit.ExitCode())
			assert.Contains(t, r.stderr, "the file changed in the meantime")
			assert.Contains(t, r.stderr, "hint: another process has written the file in the meantime; run the command again")
		}
		if i >= writers {
			continue
		}
		out, _, err := b.run("", "get", "prod", fmt.Sprintf("field%d", i))
		if r.err == nil {
			done++
			assert.NoError(t, err)
			assert.Equal(t, fmt.Sprintf("value %d", i), out)
		} else {
			assert.Error(t, err, "refused, and yet written: %s", r.stderr)
		}
	}
	assert.Equal(t, writers, done, "set makes its change anew when somebody else was faster, and here are fewer than it bears")
	left, err := filepath.Glob(filepath.Join(b.dir, "environments", ".*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// Reading takes no lock and writes no file, so it works in a directory that is not
// writable.
func TestReadingInAReadOnlyFolder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sealcfg("set", "-q", "prod", "a", "x")
	key := strings.TrimSpace(readFile(t, identityFile(t, b)))
	run := func(args ...string) (string, string, error) { return b.run("", args...) }
	if os.Geteuid() == 0 { // root ignores file modes
		run = b.asNobody(key)
	}
	for _, dir := range []string{filepath.Join(b.dir, "environments"), b.dir} {
		require.NoError(t, os.Chmod(dir, 0o555))
		t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	}
	for _, args := range [][]string{
		{"get", "prod", "a"}, {"decrypt", "prod"}, {"view", "prod"}, {"view", "prod", "--reveal"}, {"key", "list"}, {"rekey", "--dry-run"}, {"struct", "prod"},
	} {
		_, stderr, err := run(args...)
		assert.NoError(t, err, "%v: %s", args, stderr)
	}
	_, stderr, err := run("set", "prod", "a", "y")
	require.Error(t, err)
	assert.Contains(t, stderr, "permission denied")
	out, _, err := run("get", "prod", "a")
	require.NoError(t, err)
	assert.Equal(t, "x", out)
}

func identityFile(t *testing.T, b *bench) string {
	t.Helper()
	for _, v := range b.env {
		if home, ok := strings.CutPrefix(v, "XDG_CONFIG_HOME="); ok {
			return filepath.Join(home, "sops", "age", "keys.txt")
		}
	}
	t.Fatal("no home")
	return ""
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// asNobody runs a copy of the command as a user without rights who has the key.
func (b *bench) asNobody(key string) func(args ...string) (string, string, error) {
	b.t.Helper()
	const nobody = 65534
	self, err := os.Executable()
	require.NoError(b.t, err)
	bin := filepath.Join(filepath.Dir(b.dir), "sealcfg")
	require.NoError(b.t, copyFile(bin, self))
	for dir := filepath.Dir(bin); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		require.NoError(b.t, os.Chmod(dir, 0o755))
	}
	return func(args ...string) (string, string, error) {
		cmd := exec.Command(bin, args...)
		cmd.Dir = b.dir
		cmd.Env = append([]string{"HOME=/nonexistent", "SOPS_AGE_KEY=" + key}, b.env[len(b.env)-1])
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		return out.String(), errs.String(), err
	}
}

// copyFile copies a program in another process. If this process wrote it, a program that another
// test starts at that moment would inherit the open file, and the copy could not be executed.
func copyFile(to, from string) error {
	if err := exec.Command("cp", from, to).Run(); err != nil {
		return err
	}
	return os.Chmod(to, 0o755)
}
