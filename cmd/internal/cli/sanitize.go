package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// IsControl reports a character that a terminal obeys instead of showing it: C0 and
// C1 controls, and the marks that turn the direction of writing, with which one
// name looks like another.
func IsControl(r rune) bool {
	return r < ' ' || r >= 0x7F && r < 0xA0 || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029
}

// Clean makes output that may quote names from a file fit for a terminal. Line breaks and
// tabs stay. A byte order mark becomes visible.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if IsControl(r) && r != '\n' && r != '\t' {
			return '?'
		}
		return r
	}, s)
	return strings.ReplaceAll(s, "\uFEFF", `\ufeff`)
}

// CleanName is clean for a name on a line of its own, which a line break in it
// would make two of.
func CleanName(s string) string {
	return strings.NewReplacer("\n", "?", "\t", "?").Replace(Clean(s))
}

// OneLine shows a value without line breaks or control characters.
func OneLine(s string) string {
	if strings.ContainsFunc(s, IsControl) {
		return strconv.Quote(s)
	}
	return s
}

// escapeJSON writes as escapes what encoding/json leaves alone in strings and a
// terminal obeys.
func escapeJSON(text []byte) []byte {
	var b strings.Builder
	for _, r := range string(text) {
		if IsControl(r) && r != '\n' || r == 0xFEFF {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return []byte(b.String())
}
