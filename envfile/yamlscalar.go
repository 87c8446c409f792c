package envfile

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
)

// How a scalar is spelled in YAML, wherever it stands.

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// printable reports whether YAML may carry a character unescaped on one line.
func printable(r rune) bool {
	return r >= ' ' && r <= '~' || r >= 0xA0 && r <= 0xD7FF && r != 0x2028 && r != 0x2029 ||
		r >= 0xE000 && r <= 0xFFFD && r != 0xFEFF || r >= 0x10000 && r <= 0x10FFFF
}

func canBeSingle(text string) bool {
	for _, r := range text {
		if r != '\t' && !printable(r) {
			return false
		}
	}
	return true
}

// canBePlain reports whether a string reads back as itself without quotes.
// With a tag of its own it is a string whatever it looks like.
func canBePlain(text string, flow, tagged bool) bool {
	return obviouslyPlain(text, flow) || parsesAsPlain(text, flow, tagged)
}

// parsesAsPlain asks the parser.
func parsesAsPlain(text string, flow, tagged bool) bool {
	if strings.ContainsAny(text, "\n\r\t") || !canBeSingle(text) || text == "" {
		return false
	}
	probe := "k: " + text + "\n"
	if flow {
		probe = "[" + text + "]\n"
	}
	var doc yaml.Node
	if err := unmarshalNode(probe, &doc); err != nil || len(doc.Content) != 1 {
		return false
	}
	c := doc.Content[0]
	if doc.HeadComment+doc.FootComment+c.HeadComment+c.LineComment+c.FootComment != "" {
		return false
	}
	var v *yaml.Node
	switch {
	case flow && c.Kind == yaml.SequenceNode && len(c.Content) == 1:
		v = c.Content[0]
	case !flow && c.Kind == yaml.MappingNode && len(c.Content) == 2:
		v = c.Content[1]
	default:
		return false
	}
	return v.Kind == yaml.ScalarNode && v.Style == 0 && v.Value == text && v.Anchor == "" &&
		(tagged || v.ShortTag() == "!!str" || v.ShortTag() == "!!merge") && v.LineComment+v.HeadComment+v.FootComment == ""
}

var errParser = errors.New("parser gave up")

func unmarshalNode(text string, n *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errParser
		}
	}()
	return yaml.Unmarshal([]byte(text), n)
}

// obviouslyPlain spares most strings a trip through the parser.
func obviouslyPlain(text string, flow bool) bool {
	if text == "" || len(text) > 1000 {
		return false
	}
	for i := range len(text) {
		// A colon or a blank stands alone, between characters that mean nothing.
		if !harmless(text[i], flow) && !(i > 0 && i < len(text)-1 && (text[i] == ':' || text[i] == ' ') &&
			harmless(text[i-1], flow) && harmless(text[i+1], flow)) {
			return false
		}
	}
	c := text[0]
	switch {
	case c >= '0' && c <= '9': // may be a number or a time
		return (&yaml.Node{Kind: yaml.ScalarNode, Value: text}).ShortTag() == "!!str"
	case !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '/'):
		return false
	}
	switch strings.ToLower(text) {
	case "true", "false", "null":
		return false
	}
	return true
}

// harmless reports whether a character means nothing to YAML within a text,
// whatever stands beside it. Outside of { } and [ ] only : and # do.
func harmless(c byte, flow bool) bool {
	if !flow {
		return c > ' ' && c <= '~' && c != ':' && c != '#'
	}
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-./+=@", c) >= 0
}

// formatScalar spells a value without regard to an older style, as sops would:
// without quotes where all readers take that for the same value, in double quotes where one
// would take it for something else, else in single quotes if they can hold it.
func formatScalar(typ crypto.Type, text string, flow bool) string {
	switch {
	case typ != crypto.Str:
		return formatTyped(typ, text)
	case !utf8.ValidString(text):
		return "!!binary " + base64.StdEncoding.EncodeToString([]byte(text))
	case ambiguous(text):
		return quoteDouble(text)
	case canBePlain(text, flow, false):
		return text
	case canBeSingle(text):
		return quoteSingle(text)
	}
	return quoteDouble(text)
}

func quoteSingle(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// formatTyped spells the canonical text of a number, boolean or time so that
// YAML gives it the same type again.
func formatTyped(typ crypto.Type, text string) string {
	switch typ {
	case crypto.Bool:
		return strings.ToLower(text)
	case crypto.Float:
		return formatFloat(text)
	case crypto.Time:
		// A day without a time is what people write for midnight UTC.
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil && strings.HasSuffix(text, "T00:00:00Z") {
			return t.Format(time.DateOnly)
		}
	}
	return text
}

func formatFloat(text string) string {
	switch text {
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	case "NaN":
		return ".nan"
	}
	if len(strings.TrimLeft(text, "-")) > 21 { // 1e300 has 301 digits
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			s := strconv.FormatFloat(f, 'e', -1, 64)
			if !strings.Contains(s, ".") {
				s = strings.Replace(s, "e", ".0e", 1)
			}
			return s
		}
	}
	if !strings.Contains(text, ".") {
		return text + ".0"
	}
	return text
}

// quoteDouble spells a string in double quotes, escaping only what must be.
func quoteDouble(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == 0:
			b.WriteString(`\0`)
		case printable(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
