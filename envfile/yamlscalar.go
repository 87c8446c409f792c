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

// This file formats single scalars in YAML, independent of their position.

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// printable reports whether YAML allows a character unescaped on one line.
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

// canBePlain reports whether a string round-trips without quotes. With a tag that makes it a
// string, its characters do not affect its type.
func canBePlain(text string, flow, tagged bool) bool {
	return obviouslyPlain(text, flow) || parsesAsPlain(text, flow, tagged)
}

// parsesAsPlain is canBePlain by a call of the parser.
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

// obviouslyPlain reports whether a string certainly round-trips without quotes. It avoids a call of
// the parser for most strings.
func obviouslyPlain(text string, flow bool) bool {
	if text == "" || len(text) > 1000 {
		return false
	}
	for i := range len(text) {
		// A colon or a blank is allowed between two harmless characters.
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

// harmless reports whether c has no special meaning inside a plain scalar, whatever its neighbors
// are. flow means within { } or [ ]; outside of them, only : and # are special.
func harmless(c byte, flow bool) bool {
	if !flow {
		return c > ' ' && c <= '~' && c != ':' && c != '#'
	}
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-./+=@", c) >= 0
}

// formatScalar formats a value without a previous style, as sops would. It uses no quotes if all
// readers take the result for the same value, and double quotes if a reader would take it for
// another type. Otherwise it uses single quotes if they can hold the value.
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

// formatTyped formats the canonical text of a number, boolean or time so that YAML reads it with
// the same type.
func formatTyped(typ crypto.Type, text string) string {
	switch typ {
	case crypto.Bool:
		return strings.ToLower(text)
	case crypto.Float:
		return formatFloat(text)
	case crypto.Time:
		// People write midnight UTC as a date without a time.
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

// quoteDouble formats a string in double quotes, with the necessary escapes only.
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
