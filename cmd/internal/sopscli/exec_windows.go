package sopscli

import (
	"errors"
	"os"
	"os/exec"
)

const hasFIFO = false

func shell(command string) *exec.Cmd { return exec.Command("cmd.exe", "/C", command) }

func execShell(string, []string) error {
	return errors.New("--same-process is not supported on Windows")
}

func serveFIFO(string, []byte) error { return errors.ErrUnsupported }

func childCode(exit *exec.ExitError) int { return exit.ExitCode() }

func forwarded() []os.Signal { return []os.Signal{os.Interrupt} }

func fromKeyboard(os.Signal) bool { return true }

// inForeground returns true: a console sends its signals to all of its processes.
func inForeground() bool { return true }

func runAs(*exec.Cmd, string) error { return errors.New("--user is not supported on Windows") }

func userEnvironment(string) ([]string, error) {
	return nil, errors.New("--user is not supported on Windows")
}

func chownTo(string, ...string) error { return errors.New("--user is not supported on Windows") }
