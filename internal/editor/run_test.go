//go:build unix

package editor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The child is this test binary, which runs an editor and reports how Run ended. It
// is a separate process that can receive signals.
const childVar = "EDITOR_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVar); path != "" {
		res, err := Run(context.Background(), Command{Path: path, Args: []string{path}},
			os.Getenv("EDITOR_TEST_FILE"), 0, Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
		var ended *SignalError
		if errors.As(err, &ended) {
			fmt.Println("signal", ended.Signal())
		} else {
			fmt.Println("code", res.ExitCode, err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// script makes an editor of a few lines of shell; its file is $1.
func script(t *testing.T, lines string) Command {
	t.Helper()
	path := filepath.Join(t.TempDir(), "my-editor")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o755))
	return Command{Path: path, Args: []string{path}}
}

func tempFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prod.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestRunEdits(t *testing.T) {
	file := tempFile(t, "a: 1\n")
	res, err := Run(t.Context(), script(t, `echo "b: 2" >> "$1"; sleep 0.1`), file, 0, Stdio{})
	require.NoError(t, err)
	assert.Zero(t, res.ExitCode)
	assert.GreaterOrEqual(t, res.Ran, 100*time.Millisecond)
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "a: 1\nb: 2\n", string(got))
}

func TestRunPassesArgumentsAndTerminal(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer out.Close()
	in, err := os.Open(tempFile(t, "typed\n"))
	require.NoError(t, err)
	defer in.Close()
	c := script(t, `read line; echo "$line $# $1 $2"; echo err >&2`)
	c.Args = append(c.Args, "with space")
	_, err = Run(t.Context(), c, "/f", 0, Stdio{In: in, Out: out, Err: out})
	require.NoError(t, err)
	got, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	assert.Equal(t, "typed 2 with space /f\nerr\n", string(got))
}

func TestRunExitCodes(t *testing.T) {
	for lines, want := range map[string]int{
		"exit 0": 0, "exit 1": 1, "exit 42": 42, "kill -KILL $$": 137, "kill -INT $$": 130,
	} {
		res, err := Run(t.Context(), script(t, lines), "f", 0, Stdio{})
		require.NoError(t, err, lines)
		assert.Equal(t, want, res.ExitCode, lines)
	}
}

func TestRunFails(t *testing.T) {
	_, err := Run(t.Context(), Command{Path: "/none/ed", Args: []string{"ed"}}, "f", 0, Stdio{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "run the editor ed")
	_, err = Run(t.Context(), Command{}, "f", 0, Stdio{})
	require.ErrorIs(t, err, ErrNone)
	plain := tempFile(t, "not a program")
	_, err = Run(t.Context(), Command{Path: plain, Args: []string{plain}}, "f", 0, Stdio{})
	require.ErrorIs(t, err, fs.ErrPermission)
}

func TestRunEndsWithTheContext(t *testing.T) {
	file := tempFile(t, "")
	cause := errors.New("the reason")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for range 500 {
			if b, _ := os.ReadFile(file); len(b) > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cancel(cause)
	}()
	_, err := Run(ctx, script(t, `trap 'echo term >> "$1"; exit 0' TERM; echo up > "$1"; while :; do sleep 0.05; done`), file, 0, Stdio{})
	require.ErrorIs(t, err, cause)
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "up\nterm\n", string(got), "the editor may wind up")

	mark := filepath.Join(t.TempDir(), "mark")
	_, err = Run(ctx, script(t, `touch "$1"`), mark, 0, Stdio{})
	require.ErrorIs(t, err, cause)
	assert.NoFileExists(t, mark, "not started at all")
}

