package ini

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"

	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jsonfile "github.com/sealcfg/sealcfg/envfile/internal/json"
)

var errNotInINI = errors.New("INI cannot hold this value")

// iniQuotes maps a style to the quotes around a value.
var iniQuotes = map[layout.Style]string{layout.StylePlain: "", layout.StyleSingle: "'", layout.StyleDouble: `"`, layout.StyleBacktick: "`", layout.StyleTriple: `"""`}

// formatINI formats a value so that it round-trips. It uses the given style if possible. rest is
// the remainder of the line after the value, because some quotes cannot be followed by a comment.
func formatINI(text string, st layout.Style, rest string) (string, bool) {
	order := []layout.Style{layout.StylePlain, layout.StyleBacktick, layout.StyleTriple, layout.StyleDouble, layout.StyleSingle}
	if strings.Contains(text, "\n") {
		order = []layout.Style{layout.StyleTriple, layout.StyleBacktick}
	}
	for _, st := range slices.Insert(order, 0, st) {
		formatted := iniQuotes[st] + text + iniQuotes[st]
		if st == layout.StylePlain && iniSimple(text) || iniRoundTrips(formatted, text, rest) {
			return formatted, true
		}
	}
	return "", false
}

// iniNewStyle returns the style for a string that replaces a value of style st. sops cuts an
// unencrypted text at a # or ;, except in backquotes.
func iniNewStyle(text string, st layout.Style) layout.Style {
	if strings.ContainsAny(text, "#;") {
		return layout.StyleBacktick
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
	p, err := (&iniFormat{}).Parse([]byte("k=" + formatted + rest + "\n"))
	if err != nil {
		return false
	}
	k := p.Roots[0].Get(iniDefault).Get("k")
	return k != nil && k.Text == text && p.Roots[0].Len() == 1 && p.Roots[0].Get(iniDefault).Len() == 1
}

func (f *iniFormat) Convert(roots []*tree.Node, _ int) ([]byte, error) {
	root, err := layout.Single(f, roots)
	if err != nil {
		return nil, err
	}
	return convertINI(root)
}

// ConvertValue writes JSON on one line, as sops does.
func (*iniFormat) ConvertValue(n *tree.Node, _ int) ([]byte, error) {
	text, err := jsonfile.ConvertJSON(n, 0)
	var line bytes.Buffer
	if err == nil {
		err = json.Compact(&line, text)
	}
	return line.Bytes(), err
}

// convertINI writes a section for each map, without comments.
func convertINI(root *tree.Node) ([]byte, error) {
	var b bytes.Buffer
	for s := range root.Entries() {
		if s.Kind != tree.Map {
			return nil, fmt.Errorf("line %d: %s is not a section: %w (ini)", s.Line, tree.Path{{Key: s.Key}}, layout.ErrConvert)
		}
		if s.Key == "" || strings.ContainsAny(s.Key, "]\r\n") {
			return nil, fmt.Errorf("line %d: %s cannot be a section: %w (ini)", s.Line, tree.Path{{Key: s.Key}}, layout.ErrConvert)
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("[" + s.Key + "]\n")
		width := 0
		for e := range s.Entries() {
			width = max(width, len(e.Key))
		}
		for e := range s.Entries() {
			_, plain := layout.CoerceText(e.Type, e.Text)
			style := layout.StylePlain
			if strings.ContainsAny(plain, "#;") { // sops would cut the value here
				style = layout.StyleBacktick
			}
			text, ok := formatINI(plain, style, "")
			if e.Kind == tree.Map || e.Kind == tree.List || !ok || e.Key == "" || e.Key == "-" || strings.TrimSpace(e.Key) != e.Key ||
				strings.ContainsAny(e.Key, "=:#;[]\"`\r\n") {
				return nil, fmt.Errorf("line %d: %s: %w (ini)", e.Line, tree.Path{{Key: s.Key}, {Key: e.Key}}, layout.ErrConvert)
			}
			b.WriteString(e.Key + strings.Repeat(" ", width-len(e.Key)) + " = " + text + "\n")
		}
	}
	return b.Bytes(), nil
}
