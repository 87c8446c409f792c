// Package json parses and changes .json files. It is stricter than sops, which accepts truncated files, text
// after the object and duplicate keys, and which rounds numbers that a 64-bit float cannot hold.
package json

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/internal/jsontoken"
)

// Format is the JSON format.
var Format layout.Format = &jsonFormat{}

type jsonFormat struct{ layout.FormatDefaults }

func (*jsonFormat) Name() string { return "json" }

func (f *jsonFormat) Values(src []byte) ([]*tree.Node, error) { return layout.ValuesOf(f, src) }

// Coerce converts times to strings, as sops does.
func (*jsonFormat) Coerce(typ crypto.Type, text string) (crypto.Type, string) {
	if typ == crypto.Time {
		return crypto.Str, text
	}
	return typ, text
}

func (*jsonFormat) Parse(src []byte) (*layout.Parsed, error) {
	t := &jsonText{src: layout.NewLines(src), tokens: jsontoken.New(src), budget: layout.NewBudget(src)}
	switch {
	case bytes.HasPrefix(src, []byte("\xEF\xBB\xBF")):
		return nil, &tree.SyntaxError{Line: 1, Reason: "a byte order mark is not allowed in JSON"}
	case len(bytes.TrimSpace(src)) == 0:
		return nil, &tree.SyntaxError{Line: 1, Reason: "the file is empty, expected at least one field"}
	}
	if err := layout.NotUTF8(src); err != nil {
		return nil, err
	}
	first, err := t.token()
	if err != nil {
		return nil, err
	}
	root, err := t.value(first)
	if err != nil {
		return nil, err
	}
	if root.Kind != tree.Map {
		return nil, tree.ErrorAt(root, "expected an object at the top level, got a %s", root.Kind)
	}
	if _, err := t.tokens.Next(); !errors.Is(err, io.EOF) {
		line, column := t.src.Position(t.skipBlanks(layout.SpanOf(root).End))
		return nil, &tree.SyntaxError{Line: line, Column: column, Reason: "unexpected text after the object"}
	}
	t.cutBlock()
	return &layout.Parsed{Src: src, Roots: []*tree.Node{root}, Blocks: []*layout.Block{t.block}, Layout: t, Repeats: t.repeats, Refused: t.refused}, nil
}

// jsonText is a parsed JSON text.
type jsonText struct {
	layout.LayoutDefaults
	src    *layout.Lines
	tokens *jsontoken.Reader
	root   *tree.Node
	block  *layout.Block
	budget layout.Budget

	repeats []tree.Repeat
	refused error
	meta    bool // parsing the metadata
}

// skipBlanks returns the offset of the first character at or after offset that is not white space.
func (t *jsonText) skipBlanks(offset int) int {
	return len(t.src.Src) - len(bytes.TrimLeft(t.src.Src[offset:], " \t\r\n"))
}

// token reads one token.
func (t *jsonText) token() (jsontoken.Token, error) {
	token, err := t.tokens.Next()
	if err != nil {
		return token, t.broken(err)
	}
	if token.Kind == jsontoken.String {
		err = t.checkString(token)
	}
	return token, err
}

// broken converts an error of the tokenizer to a SyntaxError with its position.
func (t *jsonText) broken(err error) error {
	var at *jsontoken.Error
	if !errors.As(err, &at) {
		return err
	}
	line, column := t.src.Position(at.Offset)
	return &tree.SyntaxError{Line: line, Column: column, Reason: at.Reason}
}

