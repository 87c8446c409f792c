package envfile

import (
	"errors"
	"slices"
	"strings"
)

var errNotInINI = errors.New("INI has no way to write this value")

// iniQuotes are what stands round a value.
var iniQuotes = map[style]string{stylePlain: "", styleSingle: "'", styleDouble: `"`, styleBacktick: "`", styleTriple: `"""`}

// formatINI writes a value so that it reads back, in the given style if that can
// hold it. behind is what follows on its line: a quote of one kind may stand
// before a comment, one of another may not.
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

// iniNewStyle is the style for a new text in the place of a value of style st.
// sops cuts a text at a # or ; in all but backquotes, if it stays in clear.
func iniNewStyle(text string, st style) style {
	if strings.ContainsAny(text, "#;") {
		return styleBacktick
	}
	return st
}

// iniSimple spares the scanner the usual values.
func iniSimple(text string) bool {
	return text != "" && strings.TrimSpace(text) == text && !strings.ContainsAny(text, "#;\"'`\\\r\n")
}

// iniRoundTrips reports whether a spelling reads as a text where it is to stand.
func iniRoundTrips(formatted, text, rest string) bool {
	p, err := iniFormat{}.parse([]byte("k=" + formatted + rest + "\n"))
	if err != nil {
		return false
	}
	k := p.roots[0].Get(iniDefault).Get("k")
	return k != nil && k.Text == text && p.roots[0].Len() == 1 && p.roots[0].Get(iniDefault).Len() == 1
}
