package cli

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

// prompts is the state of the questions that identities put: passphrases, PINs,
// whether a token may be used.
type prompts struct {
	turn   sync.Mutex // files are opened side by side, questions are not
	gaveUp bool       // the person has interrupted one, and is not asked the next

	find sync.Once
	tty  *os.File // nil if nobody can be asked
}

// terminal returns where a person answers: stdin, or, if that is taken by data,
// the terminal itself. Nobody sits there when stderr is not one either: what runs
// in CI, from cron or in a script with a log must not wait for an answer.
func (a *App) terminal() *os.File {
	a.prompts.find.Do(func() {
		switch {
		case !isTerminal(a.Stderr):
		case isTerminal(a.Stdin):
			a.prompts.tty = a.Stdin
		default:
			name := "/dev/tty"
			if runtime.GOOS == "windows" {
				name = "CONIN$"
			}
			if tty, err := os.OpenFile(name, os.O_RDWR, 0); err == nil && isTerminal(tty) {
				a.prompts.tty = tty
			}
		}
	})
	return a.prompts.tty
}

// inTurn puts one question at a time. It can be interrupted whatever the command
// does with signals otherwise: the terminal is set back, and the command ends.
func inTurn[T any](ctx context.Context, a *App, put func(ctx context.Context, tty *os.File) (T, error)) (T, error) {
	a.prompts.turn.Lock()
	defer a.prompts.turn.Unlock()
	if a.prompts.gaveUp {
		var none T
		return none, ErrInterrupted
	}
	ctx, stop := signal.NotifyContext(ctx, scratch.Signals()...)
	defer stop()
	a.WarnOfBroken(nil)
	v, err := put(ctx, a.terminal())
	a.prompts.gaveUp = errors.Is(err, ErrInterrupted)
	return v, err
}

// askSecret is [keys.Source.Prompt].
func (a *App) askSecret(ctx context.Context, question string) ([]byte, error) {
	return inTurn(ctx, a, func(ctx context.Context, tty *os.File) ([]byte, error) {
		return a.PromptSecret(ctx, tty, Clean(question))
	})
}

// askChoice is [keys.Source.Confirm].
func (a *App) askChoice(ctx context.Context, question, yes, no string) (bool, error) {
	return inTurn(ctx, a, func(ctx context.Context, tty *os.File) (bool, error) {
		choices := fmt.Sprintf("[Enter: %s]", yes)
		if no != "" {
			choices = fmt.Sprintf("[1: %s, 2: %s]", yes, no)
		}
		for {
			fmt.Fprintf(a.Stderr, "%s %s ", Clean(question), Clean(choices))
			line, err := WaitFor(ctx, func() (string, error) { return ReadLine(tty) })
			line = strings.TrimSpace(line)
			switch {
			case errors.Is(err, ErrInterrupted):
				fmt.Fprintln(a.Stderr)
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
func (a *App) tell(message string) { fmt.Fprintln(a.Stderr, Clean(message)) }

// WithPrompts lets src ask whoever sits at the terminal.
func (a *App) WithPrompts(src keys.Source) keys.Source {
	src.Notify = a.tell
	if a.terminal() != nil {
		src.Prompt, src.Confirm = a.askSecret, a.askChoice
	}
	return src
}

// Ask puts a yes-or-no question; anything but yes is no.
func (a *App) Ask(ctx context.Context, question string) (bool, error) {
	a.WarnOfBroken(nil)
	fmt.Fprintf(a.Stderr, "%s [y/N] ", question)
	line, err := WaitFor(ctx, func() (string, error) { return ReadLine(a.Stdin) })
	if errors.Is(err, ErrInterrupted) {
		fmt.Fprintln(a.Stderr)
		return false, err
	}
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes", nil
}

// Confirm is ask for a command that writes nothing after a no: that is [errNothingWritten].
func (a *App) Confirm(ctx context.Context, question string) error {
	yes, err := a.Ask(ctx, question)
	if err == nil && !yes {
		err = errNothingWritten
	}
	return err
}

// WaitFor reads from the terminal until ctx ends. The read itself cannot be
// ended; the process is about to exit then.
func WaitFor[T any](ctx context.Context, read func() (T, error)) (T, error) {
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
		return zero, ErrInterrupted
	}
}

// ReadLine reads byte by byte, so that nothing behind the line is swallowed.
func ReadLine(r io.Reader) (string, error) {
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

// PromptSecret reads a secret without showing it.
func (a *App) PromptSecret(ctx context.Context, tty *os.File, question string) ([]byte, error) {
	fd := int(tty.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		awaitHidden(fd, state)
		fmt.Fprintf(a.Stderr, "%s: ", question)
	}()
	b, err := WaitFor(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	<-asked
	if errors.Is(err, ErrInterrupted) { // ReadPassword is still waiting, without echo
		err = errors.Join(err, term.Restore(fd, state))
	}
	fmt.Fprintln(a.Stderr)
	return b, err
}
