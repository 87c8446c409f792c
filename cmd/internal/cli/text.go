package cli

import (
	"fmt"
	"strings"
	"unicode"
)

// Count returns a number with its noun: no file, 1 file, 2 files.
func Count(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + one
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// JoinNames writes a list as in a sentence: alice, bob and ci.
func JoinNames(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return join(names, "and")
}

// JoinOr writes a list of choices: yaml, json or ini.
func JoinOr(names []string) string { return join(names, "or") }

func join(names []string, word string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}

// Verb returns one for a single name, and many for several.
func Verb(names []string, one, many string) string {
	if len(names) == 1 {
		return one
	}
	return many
}

// AreNames returns names with "is" or "are".
func AreNames(names []string) string { return JoinNames(names) + " " + Verb(names, "is", "are") }

// indentTail indents the second line and all later lines.
func indentTail(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }

// ShellWord returns a path as one word for the shell.
func ShellWord(path string) string {
	special := func(r rune) bool {
		return !strings.ContainsRune("/._-+,:@%", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	if path != "" && path[0] != '-' && !strings.ContainsFunc(path, special) {
		return path
	}
	return quoted(path)
}

// quoted returns a string from a file as one word for the shell, in quotes.
func quoted(s string) string {
	s = strings.ReplaceAll(Clean(s), "\n", "?")
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
