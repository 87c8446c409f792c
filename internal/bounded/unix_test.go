//go:build unix

package bounded_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/bounded"
	"github.com/sealcfg/sealcfg/internal/regular"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// A device and a named pipe are not opened.
func TestFileRejects(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink("/dev/zero", link))
	for _, path := range []string{"/dev/zero", link, fifo(t)} {
		_, err := bounded.File(t.Context(), path, limit)
		require.ErrorIs(t, err, regular.ErrNotRegular, path)
	}
	text, err := bounded.File(t.Context(), os.DevNull, limit)
	require.NoError(t, err, "the usual way to name no file")
	assert.Empty(t, text)
}

// A shell passes <(command) as an open file.
func TestOpenFileOfTheProcess(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	path := fmt.Sprintf("/dev/fd/%d", r.Fd())
	_, err = w.WriteString("from a pipe")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	text, err := bounded.File(t.Context(), path, limit)
	require.NoError(t, err)
	assert.Equal(t, "from a pipe", string(text))
}

// The pipe has a writer that is silent: only the context ends the wait.
func TestSilentPipe(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _, _ = r.Close(), w.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	_, err = bounded.File(ctx, fmt.Sprintf("/dev/fd/%d", r.Fd()), limit)
	require.ErrorIs(t, err, context.Canceled)

	named := fifo(t)
	ctx, cancel = context.WithCancel(t.Context())
	go cancel()
	_, err = bounded.Any(ctx, opener(named), limit)
	require.ErrorIs(t, err, context.Canceled)
	release, err := os.OpenFile(named, os.O_RDWR, 0) // the waiting open gets its writer
	require.NoError(t, err)
	require.NoError(t, release.Close())
}

func opener(path string) func() (*os.File, error) {
	return func() (*os.File, error) { return os.Open(path) }
}

func TestAnyReadsPipesAndDevices(t *testing.T) {
	named := fifo(t)
	go func() { _ = os.WriteFile(named, []byte("value"), 0) }()
	text, err := bounded.Any(t.Context(), opener(named), limit)
	require.NoError(t, err)
	assert.Equal(t, "value", string(text))
	_, err = bounded.Any(t.Context(), opener("/dev/zero"), limit)
	require.EqualError(t, err, "file too large: more than 1024 bytes")
	_, err = bounded.Any(t.Context(), opener("/dev/zero"), 1<<28)
	require.ErrorContains(t, err, "more than 1 MB", "a device has a limit of its own")
	large := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(large, make([]byte, 2*limit), 0o600))
	text, err = bounded.Any(t.Context(), opener(large), limit)
	require.NoError(t, err, "a regular file has an end")
	assert.Len(t, text, 2*limit)

	f, err := os.Open(large)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	_, err = bounded.File(t.Context(), fmt.Sprintf("/dev/fd/%d", f.Fd()), limit)
	require.EqualError(t, err, "file too large: more than 1024 bytes")
}

func TestOutput(t *testing.T) {
	run := func(ctx context.Context, script string) (string, error) {
		text, err := bounded.Output(ctx, []string{"sh", "-c", script}, limit, func(cmd *exec.Cmd) { cmd.Env = []string{"V=value", "PATH=" + os.Getenv("PATH")} })
		return string(text), err
	}
	text, err := run(t.Context(), `printf %s "$V"`)
	require.NoError(t, err)
	assert.Equal(t, "value", text)
	_, err = run(t.Context(), "exit 3")
	require.EqualError(t, err, "exit status 3")
	_, err = run(t.Context(), "exec yes")
	require.EqualError(t, err, "file too large: more than 1024 bytes")
	_, err = run(t.Context(), "trap '' PIPE TERM; while :; do echo x; done 2>/dev/null")
	require.EqualError(t, err, "file too large: more than 1024 bytes", "a program that ignores signals is killed")
	text, err = run(t.Context(), "sleep 5 & echo text")
	require.NoError(t, err, "a child that is still running is not waited for")
	assert.Equal(t, "text\n", text)

	ctx, cancel := context.WithCancel(t.Context())
	started := filepath.Join(t.TempDir(), "started")
	go func() {
		for {
			if _, err := os.Stat(started); err == nil || t.Context().Err() != nil {
				cancel()
				return
			}
		}
	}()
	_, err = run(ctx, ": > '"+started+"'; exec sleep 60")
	require.ErrorIs(t, err, context.Canceled)

	for _, name := range []string{"canary-nowhere", filepath.Join(t.TempDir(), "canary")} {
		_, err = bounded.Output(t.Context(), []string{name}, limit, func(*exec.Cmd) {})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "canary")
	}
}
