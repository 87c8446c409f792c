package envfile

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
)

// maxBorrowed bounds the number of nodes that aliases add, so that a small file cannot grow without
// limit ("billion laughs").
const maxBorrowed = 1 << 17

// yamlTree builds the nodes of a YAML file. The attachment of comments, the order of values and
// their types follow stores/yaml/store.go in sops.
type yamlTree struct {
	layoutDefaults
	src      *source
	decode   yamlDecoder
	roots    []*Node
	blocks   []*block
	comments []*Node            // by position in the file
	tokens   []token            // stretches in which no comment can start
	take     func(string) *Node // returns the comment with the given text
	indent   int                // of new metadata, 0 for sops's indentation

	count    int                 // of nodes reached through aliases
	borrowed int                 // nesting depth of the aliases being expanded
	outer    *Node               // the outermost alias being expanded
	anyKey   bool                // keys need not be strings
	readOnly bool                // the positions of tokens and the notation of values are not needed
	open     map[*yaml.Node]bool // aliases being expanded, to detect cycles
	nodes    spanMaker
	begin    []int // the first line of each document, including its directives
}

// token is the range of a key, value or alias in the file.
type token struct {
	start, end int
	in         *Node // the map or list that contains it
	doc        int
}

func (t *yamlTree) token(start, end int, in *Node) {
	if t.readOnly {
		return
	}
	t.tokens = append(t.tokens, token{start, max(start, end), in, len(t.roots) - 1})
}

