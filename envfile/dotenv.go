package envfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

// Dotenv is the format of .env files as sops reads it: one KEY=value per line, # at the start of a
// line starts a comment, and \n in a value is a line feed. Quotes, other escapes and "export" have
// no special meaning: the key is everything before the first =, and the value is everything after
// it, including a carriage return. All values are strings. A key may occur more than once, as in
// sops.
var Dotenv Format = dotenvFormat{}

type dotenvFormat struct{ formatDefaults }

func (dotenvFormat) Name() string { return "dotenv" }

func (f dotenvFormat) values(src []byte) ([]*Node, error) { return valuesOf(f, src) }

func (dotenvFormat) coerce(typ crypto.Type, text string) (crypto.Type, string) {
	return coerceText(typ, text)
}

func (dotenvFormat) parse(src []byte) (*parsed, error) {
	if err := notUTF16(src); err != nil {
		return nil, err
	}
	var quotes openQuotes
	t := &dotenvText{src: src, root: newNode(Node{Kind: Map, Line: 1, Column: 1})}
	var meta flatBlock
	budget := newBudget(src)
	line, offset := 0, 0
	for text := range bytes.SplitSeq(src, []byte("\n")) {
		line++
		start := offset
		offset += len(text) + 1
		if len(text) == 0 {
			continue
		}
		if err := budget.spend(line); err != nil {
			return nil, err
		}
		switch {
		case string(text) == "\r":
			return nil, &SyntaxError{Line: line, Reason: "sops cannot read sops cannot read an empty line that ends in CR LF: end it with LF, or write a comment"}
		case text[0] == '#':
			c := newNode(Node{Kind: Comment, Type: crypto.Comment, Text: string(text[1:]), Line: line, Column: 1})
			spanOf(c).start, spanOf(c).end = start, start+len(text)
			t.root.entries = append(t.root.entries, c)
			continue
		}
		n, err := dotenvLine(text, line, start)
		if err != nil && quotes.open != nil {
			err = &SyntaxError{Line: line, Reason: fmt.Sprintf("expected KEY=value; if the line belongs to the quoted value that begins on line %d, "+
				"write \\n for the line feed, because sops cannot read values of several lines", quotes.open.Line)}
		}
		if err != nil {
			return nil, err
		}
		quotes.see(n, text)
		if name, ok := strings.CutPrefix(n.Key, metaPrefix); ok {
			meta.fields = append(meta.fields, flatField{name, n})
			meta.lines = append(meta.lines, [2]int{start, start + len(text)})
			continue
		}
		t.root.entries = append(t.root.entries, n)
	}
	var err error
	if t.block, err = meta.block(src); err != nil {
		return nil, err
	}
	return &parsed{src: src, roots: []*Node{t.root}, blocks: []*block{t.block}, layout: t, repeats: shadowNamed(t.root, true, t.unnamed)}, nil
}

// openQuotes finds values that seem to continue on the next lines.
type openQuotes struct {
	open      *Node   // a value with the quote is not closed on its line
	following []*Node // the fields after it
}

func (q *openQuotes) see(n *Node, line []byte) {
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
		spanOf(q.open).sopsMisreads = true
		for _, n := range q.following {
			spanOf(n).insideQuotes = true
		}
		q.open, q.following = nil, nil
	}
}

// severalLines is the warning about a value that seems to continue on the next line. sops would
// read the part of that line before a = as a name, and names are not encrypted.
const severalLines = "sops cannot read a quoted value of several lines: it reads each line as a field, " +
	"and the text before its first = as an unencrypted name; write \\n for a line feed"

func dotenvLine(text []byte, line, start int) (*Node, error) {
	key, value, ok := bytes.Cut(text, []byte("="))
	if !ok {
		return nil, &SyntaxError{Line: line, Reason: "expected KEY=value, got no ="}
	}
	n := newNode(Node{
		Kind: Value, Key: string(key), Type: crypto.Str, Text: unescapeFeeds(string(value)), Quoted: true,
		Line: line, Column: utf8.RuneCount(key) + 2, KeyLine: line, KeyColumn: 1})
	spanOf(n).keyStart, spanOf(n).keyEnd = start, start+len(key)
	spanOf(n).start, spanOf(n).end = start+len(key)+1, start+len(text)
	return n, nil
}

// dotenvText is a parsed .env file.
type dotenvText struct {
	layoutDefaults
	src   []byte
	root  *Node
	block *block
}

func (t *dotenvText) format(n *Node, to replacement) ([]edit, error) {
	if n.Kind == Comment {
		return []edit{{spanOf(n).start, spanOf(n).end, "#" + to.text}}, nil
	}
	if !to.sealed {
		_, to.text = coerceText(to.typ, to.text)
	}
	if strings.Contains(to.text, `\n`) {
		return nil, syntaxError(n, "%s", errBackslashN)
	}
	return []edit{{spanOf(n).start, spanOf(n).end, escapeFeeds(to.text)}}, nil
}

var errBackslashN = errors.New(`the value contains \n, which dotenv reads as a line feed`)

func (t *dotenvText) blockFits(int, *block) bool { return true }

func (t *dotenvText) renderBlock(_ int, top *Node, _ *block) string {
	var lines []string
	for _, f := range flatten(top, "") {
		lines = append(lines, metaPrefix+f.name+"="+flatText(f.node))
	}
	return strings.Join(lines, "\n")
}

// insertBlock adds the metadata at the end, as sops does.
func (t *dotenvText) insertBlock(_ int, text string, _ *block) edit { return appendLine(t.src, text) }

