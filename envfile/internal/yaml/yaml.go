// Package yaml parses and changes .yaml and .yml files. It keeps every byte that a change does not affect.
//
// Scanner and resolver are from gopkg.in/yaml.v3 3.0.1, which parses like the fork that sops uses.
// Files are decoded only into yaml.Node: decoding into maps panics on some input, and its errors
// quote values.
package yaml

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// Format is the YAML format.
var Format layout.Format = &yamlFormat{}

type yamlFormat struct{ layout.FormatDefaults }

func (*yamlFormat) Name() string { return "yaml" }

func (*yamlFormat) Parse(src []byte) (*layout.Parsed, error) { return parseYAML(src, decodeYAML) }

func parseYAML(src []byte, decode yamlDecoder) (*layout.Parsed, error) {
	docs, err := decode(src)
	if err != nil {
		return nil, err
	}
	t := &yamlTree{src: newSource(src), decode: decode}
	t.tokens = make([]token, 0, 2*len(t.src.lines))
	if err := t.build(docs); err != nil {
		return nil, err
	}
	if err := t.attachComments(docs); err != nil {
		return nil, err
	}
	if err := t.cutBlocks(); err != nil {
		return nil, err
	}
	return &layout.Parsed{Src: src, Roots: t.roots, Blocks: t.blocks, Layout: t}, nil
}

func (*yamlFormat) Coerce(typ crypto.Type, text string) (crypto.Type, string) { return typ, text }

func (*yamlFormat) Values(src []byte) ([]*tree.Node, error) { return readYAML(src, decodeYAML, false) }

// ReadKeys parses a file that will not be encrypted, with the complete parser, and accepts keys of any
// scalar type.
func ReadKeys(src []byte) ([]*tree.Node, error) { return readYAML(src, decodeWithParser, true) }

func readYAML(src []byte, decode yamlDecoder, anyKey bool) ([]*tree.Node, error) {
	docs, err := decode(src)
	if err != nil {
		return nil, err
	}
	t := &yamlTree{src: newSource(src), anyKey: anyKey, readOnly: true}
	if err := t.build(docs); err != nil {
		return nil, err
	}
	return t.roots, nil
}

// A yamlDecoder parses all documents of a file. decodeYAML uses the fast scanner if possible.
// decodeWithParser always uses the parser of yaml.v3, so that it can check results of the scanner.
type yamlDecoder func(src []byte) ([]*yaml.Node, error)

func decodeYAML(src []byte) ([]*yaml.Node, error) {
	if docs, ok := scanYAML(src); ok {
		return docs, nil
	}
	return decodeWithParser(src)
}

func decodeWithParser(src []byte) ([]*yaml.Node, error) {
	if err := layout.NotUTF16(src); err != nil {
		return nil, err
	}
	if i := bytes.Index(src, []byte("\n"+layout.ByteOrderMark)); i >= 0 || bytes.HasPrefix(src, []byte(layout.ByteOrderMark+layout.ByteOrderMark)) {
		return nil, &tree.SyntaxError{Line: 1 + bytes.Count(src[:i+1], []byte("\n")), Reason: "byte order mark inside the text: remove it"}
	}
	if line := loneReturn(src); line > 0 {
		return nil, &tree.SyntaxError{Line: line, Reason: "a carriage return without a line feed: end lines with a line feed"}
	}
	if err := boundYAML(src); err != nil {
		return nil, err
	}
	return decodeAll(src)
}

