package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
	"golang.org/x/term"
)

// asking is the state of the questions that identities put: passphrases, PINs,
// whether a token may be used.
type asking struct {
	turn   sync.Mutex // files are opened side by side, questions are not
	gaveUp bool       // the person has interrupted one, and is not asked the next

	find sync.Once
	tty  *os.File // nil if nobody can be asked
}

// terminal returns where a person answers: stdin, or, if that is taken by data,
// the terminal itself. Nobody sits there when stderr is not one either: what runs
// in CI, from cron or in a script with a log must not wait for an answer.
func (a *app) terminal() *os.File {
	a.asking.find.Do(func() {
		switch {
		case !isTerminal(a.err):
		case isTerminal(a.in):
			a.asking.tty = a.in
		default:
			name := "/dev/tty"
			if runtime.GOOS == "windows" {
				name = "CONIN$"
			}
			if tty, err := os.OpenFile(name, os.O_RDWR, 0); err == nil && isTerminal(tty) {
				a.asking.tty = tty
			}
		}
	})
	return a.asking.tty
}

// inTurn puts one question at a time. It can be interrupted whatever the command
// does with signals otherwise: the terminal is set back, and the command ends.
func inTurn[T any](ctx context.Context, a *app, put func(ctx context.Context, tty *os.File) (T, error)) (T, error) {
	a.asking.turn.Lock()
	defer a.asking.turn.Unlock()
	if a.asking.gaveUp {
		var none T
		return none, errInterrupted
	}
	ctx, stop := signal.NotifyContext(ctx, scratch.Signals()...)
	defer stop()
	a.warnOfBroken(nil)
	v, err := put(ctx, a.terminal())
	a.asking.gaveUp = errors.Is(err, errInterrupted)
	return v, err
}

// askSecret is [keys.Source.Prompt].
func (a *app) askSecret(ctx context.Context, question string) ([]byte, error) {
	return inTurn(ctx, a, func(ctx context.Context, tty *os.File) ([]byte, error) {
		return a.promptSecret(ctx, tty, clean(question))
	})
}

// askChoice is [keys.Source.Confirm].
func (a *app) askChoice(ctx context.Context, question, yes, no string) (bool, error) {
	return inTurn(ctx, a, func(ctx context.Context, tty *os.File) (bool, error) {
		choices := fmt.Sprintf("[Enter: %s]", yes)
		if no != "" {
			choices = fmt.Sprintf("[1: %s, 2: %s]", yes, no)
		}
		for {
			fmt.Fprintf(a.err, "%s %s ", clean(question), clean(choices))
			line, err := waitFor(ctx, func() (string, error) { return readLine(tty) })
			line = strings.TrimSpace(line)
			switch {
			case errors.Is(err, errInterrupted):
				fmt.Fprintln(a.err)
				return false, err
			case no == "" && err == nil, line == "1", strings.EqualFold(line, yes):
				return true, nil
			case line == "2", no != "" && strings.EqualFold(line, no):
				return false, nil
			case err != nil:
				return false, err
			}
		}
	})
}

// tell is [keys.Source.Notify]. It says what has to be done, so -q does not
// silence it.
func (a *app) tell(message string) { fmt.Fprintln(a.err, clean(message)) }

// withPeople lets src ask whoever sits at the terminal.
func (a *app) withPeople(src keys.Source) keys.Source {
	src.Notify = a.tell
	if a.terminal() != nil {
		src.Prompt, src.Confirm = a.askSecret, a.askChoice
	}
	return src
}

// ask puts a yes-or-no question; anything but yes is no.
func (a *app) ask(ctx context.Context, question string) (bool, error) {
	a.warnOfBroken(nil)
	fmt.Fprintf(a.err, "%s [y/N] ", question)
	line, err := waitFor(ctx, func() (string, error) { return readLine(a.in) })
	if errors.Is(err, errInterrupted) {
		fmt.Fprintln(a.err)
		return false, err
	}
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes", nil
}

// confirm is ask for a command that writes nothing after a no: that is [errNothingWritten].
func (a *app) confirm(ctx context.Context, question string) error {
	yes, err := a.ask(ctx, question)
	if err == nil && !yes {
		err = errNothingWritten
	}
	return err
}

// waitFor reads from the terminal until ctx ends. The read itself cannot be
// ended; the process is about to exit then.
func waitFor[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := read()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var zero T
		return zero, errInterrupted
	}
}

// readLine reads byte by byte, so that nothing behind the line is swallowed.
func readLine(r io.Reader) (string, error) {
	var b strings.Builder
	buf := make([]byte, 1)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if buf[0] == '\n' {
				return b.String(), nil
			}
			b.WriteByte(buf[0])
		}
		if err != nil {
			return b.String(), err
		}
	}
}

// promptSecret reads a secret without showing it.
func (a *app) promptSecret(ctx context.Context, tty *os.File, question string) ([]byte, error) {
	fd := int(tty.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		awaitHidden(fd, state)
		fmt.Fprintf(a.err, "%s: ", question)
	}()
	b, err := waitFor(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	<-asked
	if errors.Is(err, errInterrupted) { // ReadPassword is still waiting, without echo
		err = errors.Join(err, term.Restore(fd, state))
	}
	fmt.Fprintln(a.err)
	return b, err
}
