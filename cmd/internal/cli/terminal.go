package cli

import (
	"time"

	"golang.org/x/term"
)

func isTerminal(f interface{ Fd() uintptr }) bool { return term.IsTerminal(int(f.Fd())) }

// Interactive reports whether a person can be asked.
func (a *App) Interactive() bool { return isTerminal(a.Stdin) && isTerminal(a.Stderr) }

// awaitHidden waits until the terminal is set otherwise than before, which is
// when it does not echo any more: who answers a question at once must not see
// the answer. It gives up after a second, for a terminal that has no such modes.
func awaitHidden(fd int, before *term.State) {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if now, err := term.GetState(fd); err != nil || *now != *before {
			return
		}
	}
}

// KeepTerminal remembers how the terminal is set and returns what sets it back.
func (a *App) KeepTerminal() (restore func()) {
	fd := int(a.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return func() {} // not a terminal
	}
	inForeground := keepForeground(fd)
	return func() { // if it is gone, nobody minds
		inForeground(func() { _ = term.Restore(fd, state) })
	}
}