// withoutMarks replaces each byte order mark inside a file by a character that does not occur in
// it, not even as an escape. The parser checks for a mark at the start of its buffer instead of at
// its read position. A mark that moves there makes it skip the first character of lines.
func withoutMarks(src []byte) (text []byte, substitute string, err error) {
	begin := len(src) - len(bytes.TrimPrefix(src, []byte(layout.ByteOrderMark)))
	if !bytes.Contains(src[begin:], []byte(layout.ByteOrderMark)) {
		return src, "", nil
	}
	lower := bytes.ToLower(src)
	for r := rune(0xE000); r <= 0xF8FF; r++ { // for private use
		if !bytes.ContainsRune(src, r) && !bytes.Contains(lower, []byte(strconv.FormatInt(int64(r), 16))) {
			substitute = string(r)
			return append(src[:begin:begin], bytes.ReplaceAll(src[begin:], []byte(layout.ByteOrderMark), []byte(substitute))...), substitute, nil
		}
	}
	return nil, "", &tree.SyntaxError{Line: 1, Reason: "byte order mark inside the text: remove it"}
}

// withMarks restores the byte order marks.
func withMarks(n *yaml.Node, substitute string) {
	for _, s := range []*string{&n.Value, &n.HeadComment, &n.LineComment, &n.FootComment} {
		*s = strings.ReplaceAll(*s, substitute, layout.ByteOrderMark)
	}
	for _, c := range n.Content {
		withMarks(c, substitute)
	}
}

func decodeAll(src []byte) (docs []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // yaml.v3 panics on some malformed input
			docs, err = nil, &tree.SyntaxError{Line: 1, Reason: "the YAML parser cannot read this text"}
		}
	}()
	text, substitute, err := withoutMarks(src)
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		switch err := d.Decode(&n); {
		case errors.Is(err, io.EOF):
			if len(docs) == 0 {
				return nil, &tree.SyntaxError{Line: 1, Reason: "the file is empty, expected at least one field"}
			}
			return docs, nil
		case err != nil:
			return nil, yamlError(src, err)
		}
		if substitute != "" {
			withMarks(&n, substitute)
		}
		docs = append(docs, &n)
	}
}

// yamlUnsealed checks the first document only, as sops does. sops rejects duplicate keys.
func yamlUnsealed(src []byte) bool {
	docs, err := decodeAll(src)
	if err != nil {
		return len(bytes.TrimSpace(src)) == 0
	}
	root := docs[0].Content[0]
	if root.Kind != yaml.MappingNode {
		return root.Tag == "!!null"
	}
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value == layout.MetaKey {
			return false
		}
	}
	return distinctKeys(root)
}

// distinctKeys reports whether no map has a duplicate key, at any depth.
func distinctKeys(n *yaml.Node) bool {
	seen := make(map[string]bool)
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			key := c.ShortTag() + c.Value
			if seen[key] {
				return false
			}
			seen[key] = true
		}
		if !distinctKeys(c) {
			return false
		}
	}
	return true
}

// failingLine returns the line at which the parser fails. The parser may report the start of the
// enclosing block or bracket, or the previous line, so failingLine searches the shortest start of
// the file that fails in the same way.
func failingLine(src []byte, reason string, reported int) int {
	if len(src) > maxSearched {
		return reported
	}
	ends := []int{0} // of the first lines
	for i, c := range src {
		if c == '\n' || i == len(src)-1 {
			ends = append(ends, i+1)
		}
	}
	alike := []string{reason}
	if slices.Contains(inBrackets, reason) { // a truncated text can fail in each of these ways
		alike = inBrackets
	}
	fails := func(lines int) bool {
		text := parserError(src[:ends[lines]])
		return slices.ContainsFunc(alike, func(reason string) bool { return strings.HasSuffix(text, reason) })
	}
	last := len(ends) - 1
	if !fails(last) {
		return reported
	}
	step := 1 // back from the end, since a bracket that is closed later also fails
	for step < last && fails(last-step) {
		step *= 2
	}
	first := max(0, last-step) + 1
	return first + sort.Search(last-first, func(i int) bool { return fails(first + i) })
}

// inBrackets lists the parser's errors within [ ] and { }.
var inBrackets = []string{"did not find expected ',' or ']'", "did not find expected ',' or '}'", "did not find expected node content"}

