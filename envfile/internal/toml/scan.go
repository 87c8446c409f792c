package toml

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// tomlScanner parses a TOML file in one pass.
type tomlScanner struct {
	text *tomlText
	src  []byte
	at   int

	current *tomlSection
	depth   int // length of the path of the current section
	// Comment lines that do not yet belong to a value or header. The comments in loose come before
	// a blank line: they can belong to a following value, but not to a header.
	loose, pending []*tree.Node
	feet           []foot
}

// foot holds comments at the end of a table. They are added after its last entry, so they do not
// select a value.
type foot struct {
	table    *tree.Node
	comments []*tree.Node
}

// maxTOMLDepth prevents a file with many brackets or dots from exhausting the stack.
const maxTOMLDepth = 1000

func (s *tomlScanner) fail(at int, format string, args ...any) error {
	line, column := s.text.src.Position(min(at, len(s.src)))
	return &tree.SyntaxError{Line: line, Column: column, Reason: fmt.Sprintf(format, args...)}
}

// peek returns the next byte, or 0 at the end. A zero byte is not valid TOML.
func (s *tomlScanner) peek() byte {
	if s.at < len(s.src) {
		return s.src[s.at]
	}
	return 0
}

func (s *tomlScanner) ends() bool { return s.at >= len(s.src) }

func (s *tomlScanner) blanks() {
	for s.at < len(s.src) && layout.Blank(s.src[s.at]) {
		s.at++
	}
}

// newline returns the length of the line break at i, 0 if there is none.
func (s *tomlScanner) newline(i int) int {
	switch {
	case i < len(s.src) && s.src[i] == '\n':
		return 1
	case bytes.HasPrefix(s.src[i:], []byte("\r\n")):
		return 2
	}
	return 0
}

func (s *tomlScanner) document() error {
	t := s.text
	s.current = &tomlSection{node: t.root, head: s.at, start: s.at, end: s.at}
	t.sections = append(t.sections, s.current)
	t.newTable(t.root, nil, madeByHeader, s.current)
	for {
		s.blanks()
		if s.ends() {
			break
		}
		if s.text.budget.Left < 0 { // tables count, too
			line, _ := s.text.src.Position(s.at)
			return layout.TooManyNodes(line, len(s.src))
		}
		var err error
		switch c := s.peek(); {
		case s.newline(s.at) > 0: // a blank line
			s.at += s.newline(s.at)
			s.loose, s.pending = append(s.loose, s.pending...), nil
		case c == '#':
			var n *tree.Node
			if n, err = s.comment(); err == nil {
				s.pending = append(s.pending, n)
				err = s.endOfLine()
			}
		case c == '[':
			err = s.header()
		default:
			err = s.Line()
		}
		if err != nil {
			return err
		}
	}
	s.loose = append(s.loose, s.pending...)
	s.setFoot("")
	for _, f := range s.feet {
		f.table.Children = append(f.table.Children, f.comments...)
	}
	return nil
}

// setFoot adds the loose comments to the table that ends here. next is the first name of the
// following header. Comments after the metadata do not belong to the metadata.
func (s *tomlScanner) setFoot(next string) {
	if len(s.loose) == 0 {
		return
	}
	table := s.current.node
	if keys := s.current.keys; len(keys) > 0 && keys[0] == layout.MetaKey && next != layout.MetaKey {
		table = s.text.root
	}
	s.feet = append(s.feet, foot{table, s.loose})
	s.loose = nil
}

// comment parses a comment, without its line break.
func (s *tomlScanner) comment() (*tree.Node, error) {
	start := s.at
	for s.at++; !s.ends() && s.newline(s.at) == 0; s.at++ {
		if control(s.src[s.at]) {
			return nil, s.fail(s.at, "control character in a comment")
		}
	}
	c := layout.NewNode(tree.Node{Kind: tree.Comment, Type: crypto.Comment, Text: string(s.src[start+1 : s.at])})
	c.Line, c.Column = s.text.src.Position(start)
	layout.SpanOf(c).Start, layout.SpanOf(c).End = start, s.at
	return c, s.text.budget.Spend(c.Line)
}

