package yaml

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
)

// source converts between offsets and the lines and columns of yaml.v3.
type source struct {
	src          []byte
	lines        []int // offset of each line's first byte
	eol          string
	long         map[int][]int // for each long line, the offset of every farColumns-th column
	yaml11Breaks bool          // the file has line breaks that only YAML 1.1 supports
}

// farColumns is the distance between the indexed columns of a long line: a file may be one line.
const farColumns = 512

func newSource(src []byte) *source {
	s := &source{src: src, eol: "\n", lines: make([]int, 0, 2+bytes.Count(src, []byte("\n")))}
	start := 0
	if bytes.HasPrefix(src, []byte(layout.ByteOrderMark)) {
		start = 3 // the parser does not count a byte order mark
	}
	s.lines = append(s.lines, start)
	for i := start; i < len(src); {
		if ordinary(src[i]) {
			i++
			continue
		}
		if n := breakAt(src, i); n > 0 {
			s.yaml11Breaks = s.yaml11Breaks || src[i] >= utf8.RuneSelf
			i += n
			s.lines = append(s.lines, i)
			continue
		}
		i++
	}
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		s.eol = "\r\n"
	}
	s.markLong()
	return s
}

// markLong indexes the columns of long lines, so that lookups do not count from the start of the
// line.
func (s *source) markLong() {
	for line, start := range s.lines {
		end := len(s.src)
		if line+1 < len(s.lines) {
			end = s.lines[line+1]
		}
		if end-start <= farColumns {
			continue
		}
		var marks []int
		for column, i := 0, start; i < end; column++ {
			if column%farColumns == 0 {
				marks = append(marks, i)
			}
			_, size := utf8.DecodeRune(s.src[i:])
			i += size
		}
		if s.long == nil {
			s.long = map[int][]int{}
		}
		s.long[line] = marks
	}
}

// breakAt returns the length of the line break at i, or 0. The parser follows YAML 1.1, which also
// breaks lines at U+0085, U+2028 and U+2029.
func breakAt(src []byte, i int) int {
	switch {
	case i >= len(src):
		return 0
	case src[i] == '\n':
		return 1
	case src[i] == '\r':
		if i+1 < len(src) && src[i+1] == '\n' {
			return 2
		}
		return 1
	case src[i] == 0xC2 && i+1 < len(src) && src[i+1] == 0x85:
		return 2
	case src[i] == 0xE2 && i+2 < len(src) && src[i+1] == 0x80 && (src[i+2] == 0xA8 || src[i+2] == 0xA9):
		return 3
	}
	return 0
}

// ordinary reports whether a byte certainly does not start a line break, which is true for most
// bytes.
func ordinary(c byte) bool { return c > '\r' && c < 0xC2 }

