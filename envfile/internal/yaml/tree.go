package yaml

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// maxBorrowed bounds the number of nodes that aliases add, so that a small file cannot grow without
// limit ("billion laughs").
const maxBorrowed = 1 << 17

// yamlTree builds the nodes of a YAML file. The attachment of comments, the order of values and
// their types follow stores/yaml/store.go in sops.
type yamlTree struct {
	layout.LayoutDefaults
	src      *source
	decode   yamlDecoder
	roots    []*tree.Node
	blocks   []*layout.Block
	comments []*tree.Node            // by position in the file
	tokens   []token                 // stretches in which no comment can start
	take     func(string) *tree.Node // returns the comment with the given text
	indent   int                     // of new metadata, 0 for sops's indentation

	count    int                 // of nodes reached through aliases
	borrowed int                 // nesting depth of the aliases being expanded
	outer    *tree.Node          // the outermost alias being expanded
	anyKey   bool                // keys need not be strings
	readOnly bool                // the positions of tokens and the notation of values are not needed
	open     map[*yaml.Node]bool // aliases being expanded, to detect cycles
	nodes    layout.SpanMaker
	begin    []int // the first line of each document, including its directives
}

// token is the range of a key, value or alias in the file.
type token struct {
	start, end int
	in         *tree.Node // the map or list that contains it
	doc        int
}

func (t *yamlTree) token(start, end int, in *tree.Node) {
	if t.readOnly {
		return
	}
	t.tokens = append(t.tokens, token{start, max(start, end), in, len(t.roots) - 1})
}

func (t *yamlTree) build(docs []*yaml.Node) error {
	for _, doc := range docs {
		t.begin = append(t.begin, doc.Line)
		root := layout.NewNode(tree.Node{Kind: tree.Map, Line: doc.Line, Column: doc.Column})
		content := doc.Content[0]
		root.Line, root.Column = content.Line, content.Column
		if content.Kind != yaml.MappingNode && !emptyDocument(content) {
			return tree.ErrorAt(root, "expected a map at the top level, got a %s", yamlKind(content))
		}
		t.roots = append(t.roots, root)
		if content.Kind != yaml.MappingNode {
			if t.begins(content, '!') { // the parser does not report "!"; a field after it would get the tag
				return tree.ErrorAt(root, "the document has only a tag: remove it")
			}
			root.MakeTraits().Empty = true
			continue
		}
		root.Anchor = content.Anchor
		setTag(root, content)
		if err := t.mapping(root, content); err != nil {
			return err
		}
	}
	return nil
}

// emptyDocument reports whether a document is empty. A written null is a value, to which no field
// can be added.
func emptyDocument(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" && n.Value == "" && n.Anchor == ""
}

// begins reports whether a node starts with a character.
func (t *yamlTree) begins(n *yaml.Node, c byte) bool {
	at := t.src.offset(n.Line, n.Column)
	return at >= 0 && at < len(t.src.src) && t.src.src[at] == c
}

func yamlKind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "list"
	case yaml.ScalarNode:
		return "single value"
	}
	return "alias"
}

// fewKeys is the number of keys up to which a search is faster than an index.
const fewKeys = 12

// mapping adds the entries of m to n.
func (t *yamlTree) mapping(n *tree.Node, m *yaml.Node) error {
	t.flow(n, m)
	var seen map[string]bool
	if len(m.Content) > 2*fewKeys {
		seen = make(map[string]bool, len(m.Content)/2)
	}
	n.Children = make([]*tree.Node, 0, len(m.Content)/2)
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i], m.Content[i+1]
		name, err := t.keyName(key)
		if err != nil {
			return err
		}
		if seen[name] || seen == nil && n.Get(name) != nil {
			return &tree.SyntaxError{Line: key.Line, Column: key.Column, Reason: "duplicate key " + layout.QuoteName(name)}
		}
		if seen != nil {
			seen[name] = true
		}
		sp := layout.Span{KeyStart: -1, End: -1}
		if !t.readOnly {
			sp = t.keyToken(key, n)
		}
		e, err := t.value(n, value, key.Column-1)
		if err != nil {
			return err
		}
		e.Key, e.KeyLine, e.KeyColumn = name, key.Line, key.Column
		if !t.readOnly {
			t.keyTraits(e, key, sp)
		}
		n.Children = append(n.Children, e)
	}
	return nil
}

