//go:build linux || darwin

package scratch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The child is this test binary, which makes a directory, prints its path, and
// waits. The variable selects its behavior.
const childVar = "SCRATCH_TEST_CHILD"

func TestMain(m *testing.M) {
	if how := os.Getenv(childVar); how != "" {
		child(how)
	}
	os.Exit(m.Run())
}

// child ends with 10 after a clean end by a signal.
func child(how string) {
	d, err := New(Options{Temp: os.Getenv("SCRATCH_TEST_TEMP")})
	if err != nil {
		panic(err)
	}
	if _, err := d.WriteFile("prod.yaml", []byte("a: 1\n")); err != nil {
		panic(err)
	}
	ctx, stop := d.CloseOn(context.Background(), Signals()...)
	if how == "hold" {
		d.Hold(syscall.SIGINT)
	}
	fmt.Println(d.Path())
	switch how {
	case "hang":
		select {}
	case "pipe":
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test has closed our output
		_, err = fmt.Println("nobody reads this")
		if errors.Is(err, syscall.EPIPE) && d.Close() == nil {
			os.Exit(10)
		}
		os.Exit(1)
	}
	<-ctx.Done()
	var ended *SignalError
	if !errors.As(context.Cause(ctx), &ended) {
		os.Exit(1)
	}
	_, err = os.Stat(d.Path())
	stop()
	if !errors.Is(err, os.ErrNotExist) {
		os.Exit(2) // the context must end after the removal
	}
	fmt.Println(ended.Signal())
	os.Exit(10)
}

type process struct {
	*exec.Cmd
	dir    string
	out    *bufio.Reader
	stdin  io.Closer
	stdout io.Closer
}

func start(t *testing.T, how, temp string, wrapper ...string) *process {
	t.Helper()
	args := append(wrapper, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childVar+"="+how, "SCRATCH_TEST_TEMP="+temp)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	p := &process{Cmd: cmd, out: bufio.NewReader(stdout), stdin: stdin, stdout: stdout}
	p.dir = p.line(t)
	require.FileExists(t, filepath.Join(p.dir, "prod.yaml"))
	return p
}

func (p *process) line(t *testing.T) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSuffix(line, "\n")
}

func TestEachSignalRemoves(t *testing.T) {
	for _, sig := range Signals() {
		t.Run(sig.String(), func(t *testing.T) {
			p := start(t, "wait", t.TempDir())
			require.NoError(t, p.Process.Signal(sig))
			assert.Equal(t, sig.String(), p.line(t))
			_ = p.Wait()
			assert.Equal(t, 10, p.ProcessState.ExitCode())
			assert.NoDirExists(t, p.dir)
		})
	}
}

// A caller that does not look at the context ends with the second signal.
func TestSecondSignalEnds(t *testing.T) {
	p := start(t, "hang", t.TempDir())
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		_, err := os.Stat(p.dir)
		return errors.Is(err, os.ErrNotExist)
	}, 5*time.Second, 5*time.Millisecond)
	ended := make(chan struct{})
	go func() { _ = p.Wait(); close(ended) }()
	require.Eventually(t, func() bool {
		_ = p.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}, 5*time.Second, 20*time.Millisecond)
	assert.Equal(t, syscall.SIGTERM, p.ProcessState.Sys().(syscall.WaitStatus).Signal())
}

func TestHeldSignalDoesNothing(t *testing.T) {
	p := start(t, "hold", t.TempDir())
	require.NoError(t, p.Process.Signal(syscall.SIGINT))
	time.Sleep(100 * time.Millisecond)
	require.DirExists(t, p.dir)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, syscall.SIGTERM.String(), p.line(t))
	assert.NoDirExists(t, p.dir)
}

// nohup starts programs with SIGHUP ignored, and that has to stay.
func TestIgnoredSignalStaysIgnored(t *testing.T) {
	p := start(t, "wait", t.TempDir(), "sh", "-c", `trap "" HUP; exec "$0"`)
	require.NoError(t, p.Process.Signal(syscall.SIGHUP))
	time.Sleep(100 * time.Millisecond)
	require.DirExists(t, p.dir)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, syscall.SIGTERM.String(), p.line(t))
}

