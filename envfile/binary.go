package envfile

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/nocopy"
)

// Binary is the format of files that are encrypted as one value, with any contents. The
// encrypted file is JSON, as in sops: {"data": "ENC[…]", "sops": {…}}. Selectors do not apply: the
// value is always encrypted.
var Binary Format = binaryFormat{}

type binaryFormat struct{ formatDefaults }

// dataKeyName is the one field of a binary file (stores/json in sops).
const dataKeyName = "data"

func (binaryFormat) Name() string { return "binary" }

func (f binaryFormat) values(src []byte) ([]*Node, error) { return valuesOf(f, src) }

func (binaryFormat) coerce(typ crypto.Type, text string) (crypto.Type, string) {
	return coerceText(typ, text)
}

func (binaryFormat) parse(src []byte) (*parsed, error) {
	if looksSealedBinary(src) {
		p, err := parseSealedBinary(src)
		if err != nil {
			return nil, err
		}
		if p.blocks[0] != nil && p.roots[0].Len() == 1 && p.roots[0].Get(dataKeyName) != nil {
			p.layout = &binaryText{size: len(src), block: p.blocks[0], empty: p.roots[0].Get(dataKeyName).Text == "", indent: indentOf(src)}
			return p, nil
		}
	}
	n := newNode(Node{Kind: Value, Key: dataKeyName, Type: crypto.Str, Text: nocopy.String(src), Line: 1, Column: 1, Quoted: true})
	spanOf(n).start, spanOf(n).end = 0, len(src)
	root := newNode(Node{Kind: Map, Line: 1, Column: 1, entries: []*Node{n}})
	return &parsed{src: src, roots: []*Node{root}, blocks: []*block{nil}, layout: &binaryText{size: len(src), indent: "\t"}}, nil
}

// parseSealedBinary parses the JSON without the ciphertext, which may have tens of megabytes, and
// adds the ciphertext to the tree afterwards.
func parseSealedBinary(src []byte) (*parsed, error) {
	start := bytes.Index(src, []byte(`"`+sealedPrefix))
	if start < 0 {
		return JSON.parse(src)
	}
	start++
	size := bytes.IndexByte(src[start:], '"')
	if size < 0 || bytes.IndexByte(src[start:start+size], '\\') >= 0 {
		return JSON.parse(src)
	}
	p, err := JSON.parse(bytes.Join([][]byte{src[:start], src[start+size:]}, nil))
	if err != nil {
		return nil, err
	}
	n := p.roots[0].Get(dataKeyName)
	if n == nil || spanOf(n).end != start+1 { // it was the mac: the value is empty
		return JSON.parse(src)
	}
	n.Text = nocopy.String(src[start : start+size])
	spanOf(n).end += size
	if b := p.blocks[0]; b != nil {
		b.move(start, size)
	}
	p.src = src
	return p, nil
}

// move shifts the positions after at by size bytes.
func (b *block) move(at, size int) {
	shift := func(i *int) {
		if *i > at {
			*i += size
		}
	}
	shift(&b.start)
	shift(&b.end)
	shift(&b.text[0])
	shift(&b.text[1])
	var move func(n *Node)
	move = func(n *Node) {
		shift(&spanOf(n).start)
		shift(&spanOf(n).end)
		shift(&spanOf(n).keyStart)
		shift(&spanOf(n).keyEnd)
		for _, e := range n.entries {
			move(e)
		}
	}
	move(b.tree)
}

type binaryText struct {
	layoutDefaults
	size   int
	block  *block
	empty  bool   // an encrypted empty file, which has no value to replace
	indent string // of a level of the JSON
}

const binaryTail = "\""

func (t *binaryText) head() string { return "{\n" + t.indent + "\"" + dataKeyName + "\": \"" }

func (t *binaryText) indented(n int) layout { return t.indentedBy(strings.Repeat(" ", n)) }

func (t *binaryText) like(old layout) layout {
	if was, ok := old.(*binaryText); ok {
		return t.indentedBy(was.indent)
	}
	return nil
}

func (t *binaryText) indentedBy(indent string) layout {
	with := *t
	with.indent = indent
	return &with
}

// indentOf returns the indentation of an encrypted file. Without one, it returns a tab, as in sops.
func indentOf(src []byte) string {
	head, _, _ := bytes.Cut(src, []byte(`"`))
	_, blanks, _ := bytes.Cut(bytes.ReplaceAll(head, []byte("\r"), nil), []byte("\n"))
	if len(blanks) == 0 || len(bytes.Trim(blanks, " \t")) > 0 {
		return "\t"
	}
	return string(blanks)
}

// format replaces the whole file: it replaces plaintext by the start of the JSON, and the JSON by
// plaintext.
func (t *binaryText) format(n *Node, to replacement) ([]edit, error) {
	switch {
	case t.block != nil && spanOf(n).start >= t.block.text[0]: // a field of the metadata
		return []edit{{spanOf(n).start, spanOf(n).end, string(jsonString(to.text))}}, nil
	case to.sealed:
		return []edit{{0, 0, t.head()}, {0, t.size, to.text}, {t.size, t.size, binaryTail}}, nil
	}
	return []edit{{0, t.size, to.text}}, nil
}

func (t *binaryText) blockFits(int, *block) bool { return true }

func (t *binaryText) renderBlock(_ int, top *Node, _ *block) string {
	shown := *top
	shown.entries = nil
	for e := range top.Entries() {
		if e.Key != "unencrypted_suffix" { // sops writes no selector here
			shown.entries = append(shown.entries, e)
		}
	}
	return "\"" + top.Key + "\": " + strings.ReplaceAll(string(JSONText(&shown, t.indent)), "\n", "\n"+t.indent)
}

func (t *binaryText) insertBlock(_ int, text string, _ *block) edit {
	text = ",\n" + t.indent + text + "\n}\n"
	if t.size == 0 {
		text = t.head() + binaryTail + text
	}
	return edit{t.size, t.size, text}
}

// removeBlock removes no bytes if format replaces the whole file.
func (t *binaryText) removeBlock(int) edit {
	if t.empty {
		return edit{0, t.size, ""}
	}
	return edit{t.size, t.size, ""}
}

func (t *binaryText) insert(*Node, Path, *Node) ([]edit, error) { return nil, errOneValue }
func (t *binaryText) remove(*Node, *Node) ([]edit, error)       { return nil, errOneValue }
func (t *binaryText) replace(n, v *Node) ([]edit, error) {
	if v.Kind != Value {
		return nil, errOneValue
	}
	return t.format(n, replacement{typ: crypto.Str, text: v.Text})
}

func (binaryFormat) properties() properties { return properties{whole: true} }

func (binaryFormat) marked(src []byte) bool { return looksSealedBinary(src) }

func (f binaryFormat) convert(roots []*Node, _ int) ([]byte, error) {
	root, err := single(f, roots)
	if err != nil {
		return nil, err
	}
	if data := root.Get(dataKeyName); data != nil && data.Kind == Value && data.Type == crypto.Str {
		return []byte(data.Text), nil
	}
	return nil, fmt.Errorf("there is no string named %s: %w (%s)", dataKeyName, ErrConvert, f.Name())
}

func (binaryFormat) unsealed(src []byte) bool { return jsonUnsealed(src) }