// keyToken adds the token of a key of n.
func (t *yamlTree) keyToken(key *yaml.Node, n *tree.Node) layout.Span {
	sp, _ := t.src.scalar(key, -1)
	sp.KeyStart = t.src.offset(key.Line, key.Column)
	if t.borrowed == 0 && sp.End >= 0 {
		t.token(sp.KeyStart, sp.End, n)
	}
	return sp
}

// keyTraits sets the position and the notation of an entry's key.
func (t *yamlTree) keyTraits(e *tree.Node, key *yaml.Node, sp layout.Span) {
	layout.SpanOf(e).KeyStart, layout.SpanOf(e).KeyEnd = sp.KeyStart, sp.End
	e.KeyQuoted = inQuotes(key)
	if key.Anchor != "" {
		e.MakeTraits().KeyAnchor = key.Anchor
	}
	if sp.TagKind == layout.BangTag {
		e.MakeTraits().KeyTag = layout.Bang
	} else if key.Style&yaml.TaggedStyle != 0 && key.ShortTag() != impliedKeyTag(e) {
		e.MakeTraits().KeyTag = key.LongTag()
	}
	if raw, ok := t.yaml11Text(sp); ok {
		e.MakeTraits().KeyWritten = raw
	}
}

// inQuotes reports whether a scalar is certainly a string, because of its quotes, block style or
// tag.
func inQuotes(y *yaml.Node) bool {
	const quotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	return y.Style&quotes != 0 || y.Style&yaml.TaggedStyle != 0 && y.ShortTag() == "!!str"
}

func impliedKeyTag(e *tree.Node) string {
	if e.Key == "<<" && !e.KeyQuoted {
		return "!!merge"
	}
	return "!!str"
}

// setTag sets a tag that the kind, type and text of a node do not imply.
func setTag(n *tree.Node, y *yaml.Node) {
	if y.Style&yaml.TaggedStyle != 0 && y.ShortTag() != impliedTag(n) {
		n.MakeTraits().Tag = y.LongTag()
	}
}

// impliedTag returns the short tag that a node has without an explicit one.
func impliedTag(n *tree.Node) string {
	switch {
	case n.Kind == tree.Map:
		return "!!map"
	case n.Kind == tree.List:
		return "!!seq"
	case n.Kind == tree.Null:
		return "!!null"
	case n.Type == crypto.Time:
		return "!!timestamp"
	case n.Type != crypto.Str:
		return "!!" + string(n.Type)
	case !utf8.ValidString(n.Text):
		return "!!binary"
	case n.Text == "<<" && !n.StringQuoted:
		return "!!merge"
	}
	return "!!str"
}

// yaml11Text returns the source of a string if it contains line breaks of YAML 1.1, which YAML 1.2
// does not have. Readers take such a string for different ones.
func (t *yamlTree) yaml11Text(sp layout.Span) (raw string, found bool) {
	if !t.src.yaml11Breaks || sp.Start < 0 || sp.End <= sp.Start {
		return "", false
	}
	from := sp.Start
	if sp.Header >= 0 {
		from = sp.Header
	}
	src := t.src.src[from:sp.End]
	if bytes.Contains(src, []byte("\u0085")) || bytes.Contains(src, []byte("\u2028")) || bytes.Contains(src, []byte("\u2029")) {
		return string(src), true
	}
	return "", false
}

// keyName returns the text of a key. sops supports only strings.
func (t *yamlTree) keyName(key *yaml.Node) (string, error) {
	at := func(reason string) error {
		return &tree.SyntaxError{Line: key.Line, Column: key.Column, Reason: reason}
	}
	if key.Kind == yaml.AliasNode {
		return "", at("the key is an alias: replace the alias by the key")
	}
	if key.Kind != yaml.ScalarNode {
		return "", at("expected a string as key, got a map or a list")
	}
	switch tag := key.ShortTag(); {
	case t.anyKey || tag == "!!str" || tag == "!!merge":
		return key.Value, nil
	case layout.CoreTags[tag]:
		return "", at("key " + layout.QuoteName(key.Value) + " is of type " + tag[2:] + ", expected a string: quote it")
	}
	return key.Value, nil
}

