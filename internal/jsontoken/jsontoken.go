// Package jsontoken reads the tokens of a JSON document with their positions. It
// accepts the same documents as encoding/json. That package's decoder links its
// encoder and the reflection of both: more code than a settings file requires.
package jsontoken

import (
	"io"
	"strings"
)

// MaxDepth is the maximum nesting of lists and objects, as in encoding/json.
const MaxDepth = 10000

// A Kind is the byte with which tokens of a kind begin; all numbers are of the
// kind Number.
type Kind byte

// The kinds of tokens. Commas and colons are not tokens.
const (
	Object    Kind = '{'
	ObjectEnd Kind = '}'
	List      Kind = '['
	ListEnd   Kind = ']'
	String    Kind = '"'
	Number    Kind = '0'
	True      Kind = 't'
	False     Kind = 'f'
	Null      Kind = 'n'
)

// A Token is a bracket, a single value, or the key of a member.
type Token struct {
	Kind       Kind
	Start, End int    // byte offsets in the document
	Text       string // a number unchanged, a string unquoted
}

// Closes reports whether a token ends an object or list.
func (t Token) Closes() bool { return t.Kind == ObjectEnd || t.Kind == ListEnd }

// An Error is the position of a syntax error. It quotes no part of the document.
type Error struct {
	Offset int
	Reason string
}

func (e *Error) Error() string { return e.Reason }

// A Reader reads a document with one value.
type Reader struct {
	text   []byte
	at     int
	open   []Kind // the objects and lists that have begun
	expect expectation
}

// An expectation is the kind of the next token.
type expectation uint8

const (
	aValue   expectation = iota
	anItem               // or the end of the list, which is empty then
	aMember              // or the end of the object, which is empty then
	aKey                 // after a comma
	aColon               // after a key
	theComma             // or the end of the open object or list
)

// New returns a reader of text, which must not change.
func New(text []byte) *Reader { return &Reader{text: text} }

// IsNumber reports whether text is a number of JSON.
func IsNumber(text string) bool {
	r := New([]byte(text))
	_, err := r.number()
	return err == nil && r.at == len(text)
}

// Next returns the next token, and [io.EOF] after the value. Other errors are an
// [*Error], also for extra bytes after the value. In an object, keys and values
// alternate.
func (r *Reader) Next() (Token, error) {
	for {
		r.blanks()
		done := r.expect == theComma && len(r.open) == 0
		switch {
		case r.at == len(r.text) && done:
			return Token{}, io.EOF
		case r.at == len(r.text):
			return Token{}, r.ended()
		case done:
			return Token{}, r.malformed()
		}
		c := r.text[r.at]
		switch {
		case r.expect == theComma && c == ',':
			r.expect = aValue
			if r.innermost() == Object {
				r.expect = aKey
			}
		case r.expect == aColon && c == ':':
			r.expect = aValue
		case c == '}' && r.innermost() == Object && (r.expect == theComma || r.expect == aMember),
			c == ']' && r.innermost() == List && (r.expect == theComma || r.expect == anItem):
			r.open = r.open[:len(r.open)-1]
			r.expect = theComma
			return r.token(Kind(c), r.at, r.at+1, nil)
		case r.expect == aMember || r.expect == aKey:
			if c != '"' {
				return Token{}, r.malformed()
			}
			r.expect = aColon
			return r.quoted()
		case r.expect == aValue || r.expect == anItem:
			return r.value(c)
		default:
			return Token{}, r.malformed()
		}
		r.at++
	}
}

func (r *Reader) innermost() Kind {
	if len(r.open) == 0 {
		return 0
	}
	return r.open[len(r.open)-1]
}

func (r *Reader) blanks() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

func (r *Reader) ended() error {
	return &Error{Offset: len(r.text), Reason: "the text ends in the middle of a value"}
}

// malformed returns the error for the current byte, or for the end.
func (r *Reader) malformed() error {
	if r.at >= len(r.text) {
		return r.ended()
	}
	return &Error{Offset: r.at, Reason: "malformed JSON"}
}

// token returns a token from start to end, and advances to its end.
func (r *Reader) token(k Kind, start, end int, text []byte) (Token, error) {
	r.at = end
	return Token{Kind: k, Start: start, End: end, Text: string(text)}, nil
}

// value reads a value that begins with c.
func (r *Reader) value(c byte) (Token, error) {
	r.expect = theComma
	switch c {
	case '{', '[':
		if len(r.open) == MaxDepth {
			return Token{}, &Error{Offset: r.at, Reason: "nested too deeply"}
		}
		r.open = append(r.open, Kind(c))
		r.expect = anItem
		if c == '{' {
			r.expect = aMember
		}
		return r.token(Kind(c), r.at, r.at+1, nil)
	case '"':
		return r.quoted()
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	}
	return r.number()
}

func (r *Reader) word(w string) (Token, error) {
	start := r.at
	for i := range len(w) {
		if r.at == len(r.text) || r.text[r.at] != w[i] {
			return Token{}, r.malformed()
		}
		r.at++
	}
	return r.token(Kind(w[0]), start, r.at, nil)
}

func (r *Reader) number() (Token, error) {
	start := r.at
	r.skip("-")
	if !r.skip("0") && !r.digits() {
		return Token{}, r.malformed()
	}
	if r.skip(".") && !r.digits() {
		return Token{}, r.malformed()
	}
	if r.skip("eE") {
		r.skip("+-")
		if !r.digits() {
			return Token{}, r.malformed()
		}
	}
	return r.token(Number, start, r.at, r.text[start:r.at])
}

// skip advances if the current byte is one of some.
func (r *Reader) skip(some string) bool {
	if r.at == len(r.text) || strings.IndexByte(some, r.text[r.at]) < 0 {
		return false
	}
	r.at++
	return true
}

func (r *Reader) digits() bool {
	start := r.at
	for r.skip("0123456789") {
	}
	return r.at > start
}
