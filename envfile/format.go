package envfile

import (
	"fmt"
	"path/filepath"

	"github.com/sealcfg/sealcfg/crypto"
)

// A Format finds every scalar of a text with its span, and spells values in the
// style of the place where they stand. Its methods are internal; the formats of
// this package are the only ones.
type Format interface {
	// Name is the usual extension without the dot: "yaml".
	Name() string

	// parse finds the nodes of a plain or sealed text.
	parse(src []byte) (*parsed, error)
	// spell returns the edits that put a text in the place of a value or comment.
	spell(p *parsed, n *Node, to spelling) ([]edit, error)
	// renderBlock spells a metadata tree for a document of p.
	renderBlock(p *parsed, doc int, tree *Node) string
	// insertBlock returns the edit that adds a rendered block to a document: in
	// the place of old if there is one, else at the end.
	insertBlock(p *parsed, doc int, text string, old *block) edit
	// removeBlock returns the edit that takes the block out of a document.
	removeBlock(p *parsed, doc int) edit
}

// A spelling is a text that is to stand in the place of a value or comment: an
// ENC form if sealed, else the canonical text of a type.
type spelling struct {
	text   string
	typ    crypto.Type
	sealed bool
	was    *Node // how the same value stood in the sealed file before, nil if it did not
}

// A FormatError says that no format handles a file name.
type FormatError struct{ Path string }

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s: files of this kind are not supported (supported: .yaml, .yml)", e.Path)
}

// FormatOf returns the format for a file's extension, or a [*FormatError].
func FormatOf(path string) (Format, error) {
	switch filepath.Ext(path) {
	case ".yaml", ".yml":
		return YAML, nil
	}
	return nil, &FormatError{Path: path}
}
