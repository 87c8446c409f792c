package envfile

import (
	"fmt"
	"path/filepath"

	"github.com/sealcfg/sealcfg/crypto"
)

// A Format reads a kind of text. The formats of this package are the only ones.
type Format interface {
	// Name is the usual extension without the dot: "yaml".
	Name() string
	// parse finds the values, comments and metadata of a plain or sealed text.
	parse(src []byte) (*parsed, error)
	// values finds the values alone, for a comparison with what a text should say.
	values(src []byte) ([]*Node, error)
}

// parsed is what a format finds in a text.
type parsed struct {
	src    []byte
	roots  []*Node  // one map per document, without the metadata block
	blocks []*block // metadata by document; nil in one that has none
	layout
}

// layout knows where everything stands in one text, and how to change it with
// the fewest bytes. Its methods return edits; they do not apply them.
type layout interface {
	// spell puts a text in the place of a value or comment.
	spell(n *Node, to spelling) ([]edit, error)
	// readsBack reports that what spell does with a sealed value is certain to
	// read back as the same value, so that no parser needs to be asked.
	readsBack(n *Node, to spelling) bool
	// renderBlock spells a metadata tree for a document that had the block old,
	// nil if it had none.
	renderBlock(doc int, tree *Node, old *block) string
	// blockFits reports whether the bytes of the block old can stand in a document.
	blockFits(doc int, old *block) bool
	// insertBlock adds a rendered block to a document: in the place of old if
	// there is one, else at the end.
	insertBlock(doc int, text string, old *block) edit
	// removeBlock takes the block out of a document.
	removeBlock(doc int) edit
	// insert adds a value below the node at. missing is the rest of its path,
	// from the first step that does not exist yet; maps and lists on the way are made.
	insert(at *Node, missing Path, v *Node) ([]edit, error)
	// replace puts a value in the place of another value or null.
	replace(n *Node, v *Node) ([]edit, error)
	// remove takes the entry n out of the map or list parent.
	remove(parent, n *Node) ([]edit, error)
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
