package yaml

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
)

// This file formats single scalars in YAML, independent of their position.

func canBeSingle(text string) bool {
	for _, r := range text {
		if r != '\t' && !layout.Printable(r) {
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

// FormatScalar formats a value without a previous style, as sops would. It uses no quotes if all
// readers take the result for the same value, and double quotes if a reader would take it for
// another type. Otherwise it uses single quotes if they can hold the value.
func FormatScalar(typ crypto.Type, text string, flow bool) string {
	switch {
	case typ != crypto.Str:
		return layout.FormatTyped(typ, text)
	case !utf8.ValidString(text):
		return "!!binary " + base64.StdEncoding.EncodeToString([]byte(text))
	case layout.Ambiguous(text):
		return layout.QuoteDouble(text)
	case canBePlain(text, flow, false):
		return text
	case canBeSingle(text):
		return quoteSingle(text)
	}
	return layout.QuoteDouble(text)
}

func quoteSingle(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
