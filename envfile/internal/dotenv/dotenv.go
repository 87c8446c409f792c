// Package dotenv parses and changes .env files as sops reads it: one KEY=value per line, # at the start of a
// line starts a comment, and \n in a value is a line feed. Quotes, other escapes and "export" have
// no special meaning: the key is everything before the first =, and the value is everything after
// it, including a carriage return. All values are strings. A key may occur more than once, as in
// sops.
package dotenv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Format is the dotenv format.
var Format layout.Format = &dotenvFormat{}

type dotenvFormat struct{ layout.FormatDefaults }

func (*dotenvFormat) Name() string { return "dotenv" }

func (f *dotenvFormat) Values(src []byte) ([]*tree.Node, error) { return layout.ValuesOf(f, src) }

func (*dotenvFormat) Coerce(typ crypto.Type, text string) (crypto.Type, string) {
	return layout.CoerceText(typ, text)
}

func (*dotenvFormat) Parse(src []byte) (*layout.Parsed, error) {
	if err := layout.NotUTF16(src); err != nil {
		return nil, err
	}
	var quotes openQuotes
	t := &dotenvText{src: src, root: layout.NewNode(tree.Node{Kind: tree.Map, Line: 1, Column: 1})}
	var meta layout.FlatBlock
	budget := layout.NewBudget(src)
	line, offset := 0, 0
	for text := range bytes.SplitSeq(src, []byte("\n")) {
		line++
		start := offset
		offset += len(text) + 1
		if len(text) == 0 {
			continue
		}
		if err := budget.Spend(line); err != nil {
			return nil, err
		}
		switch {
		case string(text) == "\r":
			return nil, &tree.SyntaxError{Line: line, Reason: "sops cannot read an empty line that ends in CR LF: end it with LF, or write a comment"}
		case text[0] == '#':
			c := layout.NewNode(tree.Node{Kind: tree.Comment, Type: crypto.Comment, Text: string(text[1:]), Line: line, Column: 1})
			layout.SpanOf(c).Start, layout.SpanOf(c).End = start, start+len(text)
			t.root.Children = append(t.root.Children, c)
			continue
		}
		n, err := dotenvLine(text, line, start)
		if err != nil && quotes.open != nil {
			err = &tree.SyntaxError{Line: line, Reason: fmt.Sprintf("expected KEY=value; if the line belongs to the quoted value that begins on line %d, "+
				"write \\n for the line feed, because sops cannot read values of several lines", quotes.open.Line)}
		}
		if err != nil {
			return nil, err
		}
		quotes.see(n, text)
		if name, ok := strings.CutPrefix(n.Key, layout.MetaPrefix); ok {
			meta.Fields = append(meta.Fields, layout.FlatField{Name: name, Node: n})
			meta.Lines = append(meta.Lines, [2]int{start, start + len(text)})
			continue
		}
		t.root.Children = append(t.root.Children, n)
	}
	var err error
	if t.block, err = meta.Block(src); err != nil {
		return nil, err
	}
	return &layout.Parsed{Src: src, Roots: []*tree.Node{t.root}, Blocks: []*layout.Block{t.block}, Layout: t, Repeats: layout.ShadowNamed(t.root, true, t.Unnamed)}, nil
}

// openQuotes finds values that seem to continue on the next lines.
type openQuotes struct {
	open      *tree.Node   // a value with the quote is not closed on its line
	following []*tree.Node // the fields after it
}

func (q *openQuotes) see(n *tree.Node, line []byte) {
	v := strings.TrimSpace(n.Text)
	quote := ""
	if q.open != nil {
		quote = strings.TrimSpace(q.open.Text)[:1]
	}
	switch {
	case v != "" && (v[0] == '"' || v[0] == '\'') && v != quote: // a quote that opens another value
		q.open, q.following = nil, nil
		if strings.Count(v, v[:1]) == 1 {
			q.open = n
		}
	case q.open != nil:
		q.following = append(q.following, n)
		if !strings.HasSuffix(strings.TrimSpace(string(line)), quote) {
			return
		}
		layout.SpanOf(q.open).SopsMisreads = true
		for _, n := range q.following {
			layout.SpanOf(n).InsideQuotes = true
		}
		q.open, q.following = nil, nil
	}
}

// severalLines is the warning about a value that seems to continue on the next line. sops would
// read the part of that line before a = as a name, and names are not encrypted.
const severalLines = "sops cannot read a quoted value of several lines: it reads each line as a field, " +
	"and the text before its first = as an unencrypted name; write \\n for a line feed"

