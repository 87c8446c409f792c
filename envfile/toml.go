package envfile

import (
	"bytes"

	"github.com/sealcfg/sealcfg/crypto"
)

// TOML is the format of .toml files: TOML v1.0. sops has no such format, and
// would seal the file as one value; so only this package reads what it writes.
// A value is sealed in place, and the metadata is a table [sops] at the end.
//
// A local date or time has no type in the format. It is sealed as a string
// whose ciphertext is marked by its spelling, so that it comes back without quotes.
var TOML Format = tomlFormat{}

type tomlFormat struct{}

func (tomlFormat) Name() string { return "toml" }

func (f tomlFormat) values(src []byte) ([]*Node, error) { return valuesOf(f, src) }

// carry keeps every type: TOML has all that sops has.
func (tomlFormat) coerce(typ crypto.Type, text string) (crypto.Type, string) { return typ, text }

func (tomlFormat) parse(src []byte) (*parsed, error) {
	if err := notUTF8(src); err != nil {
		return nil, err
	}
	root := &Node{Kind: Map, Line: 1, Column: 1, span: noSpan()}
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
	src      *lines
	begin    int // behind a byte order mark
	root     *Node
	tables   map[*Node]*tomlTable // of each map, and of each list made by [[headers]]
	sections []*tomlSection       // in file order; the first stands before any header
	block    *block
	budget   budget
}

// tomlMade says how a table came to be, which decides what may be added to it.
type tomlMade uint8

const (
	madeByHeader  tomlMade = iota // [a], an element of [[a]], the root
	madeOnTheWay                  // a in [a.b]
	madeByDots                    // a in a.b = 1
	madeInline                    // { b = 1 }
	madeByHeaders                 // the list of [[a]]
)

// tomlTable is what is known of a table beyond its values.
type tomlTable struct {
	parent *Node // nil for the root
	made   tomlMade
	// The statements of the table. Those of a table made by dots stand in the
	// section of another. Nil for one made on the way.
	section *tomlSection
	kids    map[string]*Node
}

// tomlSection is a header and the statements below it, or an inline table.
type tomlSection struct {
	node       *Node
	keys       []string // of the header
	head       int      // where the comments directly above the header begin
	start, end int      // from the header to behind the line of the last statement
	statements []*tomlStatement
}

// tomlStatement is "key = value".
type tomlStatement struct {
	keys       []string
	start, end int
	in, leaf   *Node // the table that holds the value, and the value
}

// lineStart returns where the line that holds offset begins.
func (t *tomlText) lineStart(offset int) int { return max(t.src.lineStart(offset), t.begin) }

// newTable makes the entry of a table.
func (t *tomlText) newTable(n, parent *Node, made tomlMade, sec *tomlSection) *tomlTable {
	tb := &tomlTable{parent: parent, made: made, section: sec, kids: map[string]*Node{}}
	t.tables[n] = tb
	t.budget.left-- // who reads the next value will see
	return tb
}

// path returns the names that lead to a table.
func (t *tomlText) path(n *Node) []string {
	var keys []string
	for ; n != t.root; n = t.tables[n].parent {
		if parent := t.tables[n].parent; parent.Kind == Map {
			keys = append([]string{n.Key}, keys...)
		}
	}
	return keys
}

// within reports whether a table is n or stands somewhere below it.
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