// startChild runs the editor in a child with a separate process group, as a shell
// starts it, and waits for the editor's first line.
func startChild(t *testing.T, editor Command, file string, wrapper ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	args := append(wrapper, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childVar+"="+editor.Path, "EDITOR_TEST_FILE="+file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	r := bufio.NewReader(out)
	require.Equal(t, "up", nextLine(t, r))
	return cmd, r
}

func nextLine(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSuffix(line, "\n")
}

// Ctrl-C and Ctrl-\ go to all processes in the terminal: the editor reacts, we do
// not.
func TestTerminalSignalsAreTheEditors(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			ed := script(t, `trap 'got=1' INT QUIT; echo up
while [ -z "$got" ]; do sleep 0.05; done; echo got; sleep 0.2; exit 3`)
			cmd, out := startChild(t, ed, "f")
			require.NoError(t, syscall.Kill(-cmd.Process.Pid, sig))
			assert.Equal(t, "got", nextLine(t, out))
			assert.Equal(t, "code 3 <nil>", nextLine(t, out))
		})
	}
}

// An editor that Ctrl-C kills is no reason for us to die with it.
func TestEditorKilledByCtrlC(t *testing.T) {
	cmd, out := startChild(t, script(t, `echo up; exec sleep 60`), "f")
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
	assert.Equal(t, "code 130 <nil>", nextLine(t, out))
}

func TestEndingSignalsArePassedOn(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			ed := script(t, `trap 'echo TERM; exit 0' TERM; trap 'echo HUP; exit 0' HUP; echo up
while :; do sleep 0.05; done`)
			cmd, out := startChild(t, ed, "f")
			require.NoError(t, cmd.Process.Signal(sig)) // to us alone
			want := map[syscall.Signal]string{syscall.SIGTERM: "TERM", syscall.SIGHUP: "HUP"}
			assert.Equal(t, want[sig], nextLine(t, out))
			assert.Equal(t, "signal "+sig.String(), nextLine(t, out))
		})
	}
}

func TestStubbornEditorIsKilled(t *testing.T) {
	cmd, out := startChild(t, script(t, `trap '' TERM; echo up; exec sleep 60`), "f")
	start := time.Now()
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, "signal terminated", nextLine(t, out))
	assert.InDelta(t, grace.Seconds(), time.Since(start).Seconds(), 1)
}

func TestIgnoredSignalStaysIgnored(t *testing.T) {
	cmd, out := startChild(t, script(t, `echo up; sleep 0.5; exit 5`), "f",
		"sh", "-c", `trap "" HUP; exec "$0"`)
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	assert.Equal(t, "code 5 <nil>", nextLine(t, out))
}

// The flags must hold against a vimrc that keeps copies of everything.
func TestRealVimKeepsTheTextPrivate(t *testing.T) {
	path, err := exec.LookPath("vim")
	if err != nil {
		t.Skip("vim is not installed")
	}
	const canary = "CANARY-9b2e"
	home := t.TempDir()
	rc := filepath.Join(home, "vimrc")
	require.NoError(t, os.WriteFile(rc, []byte(strings.ReplaceAll(`
set nocompatible backup writebackup undofile swapfile updatecount=1
set backupdir=HOME undodir=HOME directory=HOME viminfo='100,<50,nHOME/viminfo
`, "HOME", home)), 0o600))
	t.Setenv("HOME", home)

	file := tempFile(t, "a: "+canary+"\n")
	// -es is vim without a screen. Yanking fills a register, which viminfo keeps.
	c := Command{Path: path, Args: []string{
		"vim", "-es", "-u", rc, "-c", "normal yy", "-c", "normal p", "-c", "write", "-c", "wviminfo", "-c", "quit",
	}}
	leaks := func() (files []string) {
		require.NoError(t, filepath.WalkDir(home, func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				b, readErr := os.ReadFile(p)
				require.NoError(t, readErr)
				if strings.Contains(string(b), canary) {
					files = append(files, filepath.Base(p))
				}
			}
			return err
		}))
		return files
	}

	_, err = Run(t.Context(), c, file, 1, Stdio{})
	require.NoError(t, err)
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("a: "+canary+"\n", 2), string(got), "vim has edited")
	assert.Empty(t, leaks())
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, entries, 1)

	// Without our flags, the same call leaks. So the test can detect a leak.
	require.NoError(t, exec.Command(path, append(c.Args[1:], file)...).Run())
	assert.NotEmpty(t, leaks())
}
