package cli

import (
	"time"

	"golang.org/x/term"
)

// isTerminal reports whether f is a terminal.
func isTerminal(f interface{ Fd() uintptr }) bool { return term.IsTerminal(int(f.Fd())) }

// Interactive reports whether the command can prompt.
func (a *App) Interactive() bool { return isTerminal(a.Stdin) && isTerminal(a.Stderr) }

// awaitHidden waits until the terminal has left its mode before, so that it no longer
// echoes: an answer typed at once must stay hidden. It gives up after a second, for
// terminals without such modes.
func awaitHidden(fd int, before *term.State) {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if now, err := term.GetState(fd); err != nil || *now != *before {
			return
		}
	}
}

// KeepTerminal returns a function that restores the current mode of the terminal.
func (a *App) KeepTerminal() (restore func()) {
	fd := int(a.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return func() {} // not a terminal
	}
	inForeground := keepForeground(fd)
	return func() { // best effort: the terminal may be closed
		inForeground(func() { _ = term.Restore(fd, state) })
	}
}
