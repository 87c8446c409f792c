package jsontoken

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a string. Invalid UTF-8 and half a surrogate pair become U+FFFD, as
// in encoding/json.
func (r *Reader) quoted() (Token, error) {
	start := r.at
	for r.at++; r.at < len(r.text) && r.text[r.at] >= ' ' && r.text[r.at] < utf8.RuneSelf && r.text[r.at] != '\\'; r.at++ {
		if r.text[r.at] == '"' { // the bytes need no change
			return r.token(String, start, r.at+1, r.text[start+1:r.at])
		}
	}
	text := append([]byte(nil), r.text[start+1:r.at]...)
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			return r.token(String, start, r.at+1, text)
		case c < ' ':
			return Token{}, r.malformed()
		case c == '\\':
			r.at++
			char, ok := r.escape()
			if !ok {
				return Token{}, r.malformed()
			}
			text = utf8.AppendRune(text, char)
		case c < utf8.RuneSelf:
			text = append(text, c)
			r.at++
		default:
			char, size := utf8.DecodeRune(r.text[r.at:])
			text = utf8.AppendRune(text, char)
			r.at += size
		}
	}
	return Token{}, r.ended()
}

const (
	escapes = `"\/bfnrt`
	escaped = "\"\\/\b\f\n\r\t"
)

// escape reads the character after a backslash. For an invalid escape, it stops at
// the first wrong byte.
func (r *Reader) escape() (rune, bool) {
	if r.at == len(r.text) {
		return 0, false
	}
	if i := strings.IndexByte(escapes, r.text[r.at]); i >= 0 {
		r.at++
		return rune(escaped[i]), true
	}
	if !r.skip("u") {
		return 0, false
	}
	first, ok := r.hex()
	if !ok || !utf16.IsSurrogate(first) {
		return first, ok
	}
	behind := r.at
	if r.skip(`\`) && r.skip("u") {
		if second, ok := r.hex(); ok {
			if char := utf16.DecodeRune(first, second); char != utf8.RuneError {
				return char, true
			}
		}
	}
	r.at = behind // parsed or rejected separately
	return utf8.RuneError, true
}

func (r *Reader) hex() (char rune, ok bool) {
	for range 4 {
		if r.at == len(r.text) {
			return 0, false
		}
		digit := strings.IndexByte("0123456789abcdef", r.text[r.at]|0x20)
		if digit < 0 || r.text[r.at] < '0' {
			return 0, false
		}
		char = char<<4 | rune(digit)
		r.at++
	}
	return char, true
}
