package envfile

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"

	"fmt"

	"github.com/sealcfg/sealcfg/crypto"
	jsonfile "github.com/sealcfg/sealcfg/envfile/internal/json"
)

// Convert formats plaintext values in a format, with sops's layout. It keeps comments if the format
// has them. Use it for values from another format or from a part of a file; [Opened.Text] keeps the
// author's layout. indent is a number of spaces, or DefaultIndent.
//
// The error wraps [ErrConvert] if the format cannot hold the values, such as maps in dotenv or
// several documents in JSON.
func Convert(f Format, roots []*tree.Node, indent int) ([]byte, error) {
	for _, root := range roots {
		if err := layout.CannotHold(f, root); err != nil {
			return nil, err
		}
	}
	text, err := f.Convert(roots, indent)
	return text, named(err, f)
}

// named adds the name of the format to an ErrConvert without one.
func named(err error, f Format) error {
	if err == layout.ErrConvert || err == layout.ErrNoString { //nolint:errorlint // not an error with a name
		return fmt.Errorf("%w (%s)", err, f.Name())
	}
	return err
}

// ConvertValue formats one value, list or map as sops extracts it: a string without quotes, any
// other value in the format.
func ConvertValue(f Format, n *tree.Node, indent int) ([]byte, error) {
	switch {
	case n.Kind == tree.Value && n.Type == crypto.Str:
		return []byte(n.Text), nil
	case n.Kind == tree.Map:
		return Convert(f, []*tree.Node{n}, indent)
	}
	text, err := f.ConvertValue(n, indent)
	return text, named(err, f)
}

// UTF8 returns an error that wraps [ErrConvert] if a name or value in a tree is not UTF-8, as JSON
// requires. Dotenv files, INI files and !!binary values may contain other bytes.
func UTF8(n *tree.Node) error { return layout.CannotHold(jsonfile.Format, n) }

// StringText returns the text of a value for a destination that holds only strings, such as an
// environment variable: true rather than True, 1.0 for the float 1. It returns "" for null.
func StringText(n *tree.Node) string {
	_, text := layout.CoerceText(n.Type, n.Text)
	return text
}
