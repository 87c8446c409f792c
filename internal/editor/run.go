package editor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"time"
)

// grace is the time an editor has to end by itself after the signal to end.
const grace = 2 * time.Second

// Stdio is the terminal of the editor: os.Stdin, os.Stdout and os.Stderr. They must
// be files, because an editor needs the terminal itself. nil is the null device.
type Stdio struct{ In, Out, Err *os.File }

// Result describes an editor that ended by itself.
type Result struct {
	// ExitCode is 0 for success. An editor that a signal killed has 128 and
	// the signal's number, as in a shell; on Windows it is the system's code.
	ExitCode int
	// Ran is how long the editor ran.
	Ran time.Duration
}

// A SignalError reports that a signal requested the end of this process while the
// editor ran.
type SignalError struct{ sig os.Signal }

// Error names the signal.
func (e *SignalError) Error() string { return "ended by signal: " + e.sig.String() }

// Signal returns the signal that came.
func (e *SignalError) Signal() os.Signal { return e.sig }

// Run opens file in the editor, at line if that is above 0 and the editor is known
// to support it, and waits for its end. Known editors also get the flags that keep
// them from writing the text outside the directory of the file, so that directory
// must be private.
//
// The editor runs in our process group and has the terminal. While it runs, Ctrl-C
// and Ctrl-\ are for the editor, and this process ignores them. SIGTERM and SIGHUP
// are passed on to the editor. When it has ended, or was killed because it did not
// end within two seconds, Run returns a [*SignalError]. When ctx ends, the editor
// is ended in the same way, and the error wraps [context.Cause]. An editor that had
// to be killed leaves the state of the terminal unchanged.
//
// An exit code other than 0 is not an error of Run: it is in the Result.
func Run(ctx context.Context, c Command, file string, line int, stdio Stdio) (Result, error) {
	res, err := run(ctx, c, file, line, stdio)
	if err != nil {
		return Result{}, fmt.Errorf("run the editor %s: %w", c.Name(), err)
	}
	return res, nil
}

func run(ctx context.Context, c Command, file string, line int, stdio Stdio) (Result, error) {
	if len(c.Args) == 0 {
		return Result{}, ErrNone
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	cmd := exec.CommandContext(ctx, c.Path, c.arguments(file, line)...)
	cmd.Env = append(cmd.Environ(), c.family().environment(filepath.Dir(file))...)
	cmd.Args[0] = c.Args[0] // a program may look at the name it is called by
	// Assigned one by one: a nil *os.File in an interface would not be nil.
	if stdio.In != nil {
		cmd.Stdin = stdio.In
	}
	if stdio.Out != nil {
		cmd.Stdout = stdio.Out
	}
	if stdio.Err != nil {
		cmd.Stderr = stdio.Err
	}
	cmd.Cancel = func() error { return terminate(cmd.Process, context.Cause(ctx)) }
	cmd.WaitDelay = grace

	stop := watchSignals(cancel)
	start := time.Now()
	err := cmd.Start()
	if err == nil {
		err = cmd.Wait()
	}
	ran := time.Since(start)
	stop()
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Result{}, err
	}
	return Result{ExitCode: exitCode(cmd.ProcessState), Ran: ran}, nil
}

// watchSignals catches the signals of this process until stop: the signals for the
// editor have no effect, the others cancel. They are caught and not ignored,
// because the editor would inherit that. Signals that were already ignored when the
// process started stay ignored.
func watchSignals(cancel context.CancelCauseFunc) (stop func()) {
	ours, theirs := make(chan os.Signal, 1), make(chan os.Signal, 1)
	notify(ours, ending)
	notify(theirs, meantForEditor) // never read
	stopped := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		select {
		case sig := <-ours:
			cancel(&SignalError{sig})
		case <-stopped:
		}
	})
	return func() {
		signal.Stop(ours)
		signal.Stop(theirs)
		close(stopped)
		done.Wait()
		select {
		case sig := <-ours: // came with the editor's end
			cancel(&SignalError{sig})
		default:
		}
	}
}

func notify(ch chan<- os.Signal, signals []os.Signal) {
	for _, sig := range signals {
		if !signal.Ignored(sig) {
			signal.Notify(ch, sig)
		}
	}
}
