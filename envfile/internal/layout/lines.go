package layout

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Lines converts offsets to positions in a file with LF or CRLF line breaks: JSON, dotenv, INI and
// TOML.
type Lines struct {
	Src   []byte
	start []int // offset of each line's first byte
	Eol   string

	// The arguments and result of the last position call. A file may be one line of megabytes, and
	// the next position is usually close to the last.
	offset, column int
}

func NewLines(src []byte) *Lines {
	l := &Lines{Src: src, start: []int{0}, Eol: "\n", column: 1}
	for i := 0; ; {
		next := bytes.IndexByte(src[i:], '\n')
		if next < 0 {
			break
		}
		i += next + 1
		l.start = append(l.start, i)
	}
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		l.Eol = "\r\n"
	}
	return l
}

// Line returns the index of the line that contains offset.
func (l *Lines) Line(offset int) int { return sort.SearchInts(l.start, offset+1) - 1 }

// Position returns line and column, from 1, columns in characters. Only parsers may call it: it is
// not safe for concurrent use.
func (l *Lines) Position(offset int) (line, column int) {
	i := l.Line(offset)
	switch from := l.start[i]; {
	case l.offset < from, i+1 < len(l.start) && l.offset >= l.start[i+1]: // on another line
		column = 1 + utf8.RuneCount(l.Src[from:offset])
	case l.offset <= offset:
		column = l.column + utf8.RuneCount(l.Src[l.offset:offset])
	default:
		column = l.column - utf8.RuneCount(l.Src[offset:l.offset])
	}
	l.offset, l.column = offset, column
	return i + 1, column
}

// LineStart returns the start of the line that contains offset.
func (l *Lines) LineStart(offset int) int { return l.start[l.Line(offset)] }

// LineEnd returns the end of the line that contains offset, before its line break.
func (l *Lines) LineEnd(offset int) int {
	end := l.NextLine(offset)
	return end - LineFeed(l.Src[:end])
}

// NextLine returns the start of the line after the line that contains offset, or the end of the
// file.
func (l *Lines) NextLine(offset int) int {
	if i := l.Line(offset) + 1; i < len(l.start) {
		return l.start[i]
	}
	return len(l.Src)
}

// LineFeed returns the length of the line break at the end of s, 0 if there is none.
func LineFeed(s []byte) int {
	switch {
	case bytes.HasSuffix(s, []byte("\r\n")):
		return 2
	case bytes.HasSuffix(s, []byte("\n")):
		return 1
	}
	return 0
}

// NotUTF16 returns an error for a file in UTF-16. Dotenv and INI values may be any bytes, but in
// UTF-16, every other byte of names and line feeds is zero.
func NotUTF16(src []byte) error {
	marked := bytes.HasPrefix(src, []byte("\xFF\xFE")) || bytes.HasPrefix(src, []byte("\xFE\xFF"))
	if marked && bytes.IndexByte(src, 0) >= 0 || len(src) > 3 && (zeroAt(src, 0) || zeroAt(src, 1)) {
		return &tree.SyntaxError{Line: 1, Reason: "the file is UTF-16, expected UTF-8; convert it: iconv -f UTF-16 -t UTF-8"}
	}
	return nil
}

// zeroAt reports whether every other byte at the start of src, from first, is zero.
func zeroAt(src []byte, first int) bool {
	for i := first; i < min(len(src), 64); i += 2 {
		if src[i] != 0 {
			return false
		}
	}
	return true
}

// NotUTF8 returns an error for the first byte that is not UTF-8, or nil.
func NotUTF8(src []byte) error {
	if utf8.Valid(src) {
		return nil
	}
	line := 1
	for i := 0; ; {
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return &tree.SyntaxError{Line: line, Reason: "not valid UTF-8"}
		case r == '\n':
			line++
		}
		i += size
	}
}
