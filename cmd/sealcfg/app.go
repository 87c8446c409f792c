package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sealcfg/sealcfg/cmd/internal/kmswire"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/gitrun"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
	_ "github.com/sealcfg/sealcfg/keys/ageplugin" // age-plugin-*
	_ "github.com/sealcfg/sealcfg/keys/agessh"    // SSH keys
)

// app is what the commands share: the terminal, the process environment, and
// the global flags.
type app struct {
	in, out   *os.File
	err       *errorStream
	lookupEnv func(string) (string, bool)

	git *gitrun.Git // knows the directory and the variables that the command began with

	withheld []string // of the environment, from the programs that are started

	wd      string // working directory, after -C
	dir     string
	json    bool
	quiet   bool
	noColor bool

	inputType string          // how files are read, "" to go by their names
	allowKeys []string        // keys of services that no policy need name
	helper    *kmswire.Helper // asks the services

	sopsCode    int  // exit code of sops, when the command was sealcfg sops
	answersOnly bool // a tool may take stderr for a part of the answer

	interrupted func() bool // has a signal ended the command? nil for edit

	asking asking

	identities []keys.Identity // loaded once per run
	loaded     bool
	places     []place
	broken     []error // key sources that cannot be used
	toldBroken int     // how many of them have been reported
	brokenMu   sync.Mutex

	namedBroken string // text of warnings, which may name a broken key source

	finder *environments.Finder // what applies to files, found once per run

	told    sync.Map // paths of files whose problems have been reported
	boundIn sync.Map // by directory, what returns a file with a binding
}

// place is somewhere an identity was looked for.
type place struct {
	name  string
	found int
}

func (a *app) run(ctx context.Context, args []string) int {
	a.wd, _ = os.Getwd() // "" if it is gone: paths stay absolute then
	root := newRootCmd(a)
	root.SetArgs(args)
	root.SetIn(a.in)
	out := &remembering{to: a.out}
	root.SetOut(out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.err
	}
	if err != nil && (a.asking.gaveUp || a.interrupted != nil && a.interrupted()) {
		err = errInterrupted
	}
	if err == nil && a.sopsCode != 0 {
		return a.sopsCode
	}
	return a.report(err)
}

// remembering keeps the first error of writing: cobra drops it when it prints help.
type remembering struct {
	to  io.Writer
	err error
}

func (w *remembering) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// watchSignals ends the context of a command when the user or the system wants
// it to end. The edit command does without: there, Ctrl-C is meant for the
// editor, and the plain text has to go first.
func (a *app) watchSignals(cmd *cobra.Command) {
	if cmd.Name() == "edit" {
		return
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), scratch.Signals()...)
	// The second signal has its usual effect again: what hangs can be stopped.
	context.AfterFunc(ctx, stop)
	a.interrupted = func() bool { return ctx.Err() != nil }
	cmd.SetContext(ctx)
}

func (a *app) env(name string) string {
	v, _ := a.lookupEnv(name)
	return v
}

// scratchPlaces are where plain text may lie for a while.
func (a *app) scratchPlaces() scratch.Options {
	return scratch.Options{Memory: []string{"/dev/shm", a.env("XDG_RUNTIME_DIR")}, Temp: os.TempDir()}
}

// say tells the person what was done. It goes to stderr, which is not the answer.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintln(a.err, clean(fmt.Sprintf(format, args...)))
	}
}

// warn is not silenced by -q.
func (a *app) warn(format string, args ...any) {
	text := a.withoutKeys(fmt.Sprintf(format, args...))
	fmt.Fprintln(a.err, a.paint(yellow, "warning: ")+indentTail(clean(text)))
}

func (a *app) printJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.out.Write(escapeJSON(b.Bytes()))
	return err
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	plain  = "\x1b[0m"
)

// paint colours a text that goes to stderr, if that is a terminal.
func (a *app) paint(colour, s string) string {
	kind := a.env("TERM")
	dumb := kind == "dumb" || kind == "" && runtime.GOOS != "windows" // where nobody sets it
	if a.noColor || a.env("NO_COLOR") != "" || dumb || !isTerminal(a.err) {
		return s
	}
	return colour + s + plain
}

func isTerminal(f interface{ Fd() uintptr }) bool { return term.IsTerminal(int(f.Fd())) }

// interactive reports whether a person can be asked.
func (a *app) interactive() bool { return isTerminal(a.in) && isTerminal(a.err) }

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

// keepTerminal remembers how the terminal is set and returns what sets it back.
func (a *app) keepTerminal() (restore func()) {
	fd := int(a.in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return func() {} // not a terminal
	}
	inForeground := keepForeground(fd)
	return func() { // if it is gone, nobody minds
		inForeground(func() { _ = term.Restore(fd, state) })
	}
}

// project finds the project that the command works on.
func (a *app) project() (*environments.Project, error) {
	if _, err := os.Getwd(); err != nil {
		return nil, withHint(fmt.Errorf("find the working directory: %w", err), "it may be gone: go to one that is there, or name one with -C")
	}
	return environments.Find(".")
}

// enter obeys -C.
func (a *app) enter() error {
	if a.dir == "" {
		return nil
	}
	if err := os.Chdir(a.dir); err != nil {
		return usageError{err}
	}
	a.dir = "" // once
	a.wd, _ = os.Getwd()
	return nil
}

// shown is how a path is named to a person: relative where that is shorter.
func shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || strings.HasPrefix(rel, filepath.Join("..", "..", "..")) {
		return path
	}
	return rel
}