// offset returns the offset of a position of the parser, or -1 if the position is outside of the
// file.
func (s *source) offset(line, column int) int {
	if line < 1 || line > len(s.lines) {
		return -1
	}
	i, c := s.lines[line-1], 1
	if marks := s.long[line-1]; column > farColumns && len(marks) > 0 {
		k := min((column-1)/farColumns, len(marks)-1)
		i, c = marks[k], 1+k*farColumns
	}
	for ; c < column; c++ {
		if i >= len(s.src) {
			return -1
		}
		if s.src[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRune(s.src[i:])
		i += size
	}
	return i
}

// Position is the inverse of offset.
func (s *source) Position(offset int) (line, column int) {
	line = sort.SearchInts(s.lines, offset+1)
	if line == 0 {
		return 1, 1
	}
	start, column := s.lines[line-1], 1
	if marks := s.long[line-1]; len(marks) > 0 {
		k := max(0, sort.SearchInts(marks, offset+1)-1)
		start, column = marks[k], 1+k*farColumns
	}
	return line, column + utf8.RuneCount(s.src[start:offset])
}

// LineStart returns the start of the line that contains offset.
func (s *source) LineStart(offset int) int {
	line, _ := s.Position(offset)
	return s.lines[line-1]
}

// LineEnd returns the end of the line that contains offset, before its line break.
func (s *source) LineEnd(offset int) int {
	for offset < len(s.src) && (ordinary(s.src[offset]) || breakAt(s.src, offset) == 0) {
		offset++
	}
	return offset
}

// NextLine returns the start of the line after the line that contains offset.
func (s *source) NextLine(offset int) int {
	end := s.LineEnd(offset)
	return end + breakAt(s.src, end)
}

// linesBetween returns the number of lines between the line starts from and to.
func (s *source) linesBetween(from, to int) int {
	return max(sort.SearchInts(s.lines, to)-sort.SearchInts(s.lines, from), 0)
}

// fieldless reports whether the line at i is blank or a comment.
func (s *source) fieldless(i int) bool {
	line := bytes.TrimLeft(s.src[i:s.LineEnd(i)], " \t")
	return len(line) == 0 || line[0] == '#'
}

// gapAfter skips at most n lines without a field.
func (s *source) gapAfter(at, n int) int {
	for ; n > 0 && at < len(s.src) && s.fieldless(at); n-- {
		at = s.NextLine(at)
	}
	return at
}

// gapBefore goes back by at most n lines without a field.
func (s *source) gapBefore(at, n int) int {
	for ; n > 0 && at > s.lines[0]; n-- {
		before := s.LineStart(at - 1)
		if !s.fieldless(before) {
			break
		}
		at = before
	}
	return at
}

// skipProperties skips the anchor and the tag of a value. It stops at a second anchor or tag, which
// belongs to another node.
func (s *source) skipProperties(i int) (value, tag int) {
	tag = -1
	anchor := false
	for i < len(s.src) {
		switch {
		case s.src[i] == '!' && tag < 0:
			tag = i
		case s.src[i] == '&' && !anchor:
			anchor = true
		default:
			return i, tag
		}
		i = s.skipBlank(s.propertyEnd(i))
	}
	return i, tag
}

// propertyEnd returns the end of the anchor or tag at i.
func (s *source) propertyEnd(i int) int {
	if bytes.HasPrefix(s.src[i:], []byte("!<")) {
		if end := bytes.IndexByte(s.src[i:], '>'); end >= 0 {
			return i + end + 1
		}
	}
	for i < len(s.src) && !layout.Blank(s.src[i]) && breakAt(s.src, i) == 0 &&
		// In flow style, an indicator may end the property of an empty value.
		!(bytes.IndexByte([]byte(",]}"), s.src[i]) >= 0) {
		i++
	}
	return i
}

// bang reports whether the tag at i is "!".
func (s *source) bang(i int) bool {
	tag := string(s.src[i:s.propertyEnd(i)])
	return tag == "!" || tag == "!<!>"
}

// skipBlank skips blanks, line breaks and comments.
func (s *source) skipBlank(i int) int {
	for i < len(s.src) {
		switch {
		case layout.Blank(s.src[i]):
			i++
		case breakAt(s.src, i) > 0:
			i += breakAt(s.src, i)
		case s.src[i] == '#' && i > 0 && (layout.Blank(s.src[i-1]) || breakAt(s.src, i-1) > 0):
			i = s.LineEnd(i)
		default:
			return i
		}
	}
	return i
}

// scalar returns the position of a scalar node. ok is false if the position cannot be found; such a
// value can be kept but not changed. parent is the column of the value's key or dash.
func (s *source) scalar(n *yaml.Node, parent int) (sp layout.Span, ok bool) {
	sp = layout.Span{Header: -1, Tag: -1, KeyStart: -1, Dash: -1, Close: -1, Origin: -1, Indent: parent}
	i := s.offset(n.Line, n.Column)
	if i < 0 {
		return sp, false
	}
	start := i
	if n.Anchor != "" || i < len(s.src) && (s.src[i] == '!' || s.src[i] == '&') {
		i, sp.Tag = s.skipProperties(i)
		if sp.Tag >= 0 {
			sp.TagKind = s.tagKind(sp.Tag, n)
		}
	}
	sp.Start, sp.End = i, -1
	switch {
	case n.Style&yaml.SingleQuotedStyle != 0:
		sp.Style = layout.StyleSingle
		sp.End = s.quoteEnd(i, '\'')
	case n.Style&yaml.DoubleQuotedStyle != 0:
		sp.Style = layout.StyleDouble
		sp.End = s.quoteEnd(i, '"')
	case n.Style&yaml.LiteralStyle != 0:
		sp.Style = layout.StyleLiteral
		s.blockScalar(&sp, '|')
	case n.Style&yaml.FoldedStyle != 0:
		sp.Style = layout.StyleFolded
		s.blockScalar(&sp, '>')
	case n.Value == "":
		sp.Start, sp.End = start, start // an implicit null has no text
	default:
		sp.End = s.plainEnd(i, n.Value)
	}
	return sp, sp.End >= 0
}

func (s *source) tagKind(tag int, n *yaml.Node) layout.TagKind {
	switch short := n.ShortTag(); {
	case s.bang(tag):
		return layout.BangTag
	case short == "!!str":
		return layout.StringTag
	case layout.CoreTags[short]:
		return layout.CoreTag
	}
	return layout.CustomTag
}

func (s *source) quoteEnd(i int, quote byte) int {
	if i >= len(s.src) || s.src[i] != quote {
		return -1
	}
	for i++; i < len(s.src); i++ {
		switch {
		case s.src[i] == '\\' && quote == '"':
			i++
		case s.src[i] == quote && quote == '\'' && i+1 < len(s.src) && s.src[i+1] == quote:
			i++
		case s.src[i] == quote:
			return i + 1
		}
	}
	return -1
}

// onOneLine reports whether a value certainly contains no line break.
func onOneLine(value string) bool {
	for i := range len(value) {
		if !ordinary(value[i]) && value[i] != '\t' {
			return false
		}
	}
	return true
}

// plainEnd returns the end of a plain scalar by comparing the file with its value. The parser folds
// lines: one line break becomes a blank, and n line breaks become n-1 line feeds.
func (s *source) plainEnd(i int, value string) int {
	if end := i + len(value); end <= len(s.src) && onOneLine(value) && string(s.src[i:end]) == value {
		return end
	}
	for v := 0; v < len(value); {
		if i >= len(s.src) {
			return -1
		}
		j := i
		for j < len(s.src) && layout.Blank(s.src[j]) {
			j++
		}
		breaks := 0
		for n := breakAt(s.src, j); n > 0; n = breakAt(s.src, j) {
			breaks++
			j += n
			for j < len(s.src) && layout.Blank(s.src[j]) {
				j++
			}
		}
		switch {
		case breaks == 0:
			if s.src[i] != value[v] {
				return -1
			}
			i++
			v++
		case breaks == 1:
			if value[v] != ' ' {
				return -1
			}
			i = j
			v++
		default:
			for range breaks - 1 {
				if v >= len(value) || value[v] != '\n' {
					return -1
				}
				v++
			}
			i = j
		}
	}
	return i
}

// blockScalar finds the content lines of a literal or folded scalar. Without a content line, the
// Span starts at the end of the header's line.
func (s *source) blockScalar(sp *layout.Span, indicator byte) {
	i := sp.Start
	if i >= len(s.src) || s.src[i] != indicator {
		sp.End = -1
		return
	}
	sp.Header = i
	explicit, keep := 0, false
	for i++; i < len(s.src); i++ {
		c := s.src[i]
		if c >= '1' && c <= '9' {
			explicit = int(c - '0')
		} else if c == '+' {
			keep = true
		} else if c != '-' {
			break
		}
	}
	first := s.NextLine(i)
	indent := max(sp.Indent, 0) + explicit
	if explicit == 0 {
		indent = s.detectIndent(first, sp.Indent+1)
	}
	sp.Start, sp.End = first, first
	end, found := first, false
	for at := first; at < len(s.src); at = s.NextLine(at) {
		spaces := 0
		for at+spaces < len(s.src) && s.src[at+spaces] == ' ' && spaces < indent {
			spaces++
		}
		lineEnd := s.LineEnd(at)
		if at+spaces == lineEnd { // blank
			if keep && lineEnd < len(s.src) {
				end = lineEnd
			}
			continue
		}
		if spaces < indent {
			break
		}
		end, found = lineEnd, true
	}
	sp.End = end
	if !found {
		sp.Start, sp.End = s.LineEnd(sp.Header), s.LineEnd(sp.Header) // no content lines
		if keep {
			sp.End = max(sp.End, end)
		}
	}
}

// detectIndent follows yaml_parser_scan_block_scalar_breaks: it returns the deepest indentation of
// the leading blank lines and the first content line.
func (s *source) detectIndent(at, least int) int {
	deepest := 0
	for at < len(s.src) {
		i := at
		for i < len(s.src) && s.src[i] == ' ' {
			i++
		}
		deepest = max(deepest, i-at)
		if breakAt(s.src, i) == 0 {
			break
		}
		at = s.NextLine(i)
	}
	return max(deepest, least, 1)
}

// documentMarker reports whether the line at i is --- or ... and so ends a document.
func (s *source) documentMarker(i int) bool {
	rest := s.src[i:]
	if !bytes.HasPrefix(rest, []byte("---")) && !bytes.HasPrefix(rest, []byte("...")) {
		return false
	}
	return len(rest) == 3 || layout.Blank(rest[3]) || breakAt(rest, 3) > 0
}