func TestClosedOutputIsAnError(t *testing.T) {
	p := start(t, "pipe", t.TempDir())
	require.NoError(t, p.stdout.Close())
	require.NoError(t, p.stdin.Close())
	_ = p.Wait()
	assert.Equal(t, 10, p.ProcessState.ExitCode())
	assert.NoDirExists(t, p.dir)
}

func TestKilledRunIsCleanedUp(t *testing.T) {
	temp := t.TempDir()
	killed, living := start(t, "wait", temp), start(t, "wait", temp)
	require.NoError(t, killed.Process.Kill())
	_ = killed.Wait()
	require.FileExists(t, filepath.Join(killed.dir, "prod.yaml"), "nothing can remove it yet")

	for _, opt := range []Options{{Temp: temp}, {Memory: []string{temp}, Temp: t.TempDir()}} {
		make1(t, opt)
		assert.NoDirExists(t, killed.dir)
		assert.FileExists(t, filepath.Join(living.dir, "prod.yaml"))
	}
}

// deadPID is the id of a process that is no more.
func deadPID(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	require.NoError(t, cmd.Run())
	return cmd.Process.Pid
}

func TestSweepLeavesTheRestAlone(t *testing.T) {
	temp, elsewhere := t.TempDir(), t.TempDir()
	dead := strconv.Itoa(deadPID(t))
	kept := []string{"other-" + dead + "-A", "sealcfg-draft-A", prefix + strconv.Itoa(os.Getpid()) + "-A"}
	for _, name := range kept {
		require.NoError(t, os.Mkdir(filepath.Join(temp, name), 0o700))
	}
	file := filepath.Join(temp, prefix+dead+"-FILE")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	link := filepath.Join(temp, prefix+dead+"-LINK")
	require.NoError(t, os.WriteFile(filepath.Join(elsewhere, "mine"), nil, 0o600))
	require.NoError(t, os.Symlink(elsewhere, link))
	gone := filepath.Join(temp, prefix+dead+"-DIR")
	require.NoError(t, os.Mkdir(gone, 0o700))
	// A link inside a stale directory is removed, but not its target.
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(gone, "link")))

	make1(t, Options{Temp: temp})
	assert.NoDirExists(t, gone)
	assert.FileExists(t, filepath.Join(elsewhere, "mine"))
	assert.FileExists(t, file)
	for _, name := range kept {
		assert.DirExists(t, filepath.Join(temp, name))
	}
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink)
}

func TestSweepLooksWhereNewMakes(t *testing.T) {
	leave := func(place string) string {
		path := filepath.Join(place, prefix+strconv.Itoa(deadPID(t))+"-A")
		require.NoError(t, os.Mkdir(path, 0o700))
		return path
	}
	temp := t.TempDir()
	left := leave(temp)
	Sweep(Options{Memory: []string{"", "relative", "/proc"}, Temp: temp})
	assert.NoDirExists(t, left)
	Sweep(Options{})

	if runtime.GOOS != "linux" || !onMemory("/dev/shm") {
		return
	}
	memory, err := os.MkdirTemp("/dev/shm", "scratch-test-")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(memory)) })
	left, inTemp := leave(memory), leave(temp)
	Sweep(Options{Memory: []string{memory}, Temp: temp})
	assert.NoDirExists(t, left)
	assert.DirExists(t, inTemp, "not looked into")
}

func TestSweepLeavesOtherUsersAlone(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to give a directory away")
	}
	temp := t.TempDir()
	path := filepath.Join(temp, prefix+strconv.Itoa(deadPID(t))+"-A")
	require.NoError(t, os.Mkdir(path, 0o700))
	require.NoError(t, os.Chown(path, 1234, 1234))
	make1(t, Options{Temp: temp})
	assert.DirExists(t, path)
}

// The lock decides over the process id in both directions.
func TestStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d")
	require.NoError(t, os.Mkdir(path, 0o700))
	dead := deadPID(t)

	assert.True(t, stale(path, dead, 0))
	assert.False(t, stale(path, os.Getpid(), 0), "perhaps it is about to be locked")
	assert.True(t, stale(path, os.Getpid(), time.Hour), "the id belongs to somebody else by now")

	lock := holdLock(path)
	require.NotNil(t, lock)
	assert.False(t, stale(path, dead, time.Hour), "a process in another container")
	require.NoError(t, lock.Close())
	assert.True(t, stale(path, dead, 0))
}

