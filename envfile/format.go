package envfile

import "github.com/sealcfg/sealcfg/crypto"

// A Format parses files of one kind. The formats of this package are the only ones.
type Format interface {
	// Name returns sops's name of the format: yaml, json, dotenv, ini or binary. toml is a format
	// of sealcfg.
	Name() string
	// properties returns in what the format differs from others.
	properties() properties
	// parse returns the values, comments and metadata of a plaintext or encrypted file.
	parse(src []byte) (*parsed, error)
	// values returns only the values.
	values(src []byte) ([]*Node, error)
	// coerce returns the type and canonical text that a value has after it is written in the
	// format. A format that has only strings converts a number to a string.
	coerce(typ crypto.Type, text string) (crypto.Type, string)
	// marked reports whether src seems to have metadata in this format. It uses no parser, so it is
	// fast and works for a broken file.
	marked(src []byte) bool
	formatOptions
}

// properties are the properties of a format.
type properties struct {
	extensions []string // of file names, in lower case
	dotted     bool     // file names can also have a name after the extension: .env.production
	strictness int      // a stricter format recognizes its files with fewer mistakes; 0 is the strictest
	whole      bool     // a file is encrypted as one value, whatever its contents; selectors do not apply
	container  bool     // encrypted files of the whole format are files of this format
	foreign    bool     // sops does not have the format
	nested     bool     // a field can be set to a map or a list
	bare       bool     // a string without quotes can have another type for some readers
	utf8Values bool     // names and values are UTF-8
	utf8Names  bool     // names and comments are UTF-8
}

// formatOptions are the methods of a format that have a default: see [formatDefaults].
type formatOptions interface {
	// comparable returns the trees without differences that have no meaning in the format.
	comparable(roots []*Node) []*Node
	// misreadComment returns why some readers do not read an unencrypted comment as one, or "".
	misreadComment(text string) string
	// convert writes plaintext values with sops's layout: see [Convert].
	convert(roots []*Node, indent int) ([]byte, error)
	// convertValue writes a list, or a value that is not a string: see [ConvertValue].
	convertValue(n *Node, indent int) ([]byte, error)
	// warnNew returns a warning about a new value as a person typed it: see [ValueWarning]. ok is false
	// if the format reads numbers and times as YAML does.
	warnNew(typ crypto.Type, text string) (reason string, ok bool)
	// looksLike reports whether the values of a file without metadata look like this format.
	looksLike(root *Node) bool
	// unsealed implements [Unsealed].
	unsealed(src []byte) bool
}

// formatDefaults are the options of a format without any.
type formatDefaults struct{}

func (formatDefaults) comparable(roots []*Node) []*Node           { return roots }
func (formatDefaults) misreadComment(string) string               { return "" }
func (formatDefaults) convert([]*Node, int) ([]byte, error)       { return nil, ErrConvert }
func (formatDefaults) convertValue(*Node, int) ([]byte, error)    { return nil, errNoString }
func (formatDefaults) warnNew(crypto.Type, string) (string, bool) { return "", false }
func (formatDefaults) looksLike(*Node) bool                       { return true }
func (formatDefaults) unsealed([]byte) bool                       { return false }

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

// A doubleParser is a format with a fast parser, parse, and a complete one, which checks text that
// is about to be written or printed.
type doubleParser interface {
	reparse(src []byte) (*parsed, error)
	misread(src []byte, want []*Node) (Path, error)
}

// reparse is Format.parse with the complete parser.
func reparse(f Format, src []byte) (*parsed, error) {
	if f, ok := f.(doubleParser); ok {
		return f.reparse(src)
	}
	return f.parse(src)
}

