package envfile

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
)

// guessType returns the type and canonical text of an unquoted one-line text in YAML.
func guessType(text string) (crypto.Type, string) {
	n := &Node{}
	y := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	if strings.TrimSpace(text) != text || scalarValue(n, y) != nil || n.Kind != Value {
		return crypto.Str, text
	}
	return n.Type, n.Text
}

// canonicalText parses a value of the given type as a person types it ("yes" is not a boolean, 1e3
// is a float) and returns its canonical text. The error does not contain the value.
func canonicalText(typ crypto.Type, text string) (string, error) {
	if typ == crypto.Str {
		return text, nil
	}
	guess, canonical := guessType(strings.TrimSpace(text))
	if guess == crypto.Int && typ == crypto.Float {
		guess = typ
	}
	if guess != typ {
		return "", crypto.ErrBadValue
	}
	return crypto.Canonical(typ, canonical)
}
