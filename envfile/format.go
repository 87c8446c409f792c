package envfile

import "github.com/sealcfg/sealcfg/crypto"

// A Format reads a kind of text. The formats of this package are the only ones.
type Format interface {
	// Name is what sops calls it: yaml, json, dotenv, ini, binary. toml is ours.
	Name() string
	// parse finds the values, comments and metadata of a plain or sealed text.
	parse(src []byte) (*parsed, error)
	// values finds the values alone, for a comparison with what a text should say.
	values(src []byte) ([]*Node, error)
	// carry returns what becomes of a value's type and canonical text: a format
	// that knows only strings makes a string of a number.
	coerce(typ crypto.Type, text string) (crypto.Type, string)
}

// valuesOf is Format.values where that is no less work than parse.
func valuesOf(f Format, src []byte) ([]*Node, error) {
	p, err := f.parse(src)
	if err == nil {
		err = p.refused
	}
	if err != nil {
		return nil, err
	}
	return p.roots, nil
}

// judge is Format.parse for a text that is about to be written or printed. If the format has
// two readers, it is the one that takes no shortcut.
func reparse(f Format, src []byte) (*parsed, error) {
	if f == YAML {
		return parseYAML(src, decodeWithParser)
	}
	return f.parse(src)
}

// misread returns the path of the first node that a text does not have as wanted, nil if there
// is none. The reader is that of judge.
func misread(f Format, src []byte, want []*Node) (Path, error) {
	if f == YAML {
		return misreadYAML(src, want)
	}
	p, err := reparse(f, src)
	if err != nil {
		return nil, err
	}
	return firstDifference(want, p.roots, nil), nil
}

// parsed is what a format finds in a text.
type parsed struct {
	src    []byte
	roots  []*Node  // one map per document, without the metadata block
	blocks []*block // metadata by document; nil in one that has none
	layout
	repeats []Repeat
	refused error // for plaintext, which its author can still correct
}

// layout knows where everything stands in one text, and how to change it with
// the fewest bytes. Its methods return edits; they do not apply them.
type layout interface {
	// spell puts a text in the place of a value or comment.
	format(n *Node, to replacement) ([]edit, error)
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

// A revealer is a layout in which the style of a ciphertext and the text in it together decide
// what a reader sees of the plaintext.
type revealer interface {
	// reveal completes the copy of an encrypted node that has got its plain text.
	reveal(n *Node) error
}

// A spelling is a text that is to stand in the place of a value or comment: an
// ENC form if sealed, else the canonical text of a type.
type replacement struct {
	text   string
	typ    crypto.Type
	sealed bool
	agreed bool  // all readers have to take a string for one: YAML without quotes does not always do
	was    *Node // how the same value was written in the encrypted file before, nil if it was not
}

// FormatNames lists what [FormatNamed] knows.
func FormatNames() []string { return []string{"yaml", "json", "dotenv", "ini", "toml", "binary"} }

// FormatNamed returns the format of a name of [FormatNames].
func FormatNamed(name string) (f Format, known bool) {
	for _, f := range []Format{YAML, JSON, Dotenv, INI, TOML, Binary} {
		if f.Name() == name {
			return f, true
		}
	}
	return nil, false
}