// misread returns the path of the first node at which src, parsed with reparse, differs from want,
// or nil.
func misread(f Format, src []byte, want []*Node) (Path, error) {
	if f, ok := f.(doubleParser); ok {
		return f.misread(src, want)
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
	renderBlock(doc int, top *Node, old *block) string
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
	// bytes returns the range of a value that contains its text.
	bytes(n *Node) (start, end int)
	// shared returns whether the text of a value belongs to another node, the anchor of an alias, and
	// where that text starts.
	shared(n *Node) (origin int, is bool)
	layoutOptions
}

// layoutOptions are the methods of a layout that have a default: see [layoutDefaults].
type layoutOptions interface {
	// ciphertext returns the text of an encrypted value as it was before it was written in its style.
	ciphertext(n *Node) string
	// reveal completes the copy of an encrypted node after its text was decrypted, if the style of
	// the ciphertext, together with the value, determines traits of the plaintext.
	reveal(n *Node) error
	// reformats reports whether the format has notations that readers take for different values.
	reformats() bool
	// reformat returns the edits that give the key of n the meaning of settledNode, and also its
	// value unless that is encrypted.
	reformat(n *Node, encrypted bool) []edit
	// refuse returns why the encrypted file could not contain a value or comment, or "". fresh
	// reports that the document was not decrypted, so that its author can still correct it.
	refuse(n *Node, path Path, encrypted, fresh bool) string
	// unsure returns why readers of the encrypted file disagree about an unencrypted value, or "".
	unsure(n *Node) string
	// warn returns a warning about a value, or "".
	warn(n *Node, encrypted bool) string
	// unnamed reports that the name of a value may be a part of another value.
	unnamed(n *Node) bool
	// listComment reports whether a comment belongs to a list.
	listComment(n *Node) bool
	// itemComment returns the edit that replaces an encrypted list item by a comment. emptied
	// reports that the list has no other items. ok is false if n is not a list item.
	itemComment(n *Node, text string, emptied bool) (e edit, ok bool)
	// onOneLine reports whether a value can change by a change of its ciphertext alone.
	onOneLine(n *Node, to replacement) bool
	// overwrite replaces a map or a list by a value.
	overwrite(n, v *Node) ([]edit, error)
	// openMap reports whether a document without fields has a map to which fields can be added.
	openMap(root *Node) bool
	// indented returns the layout with n spaces for each level of new metadata.
	indented(n int) layout
	// like returns the layout with the indentation of the file that it replaces.
	like(old layout) layout
}

// layoutDefaults are the options of a layout without any.
type layoutDefaults struct{}

func (layoutDefaults) ciphertext(n *Node) string                    { return n.Text }
func (layoutDefaults) reveal(*Node) error                           { return nil }
func (layoutDefaults) reformats() bool                              { return false }
func (layoutDefaults) reformat(*Node, bool) []edit                  { return nil }
func (layoutDefaults) refuse(*Node, Path, bool, bool) string        { return "" }
func (layoutDefaults) unsure(*Node) string                          { return "" }
func (layoutDefaults) warn(*Node, bool) string                      { return "" }
func (layoutDefaults) unnamed(*Node) bool                           { return false }
func (layoutDefaults) listComment(*Node) bool                       { return false }
func (layoutDefaults) itemComment(*Node, string, bool) (edit, bool) { return edit{}, false }
func (layoutDefaults) onOneLine(*Node, replacement) bool            { return false }
func (layoutDefaults) overwrite(n, _ *Node) ([]edit, error)         { return nil, errUnsetFirst(n) }
func (layoutDefaults) openMap(*Node) bool                           { return false }
func (layoutDefaults) indented(int) layout                          { return nil }
func (layoutDefaults) like(layout) layout                           { return nil }
func (layoutDefaults) shared(*Node) (int, bool)                     { return 0, false }

func (layoutDefaults) bytes(n *Node) (start, end int) { return spanOf(n).start, spanOf(n).end }

// A replacement is the new contents of a value or comment: a ciphertext if sealed is set, otherwise
// the canonical text of a value.
type replacement struct {
	text   string
	typ    crypto.Type
	sealed bool
	agreed bool  // all readers must take a string for a string, which unquoted YAML does not always allow
	was    *Node // the same value in the previous encrypted file, or nil
}
