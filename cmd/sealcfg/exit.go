package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/editor"
	"github.com/sealcfg/sealcfg/internal/regular"
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

func indentTail(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }

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

const noPolicyHint = "sealcfg init makes one here; is the project elsewhere? then go there, or name its folder with -C"

// hint says what to do next about an error.
func (a *app) hint(err error) string {
	var own hinted
	var two *environments.AmbiguousError
	var locked *atomicfile.LockedError
	if restore := a.restoreHint(err); restore != "" {
		return restore
	}
	switch {
	case errors.As(err, &own):
		return own.hint
	case errors.As(err, &two):
		return "an environment is one file: use the path of one of them, or rename or remove the other"
	case errors.Is(err, environments.ErrPolicyName):
		return "rename .sops.yml to .sops.yaml: neither sops nor sealcfg reads the other name"
	case errors.Is(err, environments.ErrConfigName):
		return "rename sealcfg.yml to sealcfg.yaml"
	case errors.Is(err, environments.ErrOutside) && !errors.Is(err, environments.ErrNoPolicy):
		return "replace the link with a file: the history of the repository does not show the contents of other files"
	case errors.Is(err, environments.ErrOutside):
		return "put a .sops.yaml into the repository, where its history and its reviews show what it says"
	case errors.Is(err, environments.ErrForeign):
		return "work in a folder of your own; if the policy is the right one, copy it there"
	case errors.Is(err, environments.ErrNoPolicy):
		return noPolicyHint
	case errors.Is(err, environments.ErrNoRule):
		return "add a rule with a matching path_regex under creation_rules"
	case errors.Is(err, envfile.ErrNoRecipients):
		return "add a recipient to this creation rule (sealcfg key show prints yours), then run the command again"
	case errors.Is(err, envfile.ErrAlreadySealed):
		return "use sealcfg edit to change it, or sealcfg rekey to change who can read it"
	case errors.Is(err, envfile.ErrNotSealed):
		return "run sealcfg encrypt on it first"
	case errors.Is(err, envfile.ErrIntegrity):
		return "the file was edited without its key, or a merge mixed two versions"
	case errors.Is(err, editor.ErrNone):
		return "set EDITOR, for example: EDITOR=nano sealcfg edit ..."
	case errors.As(err, &locked):
		return "find the program, and end it if it hangs: fuser -v " + shellWord(shown(locked.Path)) + "\nto see the programs of other users, run it as root"
	case errors.Is(err, atomicfile.ErrMounted):
		return "mount the directory of the file instead of the file itself"
	case errors.Is(err, atomicfile.ErrInPlace):
		return "the file has its new contents, but a power cut can undo that; once the cause is fixed, run: sync"
	case errors.Is(err, atomicfile.ErrChanged):
		return "somebody else has written it meanwhile; run the command again"
	case errors.Is(err, atomicfile.ErrDamaged):
		return "the file is neither as before nor complete: run the command again"
	case errors.Is(err, regular.ErrNotRegular):
		return "put a regular file in its place, or remove it"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space and run the command again; the file is unchanged"
	}
	return serviceHint(err)
}
