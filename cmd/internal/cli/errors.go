package cli

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
	ExitOK          = 0
	ExitError       = 1
	exitUsage       = 2
	ExitProblems    = 3
	ExitNoKey       = 4
	exitIntegrity   = 5
	ExitConflicts   = 6
	exitInterrupted = 130
)

const ExitHelp = `Exit codes:
  0  ok
  1  error
  2  usage
  3  problems or differences found
  4  no usable key
  5  integrity failure
  6  conflicts left
  130  interrupted`

var (
	ErrInterrupted = errors.New("interrupted")
	// errNothingWritten is returned after a prompt that was not answered with yes.
	errNothingWritten = errors.New("no file written")
	// ErrProblems ends the command with ExitProblems. The command has listed the problems.
	ErrProblems = errors.New("problems found")
)

// A usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Usage marks an error as a mistake on the command line.
func Usage(err error) error { return usageError{err} }

// Usagef returns an error for a mistake on the command line.
func Usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// A silentError keeps an error in the chain without its text.
type silentError struct{ error }

func (silentError) Error() string   { return "" }
func (e silentError) Unwrap() error { return e.error }

// Silent returns an error for the chain of another one, without text.
func Silent(err error) error { return silentError{err} }

// Quietly returns err such that errors.Is reports kind, too. The text stays.
func Quietly(kind, err error) error { return fmt.Errorf("%w%w", err, Silent(kind)) }

// A hintedError is an error with a hint.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Unwrap() error { return e.error }

// HasHint reports whether err has a hint.
func HasHint(err error) bool {
	var own hintedError
	return errors.As(err, &own)
}

// An EndedError ends the command with an exit code. Nothing is printed: the command has
// reported its errors.
type EndedError struct{ Code int }

func (e *EndedError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// Ended returns the error that ends the command with an exit code and no further output.
func Ended(code int) error { return &EndedError{code} }

// Outcome returns errInterrupted for a command that failed after a signal or an interrupted
// prompt, and err otherwise.
func (a *App) Outcome(err error) error {
	if err != nil && (a.prompts.gaveUp || a.Interrupted != nil && a.Interrupted()) {
		return ErrInterrupted
	}
	return err
}

// WithHint adds a hint to an error: the next step for the user.
func WithHint(err error, format string, args ...any) error {
	return hintedError{err, fmt.Sprintf(format, args...)}
}

// Report prints an error with its hint and returns the exit code.
func (a *App) Report(err error) int {
	a.WarnOfBroken(err)
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrInterrupted):
		fmt.Fprintln(a.Stderr, "interrupted")
		return exitInterrupted
	case errors.Is(err, errNothingWritten):
		fmt.Fprintln(a.Stderr, errNothingWritten)
		return ExitError
	case errors.Is(err, ErrProblems):
		return ExitProblems
	}
	fmt.Fprintf(a.Stderr, "%s%s\n", a.paint(red, "error: "), indentTail(a.Readable(err)))
	if h := a.Hint(err); h != "" {
		fmt.Fprintf(a.Stderr, "%s%s\n", a.paint(dim, "hint: "), indentTail(Clean(h)))
	}
	return exitCode(err)
}

// Readable returns the text of an error for a user. Repeated lines are printed once,
// because a broken .sops.yaml is reported for every file. Paths below the working
// directory become relative.
func (a *App) Readable(err error) string {
	var lines []string
	for line := range strings.SplitSeq(Clean(a.withoutKeys(err.Error())), "\n") {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines, "\n")
	if len(a.WorkDir) > 1 { // not "/", which occurs in every path
		text = strings.ReplaceAll(text, a.WorkDir+string(filepath.Separator), "")
	}
	return text
}

// exitCode returns the exit code for an error.
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
		return ExitNoKey
	case errors.Is(err, envfile.ErrIntegrity):
		return exitIntegrity
	case errors.As(err, &coded):
		return coded.ExitCode()
	}
	return ExitError
}
