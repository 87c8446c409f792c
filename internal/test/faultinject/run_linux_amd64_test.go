package faultinject_test

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/faultinject"
)

// TestMain makes the test binary the program under test: it writes a file in each
// of four threads, then renames one, and prints its errors.
func TestMain(m *testing.M) {
	if os.Getenv("FAULTINJECT_WRITES") == "" {
		os.Exit(m.Run())
	}
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() { exitOn(os.WriteFile(name, []byte("text of "+name), 0o600)) })
	}
	wg.Wait()
	exitOn(os.Rename("a", "e"))
}

func exitOn(err error) {
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(3)
	}
}

func writer(t *testing.T) faultinject.Command {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	return faultinject.Command{Path: self, Dir: dir, Env: []string{"FAULTINJECT_WRITES=1", "GORACE=atexit_sleep_ms=0"}, Roots: []string{dir}}
}

func count(r *faultinject.Result, name string) (n int) {
	for _, c := range r.Calls {
		if c.Name == name {
			n++
		}
	}
	return n
}

func TestRunSeesTheCallsOfAllThreads(t *testing.T) {
	t.Parallel()
	for _, starts := range []bool{false, true} {
		c := writer(t)
		c.Starts = starts
		r, err := faultinject.Run(c, nil)
		require.NoError(t, err)
		assert.Zero(t, r.ExitCode, r.Stderr)
		assert.Nil(t, r.Hit)
		assert.Equal(t, 4, count(r, "openat"))
		assert.Equal(t, 4, count(r, "write"))
		assert.Equal(t, 1, count(r, "renameat"))
		last := r.Calls[len(r.Calls)-1]
		assert.Equal(t, "renameat", last.Name)
		assert.Equal(t, filepath.Join(c.Dir, "a"), last.Path)
		assert.Equal(t, filepath.Join(c.Dir, "e"), last.To)
		for _, call := range r.Calls {
			if call.Name == "write" {
				assert.Equal(t, "text of "+filepath.Base(call.Path), string(call.Data))
			}
		}
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	for _, f := range []faultinject.Fault{
		{Errno: syscall.ENOSPC, N: 3},
		{Errno: syscall.EROFS, N: 5}, // the rename: four opens are before it
		{Errno: syscall.EACCES, N: 1, Lasts: true},
		{Moment: faultinject.Short, Errno: syscall.EDQUOT, N: 2},
	} {
		c := writer(t)
		r, err := faultinject.Run(c, &f)
		require.NoError(t, err)
		assert.Equal(t, 3, r.ExitCode, "%s", f)
		assert.Contains(t, r.Stderr, f.Errno.Error())
		require.NotNil(t, r.Hit)
		_, err = os.Stat(filepath.Join(c.Dir, "e"))
		assert.ErrorIs(t, err, os.ErrNotExist, "%s", f)
		if f.Moment == faultinject.Short {
			text, err := os.ReadFile(r.Hit.Path)
			require.NoError(t, err)
			assert.Equal(t, "text", string(text))
		}
	}
}

func TestRunKills(t *testing.T) {
	t.Parallel()
	for moment, renamed := range map[faultinject.Moment]bool{faultinject.KillBefore: false, faultinject.KillAfter: true} {
		c := writer(t)
		clean, err := faultinject.Run(c, nil)
		require.NoError(t, err)
		require.NoError(t, os.Remove(filepath.Join(c.Dir, "e")))
		f := faultinject.Fault{Moment: moment}
		for _, call := range clean.Calls {
			if f.CanHit(call) {
				f.N++ // the last one
			}
		}
		r, err := faultinject.Run(c, &f)
		require.NoError(t, err)
		assert.True(t, r.Killed)
		require.NotNil(t, r.Hit)
		assert.Equal(t, "renameat", r.Hit.Name)
		_, err = os.Stat(filepath.Join(c.Dir, "e"))
		assert.Equal(t, renamed, err == nil)
	}
}

func TestRunWhereTheFaultIsNotMet(t *testing.T) {
	t.Parallel()
	r, err := faultinject.Run(writer(t), &faultinject.Fault{Errno: syscall.EIO, N: 1000})
	require.NoError(t, err)
	assert.Nil(t, r.Hit)
	assert.Zero(t, r.ExitCode)
}
