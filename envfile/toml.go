package envfile

import (
	"bytes"

	"github.com/sealcfg/sealcfg/crypto"
)

// TOML is the format of .toml files: TOML v1.0. sops does not have this format and encrypts the
// file as one value, so only sealcfg can read an encrypted TOML file. Values are encrypted in
// place, and the metadata is a table [sops] at the end.
//
// The SOPS format has no type for a local date or time. It is encrypted as a string, and the
// notation of its ciphertext marks it, so that decryption writes it without quotes.
var TOML Format = tomlFormat{}

type tomlFormat struct{ formatDefaults }

func (tomlFormat) Name() string { return "toml" }

func (f tomlFormat) values(src []byte) ([]*Node, error) { return valuesOf(f, src) }

// coerce keeps every type: TOML has all types of sops.
func (tomlFormat) coerce(typ crypto.Type, text string) (crypto.Type, string) { return typ, text }

func (tomlFormat) parse(src []byte) (*parsed, error) {
	if err := notUTF8(src); err != nil {
		return nil, err
	}
	root := newNode(Node{Kind: Map, Line: 1, Column: 1})
	t := &tomlText{src: newLines(src), root: root, tables: map[*Node]*tomlTable{}, budget: newBudget(src)}
	s := tomlScanner{text: t, src: src}
	if bytes.HasPrefix(src, []byte(byteOrderMark)) {
		s.at, t.begin = len(byteOrderMark), len(byteOrderMark)
	}
	if err := s.document(); err != nil {
		return nil, err
	}
	if err := t.cutBlock(); err != nil {
		return nil, err
	}
	return &parsed{src: src, roots: []*Node{root}, blocks: []*block{t.block}, layout: t}, nil
}

// tomlText is a parsed TOML file.
type tomlText struct {
	layoutDefaults
	src      *lines
	begin    int // after a byte order mark
	root     *Node
	tables   map[*Node]*tomlTable // of each map, and of each list made by [[headers]]
	sections []*tomlSection       // in file order; the first comes before any header
	block    *block
	budget   budget
}

// tomlMade is the way in which a table was created. It decides what can be added to the table.
type tomlMade uint8

const (
	madeByHeader  tomlMade = iota // [a], an element of [[a]], the root
	madeOnTheWay                  // a in [a.b]
	madeByDots                    // a in a.b = 1
	madeInline                    // { b = 1 }
	madeByHeaders                 // the list of [[a]]
)

// tomlTable holds the data of a table in addition to its values.
type tomlTable struct {
	parent *Node // nil for the root
	made   tomlMade
	// The section with the table's statements. A table made by dots uses the section of another
	// table. Nil for a table made on the way.
	section *tomlSection
	kids    map[string]*Node
}

// tomlSection is a header and the statements below it, or an inline table.
type tomlSection struct {
	node       *Node
	keys       []string // of the header
	head       int      // start of the comments directly above the header
	start, end int      // from the header to the end of the last statement's line
	statements []*tomlStatement
}

// tomlStatement is "key = value".
type tomlStatement struct {
	keys       []string
	start, end int
	in, leaf   *Node // the table that holds the value, and the value
}

// lineStart returns the start of the line that contains offset.
func (t *tomlText) lineStart(offset int) int { return max(t.src.lineStart(offset), t.begin) }

// newTable creates the tomlTable of a table.
func (t *tomlText) newTable(n, parent *Node, made tomlMade, sec *tomlSection) *tomlTable {
	tb := &tomlTable{parent: parent, made: made, section: sec, kids: map[string]*Node{}}
	t.tables[n] = tb
	t.budget.left-- // the next value or statement checks it
	return tb
}

// path returns the path of a table.
func (t *tomlText) path(n *Node) []string {
	var keys []string
	for ; n != t.root; n = t.tables[n].parent {
		if parent := t.tables[n].parent; parent.Kind == Map {
			keys = append([]string{n.Key}, keys...)
		}
	}
	return keys
}

// within reports whether a table is n or is below it, at any depth.
func (t *tomlText) within(table, n *Node) bool {
	for ; table != nil; table = t.tables[table].parent {
		if table == n {
			return true
		}
		if t.tables[table] == nil {
			return false
		}
	}
	return false
}

// comparable ignores the order of tables.
func (tomlFormat) comparable(roots []*Node) []*Node { return sorted(roots) }

// sorted returns copies of trees in which the entries of each map are sorted by name.
func sorted(nodes []*Node) []*Node {
	out := make([]*Node, len(nodes))
	for i, n := range nodes {
		c := *n
		c.entries = sorted(values(n))
		if c.Kind == Map {
			sortEntries(c.entries)
		}
		out[i] = &c
	}
	return out
}

func (tomlFormat) properties() properties {
	return properties{extensions: []string{".toml"}, foreign: true, strictness: 3, nested: true}
}

func (tomlFormat) marked(src []byte) bool {
	return hasTable(src) && fieldIs(src, "mac", isQuoted)
}