func dotenvLine(text []byte, line, start int) (*tree.Node, error) {
	key, value, ok := bytes.Cut(text, []byte("="))
	if !ok {
		return nil, &tree.SyntaxError{Line: line, Reason: "expected KEY=value, got no ="}
	}
	n := layout.NewNode(tree.Node{
		Kind: tree.Value, Key: string(key), Type: crypto.Str, Text: layout.UnescapeFeeds(string(value)), Quoted: true,
		Line: line, Column: utf8.RuneCount(key) + 2, KeyLine: line, KeyColumn: 1})
	layout.SpanOf(n).KeyStart, layout.SpanOf(n).KeyEnd = start, start+len(key)
	layout.SpanOf(n).Start, layout.SpanOf(n).End = start+len(key)+1, start+len(text)
	return n, nil
}

// dotenvText is a parsed .env file.
type dotenvText struct {
	layout.LayoutDefaults
	src   []byte
	root  *tree.Node
	block *layout.Block
}

func (t *dotenvText) Format(n *tree.Node, to layout.Replacement) ([]layout.Edit, error) {
	if n.Kind == tree.Comment {
		return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: "#" + to.Text}}, nil
	}
	if !to.Sealed {
		_, to.Text = layout.CoerceText(to.Typ, to.Text)
	}
	if strings.Contains(to.Text, `\n`) {
		return nil, tree.ErrorAt(n, "%s", errBackslashN)
	}
	return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: layout.EscapeFeeds(to.Text)}}, nil
}

var errBackslashN = errors.New(`the value contains \n, which dotenv reads as a line feed`)

func (t *dotenvText) BlockFits(int, *layout.Block) bool { return true }

func (t *dotenvText) RenderBlock(_ int, top *tree.Node, _ *layout.Block) string {
	var lines []string
	for _, f := range layout.Flatten(top, "") {
		lines = append(lines, layout.MetaPrefix+f.Name+"="+layout.FlatText(f.Node))
	}
	return strings.Join(lines, "\n")
}

// InsertBlock adds the metadata at the end, as sops does.
func (t *dotenvText) InsertBlock(_ int, text string, _ *layout.Block) layout.Edit {
	return layout.AppendLine(t.src, text)
}

func (t *dotenvText) RemoveBlock(int) layout.Edit {
	return layout.Edit{Start: t.block.Start, End: t.block.End, Text: ""}
}

func (t *dotenvText) Replace(n, v *tree.Node) ([]layout.Edit, error) {
	text, err := layout.FlatNew(v)
	if err != nil {
		return nil, err
	}
	return t.Format(n, layout.Replacement{Typ: crypto.Str, Text: text})
}

func (t *dotenvText) Insert(_ *tree.Node, missing tree.Path, v *tree.Node) ([]layout.Edit, error) {
	key := missing[0].Key
	if len(missing) > 1 {
		return nil, layout.ErrFlat
	}
	if strings.ContainsAny(key, "=\r\n") || strings.HasPrefix(key, "#") || strings.HasPrefix(key, layout.MetaPrefix) || key == "" {
		return nil, fmt.Errorf("%w: dotenv cannot hold this name", tree.ErrPath)
	}
	text, err := layout.FlatNew(v)
	if err != nil {
		return nil, err
	}
	if strings.Contains(text, `\n`) {
		return nil, errBackslashN
	}
	return []layout.Edit{layout.AppendLine(t.src, key+"="+layout.EscapeFeeds(text))}, nil
}

func (t *dotenvText) Remove(_, n *tree.Node) ([]layout.Edit, error) {
	end := layout.SpanOf(n).End
	if end < len(t.src) {
		return []layout.Edit{{Start: layout.SpanOf(n).KeyStart, End: end + 1, Text: ""}}, nil
	}
	return []layout.Edit{{Start: max(layout.SpanOf(n).KeyStart-1, 0), End: end, Text: ""}}, nil
}

// Warn returns a warning about a dotenv line with syntax that sops does not support: sops takes
// everything before and after the first = literally.
func (t *dotenvText) Warn(n *tree.Node, _ bool) string {
	if n.Kind != tree.Value {
		return ""
	}
	switch {
	case layout.SpanOf(n).SopsMisreads:
		return severalLines
	case layout.SpanOf(n).InsideQuotes:
		return "is between the lines of a quoted value; sops reads the text before the first = as a name"
	case strings.HasPrefix(n.Key, layout.ByteOrderMark):
		return "sops reads the byte order mark as a part of the name: remove it"
	case strings.HasPrefix(n.Key, "export ") || strings.HasPrefix(n.Key, "export\t"):
		return `sops reads "export" as a part of the name: remove it`
	case strings.TrimSpace(n.Key) != n.Key:
		return "sops reads the blanks as a part of the name: write NAME=value"
	case !utf8.ValidString(n.Key):
		return layout.BytesWarning
	}
	return dotenvWarning(string(t.src[layout.SpanOf(n).Start:layout.SpanOf(n).End]))
}

