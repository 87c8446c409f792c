// Package oneline makes the text of another program fit for an error of ours.
package oneline

import (
	"slices"
	"strings"
	"unicode"
)

// longest is how many characters of a text are kept: about three lines of a terminal.
const longest = 300

// Text returns text on one line: runs of blanks and of what cannot be printed
// become one blank, rules across the page (-----) are left out, and what is too
// long is cut behind a word.
func Text(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar
	})
	words = slices.DeleteFunc(words, func(word string) bool { return strings.Trim(word, "-=") == "" })
	line := []rune(strings.Join(words, " "))
	if len(line) <= longest {
		return string(line)
	}
	cut := string(line[:longest])
	if line[longest] != ' ' && strings.Contains(cut, " ") {
		cut = cut[:strings.LastIndex(cut, " ")]
	}
	return cut + " …"
}

// First returns the first line of text that is not blank, as [Text].
func First(text string) string {
	for line := range strings.Lines(text) {
		if s := Text(line); s != "" {
			return s
		}
	}
	return ""
}

// Last returns the last line of text that is not blank, as [Text].
func Last(text string) string {
	last := ""
	for line := range strings.Lines(text) {
		if s := Text(line); s != "" {
			last = s
		}
	}
	return last
}
