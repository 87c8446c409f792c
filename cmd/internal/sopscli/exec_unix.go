//go:build unix

package sopscli

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

// execShell replaces this process with the command. It returns only on an error.
func execShell(command string, env []string) error {
	return fmt.Errorf("run the command: %w", syscall.Exec("/bin/sh", []string{"/bin/sh", "-c", command}, env))
}

// serveFIFO makes a named pipe and writes the text to its first reader.
func serveFIFO(path string, text []byte) error {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	go func() {
		to, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
		if err != nil {
			return // the directory was removed because the command has ended
		}
		_, _ = to.Write(text) // fails if the reader closes the pipe early
		_ = to.Close()
	}()
	return nil
}

// childCode returns the exit code of a command as a shell does: 128 plus the number of
// the signal if a signal ended it.
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

// inForeground reports whether the terminal sends its signals to the process group of
// this process, which includes the command.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == syscall.Getpgrp()
}

// account returns a user and its numeric user and group IDs.
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

// runAs sets the user of a command. sealcfg itself keeps its user.
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

// chownTo changes the owner of paths to a user.
func chownTo(name string, paths ...string) error {
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