// dotenvWarning returns a warning about the text after the =.
func dotenvWarning(raw string) string {
	value := strings.TrimSuffix(raw, "\r")
	switch {
	case strings.TrimSpace(value) != value:
		return "sops reads the blanks as a part of the value: write NAME=value"
	case len(value) > 1 && strings.ContainsRune("\"'`", rune(value[0])) && value[0] == value[len(value)-1]:
		return "sops reads the quotes as a part of the value: remove them"
	case strings.Contains(value, `\n`) && !strings.Contains(value, "-----BEGIN "): // keys are often written so
		return layout.LineFeedWarning
	case strings.Contains(value, " #") || strings.Contains(value, "\t#"):
		return "sops reads the # and the text after it as a part of the value: put the comment on a separate line"
	case strings.Contains(value, "\r"):
		return layout.ReturnWarning
	case value != raw:
		return "sops reads the carriage return at the end of the line as a part of the value: end lines with a line feed"
	case !utf8.ValidString(value):
		return layout.BytesWarning
	}
	return ""
}

func (*dotenvFormat) WarnNew(_ crypto.Type, text string) (string, bool) {
	return dotenvWarning(strings.ReplaceAll(text, "\n", " ")), true
}

func (t *dotenvText) Unnamed(n *tree.Node) bool { return layout.SpanOf(n).InsideQuotes }

func (t *dotenvText) Refuse(n *tree.Node, _ tree.Path, _, fresh bool) string {
	if fresh && layout.SpanOf(n).SopsMisreads { // the author can still correct the plaintext
		return severalLines
	}
	return ""
}

func (*dotenvFormat) Properties() layout.Properties {
	return layout.Properties{Extensions: []string{".env"}, Dotted: true, Strictness: 2}
}

func (*dotenvFormat) Marked(src []byte) bool {
	return layout.FieldIs(src, layout.MetaPrefix+"mac", func([]byte) bool { return true })
}

// LooksLike rejects prose, certificates and base64.
func (*dotenvFormat) LooksLike(root *tree.Node) bool {
	given := false
	for e := range root.Entries() {
		if !isVariable(strings.TrimPrefix(e.Key, "export ")) {
			return false
		}
		given = given || strings.Trim(e.Text, "=") != "" // otherwise it may be base64
	}
	return given
}

func isVariable(name string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
	return name != "" && strings.Contains(letters, name[:1]) && strings.Trim(name, letters+"0123456789.-") == ""
}

func (f *dotenvFormat) Convert(roots []*tree.Node, _ int) ([]byte, error) {
	root, err := layout.Single(f, roots)
	if err != nil {
		return nil, err
	}
	return convertDotenv(root)
}

// convertDotenv writes KEY=value lines. A null becomes an empty value.
func convertDotenv(root *tree.Node) ([]byte, error) {
	var b bytes.Buffer
	for _, e := range root.Children {
		switch {
		case e.Kind == tree.Comment:
			b.WriteString("#" + e.Text + "\n")
			continue
		case e.Kind == tree.Map || e.Kind == tree.List:
			return nil, fmt.Errorf("line %d: %s is a %s: %w (dotenv)", e.Line, tree.Path{{Key: e.Key}}, e.Kind, layout.ErrConvert)
		case e.Key == "" || strings.ContainsAny(e.Key, "=\r\n") || e.Key[0] == '#':
			return nil, fmt.Errorf("line %d: %s cannot be a key: %w (dotenv)", e.Line, tree.Path{{Key: e.Key}}, layout.ErrConvert)
		}
		_, text := layout.CoerceText(e.Type, e.Text)
		if strings.Contains(text, `\n`) {
			return nil, fmt.Errorf(`line %d: %s contains \n, which dotenv reads as a line feed: %w (dotenv)`, e.Line, tree.Path{{Key: e.Key}}, layout.ErrConvert)
		}
		b.WriteString(e.Key + "=" + layout.EscapeFeeds(text) + "\n")
	}
	return b.Bytes(), nil
}

// MisreadComment also rejects a comment to which some readers join the next line.
func (*dotenvFormat) MisreadComment(text string) string {
	if why := layout.BrokenComment(text); why != "" {
		return why
	}
	if strings.HasSuffix(strings.TrimRight(text, "\r"), `\`) {
		return "the comment ends in a backslash, with which some readers join the next line: remove it"
	}
	return ""
}
