package yaml

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/internal/nocopy"
)

// Most files are in a plain block style: a key or a dash per line, scalars on one line or in
// literal blocks, and comments above the entries that they describe. A yamlScan parses only this
// style, much faster than the parser. It creates exactly the nodes that the parser would create,
// including comments and positions; FuzzYAMLScan compares them. It never guesses and never returns
// an error: in doubt, it leaves the file to the parser.
type yamlScan struct {
	text  string // ends with a line feed
	ascii bool

	// The position of the next key or dash, which has not been parsed yet.
	at, col     int    // offset (or the end of the text), column from 0
	line, start int    // its line from 1, and the offset of the line
	head        string // the comments above it

	depth int
	made  int          // number of nodes
	most  int          // limit for made; for more nodes, boundYAML returns the error
	open  []*yaml.Node // children of the unfinished collections
	nodes []yaml.Node  // preallocated
	slots []*yaml.Node // preallocated
}

// Longer or deeper text is left to the parser, which has its own limits.
const (
	longestScannedKey = 500
	mostScannedBlanks = 200
	deepestScanned    = 100
)

// never is a column that no line reaches.
const never = 1 << 30

// doubt is the panic value of yamlScan. scanYAML recovers it.
type doubt struct{}

// scanYAML returns the documents of a file, or false if the file needs the parser. The nodes share
// the bytes of src, which must not change any more.
func scanYAML(src []byte) (docs []*yaml.Node, ok bool) {
	ascii, ok := scannable(src)
	if !ok {
		return nil, false
	}
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(doubt); !is {
				panic(r)
			}
			docs, ok = nil, false
		}
	}()
	s := &yamlScan{text: nocopy.String(src), ascii: ascii, most: 2 * layout.MostNodes(len(src))} // a field is two nodes
	return []*yaml.Node{s.document()}, true
}

// scannable reports whether a file has only characters that mean the same in every context, and
// whether all of them are ASCII.
func scannable(src []byte) (ascii, ok bool) {
	if len(src) == 0 || src[len(src)-1] != '\n' {
		return false, false
	}
	ascii = true
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c >= ' ' && c < 0x7F, c == '\n', c == '\t':
			i++
			continue
		case c < utf8.RuneSelf:
			return false, false
		}
		ascii = false
		r, size := utf8.DecodeRune(src[i:])
		if size == 1 || r < 0xA0 || r == '\u2028' || r == '\u2029' || r == '\uFEFF' || r == '\uFFFE' || r == '\uFFFF' {
			return false, false
		}
		i += size
	}
	return ascii, true
}

// sure leaves the file to the parser unless ok.
func (s *yamlScan) sure(ok bool) {
	if !ok {
		panic(doubt{})
	}
}

// node returns a new node at an offset of the current line.
func (s *yamlScan) node(kind yaml.Kind, tag string, offset int) *yaml.Node {
	if len(s.nodes) == 0 {
		s.made += 64
		s.sure(s.made <= s.most)
		s.nodes = make([]yaml.Node, 64)
	}
	n := &s.nodes[0]
	s.nodes = s.nodes[1:]
	n.Kind, n.Tag, n.Line, n.Column = kind, tag, s.line, 1+offset-s.start
	if !s.ascii {
		n.Column = 1 + utf8.RuneCountInString(s.text[s.start:offset])
	}
	return n
}

// close gives a collection the children that were parsed since mark.
func (s *yamlScan) close(n *yaml.Node, mark int) *yaml.Node {
	count := len(s.open) - mark
	if len(s.slots) < count {
		s.slots = make([]*yaml.Node, max(256, count))
	}
	n.Content = s.slots[:count:count]
	s.slots = s.slots[count:]
	copy(n.Content, s.open[mark:])
	s.open = s.open[:mark]
	s.depth--
	return n
}

func (s *yamlScan) document() *yaml.Node {
	s.line = 1
	doc := s.node(yaml.DocumentNode, "", 0)
	if strings.HasPrefix(s.text, "---\n") {
		s.line++
		s.NextLine(len("---\n"), 0)
		s.sure(s.head == "")
	} else {
		s.NextLine(0, 0)
		doc.Line = s.line
		doc.HeadComment, s.head = cutHead(s.head)
	}
	s.sure(s.at < len(s.text) && s.col == 0 && !s.dash())
	doc.Content = []*yaml.Node{s.mapping(nil, 0)}
	s.sure(s.at == len(s.text))
	return doc
}

// cutHead splits the comments at the start of a file into the document's comments and the first
// key's comments.
func cutHead(head string) (document, key string) {
	if above, ok := strings.CutSuffix(head, "\n"); ok {
		return above, ""
	}
	if i := strings.LastIndex(head, "\n\n"); i >= 0 {
		return head[:i], head[i+2:]
	}
	return "", head
}

