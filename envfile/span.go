package envfile

// block is the metadata block of one document and its position.
type block struct {
	tree       *Node
	start, end int    // the bytes to remove to get the file without the block
	text       [2]int // the block without the line breaks or the comma around it
	line       int
	after      string // key of the entry before it
	first      bool   // no entry comes before it
	last       bool   // it ends its document
	gap        int    // number of lines without a field between it and the previous entry; if first, the next entry
	flow       bool   // its document is in flow style
	indent     int    // column, from 0, of its key in block style
	eol        string // TOML: its line breaks
}

// style is the way a scalar is written.
type style uint8

const (
	stylePlain style = iota
	styleSingle
	styleDouble
	styleLiteral
	styleFolded
	styleBacktick     // INI
	styleTriple       // INI and TOML: """
	styleTripleSingle // TOML: '''
)

// tagKind is the effect of a YAML tag on its value.
type tagKind uint8

const (
	noTag     tagKind = iota
	bangTag           // "!", which readers interpret differently; in an encrypted file, it marks the style
	coreTag           // a type, such as !!int; dropped when the value is encrypted
	stringTag         // !!str
	customTag         // a tag that sops ignores
)

// keepsString reports whether the tag makes every scalar a string.
func (k tagKind) keepsString() bool { return k == stringTag || k == customTag }

// span is the position of a scalar or comment in the file.
type span struct {
	start, end   int // of the text including its quotes; for a block, of its content lines
	header       int // start of a block scalar's header; -1 for other styles
	tag          int // start of a tag; -1 without one
	keyStart     int // start of the key; -1 without a key
	keyEnd       int // end of the key, before the colon
	indent       int // column, from 0, of the key or dash of the value
	style        style
	tagKind      tagKind
	flow         bool     // inside { } or [ ]
	open         bool     // a block at the end of the file without a line break, which YAML 1.2 readers add
	borrowed     bool     // reached through an alias: the text belongs to the anchor
	origin       int      // of a borrowed scalar: start of the text at the anchor; otherwise -1
	dash         int      // start of the dash of a list item; otherwise -1
	close        int      // closing bracket of a collection in flow style; otherwise -1
	list         bool     // of a comment: it belongs to a list
	sopsMisreads bool     // sops would read another value here if it were unencrypted, or fail at this comment
	insideQuotes bool     // dotenv: within the lines of a quoted value, so its name may be a part of that value
	rest         [][2]int // INI: the other parts of a comment with several parts
	local        bool     // TOML: a local date or time, in plaintext or encrypted
}

// A spannedNode is a node together with its span, which saves an allocation.
type spannedNode struct {
	node Node
	span span
}

// newNode returns a node with a span without positions.
func newNode(n Node) *Node {
	s := &spannedNode{node: n, span: noSpan()}
	s.node.Layout = &s.span
	return &s.node
}

// noPositions is the span of nodes that do not come from a file.
var noPositions span

// spanOf returns the span of a node.
func spanOf(n *Node) *span {
	if s, ok := n.Layout.(*span); ok {
		return s
	}
	return &noPositions
}

// A spanMaker allocates nodes with spans in blocks, which is faster than one by one.
type spanMaker struct{ spare []spannedNode }

func (m *spanMaker) make() *Node {
	if len(m.spare) == 0 {
		m.spare = make([]spannedNode, 32)
	}
	s := &m.spare[0]
	m.spare = m.spare[1:]
	s.span = noSpan()
	s.node.Layout = &s.span
	return &s.node
}
