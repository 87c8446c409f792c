package kmswire

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Find looks for the helper beside the running program, then on PATH. It fails
// with a [*MissingError].
func Find() (string, error) {
	missing := &MissingError{}
	if self, err := os.Executable(); err == nil {
		missing.Beside = filepath.Dir(self)
		places := []string{self}
		if real, err := filepath.EvalSymlinks(self); err == nil && real != self {
			places = append(places, real)
		}
		for _, place := range places {
			if path, err := exec.LookPath(filepath.Join(filepath.Dir(place), Program)); err == nil {
				return path, nil
			}
		}
	}
	// A program in the working directory is not run: LookPath makes that an error.
	path, err := exec.LookPath(Program)
	if err != nil {
		return "", missing
	}
	return path, nil
}

// process is a helper that runs.
type process struct {
	path   string
	cmd    *exec.Cmd
	in     *os.File // its stdin
	out    *os.File // its stdout
	exited chan struct{}
}

// start runs the helper. It inherits the environment, in which the services look
// for credentials, the terminal, which gpg may want to ask on, and stderr.
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
	p.cmd.WaitDelay = farewell // a program that the helper has started may hold stderr open
	err = p.cmd.Start()
	_ = inRead.Close() // the helper has its own
	_ = outWrite.Close()
	if err != nil {
		p.close()
		var perr interface{ Unwrap() error }
		if errors.As(err, &perr) { // without the path, which the message has already
			err = perr.Unwrap()
		}
		return nil, &EndedError{Path: path, Reason: err.Error()}
	}
	go func() {
		_ = p.cmd.Wait() // what it says is in ProcessState
		close(p.exited)
		// A program that the helper left behind may hold the pipe open.
		_ = p.out.SetReadDeadline(time.Now().Add(farewell))
	}()
	return p, nil
}

func (p *process) close() {
	_ = p.in.Close()
	_ = p.out.Close()
}

// stop ends the helper: by the end of its stdin, and if that does not help in
// time, by force.
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
