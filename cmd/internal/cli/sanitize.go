package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// IsControl reports whether a terminal interprets r instead of showing it: C0 and C1
// controls, and the marks that change the direction of text, with which one name can look
// like another.
func IsControl(r rune) bool {
	return r < ' ' || r >= 0x7F && r < 0xA0 || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029
}

// Clean replaces control characters in output that may quote names from a file. Line
// breaks and tabs stay. A byte order mark becomes visible.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if IsControl(r) && r != '\n' && r != '\t' {
			return '?'
		}
		return r
	}, s)
	return strings.ReplaceAll(s, "\uFEFF", `\ufeff`)
}

// CleanName is Clean for a name within one line: it also replaces line breaks and tabs.
func CleanName(s string) string {
	return strings.NewReplacer("\n", "?", "\t", "?").Replace(Clean(s))
}

// OneLine quotes a value that contains line breaks or control characters.
func OneLine(s string) string {
	if strings.ContainsFunc(s, IsControl) {
		return strconv.Quote(s)
	}
	return s
}

// escapeJSON escapes characters in JSON strings that encoding/json does not escape and a
// terminal interprets.
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
