package toml

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// This file creates the tables of headers and dotted keys. A table may be defined once. There is
// one exception: [a.b] creates a, and a may still get a header.

// add adds n to a table.
func (s *tomlScanner) add(in, n *tree.Node, k tomlKey) {
	n.Key = k.name
	n.KeyLine, n.KeyColumn = s.text.src.Position(k.start)
	layout.SpanOf(n).KeyStart, layout.SpanOf(n).KeyEnd = k.start, k.end
	in.Children = append(in.Children, n)
	s.text.tables[in].kids[k.name] = n
}

// addTable adds an empty table to another one.
func (s *tomlScanner) addTable(in *tree.Node, k tomlKey, made tomlMade, sec *tomlSection) *tree.Node {
	n := layout.NewNode(tree.Node{Kind: tree.Map})
	s.add(in, n, k)
	n.Line, n.Column = n.KeyLine, n.KeyColumn
	s.text.newTable(n, in, made, sec)
	return n
}

// descend returns the table of a dotted key without its last name, and creates missing tables.
func (s *tomlScanner) descend(sec *tomlSection, keys []tomlKey) (*tree.Node, error) {
	n := sec.node
	for _, k := range keys {
		child := s.text.tables[n].kids[k.name]
		tb := s.text.tables[child] // nil for a value
		switch {
		case child == nil:
			n = s.addTable(n, k, madeByDots, sec)
			continue
		case tb == nil:
			return nil, s.fail(k.start, "key %s already has a value that is not a table", layout.QuoteName(k.name))
		case tb.made == madeOnTheWay:
			tb.made, tb.section = madeByDots, sec
		case tb.made != madeByDots || tb.section != sec:
			return nil, s.fail(k.start, "table %s is already defined; a dotted key cannot add to it", layout.QuoteName(k.name))
		}
		n = child
	}
	return n, nil
}

// header parses [a.b] or [[a.b]] and starts its section.
func (s *tomlScanner) header() error {
	start := s.at
	s.at++
	list := s.peek() == '['
	if list {
		s.at++
	}
	keys, err := s.key()
	if err != nil {
		return err
	}
	for range 1 + btoi(list) {
		if s.peek() != ']' {
			return s.fail(s.at, "expected the closing bracket of the header")
		}
		s.at++
	}
	s.setFoot(keys[0].name)
	sec := &tomlSection{keys: names(keys), start: start, head: s.text.LineStart(start)}
	if len(s.pending) > 0 {
		sec.head = s.text.LineStart(layout.SpanOf(s.pending[0]).Start)
	}
	in, err := s.open(keys, list, sec)
	if err != nil {
		return err
	}
	trailing, err := s.remark()
	if err != nil {
		return err
	}
	insertBefore(in, sec.node, append(s.pending, trailing...))
	s.pending = nil
	sec.end = s.at
	s.current, s.depth = sec, len(keys)
	s.text.sections = append(s.text.sections, sec)
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// open finds or creates the table of a header. It returns the map or list that contains the table.
func (s *tomlScanner) open(keys []tomlKey, list bool, sec *tomlSection) (in *tree.Node, err error) {
	n := s.text.root
	for _, k := range keys[:len(keys)-1] {
		child := s.text.tables[n].kids[k.name]
		if child == nil {
			n = s.addTable(n, k, madeOnTheWay, nil)
			continue
		}
		tb := s.text.tables[child]
		switch {
		case tb == nil:
			return nil, s.fail(k.start, "key %s already has a value that is not a table", layout.QuoteName(k.name))
		case tb.made == madeInline:
			return nil, s.fail(k.start, "table %s is written in braces; a header cannot add to it", layout.QuoteName(k.name))
		case tb.made == madeByHeaders:
			child = child.Children[len(child.Children)-1]
		}
		n = child
	}
	last := keys[len(keys)-1]
	child := s.text.tables[n].kids[last.name]
	if list {
		return s.openItem(n, child, last, sec)
	}
	if child == nil {
		sec.node = s.addTable(n, last, madeByHeader, sec)
		return n, nil
	}
	tb := s.text.tables[child]
	if tb == nil || tb.made != madeOnTheWay {
		return nil, s.fail(last.start, "table %s is already defined", layout.QuoteName(last.name))
	}
	tb.made, tb.section, sec.node = madeByHeader, sec, child
	return n, nil
}

// openItem adds an element to the list of [[name]].
func (s *tomlScanner) openItem(n, list *tree.Node, k tomlKey, sec *tomlSection) (in *tree.Node, err error) {
	if list == nil {
		list = layout.NewNode(tree.Node{Kind: tree.List})
		s.add(n, list, k)
		list.Line, list.Column = list.KeyLine, list.KeyColumn
		s.text.newTable(list, n, madeByHeaders, nil)
	}
	if tb := s.text.tables[list]; tb == nil || tb.made != madeByHeaders {
		return nil, s.fail(k.start, "%s is already defined, but not by [[ ]]", layout.QuoteName(k.name))
	}
	item := layout.NewNode(tree.Node{Kind: tree.Map})
	item.Line, item.Column = s.text.src.Position(sec.start)
	list.Children = append(list.Children, item)
	s.text.newTable(item, list, madeByHeader, sec)
	sec.node = item
	return list, nil
}
