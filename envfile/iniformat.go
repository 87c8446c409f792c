package envfile

import (
	"errors"
	"slices"
	"strings"
)

var errNotInINI = errors.New("INI cannot hold this value")

// iniQuotes maps a style to the quotes around a value.
var iniQuotes = map[style]string{stylePlain: "", styleSingle: "'", styleDouble: `"`, styleBacktick: "`", styleTriple: `"""`}

// formatINI formats a value so that it round-trips. It uses the given style if possible. rest is
// the remainder of the line after the value, because some quotes cannot be followed by a comment.
func formatINI(text string, st style, rest string) (string, bool) {
	order := []style{stylePlain, styleBacktick, styleTriple, styleDouble, styleSingle}
	if strings.Contains(text, "\n") {
		order = []style{styleTriple, styleBacktick}
	}
	for _, st := range slices.Insert(order, 0, st) {
		formatted := iniQuotes[st] + text + iniQuotes[st]
		if st == stylePlain && iniSimple(text) || iniRoundTrips(formatted, text, rest) {
			return formatted, true
		}
	}
	return "", false
}

// iniNewStyle returns the style for a string that replaces a value of style st. sops cuts an
// unencrypted text at a # or ;, except in backquotes.
func iniNewStyle(text string, st style) style {
	if strings.ContainsAny(text, "#;") {
		return styleBacktick
	}
	return st
}

// iniSimple reports whether a value obviously round-trips without quotes. It avoids a call of the
// parser for common values.
func iniSimple(text string) bool {
	return text != "" && strings.TrimSpace(text) == text && !strings.ContainsAny(text, "#;\"'`\\\r\n")
}

// iniRoundTrips reports whether a formatted value, followed by rest on its line, reads as text.
func iniRoundTrips(formatted, text, rest string) bool {
	p, err := iniFormat{}.parse([]byte("k=" + formatted + rest + "\n"))
	if err != nil {
		return false
	}
	k := p.roots[0].Get(iniDefault).Get("k")
	return k != nil && k.Text == text && p.roots[0].Len() == 1 && p.roots[0].Get(iniDefault).Len() == 1
}
