package envfile

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/internal/nocopy"
)

// Most files are in the plain block style: a key or a dash a line, scalars on
// one line or in literal blocks, comments above what they are about. A yamlScan
// reads that style and nothing else, in a small part of the parser's time, and
// makes the very nodes that the parser would make, comments and places included;
// FuzzYAMLScan compares them. What it is not certain of is left to the parser: it
// never reports an error, and never guesses.
type yamlScan struct {
	text  string // ends with a line feed
	ascii bool

	// Where the next key or dash stands, of which nothing has been read yet.
	at, col     int    // offset (that of the end if there is none), column from 0
	line, start int    // its line from 1, and the offset of that
	head        string // the comments above it

	depth int
	made  int          // nodes
	most  int          // of them: where they are too many, boundYAML says so
	open  []*yaml.Node // children of the collections that are being read
	nodes []yaml.Node  // to be handed out
	slots []*yaml.Node // to be handed out
}

// What is longer or deeper is left to the parser, which has limits of its own.
const (
	longestScannedKey = 500
	mostScannedBlanks = 200
	deepestScanned    = 100
)

// never is a column that is not reached.
const never = 1 << 30

// doubt is what yamlScan panics with, inside of scanYAML.
type doubt struct{}

// scanYAML returns the documents of a text, or false if the parser has to be
// asked. They share the bytes of src, which nobody may change any more.
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
	s := &yamlScan{text: nocopy.String(src), ascii: ascii, most: 2 * mostNodes(len(src))} // a field is two
	return []*yaml.Node{s.document()}, true
}

// scannable reports whether a text has only characters that mean the same
// wherever they stand, and whether all of them are ASCII.
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

// sure gives up on a text unless ok.
func (s *yamlScan) sure(ok bool) {
	if !ok {
		panic(doubt{})
	}
}

// node makes a node that begins at an offset of the line at hand.
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

// close gives a collection the children that were read since mark.
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
		s.nextLine(len("---\n"), 0)
		s.sure(s.head == "")
	} else {
		s.nextLine(0, 0)
		doc.Line = s.line
		doc.HeadComment, s.head = cutHead(s.head)
	}
	s.sure(s.at < len(s.text) && s.col == 0 && !s.dash())
	doc.Content = []*yaml.Node{s.mapping(nil, 0)}
	s.sure(s.at == len(s.text))
	return doc
}

// cutHead cuts the comments at the beginning of a text into those about the
// document and those about its first key.
func cutHead(head string) (document, key string) {
	if above, ok := strings.CutSuffix(head, "\n"); ok {
		return above, ""
	}
	if i := strings.LastIndex(head, "\n\n"); i >= 0 {
		return head[:i], head[i+2:]
	}
	return "", head
}

// nextLine goes on to the next key or dash, from the beginning of a line, the
// number of which is s.line. Comments on the way there have to stand in its column;
// then they are about it. If a blank line follows them, they may be about what
// stands before them, but not behind a key without a value, in whose column or
// deeper they stand: that is the column called free.
func (s *yamlScan) nextLine(from, free int) {
	s.head = ""
	var head []byte           // if there is more than one
	column, ended := -1, from // of the last comment
	apart := false            // from what stands before them
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
		ended = s.lineEnd(i)
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

// lineEnd returns the line feed behind i. The text ends with one, but its end is
// no place to ask from.
func (s *yamlScan) lineEnd(i int) int { return i + strings.IndexByte(s.text[i:], '\n') }

// ends reports whether a blank or a line feed stands at i.
func (s *yamlScan) ends(i int) bool { return s.text[i] == ' ' || s.text[i] == '\n' }

// dash reports whether a list item begins at s.at.
func (s *yamlScan) dash() bool { return s.at < len(s.text) && s.text[s.at] == '-' && s.ends(s.at+1) }

func (s *yamlScan) skipBlanks(i int) int {
	for s.text[i] == ' ' {
		i++
	}
	return i
}

// mapping reads the map that begins at s.at. If its first key has been read, that
// is given, with the offset behind its colon.
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

// colon reports whether there is a colon at i that makes a key of what stands before it.
func (s *yamlScan) colon(i int) bool { return s.text[i] == ':' && s.ends(i+1) }

// value reads what stands behind the colon of a key in column col.
func (s *yamlScan) value(colon, col int) *yaml.Node {
	i := s.skipBlanks(colon)
	if s.text[i] != '\n' {
		return s.scalar(i, col)
	}
	null := s.node(yaml.ScalarNode, "!!null", colon)
	s.line++
	s.nextLine(i+1, col)
	switch {
	case s.dash() && s.col >= col:
		return s.sequence()
	case s.col > col:
		return s.mapping(nil, 0)
	}
	return null
}

// sequence reads the list that begins at s.at.
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
			return s.close(n, mark) // a list may stand in the column of its key
		}
		s.sure(s.col == col)
	}
}

// item reads what stands behind a dash in column col, at s.at.
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

// scalar reads the value at i. What is deeper than column col continues it.
func (s *yamlScan) scalar(i, col int) *yaml.Node {
	var n *yaml.Node
	end := i + 2
	switch {
	case s.text[i] == '|':
		return s.literal(i, col)
	case s.text[i:end] == "[]":
		n = s.node(yaml.SequenceNode, "!!seq", i)
		n.Style = yaml.FlowStyle
	case s.text[i:end] == "{}":
		n = s.node(yaml.MappingNode, "!!map", i)
		n.Style = yaml.FlowStyle
	default:
		n, end = s.inline(i)
	}
	s.endLine(n, end)
	s.sure(n.Kind == yaml.ScalarNode || n.LineComment == "")
	s.sure(s.col <= col)
	return n
}

