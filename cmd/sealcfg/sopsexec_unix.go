//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

const hasFIFO = true

func shell(command string) *exec.Cmd { return exec.Command("/bin/sh", "-c", command) }

// execShell replaces this process; it returns only if that fails.
func execShell(command string, env []string) error {
	return fmt.Errorf("run the command: %w", syscall.Exec("/bin/sh", []string{"/bin/sh", "-c", command}, env))
}

// serveFIFO makes a pipe with a name and gives the text to who opens it first.
func serveFIFO(path string, text []byte) error {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	go func() {
		to, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
		if err != nil {
			return // the directory is gone: the command has ended
		}
		_, _ = to.Write(text) // the reader may have had enough
		_ = to.Close()
	}()
	return nil
}

// childCode is the exit code of a command, as a shell tells it.
func childCode(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}

func forwarded() []os.Signal {
	return []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}
}

func fromKeyboard(s os.Signal) bool { return s == syscall.SIGINT || s == syscall.SIGQUIT }

// inForeground reports that the keyboard's signals reach all of this process's
// group, the command among it, whatever stdin is.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == syscall.Getpgrp()
}

// account finds a user and the numbers of the groups.
func account(name string) (*user.User, *syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, nil, fmt.Errorf("--user: %w", err)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, nil, fmt.Errorf("--user: groups of %s: %w", name, err)
	}
	var numbers []uint32
	for _, id := range append([]string{u.Uid, u.Gid}, ids...) {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, nil, fmt.Errorf("--user: %s has no numeric id", name)
		}
		numbers = append(numbers, uint32(n))
	}
	return u, &syscall.Credential{Uid: numbers[0], Gid: numbers[1], Groups: numbers[2:]}, nil
}

// runAs makes a command run as another user. Only this command: what opens the
// file runs as before.
func runAs(cmd *exec.Cmd, name string) error {
	_, credential, err := account(name)
	if err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	return nil
}

func userEnvironment(name string) ([]string, error) {
	u, _, err := account(name)
	if err != nil {
		return nil, err
	}
	return []string{"HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username}, nil
}

// giveTo makes a user the owner.
func giveTo(name string, paths ...string) error {
	_, credential, err := account(name)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := os.Chown(path, int(credential.Uid), int(credential.Gid)); err != nil {
			return fmt.Errorf("--user: %w", err)
		}
	}
	return nil
}
