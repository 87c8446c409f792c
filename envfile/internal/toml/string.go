package toml

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
)

// str parses a string on one line: "basic" or 'literal'.
func (s *tomlScanner) str(quote byte) (string, error) {
	start := s.at
	var b strings.Builder
	for s.at++; !s.ends(); {
		switch c := s.src[s.at]; {
		case c == quote:
			s.at++
			return b.String(), nil
		case c == '\n' || s.newline(s.at) > 0:
			return "", s.fail(start, "the string is not closed on its line")
		case control(c):
			return "", s.fail(s.at, "control character in a string; write it as \\u and four digits")
		case c == '\\' && quote == '"':
			if err := s.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			s.at++
		}
	}
	return "", s.fail(start, "the string is not closed")
}

// lines parses a multi-line string of either kind.
func (s *tomlScanner) lines(quote byte) (string, error) {
	start := s.at
	s.at += 3
	s.at += s.newline(s.at) // the first line break is not part of the string
	var b strings.Builder
	for !s.ends() {
		switch c := s.src[s.at]; {
		case c == quote:
			n := 1
			for n < 5 && s.at+n < len(s.src) && s.src[s.at+n] == quote {
				n++
			}
			s.at += n
			if n >= 3 { // up to two may come before the closing quotes
				b.Write(bytes.Repeat([]byte{quote}, n-3))
				return b.String(), nil
			}
			b.Write(bytes.Repeat([]byte{quote}, n))
		case s.newline(s.at) > 0:
			n := s.newline(s.at)
			b.Write(s.src[s.at : s.at+n])
			s.at += n
		case control(c):
			return "", s.fail(s.at, "control character in a string; write it as \\u and four digits")
		case c == '\\' && quote == '"':
			if !s.joined() {
				if err := s.escape(&b); err != nil {
					return "", err
				}
			}
		default:
			b.WriteByte(c)
			s.at++
		}
	}
	return "", s.fail(start, "the string is not closed")
}

// joined skips a backslash at the end of a line and the blank lines after it.
func (s *tomlScanner) joined() bool {
	i := s.at + 1
	for i < len(s.src) && layout.Blank(s.src[i]) {
		i++
	}
	if s.newline(i) == 0 {
		return false
	}
	for i < len(s.src) && (layout.Blank(s.src[i]) || s.newline(i) > 0) {
		i += max(1, s.newline(i))
	}
	s.at = i
	return true
}

var tomlEscapes = map[byte]byte{'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', '"': '"', '\\': '\\'}

// escape parses an escape, which starts with a backslash.
func (s *tomlScanner) escape(b *strings.Builder) error {
	start := s.at
	s.at++
	c := s.peek()
	if to, ok := tomlEscapes[c]; ok {
		b.WriteByte(to)
		s.at++
		return nil
	}
	size := 0
	switch c {
	case 'u':
		size = 4
	case 'U':
		size = 8
	default:
		return s.fail(start, "unknown escape in TOML 1.0; in double quotes, write two backslashes for one")
	}
	s.at++
	if s.at+size > len(s.src) || !hexDigits(s.src[s.at:s.at+size]) {
		return s.fail(start, "expected %d hexadecimal digits after \\%c", size, c)
	}
	r, err := strconv.ParseUint(string(s.src[s.at:s.at+size]), 16, 32)
	if err != nil || r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
		return s.fail(start, "the escape is not a character")
	}
	b.WriteRune(rune(r))
	s.at += size
	return nil
}

func hexDigits(b []byte) bool {
	for _, c := range b {
		if !digit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}