// endLine reads the line behind a value, and goes on to the next one.
func (s *yamlScan) endLine(n *yaml.Node, end int) {
	i := s.skipBlanks(end)
	if s.text[i] == '#' && i > end && i-end < mostScannedBlanks {
		end = s.lineEnd(i)
		n.LineComment = s.text[i:end]
		i = end
	}
	s.sure(s.text[i] == '\n')
	s.line++
	s.nextLine(i+1, never)
}

// inline reads a scalar on one line, and returns where it ends.
func (s *yamlScan) inline(i int) (n *yaml.Node, end int) {
	n = s.node(yaml.ScalarNode, "!!str", i)
	switch s.text[i] {
	case '"':
		n.Style = yaml.DoubleQuotedStyle
		n.Value, end = s.double(i + 1)
	case '\'':
		n.Style = yaml.SingleQuotedStyle
		n.Value, end = s.single(i + 1)
	default:
		end = s.plain(i)
		n.Value = s.text[i:end]
		s.sure(n.Value != "<<")
		if strings.IndexByte(typedStart, n.Value[0]) >= 0 {
			n.Tag = ""
			n.Tag = n.ShortTag() // the parser knows
		}
	}
	return n, end
}

// typedStart holds what begins a plain scalar that may be something else than text.
const typedStart = "0123456789+-.~yYnNtTfFoO"

// plainStart holds what surely begins a plain scalar.
const plainStart = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/+()$^~=<;\\"

// plain returns the end of a plain scalar that begins at i.
func (s *yamlScan) plain(i int) int {
	switch c := s.text[i]; {
	case c >= utf8.RuneSelf:
	case c == '.':
		s.sure(i > s.start) // else it may be the end of the document
	case c == '-':
		s.sure(i > s.start && !s.ends(i+1))
	default:
		s.sure(strings.IndexByte(plainStart, c) >= 0)
	}
	line := s.text[i : s.lineEnd(i)+1]
	s.sure(strings.IndexByte(line, '\t') < 0)
	end := len(line) - 1
	for at := 0; at < end; at++ {
		next := strings.IndexByte(line[at:], ':')
		if next < 0 {
			break
		}
		if at += next; line[at+1] == ' ' || line[at+1] == '\n' {
			end = at
			s.sure(line[at-1] != ' ')
		}
	}
	if hash := strings.Index(line[:end], " #"); hash >= 0 {
		end = hash
	}
	for line[end-1] == ' ' {
		end--
	}
	return i + end
}

// double reads up to the end of a text in double quotes. Of escapes, the parser
// knows more.
func (s *yamlScan) double(i int) (value string, end int) {
	end = i + strings.IndexByte(s.text[i:], '"')
	s.sure(end >= i)
	value = s.text[i:end]
	s.sure(strings.IndexByte(value, '\n') < 0)
	if strings.IndexByte(value, '\\') < 0 {
		return value, end + 1
	}
	var b strings.Builder
	for ; s.text[i] != '"'; i++ {
		c := s.text[i]
		if c == '\\' {
			i++
			at := strings.IndexByte(`"\ntr`, s.text[i])
			s.sure(at >= 0)
			c = "\"\\\n\t\r"[at]
		}
		s.sure(s.text[i] != '\n')
		b.WriteByte(c)
	}
	return b.String(), i + 1
}

// single reads up to the end of a text in single quotes.
func (s *yamlScan) single(i int) (value string, end int) {
	end = i
	for {
		next := strings.IndexByte(s.text[end:], '\'')
		s.sure(next >= 0)
		if end += next; s.text[end+1] != '\'' {
			break
		}
		end += 2
	}
	value = s.text[i:end]
	s.sure(strings.IndexByte(value, '\n') < 0)
	return strings.ReplaceAll(value, "''", "'"), end + 1
}

// literal reads a literal block, whose first line tells how far it is indented:
// further than column col.
func (s *yamlScan) literal(i, col int) *yaml.Node {
	n := s.node(yaml.ScalarNode, "!!str", i)
	n.Style = yaml.LiteralStyle
	end := s.lineEnd(i)
	header := s.text[i:end]
	s.sure(end+1 < len(s.text) && (header == "|" || header == "|-"))
	first := s.skipBlanks(end + 1)
	indent := first - end - 1
	s.sure(indent > col && s.text[first] != '\n' && s.text[first] != '\t')
	var b strings.Builder
	blanks := 0
	from, last, line := end+1, end+1, s.line+1
	for number := line; from < len(s.text); number++ {
		end := s.lineEnd(from)
		at := from
		for at < end && at-from < indent && s.text[at] == ' ' {
			at++
		}
		switch {
		case at == end:
			blanks++
		case at-from < indent:
			s.sure(s.text[at] != '\t')
			end = -1
		default:
			if b.Len() > 0 {
				blanks++ // of the line before
			}
			for ; blanks > 0; blanks-- {
				b.WriteByte('\n')
			}
			b.WriteString(s.text[at:end])
			last, line = end+1, number+1
		}
		if end < 0 {
			break
		}
		from = end + 1
	}
	if header == "|" {
		b.WriteByte('\n')
	}
	n.Value = b.String()
	s.line = line
	s.nextLine(last, never)
	s.sure(s.col <= col)
	return n
}
