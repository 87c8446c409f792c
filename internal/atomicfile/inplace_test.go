//go:build linux

package atomicfile

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A mounting test runs itself again in a separate mount namespace, in which the
// file is mounted. In CI it must be possible.
func mounting(t *testing.T) bool {
	t.Helper()
	if os.Getenv("ATOMICFILE_TEST_MOUNTED") == t.Name() {
		return true
	}
	if out, err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt").CombinedOutput(); err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "cannot mount: %s", out)
		t.Skipf("needs root to mount a file: %s", out)
	}
	cmd := exec.Command("unshare", "-m", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_MOUNTED="+t.Name())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return false
}

// mounted makes a file a mount point.
func mountPoint(t *testing.T, text string) (path, back string) {
	t.Helper()
	dir := t.TempDir()
	path, back = filepath.Join(dir, "f"), filepath.Join(t.TempDir(), "back")
	put(t, path, "")
	put(t, back, text)
	require.NoError(t, syscall.Mount(back, path, "", syscall.MS_BIND, ""))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(path, 0)) })
	return path, back
}

// keeper is an Options.InPlace that records its calls.
type keeper struct {
	kept []string // the content of the file at each call
	done []bool
	path string
	err  error
}

func (k *keeper) keep() (func(bool), error) {
	text, err := os.ReadFile(k.path)
	k.kept = append(k.kept, string(text))
	return func(written bool) { k.done = append(k.done, written) }, errors.Join(err, k.err)
}

func TestMountedFile(t *testing.T) {
	if !mounting(t) {
		return
	}
	path, back := mountPoint(t, "old")
	err := Write(t.Context(), path, []byte("new"), Options{})
	require.ErrorIs(t, err, ErrMounted)
	assert.NotContains(t, err.Error(), ".sealcfg-")
	assert.Equal(t, "old", content(t, back))

	k := &keeper{path: path}
	require.ErrorIs(t, Write(t.Context(), path, []byte("new"), Options{InPlace: k.keep, IfUnchanged: []byte("other")}), ErrChanged)
	assert.Empty(t, k.kept)
	for _, text := range []string{"new, and longer", "short", ""} {
		before := content(t, back)
		require.NoError(t, os.Chmod(back, 0o640))
		require.NoError(t, Write(t.Context(), path, []byte(text), Options{InPlace: k.keep, IfUnchanged: []byte(before)}))
		assert.Equal(t, text, content(t, back))
		assert.Equal(t, before, k.kept[len(k.kept)-1], "the copy is made before the first byte is written")
		assert.EqualValues(t, 0o640, mode(t, back))
	}
	assert.Equal(t, []bool{true, true, true}, k.done)
	assert.Equal(t, []string{"f"}, names(t, filepath.Dir(path)), "no temporary file")

	require.NoError(t, Write(t.Context(), path, []byte("private"), Options{InPlace: k.keep, Private: true}))
	assert.EqualValues(t, 0o600, mode(t, back))

	k = &keeper{path: path, err: errors.New("no room for a copy")}
	require.ErrorContains(t, Write(t.Context(), path, []byte("x"), Options{InPlace: k.keep}), "keep a copy: no room for a copy")
	assert.Equal(t, "private", content(t, back))
}

// The rest of the file system is read-only, as in a hardened container.
func TestMountedFileInReadOnlyDirectory(t *testing.T) {
	if !mounting(t) {
		return
	}
	dir, back := t.TempDir(), filepath.Join(t.TempDir(), "back")
	put(t, back, "old")
	require.NoError(t, syscall.Mount("none", dir, "tmpfs", 0, ""))
	path := filepath.Join(dir, "f")
	put(t, path, "")
	require.NoError(t, syscall.Mount(back, path, "", syscall.MS_BIND, ""))
	require.NoError(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	t.Cleanup(func() { require.NoError(t, errors.Join(syscall.Unmount(path, 0), syscall.Unmount(dir, 0))) })
	k := &keeper{path: path}
	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{InPlace: k.keep}))
	assert.Equal(t, "new", content(t, back))
	require.ErrorIs(t, Write(t.Context(), filepath.Join(dir, "none"), []byte("new"), Options{InPlace: k.keep}), syscall.EROFS)
}

// A full disk: the file that grows is as before.
func TestMountedFileOnAFullDisk(t *testing.T) {
	if !mounting(t) {
		return
	}
	disk := t.TempDir()
	require.NoError(t, syscall.Mount("none", disk, "tmpfs", 0, "size=64k"))
	path, back := filepath.Join(t.TempDir(), "f"), filepath.Join(disk, "back")
	put(t, path, "")
	put(t, back, strings.Repeat("old", 1000))
	require.NoError(t, syscall.Mount(back, path, "", syscall.MS_BIND, ""))
	t.Cleanup(func() { require.NoError(t, errors.Join(syscall.Unmount(path, 0), syscall.Unmount(disk, 0))) })
	k := &keeper{path: path}
	err := Write(t.Context(), path, make([]byte, 1<<20), Options{InPlace: k.keep})
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NotErrorIs(t, err, ErrDamaged)
	assert.Equal(t, strings.Repeat("old", 1000), content(t, back))
	assert.Equal(t, []bool{false}, k.done, "the copy is not needed any more")
}

// Two writers that have the file mounted in two directories do not mix their
// contents.
func TestMountedTwice(t *testing.T) {
	if !mounting(t) {
		return
	}
	path, back := mountPoint(t, "0")
	other := filepath.Join(t.TempDir(), "g")
	put(t, other, "")
	require.NoError(t, syscall.Mount(back, other, "", syscall.MS_BIND, ""))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(other, 0)) })
	count := func(path string) error {
		for done := 0; done < 20; {
			old, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			var n []int
			if json.Unmarshal(old, &n) != nil {
				n = nil // half written
			}
			text, err := json.Marshal(append(n, len(n)))
			if err != nil {
				return err
			}
			err = Write(context.Background(), path, text, Options{IfUnchanged: old, InPlace: func() (func(bool), error) { return func(bool) {}, nil }})
			switch {
			case err == nil:
				done++
			case !errors.Is(err, ErrChanged):
				return err
			}
		}
		return nil
	}
	ended := make(chan error)
	for _, p := range []string{path, other} {
		go func() { ended <- count(p) }()
	}
	require.NoError(t, errors.Join(<-ended, <-ended))
	var all []int
	require.NoError(t, json.Unmarshal([]byte(content(t, back)), &all))
	assert.Len(t, all, 40)
}

// A file that is already complete is not written again: the disk may be full.
func TestRestore(t *testing.T) {
	for name, now := range map[string]string{"untouched": "old", "grown": "old and more", "half": "nld", "cut": "o", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			put(t, path, now)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			defer func() { _ = f.Close() }()
			require.NoError(t, restore(f, []byte("old")))
			assert.Equal(t, "old", content(t, path))
		})
	}
}
