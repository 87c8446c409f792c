package envfile

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/keys"
)

// arrows is a format that exists only in this test: lines of "name -> value".
type arrows struct{ layout.FormatDefaults }

const arrow = " -> "

func (*arrows) Name() string { return "arrows" }
func (*arrows) Properties() layout.Properties {
	return layout.Properties{Extensions: []string{".arrows"}}
}
func (f *arrows) Values(src []byte) ([]*tree.Node, error)            { return layout.ValuesOf(f, src) }
func (*arrows) Marked(src []byte) bool                               { return bytes.Contains(src, []byte("\nsops_mac"+arrow)) }
func (*arrows) Coerce(t crypto.Type, s string) (crypto.Type, string) { return layout.CoerceText(t, s) }

func (*arrows) Parse(src []byte) (*layout.Parsed, error) {
	t := &arrowText{src: src, at: map[string][2]int{}}
	root := &tree.Node{Kind: tree.Map, Line: 1, Column: 1}
	var meta layout.FlatBlock
	offset, line := 0, 0
	for text := range strings.Lines(string(src)) {
		line++
		start := offset
		offset += len(text)
		name, value, ok := strings.Cut(strings.TrimSuffix(text, "\n"), arrow)
		if !ok {
			return nil, &tree.SyntaxError{Line: line, Reason: "expected name" + arrow + "value"}
		}
		n := &tree.Node{Kind: tree.Value, Key: name, Type: crypto.Str, Text: layout.UnescapeFeeds(value), Quoted: true, Line: line, Column: 1}
		if name, ok := strings.CutPrefix(name, layout.MetaPrefix); ok {
			meta.Fields = append(meta.Fields, layout.FlatField{Name: name, Node: n})
			meta.Lines = append(meta.Lines, [2]int{start, offset - 1})
			continue
		}
		t.at[n.Key] = [2]int{start + len(name) + len(arrow), start + len(name) + len(arrow) + len(value)}
		root.Children = append(root.Children, n)
	}
	var err error
	t.block, err = meta.Block(src)
	return &layout.Parsed{Src: src, Roots: []*tree.Node{root}, Blocks: []*layout.Block{t.block}, Layout: t}, err
}

// arrowText is the layout of the format. It keeps the positions itself.
type arrowText struct {
	layout.LayoutDefaults
	src   []byte
	at    map[string][2]int
	block *layout.Block
}

func (t *arrowText) Bytes(n *tree.Node) (start, end int) { return t.at[n.Key][0], t.at[n.Key][1] }

func (t *arrowText) Format(n *tree.Node, to layout.Replacement) ([]layout.Edit, error) {
	at := t.at[n.Key]
	return []layout.Edit{{Start: at[0], End: at[1], Text: layout.EscapeFeeds(to.Text)}}, nil
}

func (t *arrowText) RenderBlock(_ int, top *tree.Node, _ *layout.Block) string {
	var b strings.Builder
	for _, f := range layout.Flatten(top, "") {
		b.WriteString(layout.MetaPrefix + f.Name + arrow + layout.FlatText(f.Node) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (t *arrowText) BlockFits(int, *layout.Block) bool { return false }

func (t *arrowText) InsertBlock(_ int, text string, _ *layout.Block) layout.Edit {
	return layout.AppendLine(t.src, text)
}

func (t *arrowText) RemoveBlock(int) layout.Edit {
	return layout.Edit{Start: t.block.Start, End: t.block.End, Text: ""}
}

func (t *arrowText) Insert(_ *tree.Node, missing tree.Path, v *tree.Node) ([]layout.Edit, error) {
	return []layout.Edit{layout.AppendLine(t.src, missing[0].Key+arrow+layout.EscapeFeeds(v.Text))}, nil
}

func (t *arrowText) Replace(n, v *tree.Node) ([]layout.Edit, error) {
	return t.Format(n, layout.Replacement{Typ: crypto.Str, Text: v.Text})
}

func (t *arrowText) Remove(_, n *tree.Node) ([]layout.Edit, error) {
	at := t.at[n.Key]
	return []layout.Edit{{Start: at[0] - len(n.Key) - len(arrow), End: at[1] + 1, Text: ""}}, nil
}

// TestNewFormat registers a format and uses it like the others: a format is one type and its
// registration.
func TestNewFormat(t *testing.T) {
	formats = append(formats, &arrows{})
	t.Cleanup(func() { formats = formats[:len(formats)-1] })

	f, known := FormatOf("environments/prod.arrows")
	require.True(t, known)
	assert.Equal(t, "arrows", f.Name())
	assert.Contains(t, FormatNames(), "arrows")

	id, err := keys.ParseAgeIdentity("AGE-SECRET-KEY-15205YUFKQDP4J4XXY84FVGZNJ7CDKHZ096SZ2NAP2QF7M5Q9VZ7QPU7KDW")
	require.NoError(t, err)
	to, err := keys.ParseAgeRecipient(id.(keys.Recipienter).Recipient())
	require.NoError(t, err)

	const plain = "user -> alice\nhost_unencrypted -> db\npassword -> hunter2\n"
	d, err := Parse(f, []byte(plain))
	require.NoError(t, err)
	sealed, _, err := Seal(context.Background(), d, Rules{}, Recipients{Groups: [][]keys.Recipient{{to}}})
	require.NoError(t, err)
	assert.NotContains(t, string(sealed.Bytes()), "hunter2")
	assert.Contains(t, string(sealed.Bytes()), "host_unencrypted -> db\n")
	found, encrypted := Detect("prod", sealed.Bytes())
	assert.True(t, encrypted)
	assert.Equal(t, f, found, "by its contents")

	read, err := ParseSealed(f, sealed.Bytes())
	require.NoError(t, err)
	opened, err := read.Open(context.Background(), id)
	require.NoError(t, err)
	text, err := opened.Text()
	require.NoError(t, err)
	assert.Equal(t, plain, string(text))

	d, err = opened.Document()
	require.NoError(t, err)
	d, err = d.Apply(Set(tree.Path{{Key: "password"}}, crypto.Str, "a\nb"), Set(tree.Path{{Key: "port"}}, crypto.Int, "5432"), Unset(tree.Path{{Key: "user"}}))
	require.NoError(t, err)
	again, err := opened.Reseal(d)
	require.NoError(t, err)
	opened, err = again.OpenWith(opened.DataKey())
	require.NoError(t, err)
	text, err = opened.Text()
	require.NoError(t, err)
	assert.Equal(t, "host_unencrypted -> db\npassword -> a\\nb\nport -> 5432\n", string(text))

	rotated, err := opened.Rotate(context.Background(), Rules{}, Recipients{Groups: [][]keys.Recipient{{to}}})
	require.NoError(t, err)
	_, err = rotated.Open(context.Background(), id)
	require.NoError(t, err)
}
