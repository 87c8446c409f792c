package layout

import "github.com/sealcfg/sealcfg/envfile/tree"

// Block is the metadata block of one document and its position.
type Block struct {
	Tree       *tree.Node
	Start, End int    // the bytes to remove to get the file without the block
	Text       [2]int // the block without the line breaks or the comma around it
	Line       int
	After      string // key of the entry before it
	First      bool   // no entry comes before it
	Last       bool   // it ends its document
	Gap        int    // number of lines without a field between it and the previous entry; if first, the next entry
	Flow       bool   // its document is in flow style
	Indent     int    // column, from 0, of its key in block style
	Eol        string // TOML: its line breaks
}

// Style is the way a scalar is written.
type Style uint8

const (
	StylePlain Style = iota
	StyleSingle
	StyleDouble
	StyleLiteral
	StyleFolded
	StyleBacktick     // INI
	StyleTriple       // INI and TOML: """
	StyleTripleSingle // TOML: '''
)

// TagKind is the effect of a YAML tag on its value.
type TagKind uint8

const (
	noTag     TagKind = iota
	BangTag           // "!", which readers interpret differently; in an encrypted file, it marks the style
	CoreTag           // a type, such as !!int; dropped when the value is encrypted
	StringTag         // !!str
	CustomTag         // a tag that sops ignores
)

// KeepsString reports whether the tag makes every scalar a string.
func (k TagKind) KeepsString() bool { return k == StringTag || k == CustomTag }

// Span is the position of a scalar or comment in the file.
type Span struct {
	Start, End   int // of the text including its quotes; for a block, of its content lines
	Header       int // start of a block scalar's header; -1 for other styles
	Tag          int // start of a tag; -1 without one
	KeyStart     int // start of the key; -1 without a key
	KeyEnd       int // end of the key, before the colon
	Indent       int // column, from 0, of the key or dash of the value
	Style        Style
	TagKind      TagKind
	Flow         bool     // inside { } or [ ]
	Open         bool     // a block at the end of the file without a line break, which YAML 1.2 readers add
	Borrowed     bool     // reached through an alias: the text belongs to the anchor
	Origin       int      // of a borrowed scalar: start of the text at the anchor; otherwise -1
	Dash         int      // start of the dash of a list item; otherwise -1
	Close        int      // closing bracket of a collection in flow style; otherwise -1
	List         bool     // of a comment: it belongs to a list
	SopsMisreads bool     // sops would read another value here if it were unencrypted, or fail at this comment
	InsideQuotes bool     // dotenv: within the lines of a quoted value, so its name may be a part of that value
	Rest         [][2]int // INI: the other parts of a comment with several parts
	Local        bool     // TOML: a local date or time, in plaintext or encrypted
}

// A spannedNode is a node together with its span, which saves an allocation.
type spannedNode struct {
	node tree.Node
	span Span
}

// NewNode returns a node with a span without positions.
func NewNode(n tree.Node) *tree.Node {
	s := &spannedNode{node: n, span: noSpan()}
	s.node.Layout = &s.span
	return &s.node
}

// noPositions is the span of nodes that do not come from a file.
var noPositions Span

// SpanOf returns the span of a node.
func SpanOf(n *tree.Node) *Span {
	if s, ok := n.Layout.(*Span); ok {
		return s
	}
	return &noPositions
}

// A SpanMaker allocates nodes with spans in blocks, which is faster than one by one.
type SpanMaker struct{ spare []spannedNode }

func (m *SpanMaker) Make() *tree.Node {
	if len(m.spare) == 0 {
		m.spare = make([]spannedNode, 32)
	}
	s := &m.spare[0]
	m.spare = m.spare[1:]
	s.span = noSpan()
	s.node.Layout = &s.span
	return &s.node
}
