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

// usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// quiet keeps an error in the chain without repeating its text.
type quiet struct{ error }

func (quiet) Error() string   { return "" }
func (q quiet) Unwrap() error { return q.error }

// quietly makes an error count as one of another kind, without more text.
func quietly(kind, err error) error { return fmt.Errorf("%w%w", err, quiet{kind}) }

// hinted adds what to do next to an error.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }

func withHint(err error, format string, args ...any) error {
	return hinted{err, fmt.Sprintf(format, args...)}
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
	var conflict *fieldConflict
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &stopped), errors.As(err, &editorStopped):
		return exitInterrupted
	case errors.Is(err, keys.ErrNoIdentity):
		return exitNoKey
	case errors.Is(err, envfile.ErrIntegrity):
		return exitIntegrity
	case errors.As(err, &conflict):
		return exitConflicts
	}
	return exitError
}