func (t *dotenvText) removeBlock(int) edit { return edit{t.block.start, t.block.end, ""} }

func (t *dotenvText) replace(n, v *Node) ([]edit, error) {
	text, err := flatNew(v)
	if err != nil {
		return nil, err
	}
	return t.format(n, replacement{typ: crypto.Str, text: text})
}

func (t *dotenvText) insert(_ *Node, missing Path, v *Node) ([]edit, error) {
	key := missing[0].Key
	if len(missing) > 1 {
		return nil, errFlat
	}
	if strings.ContainsAny(key, "=\r\n") || strings.HasPrefix(key, "#") || strings.HasPrefix(key, metaPrefix) || key == "" {
		return nil, fmt.Errorf("%w: dotenv cannot hold this name", ErrPath)
	}
	text, err := flatNew(v)
	if err != nil {
		return nil, err
	}
	if strings.Contains(text, `\n`) {
		return nil, errBackslashN
	}
	return []edit{appendLine(t.src, key+"="+escapeFeeds(text))}, nil
}

func (t *dotenvText) remove(_, n *Node) ([]edit, error) {
	end := spanOf(n).end
	if end < len(t.src) {
		return []edit{{spanOf(n).keyStart, end + 1, ""}}, nil
	}
	return []edit{{max(spanOf(n).keyStart-1, 0), end, ""}}, nil
}

// warn returns a warning about a dotenv line with syntax that sops does not support: sops takes
// everything before and after the first = literally.
func (t *dotenvText) warn(n *Node, _ bool) string {
	if n.Kind != Value {
		return ""
	}
	switch {
	case spanOf(n).sopsMisreads:
		return severalLines
	case spanOf(n).insideQuotes:
		return "is between the lines of a quoted value; sops reads the text before the first = as a name"
	case strings.HasPrefix(n.Key, byteOrderMark):
		return "sops reads the byte order mark as a part of the name: remove it"
	case strings.HasPrefix(n.Key, "export ") || strings.HasPrefix(n.Key, "export\t"):
		return `sops reads "export" as a part of the name: remove it`
	case strings.TrimSpace(n.Key) != n.Key:
		return "sops reads the blanks as a part of the name: write NAME=value"
	case !utf8.ValidString(n.Key):
		return bytesWarning
	}
	return dotenvWarning(string(t.src[spanOf(n).start:spanOf(n).end]))
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
		return lineFeedWarning
	case strings.Contains(value, " #") || strings.Contains(value, "\t#"):
		return "sops reads the # and the text after it as a part of the value: put the comment on a separate line"
	case strings.Contains(value, "\r"):
		return returnWarning
	case value != raw:
		return "sops reads the carriage return at the end of the line as a part of the value: end lines with a line feed"
	case !utf8.ValidString(value):
		return bytesWarning
	}
	return ""
}

func (dotenvFormat) warnNew(_ crypto.Type, text string) (string, bool) {
	return dotenvWarning(strings.ReplaceAll(text, "\n", " ")), true
}

func (t *dotenvText) unnamed(n *Node) bool { return spanOf(n).insideQuotes }

func (t *dotenvText) refuse(n *Node, _ Path, _, fresh bool) string {
	if fresh && spanOf(n).sopsMisreads { // the author can still correct the plaintext
		return severalLines
	}
	return ""
}

func (dotenvFormat) properties() properties {
	return properties{extensions: []string{".env"}, dotted: true, strictness: 2}
}

func (dotenvFormat) marked(src []byte) bool {
	return fieldIs(src, metaPrefix+"mac", func([]byte) bool { return true })
}

// looksLike rejects prose, certificates and base64.
func (dotenvFormat) looksLike(root *Node) bool {
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

func (f dotenvFormat) convert(roots []*Node, _ int) ([]byte, error) {
	root, err := single(f, roots)
	if err != nil {
		return nil, err
	}
	return convertDotenv(root)
}

// convertDotenv writes KEY=value lines. A null becomes an empty value.
func convertDotenv(root *Node) ([]byte, error) {
	var b bytes.Buffer
	for _, e := range root.entries {
		switch {
		case e.Kind == Comment:
			b.WriteString("#" + e.Text + "\n")
			continue
		case e.Kind == Map || e.Kind == List:
			return nil, fmt.Errorf("line %d: %s is a %s: %w (dotenv)", e.Line, Path{{Key: e.Key}}, e.Kind, ErrConvert)
		case e.Key == "" || strings.ContainsAny(e.Key, "=\r\n") || e.Key[0] == '#':
			return nil, fmt.Errorf("line %d: %s cannot be a key: %w (dotenv)", e.Line, Path{{Key: e.Key}}, ErrConvert)
		}
		_, text := coerceText(e.Type, e.Text)
		if strings.Contains(text, `\n`) {
			return nil, fmt.Errorf(`line %d: %s contains \n, which dotenv reads as a line feed: %w (dotenv)`, e.Line, Path{{Key: e.Key}}, ErrConvert)
		}
		b.WriteString(e.Key + "=" + escapeFeeds(text) + "\n")
	}
	return b.Bytes(), nil
}

// misreadComment also rejects a comment to which some readers join the next line.
func (dotenvFormat) misreadComment(text string) string {
	if why := brokenComment(text); why != "" {
		return why
	}
	if strings.HasSuffix(strings.TrimRight(text, "\r"), `\`) {
		return "the comment ends in a backslash, with which some readers join the next line: remove it"
	}
	return ""
}
