//go:build unix

package atomicfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// helperVar selects the helper that a copy of the test binary runs.
const helperVar = "ATOMICFILE_TEST_HELPER"

func TestMain(m *testing.M) {
	path := os.Getenv("ATOMICFILE_TEST_PATH")
	switch os.Getenv(helperVar) {
	case "":
		os.Exit(m.Run())
	case "limit":
		// A write that fails half way, as on a full disk.
		signal.Ignore(syscall.SIGXFSZ)
		must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: 1000}))
		report(Write(context.Background(), path, make([]byte, 5000), Options{}))
	case "lock":
		_, err := lockDir(context.Background(), filepath.Dir(path))
		must(err)
		_, _ = os.Stdout.WriteString("locked\n")
		_, _ = os.Stdin.Read(make([]byte, 1)) // for ever
	case "nobody":
		must(syscall.Setgroups(nil))
		must(syscall.Setgid(nobody))
		must(syscall.Setuid(nobody))
		report(Write(context.Background(), path, []byte("new"), Options{}))
	}
}

const nobody = 65534

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func report(err error) {
	if err != nil {
		_, _ = os.Stdout.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

// helper runs one of the cases of TestMain and returns its report.
func helper(t *testing.T, name, path string) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"="+name, "ATOMICFILE_TEST_PATH="+path)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

func TestModeOfNewFiles(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		opt  Options
		want fs.FileMode
	}{
		"default":      {Options{}, 0o640},
		"wide":         {Options{Mode: 0o777}, 0o750},
		"plain":        {Options{Mode: 0o600}, 0o600},
		"private":      {Options{Private: true}, 0o600},
		"private-wide": {Options{Mode: 0o755, Private: true}, 0o700},
		"new":          {Options{NoClobber: true}, 0o640},
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, Write(t.Context(), path, []byte("x"), c.opt))
		assert.Equal(t, c.want, mode(t, path), name)
	}
}

func TestModeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	for _, want := range []fs.FileMode{0o600, 0o644, 0o664, 0o755, 0o444} {
		require.NoError(t, os.Chmod(path, want))
		require.NoError(t, Write(t.Context(), path, []byte("x"), Options{Mode: 0o640}))
		assert.Equal(t, want, mode(t, path))
	}
	require.NoError(t, os.Chmod(path, 0o664))
	require.NoError(t, Write(t.Context(), path, []byte("x"), Options{Private: true}))
	assert.Equal(t, fs.FileMode(0o600), mode(t, path))
}

func TestLinkStaysALink(t *testing.T) {
	root := t.TempDir()
	real := filepath.Join(root, "real", "deep")
	require.NoError(t, os.MkdirAll(real, 0o755))
	links := filepath.Join(root, "links")
	require.NoError(t, os.Mkdir(links, 0o755))
	put(t, filepath.Join(real, "f"), "old")
	require.NoError(t, os.Chmod(filepath.Join(real, "f"), 0o600))
	// A link to a link, and a directory link with ".." after it: as a string,
	// links/dir/../up is links/up, but the real path is real/up.
	require.NoError(t, os.Symlink("dir/../up", filepath.Join(links, "first")))
	require.NoError(t, os.Symlink(real, filepath.Join(links, "dir")))
	require.NoError(t, os.Symlink("deep/f", filepath.Join(root, "real", "up")))

	path := filepath.Join(links, "first")
	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{IfUnchanged: []byte("old")}))
	for _, link := range []string{path, filepath.Join(links, "dir"), filepath.Join(root, "real", "up")} {
		info, err := os.Lstat(link)
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&fs.ModeSymlink, link)
	}
	assert.Equal(t, "new", content(t, filepath.Join(real, "f")))
	assert.Equal(t, fs.FileMode(0o600), mode(t, path))
	assert.Equal(t, []string{"f"}, names(t, real))
	assert.ElementsMatch(t, []string{"first", "dir"}, names(t, links))
}

func TestDanglingAndCircularLinks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink("target", path))
	require.ErrorIs(t, Write(t.Context(), path, []byte("x"), Options{NoClobber: true}), ErrExists)
	require.NoError(t, Write(t.Context(), path, []byte("x"), Options{}))
	assert.Equal(t, "x", content(t, filepath.Join(dir, "target")))

	loop := filepath.Join(dir, "loop")
	require.NoError(t, os.Symlink("loop", loop))
	require.Error(t, Write(t.Context(), loop, []byte("x"), Options{}))
	assert.ElementsMatch(t, []string{"link", "target", "loop"}, names(t, dir))
}

func TestDevicesAndPipesAreRefused(t *testing.T) {
	require.ErrorIs(t, Write(t.Context(), os.DevNull, []byte("x"), Options{}), ErrNotRegular)
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.ErrorIs(t, Write(t.Context(), pipe, []byte("x"), Options{}), ErrNotRegular)
}

func TestWriteThatFailsHalfWay(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	out, err := helper(t, "limit", path)
	require.Error(t, err)
	assert.Contains(t, out, "file too large")
	assert.Equal(t, "old", content(t, path))
	assert.Equal(t, []string{"f"}, names(t, dir))
}