// maxSearched bounds the size of files that failingLine parses repeatedly.
const maxSearched = 1 << 18 // bytes

// parserError returns the message of the parser's error, or "".
func parserError(src []byte) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var n yaml.Node
		switch err := d.Decode(&n); {
		case errors.Is(err, io.EOF):
			return ""
		case err != nil:
			return err.Error()
		}
	}
}

var (
	yamlLine = pattern.New(`^yaml: line (\d+): (.*)`)
	// The parser omits the number of the first line.
	yamlFirstLine = pattern.New(`^yaml: ((?:did not find|could not find|found|mapping values are|block sequence entries are) .*)`)
	yamlAnchor    = pattern.New(`^yaml: unknown anchor '([^']*)' referenced`)
)

// loneReturn returns the line of a carriage return without a line feed, or 0. YAML takes it for a
// line break. Writing a line feed after it would turn both into one line break.
func loneReturn(src []byte) int {
	for i := 0; ; {
		next := bytes.IndexByte(src[i:], '\r')
		if next < 0 {
			return 0
		}
		i += next + 1
		if i == len(src) || src[i] != '\n' {
			return 1 + bytes.Count(src[:i], []byte("\n"))
		}
	}
}

// tooDeep returns the error for a file that the parser found nested too deeply. The parser's
// message contains the line, unless it is the first one.
func tooDeep(text string) error {
	line := 1
	if m := yamlLine().FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	return &tree.SyntaxError{Line: line, Reason: "nested too deeply"}
}

// yamlError converts an error of the parser to one with a position. Messages of the scanner and
// parser contain tokens, not values. Other messages are not used.
func yamlError(src []byte, err error) error {
	text := err.Error()
	if strings.Contains(text, "exceeded max depth") {
		return tooDeep(text)
	}
	if m := yamlLine().FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		return &tree.SyntaxError{Line: failingLine(src, m[2], line), Reason: m[2]}
	}
	if m := yamlAnchor().FindStringSubmatch(text); m != nil {
		line := 1 + bytes.Count(src[:max(0, bytes.Index(src, []byte("*"+m[1])))], []byte("\n"))
		// Without the name: it may be a password that starts with a star.
		return &tree.SyntaxError{Line: line, Reason: "an alias (*) without its anchor (&): quote the value if it is text"}
	}
	if m := yamlFirstLine().FindStringSubmatch(text); m != nil {
		return &tree.SyntaxError{Line: failingLine(src, m[1], 1), Reason: m[1]}
	}
	line := 1
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return &tree.SyntaxError{Line: line, Reason: "not valid UTF-8"}
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7F:
			return &tree.SyntaxError{Line: line, Reason: "control character"}
		case r == '\n':
			line++
		}
		i += size
	}
	return &tree.SyntaxError{Line: line, Reason: "malformed YAML"}
}

func (*yamlFormat) Properties() layout.Properties {
	return layout.Properties{Extensions: []string{".yaml", ".yml"}, Strictness: 5, Nested: true, Bare: true, Utf8Names: true}
}

func (*yamlFormat) Marked(src []byte) bool {
	return layout.AnyOccurrence(src, layout.MetaKey, func(before, after []byte) bool {
		before, after = bytes.TrimRight(before, `"'`), bytes.TrimLeft(after, `"'`)
		before, after = bytes.TrimRight(before, " \t"), bytes.TrimLeft(after, " \t")
		key := len(before) == 0 || before[len(before)-1] == '{' || before[len(before)-1] == ','
		return key && bytes.HasPrefix(after, []byte(":"))
	})
}

func (*yamlFormat) Reparse(src []byte) (*layout.Parsed, error) {
	return parseYAML(src, decodeWithParser)
}

func (*yamlFormat) Misread(src []byte, want []*tree.Node) (tree.Path, error) {
	return misreadYAML(src, want)
}

func (*yamlFormat) Unsealed(src []byte) bool { return yamlUnsealed(src) }