// value parses the value that starts with a token.
func (t *jsonText) value(token jsontoken.Token) (*tree.Node, error) {
	n := layout.NewNode(tree.Node{Kind: tree.Value, Type: crypto.Str})
	n.Line, n.Column = t.src.Position(token.Start)
	layout.SpanOf(n).Start, layout.SpanOf(n).End, layout.SpanOf(n).Flow = token.Start, token.End, true
	if t.root == nil {
		t.root = n
	}
	if err := t.budget.Spend(n.Line); err != nil {
		return nil, err
	}
	switch token.Kind {
	case jsontoken.Object:
		n.Type, n.Kind = "", tree.Map
		return n, t.entries(n)
	case jsontoken.List:
		n.Type, n.Kind = "", tree.List
		return n, t.entries(n)
	case jsontoken.Null:
		n.Type, n.Kind = "", tree.Null
	case jsontoken.True, jsontoken.False:
		n.Type, n.Text = crypto.Bool, crypto.FormatBool(token.Kind == jsontoken.True)
	case jsontoken.Number:
		return n, jsonNumber(n, token.Text)
	default:
		n.Text, n.Quoted = token.Text, true
	}
	return n, nil
}

// checkString rejects half of a surrogate pair, which UTF-8 cannot represent.
func (t *jsonText) checkString(token jsontoken.Token) error {
	raw := t.src.Src[token.Start:token.End]
	if n := strings.Count(token.Text, "\uFFFD"); n > 0 && n > bytes.Count(raw, []byte("\uFFFD"))+countEscaped(raw) {
		line, column := t.src.Position(token.Start)
		return &tree.SyntaxError{Line: line, Column: column, Reason: "half a surrogate pair (\\uD800 to \\uDFFF) is not a character"}
	}
	return nil
}

// countEscaped counts the escapes of U+FFFD.
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

// jsonNumber sets the type of a number as sops does: a 64-bit integer if possible, otherwise a
// float. It rejects a number that a float cannot hold exactly, because sops would round it.
func jsonNumber(n *tree.Node, text string) error {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		n.Type, n.Text = crypto.Int, layout.FormatInt(i)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return tree.ErrorAt(n, "the number is too large for a 64-bit float: make it a string")
	}
	n.Type, n.Text = crypto.Float, crypto.FormatFloat(f)
	if !layout.SameDecimal(text, n.Text) {
		return tree.ErrorAt(n, "the number has more digits than a 64-bit float, and sops would round it: make it a string")
	}
	return nil
}

// entries parses the members of an object or the items of an array.
func (t *jsonText) entries(n *tree.Node) error {
	seen := map[string]bool{}
	twice := false
	for {
		token, err := t.token()
		if err != nil {
			return err
		}
		if token.Closes() {
			layout.SpanOf(n).Close, layout.SpanOf(n).End = token.Start, token.End
			if twice {
				t.repeats = append(t.repeats, layout.Shadow(n, false)...)
			}
			return nil
		}
		key := token
		if n.Kind == tree.Map {
			if seen[key.Text] {
				line, column := t.src.Position(key.Start)
				err := &tree.SyntaxError{Line: line, Column: column, Reason: "duplicate key " + layout.QuoteName(key.Text)}
				if t.meta && n != t.root || n == t.root && key.Text == layout.MetaKey {
					return err
				}
				if twice = true; t.refused == nil {
					t.refused = err
				}
			}
			seen[key.Text] = true
			if token, err = t.token(); err != nil {
				return err
			}
		}
		if n == t.root {
			t.meta = key.Text == layout.MetaKey
		}
		e, err := t.value(token)
		if err != nil {
			return err
		}
		if n.Kind == tree.Map {
			e.Key, layout.SpanOf(e).KeyStart, layout.SpanOf(e).KeyEnd = key.Text, key.Start, key.End
			e.KeyLine, e.KeyColumn = t.src.Position(key.Start)
		}
		n.Children = append(n.Children, e)
	}
}

var errNotInJSON = fmt.Errorf("JSON cannot hold this value")

func (*jsonFormat) Properties() layout.Properties {
	return layout.Properties{Extensions: []string{".json"}, Strictness: 1, Container: true, Nested: true, Utf8Names: true, Utf8Values: true}
}

func (*jsonFormat) Marked(src []byte) bool { return LooksSealedBinary(src) }