func (t *yamlTree) build(docs []*yaml.Node) error {
	for _, doc := range docs {
		t.begin = append(t.begin, doc.Line)
		root := newNode(Node{Kind: Map, Line: doc.Line, Column: doc.Column})
		content := doc.Content[0]
		root.Line, root.Column = content.Line, content.Column
		if content.Kind != yaml.MappingNode && !emptyDocument(content) {
			return syntaxError(root, "expected a map at the top level, got a %s", yamlKind(content))
		}
		t.roots = append(t.roots, root)
		if content.Kind != yaml.MappingNode {
			if t.begins(content, '!') { // the parser does not report "!"; a field after it would get the tag
				return syntaxError(root, "the document has only a tag: remove it")
			}
			root.with().empty = true
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
func (t *yamlTree) mapping(n *Node, m *yaml.Node) error {
	t.flow(n, m)
	var seen map[string]bool
	if len(m.Content) > 2*fewKeys {
		seen = make(map[string]bool, len(m.Content)/2)
	}
	n.entries = make([]*Node, 0, len(m.Content)/2)
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i], m.Content[i+1]
		name, err := t.keyName(key)
		if err != nil {
			return err
		}
		if seen[name] || seen == nil && n.Get(name) != nil {
			return &SyntaxError{Line: key.Line, Column: key.Column, Reason: "duplicate key " + quoteName(name)}
		}
		if seen != nil {
			seen[name] = true
		}
		sp := span{keyStart: -1, end: -1}
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
		n.entries = append(n.entries, e)
	}
	return nil
}

// keyToken adds the token of a key of n.
func (t *yamlTree) keyToken(key *yaml.Node, n *Node) span {
	sp, _ := t.src.scalar(key, -1)
	sp.keyStart = t.src.offset(key.Line, key.Column)
	if t.borrowed == 0 && sp.end >= 0 {
		t.token(sp.keyStart, sp.end, n)
	}
	return sp
}

// keyTraits sets the position and the notation of an entry's key.
func (t *yamlTree) keyTraits(e *Node, key *yaml.Node, sp span) {
	spanOf(e).keyStart, spanOf(e).keyEnd = sp.keyStart, sp.end
	e.keyQuoted = inQuotes(key)
	if key.Anchor != "" {
		e.with().keyAnchor = key.Anchor
	}
	if sp.tagKind == bangTag {
		e.with().keyTag = bang
	} else if key.Style&yaml.TaggedStyle != 0 && key.ShortTag() != impliedKeyTag(e) {
		e.with().keyTag = key.LongTag()
	}
	if raw, ok := t.yaml11Text(sp); ok {
		e.with().keyWritten = raw
	}
}

// inQuotes reports whether a scalar is certainly a string, because of its quotes, block style or
// tag.
func inQuotes(y *yaml.Node) bool {
	const quotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	return y.Style&quotes != 0 || y.Style&yaml.TaggedStyle != 0 && y.ShortTag() == "!!str"
}

func impliedKeyTag(e *Node) string {
	if e.Key == "<<" && !e.keyQuoted {
		return "!!merge"
	}
	return "!!str"
}

// setTag sets a tag that the kind, type and text of a node do not imply.
func setTag(n *Node, y *yaml.Node) {
	if y.Style&yaml.TaggedStyle != 0 && y.ShortTag() != impliedTag(n) {
		n.with().tag = y.LongTag()
	}
}

// impliedTag returns the short tag that a node has without an explicit one.
func impliedTag(n *Node) string {
	switch {
	case n.Kind == Map:
		return "!!map"
	case n.Kind == List:
		return "!!seq"
	case n.Kind == Null:
		return "!!null"
	case n.Type == crypto.Time:
		return "!!timestamp"
	case n.Type != crypto.Str:
		return "!!" + string(n.Type)
	case !utf8.ValidString(n.Text):
		return "!!binary"
	case n.Text == "<<" && !n.quoted:
		return "!!merge"
	}
	return "!!str"
}

// yaml11Text returns the source of a string if it contains line breaks of YAML 1.1, which YAML 1.2
// does not have. Readers take such a string for different ones.
func (t *yamlTree) yaml11Text(sp span) (raw string, found bool) {
	if !t.src.yaml11Breaks || sp.start < 0 || sp.end <= sp.start {
		return "", false
	}
	from := sp.start
	if sp.header >= 0 {
		from = sp.header
	}
	src := t.src.src[from:sp.end]
	if bytes.Contains(src, []byte("\u0085")) || bytes.Contains(src, []byte("\u2028")) || bytes.Contains(src, []byte("\u2029")) {
		return string(src), true
	}
	return "", false
}

// keyName returns the text of a key. sops supports only strings.
func (t *yamlTree) keyName(key *yaml.Node) (string, error) {
	at := func(reason string) error { return &SyntaxError{Line: key.Line, Column: key.Column, Reason: reason} }
	if key.Kind == yaml.AliasNode {
		return "", at("the key is an alias: replace the alias by the key")
	}
	if key.Kind != yaml.ScalarNode {
		return "", at("expected a string as key, got a map or a list")
	}
	switch tag := key.ShortTag(); {
	case t.anyKey || tag == "!!str" || tag == "!!merge":
		return key.Value, nil
	case coreTags[tag]:
		return "", at("key " + quoteName(key.Value) + " is of type " + tag[2:] + ", expected a string: quote it")
	}
	return key.Value, nil
}

// sequence adds the items of s to n.
func (t *yamlTree) sequence(n *Node, s *yaml.Node) error {
	t.flow(n, s)
	n.entries = make([]*Node, 0, len(s.Content))
	for _, item := range s.Content {
		parent, dash := s.Column-1, -1
		if !spanOf(n).flow {
			dash = t.dash(item, n)
			_, parent = t.src.position(max(dash, 0))
			parent--
		}
		e, err := t.value(n, item, parent)
		if err != nil {
			return err
		}
		spanOf(e).dash = dash
		n.entries = append(n.entries, e)
	}
	return nil
}

// dash returns the position of the "-" of an item of a block sequence. All items of a sequence have
// the same column.
func (t *yamlTree) dash(item *yaml.Node, list *Node) int {
	first, column := t.src.position(spanOf(list).start)
	for line := item.Line; line >= first; line-- {
		i := t.src.offset(line, column)
		if i >= 0 && i < len(t.src.src) && t.src.src[i] == '-' {
			return i
		}
	}
	return -1
}

// flow sets the position of a collection and whether it is in flow style.
func (t *yamlTree) flow(n *Node, y *yaml.Node) {
	spanOf(n).start, _ = t.src.skipProperties(max(t.src.offset(y.Line, y.Column), 0))
	spanOf(n).flow = y.Style&yaml.FlowStyle != 0 // closeFlows finds the closing bracket
}

// value creates the node of a value below parent. It uses only the style of parent.
func (t *yamlTree) value(parent *Node, y *yaml.Node, indent int) (*Node, error) {
	if t.borrowed > 0 {
		t.count++
	}
	if t.count > maxBorrowed {
		return nil, &SyntaxError{Line: y.Line, Column: y.Column, Reason: "too many values after aliases are expanded"}
	}
	n := t.nodes.make()
	n.Line, n.Column, n.Anchor = y.Line, y.Column, y.Anchor
	spanOf(n).indent = indent
	spanOf(n).borrowed = t.borrowed > 0
	n.Remark = remark(y.LineComment)
	if t.borrowed > 0 && !t.readOnly {
		n.Line, n.Column = t.outer.Line, t.outer.Column
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.Kind = Map
		setTag(n, y)
		return n, t.mapping(n, y)
	case yaml.SequenceNode:
		n.Kind = List
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
		spanOf(n).origin = sp.start
		return n, nil
	}
	if !ok {
		return nil, syntaxError(n, "cannot find the end of this value; write it in double quotes")
	}
	sp.flow = spanOf(parent).flow
	sp.open = sp.header >= 0 && sp.end == len(t.src.src) && !strings.HasSuffix(y.Value, "\n") &&
		bytes.IndexByte(t.src.src[sp.header:min(sp.header+3, sp.end)], '-') < 0
	*spanOf(n) = sp
	if n.traits != nil {
		n.traits.flow = sp.flow
	}
	t.token(t.src.offset(y.Line, y.Column), sp.end, parent)
	if sp.start >= 0 && (sp.tag >= 0 || y.Anchor != "") {
		n.Line, n.Column = t.src.position(sp.start)
	}
	if sp.header >= 0 && !t.readOnly {
		// a comment may follow the header
		last := &t.tokens[len(t.tokens)-1]
		last.end = sp.header + 1
		t.token(sp.start, sp.end, parent)
	}
	return n, nil
}

// scalarTraits sets the tag and the notation of a scalar.
func (t *yamlTree) scalarTraits(n *Node, y *yaml.Node, sp span) {
	if t.readOnly {
		return
	}
	if sp.tagKind == bangTag {
		n.with().tag = bang
	} else {
		setTag(n, y)
	}
	switch {
	case n.Kind != Value:
	case n.Type == crypto.Str:
		if raw, ok := t.yaml11Text(sp); ok {
			n.with().written = raw
		}
	default:
		setWritten(n, y)
	}
}

// setWritten sets the source of a number, boolean or time that sealcfg would write differently.
func setWritten(n *Node, y *yaml.Node) {
	if n.Kind == Value && n.Type != crypto.Str && y.Value != formatTyped(n.Type, n.Text) {
		n.with().written = y.Value
	}
}

// alias expands an alias as sops does.
func (t *yamlTree) alias(parent, n *Node, y *yaml.Node, indent int) (*Node, error) {
	if t.open == nil {
		t.open = map[*yaml.Node]bool{}
	}
	if t.open[y.Alias] {
		return nil, syntaxError(n, "anchor %q contains itself", y.Value)
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
	spanOf(e).borrowed = true
	if t.borrowed == 0 {
		spanOf(e).start = t.src.offset(y.Line, y.Column)
		spanOf(e).end = spanOf(e).start + 1 + len(y.Value)
		spanOf(e).close = -1
		spanOf(e).flow = spanOf(parent).flow
	}
	return e, nil
}

// scalarValue sets the type and canonical text like yaml.v3, and therefore like sops.
func scalarValue(n *Node, y *yaml.Node) error {
	n.Kind, n.Type, n.Text = Value, crypto.Str, y.Value
	n.Quoted = y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	n.quoted = inQuotes(y)
	tag := y.ShortTag()
	if !coreTags[tag] {
		return nil // strings, and custom tags, which sops drops
	}
	if usualScalar(n, tag) {
		return nil
	}
	var v any
	if err := y.Decode(&v); err != nil {
		return syntaxError(n, "the value does not match its tag %s", tag)
	}
	switch v := v.(type) {
	case nil:
		n.Kind, n.Type, n.Text = Null, "", ""
	case string:
		n.Text = v
	case bool:
		n.Type, n.Text = crypto.Bool, crypto.FormatBool(v)
	case int:
		n.Type, n.Text = crypto.Int, formatInt(int64(v))
	case int64:
		n.Type, n.Text = crypto.Int, formatInt(v)
	case uint64:
		return syntaxError(n, "the integer is larger than 9223372036854775807, which the format cannot hold: quote it to make it a string")
	case float64:
		n.Type, n.Text = crypto.Float, crypto.FormatFloat(v)
	case time.Time:
		text, err := crypto.FormatTime(v)
		if err != nil {
			return syntaxError(n, "the format cannot hold this time: quote it to make it a string")
		}
		n.Type, n.Text = crypto.Time, text
	default:
		return syntaxError(n, "the format cannot hold a value of this type: quote it to make it a string")
	}
	return nil
}

// usualScalar is a fast version of the parser's resolver for the most common scalars. It returns
// false, without any effect, for all others.
func usualScalar(n *Node, tag string) bool {
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
