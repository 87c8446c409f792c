package envfile

// block is the metadata block of one document and the bytes it takes.
type block struct {
	tree       *Node
	start, end int    // what to cut out to get the text without the block
	text       [2]int // the block alone, without the line breaks or comma around it
	line       int
	after      string // key of the entry before it
	first      bool   // there is no entry before it
	last       bool   // its document ends with it
	gap        int    // lines without a field between it and the entry before it; if first, behind it
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

// tagKind is what a tag in YAML does to the value behind it.
type tagKind uint8

const (
	noTag     tagKind = iota
	bangTag           // "!", which readers take in different ways; in an encrypted file, a mark of the style
	coreTag           // a type, such as !!int. It is dropped when the value is encrypted
	stringTag         // !!str
	customTag         // one that means nothing to sops
)

// keepsString reports whether a scalar with the tag is a string, whatever it looks like.
func (k tagKind) keepsString() bool { return k == stringTag || k == customTag }

// span is the position of a scalar or comment in the text.
type span struct {
	start, end   int // of the text with its quotes; of a block's content lines
	header       int // start of a block scalar's header; -1 for other styles
	tag          int // start of a tag; -1 if there is none
	keyStart     int // start of the key; -1 without a key
	keyEnd       int // end of the key, before the colon
	indent       int // column, from 0, of the key or dash that the value belongs to
	style        style
	tagKind      tagKind
	flow         bool     // inside { } or [ ]
	open         bool     // a block that ends the text without a line break, which YAML 1.2 readers add
	borrowed     bool     // reached through an alias: the text belongs to the anchor
	origin       int      // of a borrowed scalar: where the text of the anchor begins; else -1
	dash         int      // start of the dash of a list item; -1 elsewhere
	close        int      // of a collection in flow style: its closing bracket; -1 elsewhere
	list         bool     // of a comment: it hangs in a list
	misread      bool     // sops would read another value here if it stayed in clear, or fail at this comment
	insideQuotes bool     // dotenv: stands in the lines of a quoted value, so its name may be a part of that
	rest         [][2]int // INI: the other lines of a comment that is in several places
	local        bool     // TOML: a local date or time, bare or sealed
}
