package kmswire

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Find returns the path of the helper. It looks in the directory of the running
// program, then on PATH. It returns a [*MissingError] if the helper is not installed.
func Find() (string, error) {
	if self, err := os.Executable(); err == nil {
		siblings := []string{self}
		if real, err := filepath.EvalSymlinks(self); err == nil && real != self {
			siblings = append(siblings, real)
		}
		for _, sibling := range siblings {
			if path, err := exec.LookPath(filepath.Join(filepath.Dir(sibling), Program)); err == nil {
				return path, nil
			}
		}
	}
	// LookPath returns an error for a program in the working directory, so it is not run.
	path, err := exec.LookPath(Program)
	if err != nil {
		return "", &MissingError{}
	}
	return path, nil
}

// A process is a running helper.
type process struct {
	path   string
	cmd    *exec.Cmd
	in     *os.File // its stdin
	out    *os.File // its stdout
	exited chan struct{}
}

// start runs the helper. The helper inherits the environment, where the services find
// their credentials, the terminal, on which gpg may prompt, and stderr.
func start(path string, stderr io.Writer) (*process, error) {
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, inRead.Close(), inWrite.Close())
	}
	p := &process{path: path, cmd: exec.Command(path), in: inWrite, out: outRead, exited: make(chan struct{})}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = inRead, outWrite, stderr
	p.cmd.WaitDelay = gracePeriod // a child of the helper may keep stderr open
	err = p.cmd.Start()
	_ = inRead.Close() // the helper has its own copy
	_ = outWrite.Close()
	if err != nil {
		p.close()
		var perr interface{ Unwrap() error }
		if errors.As(err, &perr) { // EndedError adds the path
			err = perr.Unwrap()
		}
		return nil, &EndedError{Path: path, Reason: err.Error()}
	}
	go func() {
		_ = p.cmd.Wait() // ProcessState has the exit status
		close(p.exited)
		// A child of the helper may keep the pipe open.
		_ = p.out.SetReadDeadline(time.Now().Add(gracePeriod))
	}()
	return p, nil
}

func (p *process) close() {
	_ = p.in.Close()
	_ = p.out.Close()
}

// stop closes the stdin of the helper, which ends it. After the grace period it kills
// the helper.
func (p *process) stop(grace time.Duration) {
	_ = p.in.Close()
	select {
	case <-p.exited:
	case <-time.After(grace):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	_ = p.out.Close()
}
