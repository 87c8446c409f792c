//go:build unix

package editor

import (
	"errors"
	"os"
	"syscall"
)

var (
	// ending are the signals that request the end of this process.
	ending = []os.Signal{syscall.SIGTERM, syscall.SIGHUP}
	// meantForEditor are the signals that the terminal sends to all its processes.
	meantForEditor = []os.Signal{syscall.SIGINT, syscall.SIGQUIT}
)

// terminate passes the signal on that is the cause, SIGTERM if it is another.
func terminate(p *os.Process, cause error) error {
	var by interface{ Signal() os.Signal }
	if errors.As(cause, &by) && by.Signal() == syscall.SIGHUP {
		return p.Signal(syscall.SIGHUP)
	}
	return p.Signal(syscall.SIGTERM)
}

func exitCode(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}
