package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/editor"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
)

// The exit codes are part of the interface: see the help of every command.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitProblems    = 3
	exitNoKey       = 4
	exitIntegrity   = 5
	exitConflicts   = 6
	exitInterrupted = 130
)

const exitHelp = `Exit codes:
  0  ok
  1  error
  2  usage
  3  problems or differences found
  4  no usable key
  5  integrity failure
  6  conflicts left
  130  interrupted`

var (
	errInterrupted = errors.New("interrupted")
	// errNothingWritten ends the command after an answer of no.
	errNothingWritten = errors.New("nothing written")
	// errProblems ends the command with exitProblems; they have been listed.
	errProblems = errors.New("problems found")
)

// A usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usage marks an error as a mistake on the command line.
func usage(err error) error { return usageError{err} }

// usagef returns an error for a mistake on the command line.
func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// A silentError keeps an error in the chain without its text.
type silentError struct{ error }

func (silentError) Error() string   { return "" }
func (e silentError) Unwrap() error { return e.error }

// silent returns an error for the chain of another one, without text.
func silent(err error) error { return silentError{err} }

// quietly returns err such that errors.Is reports kind, too. The text stays.
func quietly(kind, err error) error { return fmt.Errorf("%w%w", err, silent(kind)) }

// A hintedError is an error with a hint.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Unwrap() error { return e.error }

// hasHint reports whether an error has a hint of its own.
func hasHint(err error) bool {
	var own hintedError
	return errors.As(err, &own)
}

// An endedError ends the command with an exit code. Nothing is printed: the command has
// reported its errors.
type endedError struct{ code int }

func (e *endedError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// ended returns the error that ends the command with an exit code and no further output.
func ended(code int) error { return &endedError{code} }

// outcome returns errInterrupted for a command that failed after a signal or an interrupted
// prompt, and err otherwise.
func (a *app) outcome(err error) error {
	if err != nil && (a.asking.gaveUp || a.interrupted != nil && a.interrupted()) {
		return errInterrupted
	}
	return err
}

// withHint adds a hint to an error: what to do next.
func withHint(err error, format string, args ...any) error {
	return hintedError{err, fmt.Sprintf(format, args...)}
}

// report prints an error with its hint and returns the exit code.
func (a *app) report(err error) int {
	a.warnOfBroken(err)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(a.err, "interrupted")
		return exitInterrupted
	case errors.Is(err, errNothingWritten):
		fmt.Fprintln(a.err, errNothingWritten)
		return exitError
	case errors.Is(err, errProblems):
		return exitProblems
	}
	fmt.Fprintf(a.err, "%s%s\n", a.paint(red, "error: "), indentTail(a.readable(err)))
	if h := a.hint(err); h != "" {
		fmt.Fprintf(a.err, "%s%s\n", a.paint(dim, "hint: "), indentTail(clean(h)))
	}
	return exitCode(err)
}

// readable is the text of an error for a person: the same line said once (a
// broken .sops.yaml is met for every file), and paths below the working
// directory as the person would write them.
func (a *app) readable(err error) string {
	var lines []string
	for line := range strings.SplitSeq(clean(a.withoutKeys(err.Error())), "\n") {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines, "\n")
	if len(a.wd) > 1 { // "/" stands between any two names
		text = strings.ReplaceAll(text, a.wd+string(filepath.Separator), "")
	}
	return text
}

func exitCode(err error) int {
	var usage usageError
	var stopped *scratch.SignalError
	var editorStopped *editor.SignalError
	var coded interface{ ExitCode() int }
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &stopped), errors.As(err, &editorStopped):
		return exitInterrupted
	case errors.Is(err, keys.ErrNoIdentity):
		return exitNoKey
	case errors.Is(err, envfile.ErrIntegrity):
		return exitIntegrity
	case errors.As(err, &coded):
		return coded.ExitCode()
	}
	return exitError
}
