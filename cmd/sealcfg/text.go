package main

import (
	"fmt"
	"strings"
	"unicode"
)

func countOf(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + one
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// joinNames writes a list as a sentence does: alice, bob and ci.
func joinNames(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return join(names, "and")
}

// joinOr writes a list of choices.
func joinOr(names []string) string { return join(names, "or") }

func join(names []string, word string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}

func verb(names []string, one, many string) string {
	if len(names) == 1 {
		return one
	}
	return many
}

func areNames(names []string) string { return joinNames(names) + " " + verb(names, "is", "are") }

func indentTail(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }

// shellWord returns a path as a word for the shell.
func shellWord(path string) string {
	special := func(r rune) bool {
		return !strings.ContainsRune("/._-+,:@%", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	if path != "" && path[0] != '-' && !strings.ContainsFunc(path, special) {
		return path
	}
	return quoted(path)
}

// quoted is a text from a file as a word for the shell.
func quoted(s string) string {
	s = strings.ReplaceAll(clean(s), "\n", "?")
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
