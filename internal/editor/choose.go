// Package editor chooses the editor of the user, and runs it on a file that holds
// secrets.
package editor

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sealcfg/sealcfg/internal/shellwords"
)

// ErrNone reports that no variable names an editor and that none of the usual
// editors is installed.
var ErrNone = errors.New("no editor found")

// ErrFind reports that an editor from a variable is not installed.
var ErrFind = errors.New("find the editor")

// A Command is an editor and the arguments that its user gives it.
type Command struct {
	// Path is the executable, as lookPath has found it.
	Path string
	// Args are the words of the command line; the first is the program as it was
	// written. The file comes after them.
	Args []string
	// Source is the variable that named the editor, "" if none did.
	Source string
}

// Name returns the name of the program without directory and extension, in
// lower case: vim, code.
func (c Command) Name() string {
	if len(c.Args) == 0 {
		return ""
	}
	return programName(c.Args[0])
}

func programName(path string) string {
	name := strings.ToLower(filepath.Base(path))
	switch ext := filepath.Ext(name); ext {
	case ".exe", ".cmd", ".bat", ".com":
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// variables are the variables that name an editor, the strongest first.
var variables = []string{"SOPS_EDITOR", "VISUAL", "EDITOR"}

// Choose returns the editor in the first of $SOPS_EDITOR, $VISUAL and $EDITOR that
// is not blank. If that editor is not installed, Choose returns an error: another
// editor would be a surprise. If all variables are blank, Choose returns the first
// of vi and nano (on Windows also notepad) that is installed, or [ErrNone].
//
// The two functions are [os.LookupEnv] and [exec.LookPath], or fakes in tests.
//
// [exec.LookPath]: https://pkg.go.dev/os/exec#LookPath
func Choose(lookupEnv func(string) (string, bool), lookPath func(string) (string, error)) (Command, error) {
	for _, name := range variables {
		value, ok := lookupEnv(name)
		if !ok || strings.TrimSpace(value) == "" {
			continue
		}
		return named(name, value, lookPath)
	}
	usual := []string{"vi", "nano"}
	if runtime.GOOS == "windows" {
		usual = append(usual, "notepad")
	}
	for _, name := range usual {
		if path, err := lookPath(name); err == nil {
			return Command{Path: path, Args: []string{name}}, nil
		}
	}
	return Command{}, ErrNone
}

func named(variable, value string, lookPath func(string) (string, error)) (Command, error) {
	if runtime.GOOS == "windows" {
		// C:\Program Files\Vim\vim.exe, as people set it there without quotes.
		whole := strings.TrimSpace(value)
		if path, err := lookPath(whole); err == nil {
			return Command{Path: path, Args: []string{whole}, Source: variable}, nil
		}
		value = filepath.ToSlash(value) // a backslash would escape the next character
	}
	words, err := shellwords.Split(value)
	if err != nil {
		return Command{}, fmt.Errorf("read the editor's command line in $%s: %w", variable, err)
	}
	if len(words) == 0 || words[0] == "" {
		return Command{}, fmt.Errorf("the command line in $%s names no editor", variable)
	}
	path, err := lookPath(words[0])
	if err != nil {
		return Command{}, fmt.Errorf("%w named by $%s: %w", ErrFind, variable, err)
	}
	return Command{Path: path, Args: words, Source: variable}, nil
}
