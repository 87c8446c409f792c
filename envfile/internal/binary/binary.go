// Package binary parses and changes files that are encrypted as one value, with any contents. The
// encrypted file is JSON, as in sops: {"data": "ENC[…]", "sops": {…}}. Selectors do not apply: the
// value is always encrypted.
package binary

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"

	"bytes"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	jsonfile "github.com/sealcfg/sealcfg/envfile/internal/json"
	"github.com/sealcfg/sealcfg/internal/nocopy"
)

// Format is the binary format.
var Format layout.Format = &binaryFormat{}

type binaryFormat struct{ layout.FormatDefaults }

// dataKeyName is the one field of a binary file (stores/json in sops).
const dataKeyName = "data"

func (*binaryFormat) Name() string { return "binary" }

func (f *binaryFormat) Values(src []byte) ([]*tree.Node, error) { return layout.ValuesOf(f, src) }

func (*binaryFormat) Coerce(typ crypto.Type, text string) (crypto.Type, string) {
	return layout.CoerceText(typ, text)
}

func (*binaryFormat) Parse(src []byte) (*layout.Parsed, error) {
	if jsonfile.LooksSealedBinary(src) {
		p, err := parseSealedBinary(src)
		if err != nil {
			return nil, err
		}
		if p.Blocks[0] != nil && p.Roots[0].Len() == 1 && p.Roots[0].Get(dataKeyName) != nil {
			p.Layout = &binaryText{size: len(src), block: p.Blocks[0], empty: p.Roots[0].Get(dataKeyName).Text == "", indent: indentOf(src)}
			return p, nil
		}
	}
	n := layout.NewNode(tree.Node{Kind: tree.Value, Key: dataKeyName, Type: crypto.Str, Text: nocopy.String(src), Line: 1, Column: 1, Quoted: true})
	layout.SpanOf(n).Start, layout.SpanOf(n).End = 0, len(src)
	root := layout.NewNode(tree.Node{Kind: tree.Map, Line: 1, Column: 1, Children: []*tree.Node{n}})
	return &layout.Parsed{Src: src, Roots: []*tree.Node{root}, Blocks: []*layout.Block{nil}, Layout: &binaryText{size: len(src), indent: "\t"}}, nil
}

// parseSealedBinary parses the JSON without the ciphertext, which may have tens of megabytes, and
// adds the ciphertext to the tree afterwards.
func parseSealedBinary(src []byte) (*layout.Parsed, error) {
	start := bytes.Index(src, []byte(`"`+layout.SealedPrefix))
	if start < 0 {
		return jsonfile.Format.Parse(src)
	}
	start++
	size := bytes.IndexByte(src[start:], '"')
	if size < 0 || bytes.IndexByte(src[start:start+size], '\\') >= 0 {
		return jsonfile.Format.Parse(src)
	}
	p, err := jsonfile.Format.Parse(bytes.Join([][]byte{src[:start], src[start+size:]}, nil))
	if err != nil {
		return nil, err
	}
	n := p.Roots[0].Get(dataKeyName)
	if n == nil || layout.SpanOf(n).End != start+1 { // it was the mac: the value is empty
		return jsonfile.Format.Parse(src)
	}
	n.Text = nocopy.String(src[start : start+size])
	layout.SpanOf(n).End += size
	if b := p.Blocks[0]; b != nil {
		moveBlock(b, start, size)
	}
	p.Src = src
	return p, nil
}

// moveBlock shifts the positions after at by size bytes.
func moveBlock(b *layout.Block, at, size int) {
	shift := func(i *int) {
		if *i > at {
			*i += size
		}
	}
	shift(&b.Start)
	shift(&b.End)
	shift(&b.Text[0])
	shift(&b.Text[1])
	var move func(n *tree.Node)
	move = func(n *tree.Node) {
		shift(&layout.SpanOf(n).Start)
		shift(&layout.SpanOf(n).End)
		shift(&layout.SpanOf(n).KeyStart)
		shift(&layout.SpanOf(n).KeyEnd)
		for _, e := range n.Children {
			move(e)
		}
	}
	move(b.Tree)
}

