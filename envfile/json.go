package envfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// JSON is the format of .json files. It is stricter than sops, which accepts
// truncated text, text behind the object, and duplicate keys, and which rounds
// numbers that a 64-bit float cannot hold.
var JSON Format = jsonFormat{}

type jsonFormat struct{}

func (jsonFormat) Name() string { return "json" }

func (f jsonFormat) values(src []byte) ([]*Node, error) { return valuesOf(f, src) }

// carry makes texts of times, as sops does.
func (jsonFormat) carry(typ crypto.Type, text string) (crypto.Type, string) {
	if typ == crypto.Time {
		return crypto.Str, text
	}
	return typ, text
}

// maxJSONDepth is that of encoding/json.
const maxJSONDepth = 10000

func (jsonFormat) parse(src []byte) (*parsed, error) {
	t := &jsonText{src: newLines(src), dec: json.NewDecoder(bytes.NewReader(src))}
	t.dec.UseNumber()
	switch {
	case bytes.HasPrefix(src, []byte("\xEF\xBB\xBF")):
		return nil, &SyntaxError{Line: 1, Reason: "a byte order mark is not allowed in JSON"}
	case len(bytes.TrimSpace(src)) == 0:
		return nil, &SyntaxError{Line: 1, Reason: "empty: there is no field in it"}
	}
	if err := notUTF8(src); err != nil {
		return nil, err
	}
	root, err := t.value(0)
	if err != nil {
		return nil, err
	}
	if root.Kind != Map {
		return nil, syntaxError(root, "the document is a %s; only objects can be sealed", root.Kind)
	}
	if _, err := t.dec.Token(); !errors.Is(err, io.EOF) {
		line, column := t.src.position(t.next())
		return nil, &SyntaxError{Line: line, Column: column, Reason: "there is something behind the object"}
	}
	t.root = root
	t.cutBlock()
	return &parsed{src: src, roots: []*Node{root}, blocks: []*block{t.block}, layout: t}, nil
}

// jsonText is a parsed JSON text.
type jsonText struct {
	src   *lines
	dec   *json.Decoder
	end   int // of the token read last
	root  *Node
	block *block
}

// next returns where the next token begins.
func (t *jsonText) next() int {
	i := t.end
	for i < len(t.src.src) && strings.IndexByte(" \t\r\n,:", t.src.src[i]) >= 0 {
		i++
	}
	return i
}

// token reads one token and returns where it stands.
func (t *jsonText) token() (tok json.Token, start int, err error) {
	start = t.next()
	tok, err = t.dec.Token()
	if err != nil {
		return nil, start, t.broken(start, err)
	}
	t.end = int(t.dec.InputOffset())
	return tok, start, nil
}

// broken says where a text is malformed. The library's own words may quote it.
func (t *jsonText) broken(start int, err error) error {
	var syntax *json.SyntaxError
	at := start
	if errors.As(err, &syntax) {
		at = max(start, int(syntax.Offset)-1)
	}
	reason := "malformed JSON"
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || at >= len(t.src.src) {
		reason = "the text ends in the middle of a value"
	}
	line, column := t.src.position(min(at, len(t.src.src)))
	return &SyntaxError{Line: line, Column: column, Reason: reason}
}

func (t *jsonText) value(depth int) (*Node, error) {
	tok, start, err := t.token()
	if err != nil {
		return nil, err
	}
	n := &Node{Kind: Value, Type: crypto.Str, Quoted: true, span: noSpan()}
	n.Line, n.Column = t.src.position(start)
	n.span.start, n.span.end, n.span.flow = start, t.end, true
	if depth > maxJSONDepth {
		return nil, syntaxError(n, "nested too deeply")
	}
	switch v := tok.(type) {
	case json.Delim:
		n.Type, n.Quoted, n.Kind = "", false, List
		if v == '{' {
			n.Kind = Map
		}
		return n, t.entries(n, depth)
	case nil:
		n.Kind, n.Type, n.Quoted = Null, "", false
	case bool:
		n.Type, n.Text, n.Quoted = crypto.Bool, crypto.FormatBool(v), false
	case json.Number:
		n.Quoted = false
		return n, jsonNumber(n, v.String())
	case string:
		n.Text = v
		return n, t.checkString(v, start)
	}
	return n, nil
}

// checkString refuses half a surrogate pair, which no UTF-8 text can hold, in
// the string that has just been read.
func (t *jsonText) checkString(text string, start int) error {
	raw := t.src.src[start:t.end]
	if n := strings.Count(text, "\uFFFD"); n > 0 && n > bytes.Count(raw, []byte("\uFFFD"))+countEscaped(raw) {
		line, column := t.src.position(start)
		return &SyntaxError{Line: line, Column: column, Reason: "half a surrogate pair (\\uD800 to \\uDFFF) is no character"}
	}
	return nil
}

// countEscaped counts the escapes of U+FFFD itself.
func countEscaped(raw []byte) (n int) {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if i++; i+5 <= len(raw) && strings.EqualFold(string(raw[i:i+5]), "ufffd") && raw[i] == 'u' {
			n++
		}
	}
	return n
}

// jsonNumber types a number as sops does: an integer of 64 bits, else a float.
// What a float cannot hold exactly is refused; sops would round it.
func jsonNumber(n *Node, text string) error {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		n.Type, n.Text = crypto.Int, formatInt(i)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return syntaxError(n, "the number is too large for a 64-bit float: make it a string")
	}
	n.Type, n.Text = crypto.Float, crypto.FormatFloat(f)
	exact, ok1 := new(big.Rat).SetString(text)
	kept, ok2 := new(big.Rat).SetString(n.Text)
	if !ok1 || !ok2 || exact.Cmp(kept) != 0 {
		return syntaxError(n, "the number has more digits than a 64-bit float, sops would round it: make it a string")
	}
	return nil
}

// entries reads the members of an object or the items of an array.
func (t *jsonText) entries(n *Node, depth int) error {
	seen := map[string]bool{}
	for t.dec.More() {
		key, keyStart, keyEnd, keyLine, keyColumn := "", -1, -1, 0, 0
		if n.Kind == Map {
			tok, start, err := t.token()
			if err != nil {
				return err
			}
			key, keyStart, keyEnd = tok.(string), start, t.end
			if err := t.checkString(key, start); err != nil {
				return err
			}
			keyLine, keyColumn = t.src.position(start)
			if seen[key] {
				return &SyntaxError{Line: keyLine, Column: keyColumn, Reason: "duplicate key " + quoteName(key)}
			}
			seen[key] = true
		}
		e, err := t.value(depth + 1)
		if err != nil {
			return err
		}
		e.Key, e.span.keyStart, e.span.keyEnd = key, keyStart, keyEnd
		e.KeyLine, e.KeyColumn = keyLine, keyColumn
		n.entries = append(n.entries, e)
	}
	_, start, err := t.token()
	n.span.close, n.span.end = start, t.end
	return err
}

var errNotInJSON = fmt.Errorf("JSON has no such value")
