package envfile

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/keys"
)

// arrows is a format that exists only in this test: lines of "name -> value".
type arrows struct{ formatDefaults }

const arrow = " -> "

func (arrows) Name() string                                         { return "arrows" }
func (arrows) properties() properties                               { return properties{extensions: []string{".arrows"}} }
func (f arrows) values(src []byte) ([]*Node, error)                 { return valuesOf(f, src) }
func (arrows) marked(src []byte) bool                               { return bytes.Contains(src, []byte("\nsops_mac"+arrow)) }
func (arrows) coerce(t crypto.Type, s string) (crypto.Type, string) { return coerceText(t, s) }

func (arrows) parse(src []byte) (*parsed, error) {
	t := &arrowText{src: src, at: map[string][2]int{}}
	root := &Node{Kind: Map, Line: 1, Column: 1}
	var meta flatBlock
	offset, line := 0, 0
	for text := range strings.Lines(string(src)) {
		line++
		start := offset
		offset += len(text)
		name, value, ok := strings.Cut(strings.TrimSuffix(text, "\n"), arrow)
		if !ok {
			return nil, &SyntaxError{Line: line, Reason: "expected name" + arrow + "value"}
		}
		n := &Node{Kind: Value, Key: name, Type: crypto.Str, Text: unescapeFeeds(value), Quoted: true, Line: line, Column: 1}
		if name, ok := strings.CutPrefix(name, metaPrefix); ok {
			meta.fields = append(meta.fields, flatField{name, n})
			meta.lines = append(meta.lines, [2]int{start, offset - 1})
			continue
		}
		t.at[n.Key] = [2]int{start + len(name) + len(arrow), start + len(name) + len(arrow) + len(value)}
		root.entries = append(root.entries, n)
	}
	var err error
	t.block, err = meta.block(src)
	return &parsed{src: src, roots: []*Node{root}, blocks: []*block{t.block}, layout: t}, err
}

// arrowText is the layout of the format. It keeps the positions itself.
type arrowText struct {
	layoutDefaults
	src   []byte
	at    map[string][2]int
	block *block
}

func (t *arrowText) bytes(n *Node) (start, end int) { return t.at[n.Key][0], t.at[n.Key][1] }

func (t *arrowText) format(n *Node, to replacement) ([]edit, error) {
	at := t.at[n.Key]
	return []edit{{at[0], at[1], escapeFeeds(to.text)}}, nil
}

func (t *arrowText) renderBlock(_ int, top *Node, _ *block) string {
	var b strings.Builder
	for _, f := range flatten(top, "") {
		b.WriteString(metaPrefix + f.name + arrow + flatText(f.node) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (t *arrowText) blockFits(int, *block) bool { return false }

func (t *arrowText) insertBlock(_ int, text string, _ *block) edit { return appendLine(t.src, text) }

func (t *arrowText) removeBlock(int) edit { return edit{t.block.start, t.block.end, ""} }

func (t *arrowText) insert(_ *Node, missing Path, v *Node) ([]edit, error) {
	return []edit{appendLine(t.src, missing[0].Key+arrow+escapeFeeds(v.Text))}, nil
}

func (t *arrowText) replace(n, v *Node) ([]edit, error) {
	return t.format(n, replacement{typ: crypto.Str, text: v.Text})
}

func (t *arrowText) remove(_, n *Node) ([]edit, error) {
	at := t.at[n.Key]
	return []edit{{at[0] - len(n.Key) - len(arrow), at[1] + 1, ""}}, nil
}

// TestNewFormat registers a format and uses it like the others: a format is one type and its
// registration.
func TestNewFormat(t *testing.T) {
	formats = append(formats, arrows{})
	t.Cleanup(func() { formats = formats[:len(formats)-1] })

	f, known := FormatOf("environments/prod.arrows")
	require.True(t, known)
	assert.Equal(t, arrows{}, f)
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
	d, err = d.Apply(Set(Path{{Key: "password"}}, crypto.Str, "a\nb"), Set(Path{{Key: "port"}}, crypto.Int, "5432"), Unset(Path{{Key: "user"}}))
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