type binaryText struct {
	layout.LayoutDefaults
	size   int
	block  *layout.Block
	empty  bool   // an encrypted empty file, which has no value to replace
	indent string // of a level of the JSON
}

const binaryTail = "\""

func (t *binaryText) head() string { return "{\n" + t.indent + "\"" + dataKeyName + "\": \"" }

func (t *binaryText) Indented(n int) layout.Layout { return t.indentedBy(strings.Repeat(" ", n)) }

func (t *binaryText) Like(old layout.Layout) layout.Layout {
	if was, ok := old.(*binaryText); ok {
		return t.indentedBy(was.indent)
	}
	return nil
}

func (t *binaryText) indentedBy(indent string) layout.Layout {
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

// Format replaces the whole file: it replaces plaintext by the start of the JSON, and the JSON by
// plaintext.
func (t *binaryText) Format(n *tree.Node, to layout.Replacement) ([]layout.Edit, error) {
	switch {
	case t.block != nil && layout.SpanOf(n).Start >= t.block.Text[0]: // a field of the metadata
		return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: string(jsonfile.JsonString(to.Text))}}, nil
	case to.Sealed:
		return []layout.Edit{{Start: 0, End: 0, Text: t.head()}, {Start: 0, End: t.size, Text: to.Text}, {Start: t.size, End: t.size, Text: binaryTail}}, nil
	}
	return []layout.Edit{{Start: 0, End: t.size, Text: to.Text}}, nil
}

func (t *binaryText) BlockFits(int, *layout.Block) bool { return true }

func (t *binaryText) RenderBlock(_ int, top *tree.Node, _ *layout.Block) string {
	shown := *top
	shown.Children = nil
	for e := range top.Entries() {
		if e.Key != "unencrypted_suffix" { // sops writes no selector here
			shown.Children = append(shown.Children, e)
		}
	}
	return "\"" + top.Key + "\": " + strings.ReplaceAll(string(jsonfile.Text(&shown, t.indent)), "\n", "\n"+t.indent)
}

func (t *binaryText) InsertBlock(_ int, text string, _ *layout.Block) layout.Edit {
	text = ",\n" + t.indent + text + "\n}\n"
	if t.size == 0 {
		text = t.head() + binaryTail + text
	}
	return layout.Edit{Start: t.size, End: t.size, Text: text}
}

// RemoveBlock removes no bytes if format replaces the whole file.
func (t *binaryText) RemoveBlock(int) layout.Edit {
	if t.empty {
		return layout.Edit{Start: 0, End: t.size, Text: ""}
	}
	return layout.Edit{Start: t.size, End: t.size, Text: ""}
}

func (t *binaryText) Insert(*tree.Node, tree.Path, *tree.Node) ([]layout.Edit, error) {
	return nil, layout.ErrOneValue
}
func (t *binaryText) Remove(*tree.Node, *tree.Node) ([]layout.Edit, error) {
	return nil, layout.ErrOneValue
}
func (t *binaryText) Replace(n, v *tree.Node) ([]layout.Edit, error) {
	if v.Kind != tree.Value {
		return nil, layout.ErrOneValue
	}
	return t.Format(n, layout.Replacement{Typ: crypto.Str, Text: v.Text})
}

func (*binaryFormat) Properties() layout.Properties { return layout.Properties{Whole: true} }

func (*binaryFormat) Marked(src []byte) bool { return jsonfile.LooksSealedBinary(src) }

func (f *binaryFormat) Convert(roots []*tree.Node, _ int) ([]byte, error) {
	root, err := layout.Single(f, roots)
	if err != nil {
		return nil, err
	}
	if data := root.Get(dataKeyName); data != nil && data.Kind == tree.Value && data.Type == crypto.Str {
		return []byte(data.Text), nil
	}
	return nil, fmt.Errorf("there is no string named %s: %w (%s)", dataKeyName, layout.ErrConvert, f.Name())
}

func (*binaryFormat) Unsealed(src []byte) bool { return jsonfile.JsonUnsealed(src) }
