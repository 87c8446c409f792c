//go:build windows

package atomicfile

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program that has the file open for a moment does not make Write fail.
func TestWriteWaitsForWhoHasTheFileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	f, err := os.Open(path)
	require.NoError(t, err)
	var closed atomic.Bool
	time.AfterFunc(300*time.Millisecond, func() {
		closed.Store(true)
		_ = f.Close()
	})
	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{IfUnchanged: []byte("old")}))
	assert.True(t, closed.Load())
	assert.Equal(t, "new", content(t, path))
}

// A reader that keeps the file open makes the write fail, and the file stays
// unchanged.
func TestWriteDoesNotWaitForEver(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	f, err := os.Open(path)
	require.NoError(t, err)
	require.Error(t, Write(t.Context(), path, []byte("new"), Options{}))
	require.NoError(t, f.Close())
	assert.Equal(t, "old", content(t, path))
	assert.Equal(t, []string{"f"}, names(t, dir))
}

func TestReadOnlyAttribute(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	require.NoError(t, os.Chmod(path, 0o444))
	require.ErrorContains(t, Write(t.Context(), path, []byte("new"), Options{}), "read-only attribute")
	assert.Equal(t, "old", content(t, path))
	assert.Equal(t, []string{"f"}, names(t, dir))
}

// The lock is a file as long as it is held, and leaves no file. A file that a power
// cut left is not a lock.
func TestLockFile(t *testing.T) {
	dir := t.TempDir()
	matched, err := filepath.Match(TempPattern, lockName)
	require.NoError(t, err)
	assert.True(t, matched)

	put(t, filepath.Join(dir, lockName), "")
	lock, err := lockDir(t.Context(), dir)
	require.NoError(t, err)
	_, err = os.Open(filepath.Join(dir, lockName))
	require.Error(t, err, "held")
	second := make(chan struct{})
	go func() {
		defer close(second)
		again, err := lockDir(t.Context(), dir)
		if assert.NoError(t, err) {
			again.unlock()
		}
	}()
	select {
	case <-second:
		t.Error("two hold the lock")
	case <-time.After(100 * time.Millisecond):
	}
	lock.unlock()
	<-second
	assert.Empty(t, names(t, dir))
}