// A program that we start must not hold the lock after our end.
func TestLockIsNotInherited(t *testing.T) {
	d := make1(t, Options{Temp: t.TempDir()})
	cmd := exec.Command("sleep", "60")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	require.Equal(t, lockHeld, tryLock(d.Path()))
	require.NoError(t, d.lock.Close())
	assert.Equal(t, lockFree, tryLock(d.Path()))
	d.lock = nil
}

func TestModes(t *testing.T) {
	temp := t.TempDir()
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	for _, mask := range []int{0, 0o022, 0o277} {
		syscall.Umask(mask)
		d, err := New(Options{Temp: temp})
		require.NoError(t, err)
		info, err := os.Stat(d.Path())
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())

		require.NoError(t, os.WriteFile(d.File("f"), nil, 0o666))
		require.NoError(t, os.Chmod(d.File("f"), 0o666))
		path, err := d.WriteFile("f", []byte("x"))
		require.NoError(t, err)
		info, err = os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.NoError(t, d.Close())
	}
}

func TestUnsafePlaces(t *testing.T) {
	open := t.TempDir()
	require.NoError(t, os.Chmod(open, 0o777))
	_, err := New(Options{Temp: open})
	require.ErrorContains(t, err, "sticky")
	require.NoError(t, os.Chmod(open, 0o777|os.ModeSticky))
	make1(t, Options{Temp: open})
}

func TestMemoryFileSystem(t *testing.T) {
	if runtime.GOOS != "linux" || !onMemory("/dev/shm") {
		t.Skip("no memory file system at /dev/shm")
	}
	d := make1(t, Options{Memory: []string{"/proc", "/dev/shm"}, Temp: t.TempDir()})
	assert.True(t, d.Memory())
	assert.Equal(t, "/dev/shm", filepath.Dir(d.Path()))

	// A memory file system is skipped if every user could rename the directory.
	open, err := os.MkdirTemp("/dev/shm", "scratch-test-")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(open)) })
	require.NoError(t, os.Chmod(open, 0o777))
	temp := t.TempDir()
	d = make1(t, Options{Memory: []string{open}, Temp: temp})
	assert.Equal(t, temp, filepath.Dir(d.Path()))
	assert.False(t, onMemory("/proc"))
	assert.False(t, onMemory("/nowhere"))
}

func TestStopEndsTheWatch(t *testing.T) {
	// The test needs a listener for the signal. Otherwise the signal would end the
	// test.
	other := make(chan os.Signal, 4)
	signal.Notify(other, syscall.SIGHUP)
	defer signal.Stop(other)
	d := make1(t, Options{Temp: t.TempDir()})

	ctx, stop := d.CloseOn(t.Context(), syscall.SIGHUP)
	require.NoError(t, ctx.Err())
	stop()
	stop()
	require.ErrorIs(t, ctx.Err(), context.Canceled)
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	<-other
	assert.DirExists(t, d.Path())

	// Holds add up; a release counts once.
	ctx, stop = d.CloseOn(t.Context(), syscall.SIGHUP)
	defer stop()
	first, second := d.Hold(syscall.SIGHUP), d.Hold(syscall.SIGHUP)
	first()
	first()
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	<-other
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, ctx.Err())
	second()
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	<-ctx.Done()
	assert.NoDirExists(t, d.Path())
	assert.EqualError(t, context.Cause(ctx), "ended by signal: hangup")
}

func TestNoSignalsMeansNone(t *testing.T) {
	other := make(chan os.Signal, 1)
	signal.Notify(other, syscall.SIGHUP)
	defer signal.Stop(other)
	d := make1(t, Options{Temp: t.TempDir()})
	ctx, stop := d.CloseOn(t.Context())
	defer stop()
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	<-other
	time.Sleep(20 * time.Millisecond)
	assert.NoError(t, ctx.Err())
	assert.DirExists(t, d.Path())
}
