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

// prompts is the state of the prompts for identities: passphrases, PINs and confirmations
// of tokens.
type prompts struct {
	turn   sync.Mutex // files are decrypted in parallel, but prompts come one at a time
	gaveUp bool       // the user has interrupted a prompt; there are no further prompts

	find sync.Once
	tty  *os.File // nil if prompts are impossible
}

// terminal returns the file that answers to prompts are read from: stdin or, if stdin is
// not a terminal, the terminal itself. It returns nil if stderr is not a terminal: in CI,
// under cron or in a script with a log, the command must not wait for an answer.
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

// inTurn shows one prompt at a time. A signal always interrupts it, even if the command
// handles signals itself. The mode of the terminal is restored, and the command ends.
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

// tell is [keys.Source.Notify]. The message requires an action of the user, so -q does not
// suppress it.
func (a *App) tell(message string) { fmt.Fprintln(a.Stderr, Clean(message)) }

// WithPrompts lets src prompt on the terminal, if there is one.
func (a *App) WithPrompts(src keys.Source) keys.Source {
	src.Notify = a.tell
	if a.terminal() != nil {
		src.Prompt, src.Confirm = a.askSecret, a.askChoice
	}
	return src
}

// Ask prompts with a question. It returns true if the answer is y or yes.
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

// Confirm is Ask, but it returns [errNothingWritten] if the answer is not yes.
func (a *App) Confirm(ctx context.Context, question string) error {
	yes, err := a.Ask(ctx, question)
	if err == nil && !yes {
		err = errNothingWritten
	}
	return err
}

// WaitFor calls read, which reads from the terminal, until ctx ends. It cannot end the
// read itself; the process is about to exit then.
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

// ReadLine reads byte by byte, so that the input after the line stays unread.
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

// PromptSecret reads a secret from the terminal without echo.
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
