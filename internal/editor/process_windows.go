package editor

import (
	"os"
	"syscall"
)

var (
	// ending are the signals that request the end of this process: the runtime maps
	// closing the console and logging off to SIGTERM.
	ending = []os.Signal{syscall.SIGTERM}
	// meantForEditor are the signals that the console sends to all its processes.
	meantForEditor = []os.Signal{os.Interrupt}
)

// terminate kills the process: Windows has no gentler way.
func terminate(p *os.Process, _ error) error { return p.Kill() }

func exitCode(state *os.ProcessState) int { return state.ExitCode() }
