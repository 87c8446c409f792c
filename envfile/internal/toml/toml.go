// Package toml parses and changes .toml files: TOML v1.0. sops does not have this format and encrypts the
// file as one value, so only sealcfg can read an encrypted TOML file. Values are encrypted in
// place, and the metadata is a table [sops] at the end.
//
// The SOPS format has no type for a local date or time. It is encrypted as a string, and the
// notation of its ciphertext marks it, so that decryption writes it without quotes.
package toml

import (
	"bytes"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Format is the TOML format.
var Format layout.Format = &tomlFormat{}

type tomlFormat struct{ layout.FormatDefaults }

func (*tomlFormat) Name() string { return "toml" }

func (f *tomlFormat) Values(src []byte) ([]*tree.Node, error) { return layout.ValuesOf(f, src) }

// Coerce keeps every type: TOML has all types of sops.
func (*tomlFormat) Coerce(typ crypto.Type, text string) (crypto.Type, string) { return typ, text }

func (*tomlFormat) Parse(src []byte) (*layout.Parsed, error) {
	if err := layout.NotUTF8(src); err != nil {
		return nil, err
	}
	root := layout.NewNode(tree.Node{Kind: tree.Map, Line: 1, Column: 1})
	t := &tomlText{src: layout.NewLines(src), root: root, tables: map[*tree.Node]*tomlTable{}, budget: layout.NewBudget(src)}
	s := tomlScanner{text: t, src: src}
	if bytes.HasPrefix(src, []byte(layout.ByteOrderMark)) {
		s.at, t.begin = len(layout.ByteOrderMark), len(layout.ByteOrderMark)
	}
	if err := s.document(); err != nil {
		return nil, err
	}
	if err := t.cutBlock(); err != nil {
		return nil, err
	}
	return &layout.Parsed{Src: src, Roots: []*tree.Node{root}, Blocks: []*layout.Block{t.block}, Layout: t}, nil
}

// tomlText is a parsed TOML file.
type tomlText struct {
	layout.LayoutDefaults
	src      *layout.Lines
	begin    int // after a byte order mark
	root     *tree.Node
	tables   map[*tree.Node]*tomlTable // of each map, and of each list made by [[headers]]
	sections []*tomlSection            // in file order; the first comes before any header
	block    *layout.Block
	budget   layout.Budget
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
	parent *tree.Node // nil for the root
	made   tomlMade
	// The section with the table's statements. A table made by dots uses the section of another
	// table. Nil for a table made on the way.
	section *tomlSection
	kids    map[string]*tree.Node
}

// tomlSection is a header and the statements below it, or an inline table.
type tomlSection struct {
	node       *tree.Node
	keys       []string // of the header
	head       int      // start of the comments directly above the header
	start, end int      // from the header to the end of the last statement's line
	statements []*tomlStatement
}

// tomlStatement is "key = value".
type tomlStatement struct {
	keys       []string
	start, end int
	in, leaf   *tree.Node // the table that holds the value, and the value
}

// LineStart returns the start of the line that contains offset.
func (t *tomlText) LineStart(offset int) int { return max(t.src.LineStart(offset), t.begin) }

// newTable creates the tomlTable of a table.
func (t *tomlText) newTable(n, parent *tree.Node, made tomlMade, sec *tomlSection) *tomlTable {
	tb := &tomlTable{parent: parent, made: made, section: sec, kids: map[string]*tree.Node{}}
	t.tables[n] = tb
	t.budget.Left-- // the next value or statement checks it
	return tb
}

// path returns the path of a table.
func (t *tomlText) path(n *tree.Node) []string {
	var keys []string
	for ; n != t.root; n = t.tables[n].parent {
		if parent := t.tables[n].parent; parent.Kind == tree.Map {
			keys = append([]string{n.Key}, keys...)
		}
	}
	return keys
}

// within reports whether a table is n or is below it, at any depth.
func (t *tomlText) within(table, n *tree.Node) bool {
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

// Comparable ignores the order of tables.
func (*tomlFormat) Comparable(roots []*tree.Node) []*tree.Node { return sorted(roots) }

// sorted returns copies of trees in which the entries of each map are sorted by name.
func sorted(nodes []*tree.Node) []*tree.Node {
	out := make([]*tree.Node, len(nodes))
	for i, n := range nodes {
		c := *n
		c.Children = sorted(layout.Values(n))
		if c.Kind == tree.Map {
			layout.SortEntries(c.Children)
		}
		out[i] = &c
	}
	return out
}

func (*tomlFormat) Properties() layout.Properties {
	return layout.Properties{Extensions: []string{".toml"}, Foreign: true, Strictness: 3, Nested: true}
}

func (*tomlFormat) Marked(src []byte) bool {
	return layout.HasTable(src) && layout.FieldIs(src, "mac", layout.IsQuoted)
}