// sharedDir is a directory that a process of another user can reach.
func sharedDir(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to change users")
	}
	dir, err := os.MkdirTemp("/tmp", "atomicfile-test-")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func TestDirectoryThatMayNotBeWritten(t *testing.T) {
	dir := sharedDir(t)
	require.NoError(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	require.NoError(t, os.Chmod(path, 0o666))
	out, err := helper(t, "nobody", path)
	require.Error(t, err)
	assert.Contains(t, out, "write "+path+": make a file in its directory: permission denied")
	assert.NotContains(t, out, ".sealcfg-", "the temporary name")
	assert.Equal(t, "old", content(t, path))
	assert.Equal(t, []string{"f"}, names(t, dir))
}

func TestDirectoryThatMayNotBeRead(t *testing.T) {
	dir := sharedDir(t)
	require.NoError(t, os.Chmod(dir, 0o733))
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	out, err := helper(t, "nobody", path)
	require.NoError(t, err, out)
	assert.Equal(t, "new", content(t, path))
}

func TestOwnerIsKept(t *testing.T) {
	dir := sharedDir(t)
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	require.NoError(t, os.Chown(path, 1234, 2345))
	require.NoError(t, os.Chmod(path, 0o640))
	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{}))
	info, err := os.Stat(path)
	require.NoError(t, err)
	stat := info.Sys().(*syscall.Stat_t)
	assert.Equal(t, []uint32{1234, 2345}, []uint32{stat.Uid, stat.Gid})
	assert.Equal(t, fs.FileMode(0o640), info.Mode().Perm())
}

// A group that cannot be kept must not hand its rights to another group.
func TestGroupThatCannotBeKept(t *testing.T) {
	dir := sharedDir(t)
	require.NoError(t, os.Chmod(dir, 0o777))
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	require.NoError(t, os.Chown(path, nobody, 2345))
	require.NoError(t, os.Chmod(path, 0o664))
	out, err := helper(t, "nobody", path)
	require.NoError(t, err, out)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, uint32(nobody), info.Sys().(*syscall.Stat_t).Gid)
	assert.Equal(t, fs.FileMode(0o644), info.Mode().Perm())
}

func TestClaimNew(t *testing.T) {
	dir := t.TempDir()
	temp, target := filepath.Join(dir, "temp"), filepath.Join(dir, "target")
	put(t, temp, "new")
	require.NoError(t, claimNew(temp, target))
	assert.Equal(t, "new", content(t, target))
	put(t, temp, "newer")
	require.ErrorIs(t, claimNew(temp, target), ErrExists)
	assert.Equal(t, "new", content(t, target))
	require.NoError(t, os.Remove(temp))
	require.NoError(t, os.Remove(target))
	require.Error(t, claimNew(temp, target), "nothing to rename")
	assert.Empty(t, names(t, dir), "the claim is given up")
}

// A killed process leaves no lock.
func TestNoLockOutlivesItsProcess(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"=lock", "ATOMICFILE_TEST_PATH="+path)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	defer func() { _ = stdin.Close() }()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = stdout.Read(make([]byte, 1))
	require.NoError(t, err)

	f, err := os.Open(dir)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	require.ErrorIs(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK, "it holds the lock")
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{}))
	assert.Equal(t, []string{"file"}, names(t, dir))
}

// A killed process leaves its temporary file, but no lock. The next process that
// writes any file in the directory removes it.
func TestKilledWritersAreSweptUp(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, ".prod.yaml.sealcfg-KILLED"), "half")
	put(t, filepath.Join(dir, ".env"), "kept")
	require.NoError(t, Write(t.Context(), filepath.Join(dir, "dev.yaml"), []byte("x"), Options{}))
	assert.ElementsMatch(t, []string{"dev.yaml", ".env"}, names(t, dir))
}

// Without the lock, it is unknown whether the file is stale or in use.
func TestNothingIsSweptWithoutTheLock(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, ".prod.yaml.sealcfg-ALIVE"), "half")
	dirLock{}.sweep()
	assert.Equal(t, []string{".prod.yaml.sealcfg-ALIVE"}, names(t, dir))
}

// How new files are put in place where the system cannot rename without replacing.
func TestLinkNew(t *testing.T) {
	dir := t.TempDir()
	temp, target := filepath.Join(dir, "temp"), filepath.Join(dir, "target")
	put(t, temp, "new")
	require.NoError(t, linkNew(temp, target))
	assert.Equal(t, []string{"target"}, names(t, dir))
	put(t, temp, "newer")
	require.ErrorIs(t, linkNew(temp, target), ErrExists)
	assert.Equal(t, "new", content(t, target))
}

// Every user that can read a directory can lock it. The lock ends a write after a
// while, with the name of the directory. A signal ends it earlier.
func TestLockOfAnotherProgram(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	other, err := os.Open(dir)
	require.NoError(t, err)
	defer func() { _ = other.Close() }()
	require.NoError(t, syscall.Flock(int(other.Fd()), syscall.LOCK_EX))

	mine, err := os.Open(dir)
	require.NoError(t, err)
	defer func() { _ = mine.Close() }()
	_, err = lockFile(t.Context(), mine, 0)
	var locked *LockedError
	require.ErrorAs(t, err, &locked)
	require.EqualError(t, err, "another program has locked "+dir)

	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	require.ErrorIs(t, Write(ctx, path, []byte("x"), Options{}), stopped)
	assert.Empty(t, names(t, dir))

	require.NoError(t, other.Close())
	require.NoError(t, Write(ctx, path, []byte("x"), Options{}), "what comes after the lock is not cancelled")
}