// sequence adds the items of s to n.
func (t *yamlTree) sequence(n *tree.Node, s *yaml.Node) error {
	t.flow(n, s)
	n.Children = make([]*tree.Node, 0, len(s.Content))
	for _, item := range s.Content {
		parent, dash := s.Column-1, -1
		if !layout.SpanOf(n).Flow {
			dash = t.dash(item, n)
			_, parent = t.src.Position(max(dash, 0))
			parent--
		}
		e, err := t.value(n, item, parent)
		if err != nil {
			return err
		}
		layout.SpanOf(e).Dash = dash
		n.Children = append(n.Children, e)
	}
	return nil
}

// dash returns the position of the "-" of an item of a block sequence. All items of a sequence have
// the same column.
func (t *yamlTree) dash(item *yaml.Node, list *tree.Node) int {
	first, column := t.src.Position(layout.SpanOf(list).Start)
	for line := item.Line; line >= first; line-- {
		i := t.src.offset(line, column)
		if i >= 0 && i < len(t.src.src) && t.src.src[i] == '-' {
			return i
		}
	}
	return -1
}

// flow sets the position of a collection and whether it is in flow style.
func (t *yamlTree) flow(n *tree.Node, y *yaml.Node) {
	layout.SpanOf(n).Start, _ = t.src.skipProperties(max(t.src.offset(y.Line, y.Column), 0))
	layout.SpanOf(n).Flow = y.Style&yaml.FlowStyle != 0 // closeFlows finds the closing bracket
}

// value creates the node of a value below parent. It uses only the style of parent.
func (t *yamlTree) value(parent *tree.Node, y *yaml.Node, indent int) (*tree.Node, error) {
	if t.borrowed > 0 {
		t.count++
	}
	if t.count > maxBorrowed {
		return nil, &tree.SyntaxError{Line: y.Line, Column: y.Column, Reason: "too many values after aliases are expanded"}
	}
	n := t.nodes.Make()
	n.Line, n.Column, n.Anchor = y.Line, y.Column, y.Anchor
	layout.SpanOf(n).Indent = indent
	layout.SpanOf(n).Borrowed = t.borrowed > 0
	n.Remark = layout.Remark(y.LineComment)
	if t.borrowed > 0 && !t.readOnly {
		n.Line, n.Column = t.outer.Line, t.outer.Column
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.Kind = tree.Map
		setTag(n, y)
		return n, t.mapping(n, y)
	case yaml.SequenceNode:
		n.Kind = tree.List
		setTag(n, y)
		return n, t.sequence(n, y)
	case yaml.AliasNode:
		return t.alias(parent, n, y, indent)
	}
	if err := scalarValue(n, y); err != nil {
		return nil, err
	}
	sp, ok := t.src.scalar(y, indent)
	t.scalarTraits(n, y, sp)
	if t.borrowed > 0 {
		layout.SpanOf(n).Origin = sp.Start
		return n, nil
	}
	if !ok {
		return nil, tree.ErrorAt(n, "cannot find the end of this value; write it in double quotes")
	}
	sp.Flow = layout.SpanOf(parent).Flow
	sp.Open = sp.Header >= 0 && sp.End == len(t.src.src) && !strings.HasSuffix(y.Value, "\n") &&
		bytes.IndexByte(t.src.src[sp.Header:min(sp.Header+3, sp.End)], '-') < 0
	*layout.SpanOf(n) = sp
	if n.Traits != nil {
		n.Traits.Flow = sp.Flow
	}
	t.token(t.src.offset(y.Line, y.Column), sp.End, parent)
	if sp.Start >= 0 && (sp.Tag >= 0 || y.Anchor != "") {
		n.Line, n.Column = t.src.Position(sp.Start)
	}
	if sp.Header >= 0 && !t.readOnly {
		// a comment may follow the header
		last := &t.tokens[len(t.tokens)-1]
		last.end = sp.Header + 1
		t.token(sp.Start, sp.End, parent)
	}
	return n, nil
}

// scalarTraits sets the tag and the notation of a scalar.
func (t *yamlTree) scalarTraits(n *tree.Node, y *yaml.Node, sp layout.Span) {
	if t.readOnly {
		return
	}
	if sp.TagKind == layout.BangTag {
		n.MakeTraits().Tag = layout.Bang
	} else {
		setTag(n, y)
	}
	switch {
	case n.Kind != tree.Value:
	case n.Type == crypto.Str:
		if raw, ok := t.yaml11Text(sp); ok {
			n.MakeTraits().Written = raw
		}
	default:
		setWritten(n, y)
	}
}

