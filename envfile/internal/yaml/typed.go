package yaml

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// GuessType returns the type and canonical text of an unquoted one-line text in YAML.
func GuessType(text string) (crypto.Type, string) {
	n := &tree.Node{}
	y := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	if strings.TrimSpace(text) != text || scalarValue(n, y) != nil || n.Kind != tree.Value {
		return crypto.Str, text
	}
	return n.Type, n.Text
}

// CanonicalText parses a value of the given type as a person types it ("yes" is not a boolean, 1e3
// is a float) and returns its canonical text. The error does not contain the value.
func CanonicalText(typ crypto.Type, text string) (string, error) {
	if typ == crypto.Str {
		return text, nil
	}
	guess, canonical := GuessType(strings.TrimSpace(text))
	if guess == crypto.Int && typ == crypto.Float {
		guess = typ
	}
	if guess != typ {
		return "", crypto.ErrBadValue
	}
	return crypto.Canonical(typ, canonical)
}