// control reports whether c is a control character, which TOML allows only in a line break.
func control(c byte) bool { return c < ' ' && c != '\t' || c == 0x7F }

// remark parses the rest of a line after a value or header: an optional comment.
func (s *tomlScanner) remark() ([]*tree.Node, error) {
	s.blanks()
	if s.peek() != '#' {
		return nil, s.endOfLine()
	}
	c, err := s.comment()
	if err != nil {
		return nil, err
	}
	return []*tree.Node{c}, s.endOfLine()
}

func (s *tomlScanner) endOfLine() error {
	switch n := s.newline(s.at); {
	case n > 0:
		s.at += n
	case !s.ends():
		return s.fail(s.at, "expected the end of the line")
	}
	return nil
}

// tomlKey is one name of a dotted key.
type tomlKey struct {
	name       string
	start, end int
}

// key parses a dotted key.
func (s *tomlScanner) key() ([]tomlKey, error) {
	var keys []tomlKey
	for {
		s.blanks()
		k := tomlKey{start: s.at}
		var err error
		switch c := s.peek(); {
		case c == '"' || c == '\'':
			if bytes.HasPrefix(s.src[s.at:], []byte{c, c, c}) {
				return nil, s.fail(s.at, "a key cannot be a multi-line string")
			}
			k.name, err = s.str(c)
		default:
			for s.at < len(s.src) && bareKey(s.src[s.at]) {
				s.at++
			}
			k.name = string(s.src[k.start:s.at])
			if k.name == "" {
				err = s.fail(s.at, "expected a key: letters, digits, - and _, or a quoted string")
			}
		}
		if err != nil {
			return nil, err
		}
		k.end = s.at
		if keys = append(keys, k); len(keys) > maxTOMLDepth {
			return nil, s.fail(k.start, "nested too deeply")
		}
		if s.blanks(); s.peek() != '.' {
			return keys, nil
		}
		s.at++
	}
}

func bareKey(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

func names(keys []tomlKey) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = k.name
	}
	return all
}

// Line parses a statement and the rest of its line.
func (s *tomlScanner) Line() error {
	st, err := s.statement(s.current, s.depth)
	if err != nil {
		return err
	}
	trailing, err := s.remark()
	if err != nil {
		return err
	}
	s.current.end = s.at
	insertBefore(st.in, st.leaf, slices.Concat(s.loose, s.pending, trailing))
	s.loose, s.pending = nil, nil
	if len(trailing) > 0 {
		st.leaf.Remark = layout.Remark(trailing[0].Text)
	}
	return nil
}

// statement parses "key = value" and adds it to the table of the section.
func (s *tomlScanner) statement(sec *tomlSection, depth int) (*tomlStatement, error) {
	keys, err := s.key()
	if err != nil {
		return nil, err
	}
	if s.peek() != '=' {
		return nil, s.fail(s.at, "expected = after the key")
	}
	s.at++
	in, err := s.descend(sec, keys[:len(keys)-1])
	if err != nil {
		return nil, err
	}
	last := keys[len(keys)-1]
	if s.text.tables[in].kids[last.name] != nil {
		return nil, s.fail(last.start, "duplicate key %s", layout.QuoteName(last.name))
	}
	s.blanks()
	n, err := s.value(in, depth+len(keys))
	if err != nil {
		return nil, err
	}
	s.add(in, n, last)
	st := &tomlStatement{keys: names(keys), start: keys[0].start, end: s.at, in: in, leaf: n}
	sec.statements = append(sec.statements, st)
	return st, nil
}

// insertBefore inserts comments before an entry, which is usually the last one.
func insertBefore(in, n *tree.Node, comments []*tree.Node) {
	if len(comments) == 0 {
		return
	}
	i := len(in.Children) - 1
	for in.Children[i] != n {
		i--
	}
	in.Children = slices.Insert(in.Children, i, comments...)
}