// NextLine advances to the next key or dash. from is the start of a line, s.line its number.
// Comments before the key or dash must have its column; then they belong to it. If a blank line
// follows the comments, the parser may attach them to the previous entry, so nextLine leaves the
// file to the parser. There are two exceptions: a blank line also comes before the comments, or
// they are in column free or deeper. free is the column of the previous key if it has no value.
func (s *yamlScan) NextLine(from, free int) {
	s.head = ""
	var head []byte           // set for more than one comment
	column, ended := -1, from // column and end of the last comment
	apart := false            // a blank line separates the comments from the previous value
	for ; ; s.line++ {
		i := from
		for i < len(s.text) && s.text[i] == ' ' {
			i++
		}
		if i == len(s.text) {
			s.sure(column < 0)
			s.at, s.col = i, -1
			return
		}
		if s.text[i] == '\n' {
			switch {
			case column < 0:
				apart = true
			case len(head) == 0 || head[len(head)-1] != '\n':
				s.sure(apart || column >= free)
				head = append(append(head, s.head...), '\n')
				s.head = ""
			}
			from = i + 1
			continue
		}
		s.sure(i-ended < mostScannedBlanks && (column < 0 || column == i-from))
		if s.text[i] != '#' {
			s.at, s.col, s.start = i, i-from, from
			if head != nil {
				s.head = string(head)
			}
			return
		}
		s.made += 2 // a comment counts as much as a field
		s.sure(s.made <= s.most)
		ended = s.LineEnd(i)
		if column < 0 {
			s.head = s.text[i:ended]
		} else {
			if head == nil {
				head, s.head = []byte(s.head), ""
			}
			head = append(append(head, '\n'), s.text[i:ended]...)
		}
		column = i - from
		from = ended + 1
	}
}

// LineEnd returns the offset of the next line feed at or after i. The text ends with a line feed,
// so i must not be the end of the text.
func (s *yamlScan) LineEnd(i int) int { return i + strings.IndexByte(s.text[i:], '\n') }

// ends reports whether the character at i is a blank or a line feed.
func (s *yamlScan) ends(i int) bool { return s.text[i] == ' ' || s.text[i] == '\n' }

// dash reports whether a list item starts at s.at.
func (s *yamlScan) dash() bool { return s.at < len(s.text) && s.text[s.at] == '-' && s.ends(s.at+1) }

func (s *yamlScan) skipBlanks(i int) int {
	for s.text[i] == ' ' {
		i++
	}
	return i
}

// mapping parses the map that starts at s.at. If its first key was already parsed, key is that key,
// and next is the offset after its colon.
func (s *yamlScan) mapping(key *yaml.Node, next int) *yaml.Node {
	s.depth++
	s.sure(s.depth < deepestScanned)
	n := s.node(yaml.MappingNode, "!!map", s.at)
	mark, col := len(s.open), s.col
	for {
		if key == nil {
			key, next = s.inline(s.at)
			s.sure(s.colon(next))
			next++
		}
		s.sure(next-s.at < longestScannedKey)
		key.HeadComment, s.head = s.head, ""
		s.open = append(s.open, key)
		value := s.value(next, col)
		s.open = append(s.open, value)
		key = nil
		if s.col < col {
			return s.close(n, mark)
		}
		s.sure(s.col == col && !s.dash())
	}
}

// colon reports whether the character at i is a colon that ends a key.
func (s *yamlScan) colon(i int) bool { return s.text[i] == ':' && s.ends(i+1) }

// value parses the value after the colon of a key in column col.
func (s *yamlScan) value(colon, col int) *yaml.Node {
	i := s.skipBlanks(colon)
	if s.text[i] != '\n' {
		return s.scalar(i, col)
	}
	null := s.node(yaml.ScalarNode, "!!null", colon)
	s.line++
	s.NextLine(i+1, col)
	switch {
	case s.dash() && s.col >= col:
		return s.sequence()
	case s.col > col:
		return s.mapping(nil, 0)
	}
	return null
}

// sequence parses the list that starts at s.at.
func (s *yamlScan) sequence() *yaml.Node {
	s.depth++
	s.sure(s.depth < deepestScanned)
	n := s.node(yaml.SequenceNode, "!!seq", s.at)
	mark, col := len(s.open), s.col
	for {
		head := s.head
		s.head = ""
		i := s.skipBlanks(s.at + 1)
		s.col += i - s.at
		s.at = i
		item := s.item(col)
		item.HeadComment = head
		s.open = append(s.open, item)
		if s.col < col || s.col == col && !s.dash() {
			return s.close(n, mark) // a list may have the column of its key
		}
		s.sure(s.col == col)
	}
}

// item parses the item at s.at, after a dash in column col.
func (s *yamlScan) item(col int) *yaml.Node {
	switch s.text[s.at] {
	case '|', '[', '{':
		return s.scalar(s.at, col)
	}
	if s.dash() {
		return s.sequence()
	}
	n, end := s.inline(s.at)
	if s.colon(end) {
		return s.mapping(n, end+1)
	}
	s.endLine(n, end)
	return n
}
