package yaml

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// This file parses the scalars of the plain block style.

// scalar parses the value at i. Lines deeper than column col would continue the value.
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

// endLine parses the rest of the line after a value, and advances to the next key or dash.
func (s *yamlScan) endLine(n *yaml.Node, end int) {
	i := s.skipBlanks(end)
	if s.text[i] == '#' && i > end && i-end < mostScannedBlanks {
		end = s.LineEnd(i)
		n.LineComment = s.text[i:end]
		i = end
	}
	s.sure(s.text[i] == '\n')
	s.line++
	s.NextLine(i+1, never)
}

// inline parses a scalar on one line and returns its end.
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
			n.Tag = n.ShortTag() // as the parser resolves it
		}
	}
	return n, end
}

// typedStart holds the first characters of plain scalars that may not be strings.
const typedStart = "0123456789+-.~yYnNtTfFoO"

// plainStart holds the characters that always start a plain scalar.
const plainStart = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/+()$^~=<;\\"

// plain returns the end of a plain scalar that starts at i.
func (s *yamlScan) plain(i int) int {
	switch c := s.text[i]; {
	case c >= utf8.RuneSelf:
	case c == '.':
		s.sure(i > s.start) // otherwise it may be the end of the document
	case c == '-':
		s.sure(i > s.start && !s.ends(i+1))
	default:
		s.sure(strings.IndexByte(plainStart, c) >= 0)
	}
	line := s.text[i : s.LineEnd(i)+1]
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

// double parses the rest of a string in double quotes. It leaves less common escapes to the parser.
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

// single parses the rest of a string in single quotes.
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

// literal parses a literal block. The indentation of its first line, which must be deeper than
// column col, is the indentation of the block.
func (s *yamlScan) literal(i, col int) *yaml.Node {
	n := s.node(yaml.ScalarNode, "!!str", i)
	n.Style = yaml.LiteralStyle
	end := s.LineEnd(i)
	header := s.text[i:end]
	s.sure(end+1 < len(s.text) && (header == "|" || header == "|-"))
	first := s.skipBlanks(end + 1)
	indent := first - end - 1
	s.sure(indent > col && s.text[first] != '\n' && s.text[first] != '\t')
	var b strings.Builder
	blanks := 0
	from, last, line := end+1, end+1, s.line+1
	for number := line; from < len(s.text); number++ {
		end := s.LineEnd(from)
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
				blanks++ // for the line break before this line
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
	s.NextLine(last, never)
	s.sure(s.col <= col)
	return n
}
