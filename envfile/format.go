package envfile

import "github.com/sealcfg/sealcfg/crypto"

// A Format parses files of one kind. The formats of this package are the only ones.
type Format interface {
	// Name returns sops's name of the format: yaml, json, dotenv, ini or binary. toml is a format
	// of sealcfg.
	Name() string
	// parse returns the values, comments and metadata of a plaintext or encrypted file.
	parse(src []byte) (*parsed, error)
	// values returns only the values.
	values(src []byte) ([]*Node, error)
	// coerce returns the type and canonical text that a value has after it is written in the
	// format. A format that has only strings converts a number to a string.
	coerce(typ crypto.Type, text string) (crypto.Type, string)
}

// valuesOf is Format.values for formats in which it costs as much as parse.
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

// reparse is Format.parse for text that is about to be written or printed. If the format has two
// parsers, it uses the complete one, not the fast one.
func reparse(f Format, src []byte) (*parsed, error) {
	if f == YAML {
		return parseYAML(src, decodeWithParser)
	}
	return f.parse(src)
}

// misread returns the path of the first node at which src, parsed with reparse, differs from want,
// or nil.
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

// parsed is the result of parsing a file.
type parsed struct {
	src    []byte
	roots  []*Node  // one map per document, without the metadata block
	blocks []*block // metadata by document; nil for a document without metadata
	layout
	repeats []Repeat
	refused error // the reason to reject the file as plaintext, which its author can still correct
}

// layout knows the positions of all values in one file, and how to change the file with the fewest
// bytes. Its methods return edits; they do not apply them.
type layout interface {
	// format replaces a value or comment.
	format(n *Node, to replacement) ([]edit, error)
	// renderBlock formats a metadata tree for a document. old is the document's previous block, or
	// nil.
	renderBlock(doc int, tree *Node, old *block) string
	// blockFits reports whether a document can contain the bytes of the block old.
	blockFits(doc int, old *block) bool
	// insertBlock adds a rendered block to a document: at the position of old, or at the end if old
	// is nil.
	insertBlock(doc int, text string, old *block) edit
	// removeBlock removes the block from a document.
	removeBlock(doc int) edit
	// insert adds a value below the node at. missing is the rest of its path, from the first step
	// that does not exist. Missing maps and lists are created.
	insert(at *Node, missing Path, v *Node) ([]edit, error)
	// replace replaces a value or null by another one.
	replace(n *Node, v *Node) ([]edit, error)
	// remove removes the entry n from the map or list parent.
	remove(parent, n *Node) ([]edit, error)
}

// A revealer is a layout in which the style of a ciphertext, together with the decrypted value,
// determines traits of the plaintext.
type revealer interface {
	// reveal completes the copy of an encrypted node after its text was decrypted.
	reveal(n *Node) error
}

// A replacement is the new contents of a value or comment: a ciphertext if sealed is set, otherwise
// the canonical text of a value.
type replacement struct {
	text   string
	typ    crypto.Type
	sealed bool
	agreed bool  // all readers must take a string for a string, which unquoted YAML does not always allow
	was    *Node // the same value in the previous encrypted file, or nil
}

// FormatNames lists the names that [FormatNamed] accepts.
func FormatNames() []string { return []string{"yaml", "json", "dotenv", "ini", "toml", "binary"} }

// FormatNamed returns the format with a name of [FormatNames].
func FormatNamed(name string) (f Format, known bool) {
	for _, f := range []Format{YAML, JSON, Dotenv, INI, TOML, Binary} {
		if f.Name() == name {
			return f, true
		}
	}
	return nil, false
}
