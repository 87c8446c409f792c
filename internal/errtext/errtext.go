// Package errtext shortens the output of other programs for use in errors.
package errtext

import (
	"slices"
	"strings"
	"unicode"
)

// longest is the maximum number of characters kept: about three lines of a terminal.
const longest = 300

// OneLine returns text on one line. It replaces runs of blanks and unprintable
// characters with one blank, removes horizontal rules (-----), and cuts text that
// is too long after a word.
func OneLine(text string) string {
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

// FirstLine returns the first line of text that is not blank, in the form of [OneLine].
func FirstLine(text string) string {
	for line := range strings.Lines(text) {
		if s := OneLine(line); s != "" {
			return s
		}
	}
	return ""
}

// LastLine returns the last line of text that is not blank, in the form of [OneLine].
func LastLine(text string) string {
	last := ""
	for line := range strings.Lines(text) {
		if s := OneLine(line); s != "" {
			last = s
		}
	}
	return last
}
