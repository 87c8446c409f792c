package envfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

// ErrConvert is returned when a format cannot represent a tree.
var ErrConvert = errors.New("cannot be written in this format")

// DefaultIndent selects sops's indentation for a format: four spaces in YAML, a tab in JSON.
const DefaultIndent = -1

// Convert formats plaintext values in a format, with sops's layout. It keeps comments if the format
// has them. Use it for values from another format or from a part of a file; [Opened.Text] keeps the
// author's layout. indent is a number of spaces, or DefaultIndent.
//
// The error wraps [ErrConvert] if the format cannot hold the values, such as maps in dotenv or
// several documents in JSON.
func Convert(f Format, roots []*Node, indent int) ([]byte, error) {
	for _, root := range roots {
		if err := cannotHold(f, root); err != nil {
			return nil, err
		}
	}
	text, err := f.convert(roots, indent)
	return text, named(err, f)
}

// named adds the name of the format to an ErrConvert without one.
func named(err error, f Format) error {
	if err == ErrConvert || err == errNoString { //nolint:errorlint // not an error with a name
		return fmt.Errorf("%w (%s)", err, f.Name())
	}
	return err
}

// single returns the only document of a file.
func single(f Format, roots []*Node) (*Node, error) {
	if len(roots) != 1 {
		return nil, fmt.Errorf("%d documents: %w (%s)", len(roots), ErrConvert, f.Name())
	}
	return roots[0], nil
}

var errNoString = fmt.Errorf("the value is not a string: %w", ErrConvert)

// ConvertValue formats one value, list or map as sops extracts it: a string without quotes, any
// other value in the format.
func ConvertValue(f Format, n *Node, indent int) ([]byte, error) {
	switch {
	case n.Kind == Value && n.Type == crypto.Str:
		return []byte(n.Text), nil
	case n.Kind == Map:
		return Convert(f, []*Node{n}, indent)
	}
	text, err := f.convertValue(n, indent)
	return text, named(err, f)
}

// UTF8 returns an error that wraps [ErrConvert] if a name or value in a tree is not UTF-8, as JSON
// requires. Dotenv files, INI files and !!binary values may contain other bytes.
func UTF8(n *Node) error { return cannotHold(JSON, n) }

// cannotHold returns an error for a name, value or comment that is not UTF-8 if the format requires
// UTF-8.
func cannotHold(f Format, n *Node) error {
	p := f.properties()
	if !p.utf8Names {
		return nil
	}
	text := n.Key
	switch {
	case n.Kind == Comment && !p.utf8Values, n.Kind == Value && p.utf8Values: // YAML has !!binary
		text += n.Text
	}
	if !utf8.ValidString(text) {
		what := Path{{Key: n.Key}}.String() + " is"
		if n.Kind == Comment {
			what = "a comment is"
		}
		return fmt.Errorf("line %d: %s not UTF-8: %w (%s)", n.Line, strings.ToValidUTF8(what, "?"), ErrConvert, f.Name())
	}
	for _, e := range n.entries {
		if err := cannotHold(f, e); err != nil {
			return err
		}
	}
	return nil
}

// goValue returns a value or null as a Go value. The error does not quote the value.
func goValue(n *Node) (any, error) {
	if n.Kind == Null {
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

// StringText returns the text of a value for a destination that holds only strings, such as an
// environment variable: true rather than True, 1.0 for the float 1. It returns "" for null.
func StringText(n *Node) string {
	_, text := coerceText(n.Type, n.Text)
	return text
}
