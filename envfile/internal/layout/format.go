package layout

import (
	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// A Format parses files of one kind. The formats of this package are the only ones.
type Format interface {
	// Name returns sops's name of the format: yaml, json, dotenv, ini or binary. toml is a format
	// of sealcfg.
	Name() string
	// Properties returns in what the format differs from others.
	Properties() Properties
	// Parse returns the values, comments and metadata of a plaintext or encrypted file.
	Parse(src []byte) (*Parsed, error)
	// Values returns only the values.
	Values(src []byte) ([]*tree.Node, error)
	// Coerce returns the type and canonical text that a value has after it is written in the
	// format. A format that has only strings converts a number to a string.
	Coerce(typ crypto.Type, text string) (crypto.Type, string)
	// Marked reports whether src seems to have metadata in this format. It uses no parser, so it is
	// fast and works for a broken file.
	Marked(src []byte) bool
	formatOptions
}

// Properties are the properties of a format.
type Properties struct {
	Extensions []string // of file names, in lower case
	Dotted     bool     // file names can also have a name after the extension: .env.production
	Strictness int      // a stricter format recognizes its files with fewer mistakes; 0 is the strictest
	Whole      bool     // a file is encrypted as one value, whatever its contents; selectors do not apply
	Container  bool     // encrypted files of the whole format are files of this format
	Foreign    bool     // sops does not have the format
	Nested     bool     // a field can be set to a map or a list
	Bare       bool     // a string without quotes can have another type for some readers
	Utf8Values bool     // names and values are UTF-8
	Utf8Names  bool     // names and comments are UTF-8
}

// formatOptions are the methods of a format that have a default: see [FormatDefaults].
type formatOptions interface {
	// Comparable returns the trees without differences that have no meaning in the format.
	Comparable(roots []*tree.Node) []*tree.Node
	// MisreadComment returns why some readers do not read an unencrypted comment as one, or "".
	MisreadComment(text string) string
	// Convert writes plaintext values with sops's layout: see [Convert].
	Convert(roots []*tree.Node, indent int) ([]byte, error)
	// ConvertValue writes a list, or a value that is not a string: see [ConvertValue].
	ConvertValue(n *tree.Node, indent int) ([]byte, error)
	// WarnNew returns a warning about a new value as a person typed it: see [ValueWarning]. ok is false
	// if the format reads numbers and times as YAML does.
	WarnNew(typ crypto.Type, text string) (reason string, ok bool)
	// LooksLike reports whether the values of a file without metadata look like this format.
	LooksLike(root *tree.Node) bool
	// Unsealed implements [Unsealed].
	Unsealed(src []byte) bool
}

// FormatDefaults are the options of a format without any.
type FormatDefaults struct{}

func (*FormatDefaults) Comparable(roots []*tree.Node) []*tree.Node   { return roots }
func (*FormatDefaults) MisreadComment(string) string                 { return "" }
func (*FormatDefaults) Convert([]*tree.Node, int) ([]byte, error)    { return nil, ErrConvert }
func (*FormatDefaults) ConvertValue(*tree.Node, int) ([]byte, error) { return nil, ErrNoString }
func (*FormatDefaults) WarnNew(crypto.Type, string) (string, bool)   { return "", false }
func (*FormatDefaults) LooksLike(*tree.Node) bool                    { return true }
func (*FormatDefaults) Unsealed([]byte) bool                         { return false }

// ValuesOf is Format.values for formats in which it costs as much as parse.
func ValuesOf(f Format, src []byte) ([]*tree.Node, error) {
	p, err := f.Parse(src)
	if err == nil {
		err = p.Refused
	}
	if err != nil {
		return nil, err
	}
	return p.Roots, nil
}

// A doubleParser is a format with a fast parser, parse, and a complete one, which checks text that
// is about to be written or printed.
type doubleParser interface {
	Reparse(src []byte) (*Parsed, error)
	Misread(src []byte, want []*tree.Node) (tree.Path, error)
}

// Reparse is Format.parse with the complete parser.
func Reparse(f Format, src []byte) (*Parsed, error) {
	if f, ok := f.(doubleParser); ok {
		return f.Reparse(src)
	}
	return f.Parse(src)
}

// Misread returns the path of the first node at which src, parsed with reparse, differs from want,
// or nil.
func Misread(f Format, src []byte, want []*tree.Node) (tree.Path, error) {
	if f, ok := f.(doubleParser); ok {
		return f.Misread(src, want)
	}
	p, err := Reparse(f, src)
	if err != nil {
		return nil, err
	}
	return FirstDifference(want, p.Roots, nil), nil
}

// Parsed is the result of parsing a file.
type Parsed struct {
	Src    []byte
	Roots  []*tree.Node // one map per document, without the metadata block
	Blocks []*Block     // metadata by document; nil for a document without metadata
	Layout
	Repeats []tree.Repeat
	Refused error // the reason to reject the file as plaintext, which its author can still correct
}

// Layout knows the positions of all values in one file, and how to change the file with the fewest
// bytes. Its methods return edits; they do not apply them.
type Layout interface {
	// Format replaces a value or comment.
	Format(n *tree.Node, to Replacement) ([]Edit, error)
	// RenderBlock formats a metadata tree for a document. old is the document's previous block, or
	// nil.
	RenderBlock(doc int, top *tree.Node, old *Block) string
	// BlockFits reports whether a document can contain the bytes of the block old.
	BlockFits(doc int, old *Block) bool
	// InsertBlock adds a rendered block to a document: at the position of old, or at the end if old
	// is nil.
	InsertBlock(doc int, text string, old *Block) Edit
	// RemoveBlock removes the block from a document.
	RemoveBlock(doc int) Edit
	// Insert adds a value below the node at. missing is the rest of its path, from the first step
	// that does not exist. Missing maps and lists are created.
	Insert(at *tree.Node, missing tree.Path, v *tree.Node) ([]Edit, error)
	// Replace replaces a value or null by another one.
	Replace(n *tree.Node, v *tree.Node) ([]Edit, error)
	// Remove removes the entry n from the map or list parent.
	Remove(parent, n *tree.Node) ([]Edit, error)
	// Bytes returns the range of a value that contains its text.
	Bytes(n *tree.Node) (start, end int)
	// Shared returns whether the text of a value belongs to another node, the anchor of an alias, and
	// where that text starts.
	Shared(n *tree.Node) (origin int, is bool)
	layoutOptions
}

// layoutOptions are the methods of a layout that have a default: see [LayoutDefaults].
type layoutOptions interface {
	// Ciphertext returns the text of an encrypted value as it was before it was written in its style.
	Ciphertext(n *tree.Node) string
	// Reveal completes the copy of an encrypted node after its text was decrypted, if the style of
	// the ciphertext, together with the value, determines traits of the plaintext.
	Reveal(n *tree.Node) error
	// Reformats reports whether the format has notations that readers take for different values.
	Reformats() bool
	// Reformat returns the edits that give the key of n the meaning of SettledNode, and also its
	// value unless that is encrypted.
	Reformat(n *tree.Node, encrypted bool) []Edit
	// Refuse returns why the encrypted file could not contain a value or comment, or "". fresh
	// reports that the document was not decrypted, so that its author can still correct it.
	Refuse(n *tree.Node, path tree.Path, encrypted, fresh bool) string
	// Unsure returns why readers of the encrypted file disagree about an unencrypted value, or "".
	Unsure(n *tree.Node) string
	// Warn returns a warning about a value, or "".
	Warn(n *tree.Node, encrypted bool) string
	// Unnamed reports that the name of a value may be a part of another value.
	Unnamed(n *tree.Node) bool
	// ListComment reports whether a comment belongs to a list.
	ListComment(n *tree.Node) bool
	// ItemComment returns the edit that replaces an encrypted list item by a comment. emptied
	// reports that the list has no other items. ok is false if n is not a list item.
	ItemComment(n *tree.Node, text string, emptied bool) (e Edit, ok bool)
	// OnOneLine reports whether a value can change by a change of its ciphertext alone.
	OnOneLine(n *tree.Node, to Replacement) bool
	// Overwrite replaces a map or a list by a value.
	Overwrite(n, v *tree.Node) ([]Edit, error)
	// OpenMap reports whether a document without fields has a map to which fields can be added.
	OpenMap(root *tree.Node) bool
	// Indented returns the layout with n spaces for each level of new metadata.
	Indented(n int) Layout
	// Like returns the layout with the indentation of the file that it replaces.
	Like(old Layout) Layout
}

// LayoutDefaults are the options of a layout without any.
type LayoutDefaults struct{}

func (*LayoutDefaults) Ciphertext(n *tree.Node) string                    { return n.Text }
func (*LayoutDefaults) Reveal(*tree.Node) error                           { return nil }
func (*LayoutDefaults) Reformats() bool                                   { return false }
func (*LayoutDefaults) Reformat(*tree.Node, bool) []Edit                  { return nil }
func (*LayoutDefaults) Refuse(*tree.Node, tree.Path, bool, bool) string   { return "" }
func (*LayoutDefaults) Unsure(*tree.Node) string                          { return "" }
func (*LayoutDefaults) Warn(*tree.Node, bool) string                      { return "" }
func (*LayoutDefaults) Unnamed(*tree.Node) bool                           { return false }
func (*LayoutDefaults) ListComment(*tree.Node) bool                       { return false }
func (*LayoutDefaults) ItemComment(*tree.Node, string, bool) (Edit, bool) { return Edit{}, false }
func (*LayoutDefaults) OnOneLine(*tree.Node, Replacement) bool            { return false }
func (*LayoutDefaults) Overwrite(n, _ *tree.Node) ([]Edit, error)         { return nil, ErrUnsetFirst(n) }
func (*LayoutDefaults) OpenMap(*tree.Node) bool                           { return false }
func (*LayoutDefaults) Indented(int) Layout                               { return nil }
func (*LayoutDefaults) Like(Layout) Layout                                { return nil }
func (*LayoutDefaults) Shared(*tree.Node) (int, bool)                     { return 0, false }

func (*LayoutDefaults) Bytes(n *tree.Node) (start, end int) { return SpanOf(n).Start, SpanOf(n).End }

// A Replacement is the new contents of a value or comment: a ciphertext if sealed is set, otherwise
// the canonical text of a value.
type Replacement struct {
	Text   string
	Typ    crypto.Type
	Sealed bool
	Agreed bool       // all readers must take a string for a string, which unquoted YAML does not always allow
	Was    *tree.Node // the same value in the previous encrypted file, or nil
}
