// Package shellwords splits a command line as a POSIX shell splits words,
// without expanding anything: $EDITOR and $SOPS_AGE_KEY_CMD hold such lines.
package shellwords

import (
	"errors"
	"strings"
)

// ErrUnclosed reports that a quote is not closed or that a backslash ends the line.
var ErrUnclosed = errors.New("unclosed quote in command line")

// Split returns the words of line. Single quotes keep everything, double quotes
// let a backslash escape ", \, $ and `, and outside of quotes a backslash
// escapes the next character.
func Split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	var quote rune
	escaped := false
	for _, c := range line {
		switch {
		case escaped:
			if quote == '"' && !strings.ContainsRune("\"\\$`", c) {
				word.WriteByte('\\')
			}
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word.WriteRune(c)
			}
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, ErrUnclosed
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
