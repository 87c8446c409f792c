package layout

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Single returns the only document of a file.
func Single(f Format, roots []*tree.Node) (*tree.Node, error) {
	if len(roots) != 1 {
		return nil, fmt.Errorf("%d documents: %w (%s)", len(roots), ErrConvert, f.Name())
	}
	return roots[0], nil
}

// GoValue returns a value or null as a Go value. The error does not quote the value.
func GoValue(n *tree.Node) (any, error) {
	if n.Kind == tree.Null {
		return nil, nil //nolint:nilnil // null is nil
	}
	bad := func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("line %d: the value is not of type %s: %w", n.Line, n.Type, ErrConvert)
	}
	switch n.Type {
	case crypto.Int:
		i, err := strconv.Atoi(n.Text)
		return i, bad(err)
	case crypto.Float:
		f, err := strconv.ParseFloat(n.Text, 64)
		return f, bad(err)
	case crypto.Bool:
		v, err := strconv.ParseBool(n.Text)
		return v, bad(err)
	case crypto.Time:
		var at time.Time
		err := at.UnmarshalText([]byte(n.Text))
		return at, bad(err)
	}
	return n.Text, nil
}

// CannotHold returns an error for a name, value or comment that is not UTF-8 if the format requires
// UTF-8.
func CannotHold(f Format, n *tree.Node) error {
	p := f.Properties()
	if !p.Utf8Names {
		return nil
	}
	text := n.Key
	switch {
	case n.Kind == tree.Comment && !p.Utf8Values, n.Kind == tree.Value && p.Utf8Values: // YAML has !!binary
		text += n.Text
	}
	if !utf8.ValidString(text) {
		what := tree.Path{{Key: n.Key}}.String() + " is"
		if n.Kind == tree.Comment {
			what = "a comment is"
		}
		return fmt.Errorf("line %d: %s not UTF-8: %w (%s)", n.Line, strings.ToValidUTF8(what, "?"), ErrConvert, f.Name())
	}
	for _, e := range n.Children {
		if err := CannotHold(f, e); err != nil {
			return err
		}
	}
	return nil
}

var ErrNoString = fmt.Errorf("the value is not a string: %w", ErrConvert)

// ErrConvert is returned when a format cannot represent a tree.
var ErrConvert = errors.New("cannot be written in this format")

// DefaultIndent selects sops's indentation for a format: four spaces in YAML, a tab in JSON.
const DefaultIndent = -1