// setWritten sets the source of a number, boolean or time that sealcfg would write differently.
func setWritten(n *tree.Node, y *yaml.Node) {
	if n.Kind == tree.Value && n.Type != crypto.Str && y.Value != layout.FormatTyped(n.Type, n.Text) {
		n.MakeTraits().Written = y.Value
	}
}

// alias expands an alias as sops does.
func (t *yamlTree) alias(parent, n *tree.Node, y *yaml.Node, indent int) (*tree.Node, error) {
	if t.open == nil {
		t.open = map[*yaml.Node]bool{}
	}
	if t.open[y.Alias] {
		return nil, tree.ErrorAt(n, "anchor %q contains itself", y.Value)
	}
	if t.borrowed == 0 {
		t.outer = n
		start := t.src.offset(y.Line, y.Column)
		t.token(start, start+1+len(y.Value), parent)
	}
	t.open[y.Alias] = true
	t.borrowed++
	e, err := t.value(parent, y.Alias, indent)
	t.borrowed--
	delete(t.open, y.Alias)
	if err != nil {
		return nil, err
	}
	e.Alias, e.Anchor = y.Value, ""
	e.Line, e.Column = n.Line, n.Column
	e.Remark = n.Remark
	layout.SpanOf(e).Borrowed = true
	if t.borrowed == 0 {
		layout.SpanOf(e).Start = t.src.offset(y.Line, y.Column)
		layout.SpanOf(e).End = layout.SpanOf(e).Start + 1 + len(y.Value)
		layout.SpanOf(e).Close = -1
		layout.SpanOf(e).Flow = layout.SpanOf(parent).Flow
	}
	return e, nil
}

// scalarValue sets the type and canonical text like yaml.v3, and therefore like sops.
func scalarValue(n *tree.Node, y *yaml.Node) error {
	n.Kind, n.Type, n.Text = tree.Value, crypto.Str, y.Value
	n.Quoted = y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	n.StringQuoted = inQuotes(y)
	tag := y.ShortTag()
	if !layout.CoreTags[tag] {
		return nil // strings, and custom tags, which sops drops
	}
	if usualScalar(n, tag) {
		return nil
	}
	var v any
	if err := y.Decode(&v); err != nil {
		return tree.ErrorAt(n, "the value does not match its tag %s", tag)
	}
	switch v := v.(type) {
	case nil:
		n.Kind, n.Type, n.Text = tree.Null, "", ""
	case string:
		n.Text = v
	case bool:
		n.Type, n.Text = crypto.Bool, crypto.FormatBool(v)
	case int:
		n.Type, n.Text = crypto.Int, layout.FormatInt(int64(v))
	case int64:
		n.Type, n.Text = crypto.Int, layout.FormatInt(v)
	case uint64:
		return tree.ErrorAt(n, "the integer is larger than 9223372036854775807, which the format cannot hold: quote it to make it a string")
	case float64:
		n.Type, n.Text = crypto.Float, crypto.FormatFloat(v)
	case time.Time:
		text, err := crypto.FormatTime(v)
		if err != nil {
			return tree.ErrorAt(n, "the format cannot hold this time: quote it to make it a string")
		}
		n.Type, n.Text = crypto.Time, text
	default:
		return tree.ErrorAt(n, "the format cannot hold a value of this type: quote it to make it a string")
	}
	return nil
}

// usualScalar is a fast version of the parser's resolver for the most common scalars. It returns
// false, without any effect, for all others.
func usualScalar(n *tree.Node, tag string) bool {
	switch {
	case tag == "!!bool" && n.Text == "true":
		n.Type, n.Text = crypto.Bool, crypto.FormatBool(true)
	case tag == "!!bool" && n.Text == "false":
		n.Type, n.Text = crypto.Bool, crypto.FormatBool(false)
	case tag == "!!int" && (n.Text == "0" || digits(n.Text) && n.Text[0] != '0' && len(n.Text) <= 18):
		n.Type = crypto.Int
	case tag == "!!float":
		whole, rest, _ := strings.Cut(n.Text, ".")
		f, err := strconv.ParseFloat(n.Text, 64)
		if !digits(whole) || !digits(rest) || err != nil {
			return false
		}
		n.Type, n.Text = crypto.Float, crypto.FormatFloat(f)
	default:
		return false
	}
	return true
}

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
