package toml

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

var (
	errNotInTOML  = errors.New("TOML cannot hold this value")
	errLocalBroke = errors.New("the encrypted value is marked as a local date or time, but is not one")
)

// localMark is the end of the ciphertext of a local date or time: its bracket, written as an
// escape, and the closing quote. Readers see the same string. The escape marks a value that had no
// quotes.
const localMark = `\u005D"`

var tomlQuotes = map[layout.Style]string{layout.StylePlain: `"`, layout.StyleSingle: `'`, layout.StyleDouble: `"`, layout.StyleTriple: `"""`, layout.StyleTripleSingle: `'''`}

func (t *tomlText) Format(n *tree.Node, to layout.Replacement) ([]layout.Edit, error) {
	if n.Kind == tree.Comment {
		return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: "#" + to.Text}}, nil
	}
	text, err := t.formatted(n, to)
	if err != nil {
		return nil, tree.ErrorAt(n, "%s", err)
	}
	return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: text}}, nil
}

// Reveal sets the kind of a local date or time. A value that is marked as a local date or time but
// is not one was changed.
func (t *tomlText) Reveal(n *tree.Node) error {
	if !layout.SpanOf(n).Local {
		return nil
	}
	kind := layout.LocalKind(n.Text)
	if n.Type != crypto.Str || kind == "" {
		return errLocalBroke
	}
	n.Traits = &tree.Traits{Local: kind}
	return nil
}

// formatted returns the new value in the style of n.
func (t *tomlText) formatted(n *tree.Node, to layout.Replacement) (string, error) {
	sp := *layout.SpanOf(n)
	switch {
	case to.Sealed && sp.Local && sp.Style == layout.StylePlain:
		return `"` + strings.TrimSuffix(to.Text, "]") + localMark, nil
	case to.Sealed:
		q := tomlQuotes[sp.Style]
		return q + t.firstBreak(n) + to.Text + q, nil
	case to.Typ == crypto.Str && sp.Local && sp.Style == layout.StyleDouble && t.block != nil: // encrypted until now
		return to.Text, nil
	case to.Typ == crypto.Str && sp.Local && sp.Style == layout.StylePlain:
		return to.Text, nil // already plaintext
	case to.Typ == crypto.Str && !utf8.ValidString(to.Text):
		return "", fmt.Errorf("%w: it is not valid UTF-8", errNotInTOML)
	case to.Typ == crypto.Str:
		return tomlString(to.Text, sp.Style, t.firstBreak(n), t.src.Eol), nil
	}
	return tomlBare(to.Typ, to.Text)
}

// firstBreak returns the line break after the opening quotes of a multi-line string. It is not part
// of the string.
func (t *tomlText) firstBreak(n *tree.Node) string {
	if layout.SpanOf(n).Style != layout.StyleTriple && layout.SpanOf(n).Style != layout.StyleTripleSingle {
		return ""
	}
	rest := string(t.src.Src[layout.SpanOf(n).Start+3 : layout.SpanOf(n).End])
	for _, br := range []string{"\n", "\r\n"} {
		if strings.HasPrefix(rest, br) {
			return br
		}
	}
	return ""
}

// tomlBare formats a value that has no quotes.
func tomlBare(typ crypto.Type, text string) (string, error) {
	switch typ {
	case crypto.Bool:
		return strings.ToLower(text), nil
	case crypto.Int, crypto.Time:
		return text, nil
	case crypto.Float:
		f, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil:
			return "", errNotInTOML
		case math.IsNaN(f):
			return "nan", nil
		case math.IsInf(f, 1):
			return "inf", nil
		case math.IsInf(f, -1):
			return "-inf", nil
		}
		if size := math.Abs(f); size >= 1e21 || size != 0 && size < 1e-6 {
			return strconv.FormatFloat(f, 'e', -1, 64), nil
		}
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text, nil
	}
	return "", errNotInTOML
}

// tomlString formats a string, in the given style if possible. first is the line break after the
// opening quotes of a multi-line string. eol is the line break of the file. A multi-line string may
// contain CRLF only if eol is CRLF, because other readers take it for a line feed.
func tomlString(text string, st layout.Style, first, eol string) string {
	if first == "" && (strings.HasPrefix(text, "\n") || strings.HasPrefix(text, "\r\n")) {
		first = "\n" // otherwise the first line break of the string would be lost
	}
	switch {
	case st == layout.StyleSingle && !strings.ContainsAny(text, "'\n") && !hasControl(text):
		return "'" + text + "'"
	case st == layout.StyleTripleSingle && !strings.Contains(text, "'''") && !hasControl(strings.NewReplacer(eol, "", "\n", "").Replace(text)):
		return "'''" + first + text + "'''"
	case st == layout.StyleTriple || st == layout.StyleTripleSingle:
		return `"""` + first + escapeTOML(text, eol) + `"""`
	}
	return `"` + escapeTOML(text, "") + `"`
}

func hasControl(s string) bool {
	for i := range len(s) {
		if control(s[i]) {
			return true
		}
	}
	return false
}

// escapeTOML escapes a string for double quotes. eol is not empty for a multi-line string, in which
// line feeds, eol and up to two consecutive quotes stay unescaped.
func escapeTOML(text, eol string) string {
	var b strings.Builder
	multi := eol != ""
	quotes := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '"' {
			quotes++
		} else {
			quotes = 0
		}
		switch {
		case multi && (c == '\n' || c == '"' && quotes < 3):
			b.WriteByte(c)
		case multi && strings.HasPrefix(text[i:], eol): // CRLF
			b.WriteString(eol)
			i++
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
			quotes = 0
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t' && !multi:
			b.WriteString(`\t`)
		case control(c):
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// tomlKeys formats a dotted key.
func tomlKeys(keys []string) string {
	formatted := make([]string, len(keys))
	for i, k := range keys {
		formatted[i] = k
		if k == "" || strings.ContainsFunc(k, func(r rune) bool { return r >= utf8.RuneSelf || !bareKey(byte(r)) }) {
			formatted[i] = `"` + escapeTOML(k, "") + `"`
		}
	}
	return strings.Join(formatted, ".")
}

// Warn returns a warning about a value that decryption writes in another notation.
func (t *tomlText) Warn(n *tree.Node, encrypted bool) string {
	if !encrypted || n.Kind != tree.Value || n.Text == "" {
		return ""
	}
	raw := string(t.src.Src[layout.SpanOf(n).Start:layout.SpanOf(n).End])
	back, err := t.formatted(n, layout.Replacement{Typ: n.Type, Text: n.Text})
	if err != nil || back == raw {
		return ""
	}
	switch n.Type {
	case crypto.Str:
		return "escapes and joined lines are not kept: the same text comes back in another notation"
	case crypto.Time:
		return "the time comes back in the form of RFC 3339, with a T and without trailing zeros"
	}
	return layout.NumberWarning(raw) + layout.QuoteAdvice
}
