package yaml

import (
	"bytes"
	"slices"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/internal/nocopy"
)

// The parser returns comments as strings without a position, and sops binds each comment to the map
// or list to which its parser attaches it. So the positions are found in the file and matched with
// the strings. If a comment occurs more than once, the parser runs again on a copy in which each
// comment is unique.

// attachComments finds the comments and adds them to the maps and lists to which sops attaches
// them.
func (t *yamlTree) attachComments(docs []*yaml.Node) error {
	if err := t.scanGaps(); err != nil {
		return err
	}
	t.closeFlows()
	if len(t.comments) == 0 {
		return nil
	}
	unique := make(map[string]*tree.Node, len(t.comments))
	for _, c := range t.comments {
		unique[c.Text] = c
	}
	t.take = func(line string) *tree.Node { return unique[line] }
	if len(unique) < len(t.comments) {
		marked, err := t.markComments()
		if err != nil {
			return err
		}
		docs = marked
		t.take = func(line string) *tree.Node {
			if i := layout.MarkNumber(line); i >= 0 && i < len(t.comments) {
				return t.comments[i]
			}
			return nil
		}
	}
	attached := make(map[*tree.Node]bool, len(t.comments))
	find := t.take
	t.take = func(line string) *tree.Node {
		c := find(line)
		if c == nil || attached[c] {
			return nil
		}
		attached[c] = true
		return c
	}
	for i, doc := range docs {
		t.document(t.roots[i], doc)
	}
	t.take = nil // the tree is kept as the layout
	for _, c := range t.comments {
		if !attached[c] { // the parser drops it, so sops does not see it
			in := t.containerAt(layout.SpanOf(c).Start)
			layout.SpanOf(c).List = in.Kind == tree.List
			in.Children = append(in.Children, c)
		}
	}
	return nil
}

// markComments parses the file again with unique comments at the same positions.
func (t *yamlTree) markComments() ([]*yaml.Node, error) {
	edits := make([]layout.Edit, len(t.comments))
	for i, c := range t.comments {
		edits[i] = layout.Edit{Start: layout.SpanOf(c).Start, End: layout.SpanOf(c).End, Text: "#" + layout.Mark(i)}
	}
	marked, err := layout.Splice(t.src.src, edits)
	if err != nil {
		return nil, err
	}
	return t.decode(marked)
}

// scanGaps finds comments and directives in the gaps between tokens.
func (t *yamlTree) scanGaps() error {
	tokens := t.tokens
	sort.Slice(tokens, func(i, j int) bool {
		a, b := &tokens[i], &tokens[j]
		return a.start < b.start || a.start == b.start && a.end < b.end
	})
	at := t.src.lines[0]
	for _, tok := range t.tokens {
		if err := t.scanGap(at, tok.start); err != nil {
			return err
		}
		at = max(at, tok.end)
	}
	return t.scanGap(at, len(t.src.src))
}

func (t *yamlTree) scanGap(at, end int) error {
	src := t.src.src
	for at < end {
		switch c := src[at]; {
		case c == '#':
			stop := t.src.LineEnd(at)
			line, column := t.src.Position(at)
			c := layout.NewNode(tree.Node{Kind: tree.Comment, Type: crypto.Comment, Text: nocopy.String(src)[at+1 : stop], Line: line, Column: column})
			layout.SpanOf(c).Start, layout.SpanOf(c).End = at, stop
			t.comments = append(t.comments, c)
			at = stop
		case c == '!' || c == '&': // a # in it does not start a comment
			at = t.src.propertyEnd(at)
		case c == '%' && t.src.LineStart(at) == at:
			stop := t.src.LineEnd(at)
			t.directive(at, src[at:stop])
			at = stop
		case !ordinary(c) && breakAt(src, at) > 1 && c != '\r':
			line, column := t.src.Position(at)
			return &tree.SyntaxError{Line: line, Column: column, Reason: "a line ends with U+0085, U+2028 or U+2029, which is not a line break in YAML 1.2: use a line feed"}
		default:
			at++
		}
	}
	return nil
}

// directive adds %YAML or %TAG to the traits of its document. Blanks and comments in it have no
// meaning.
func (t *yamlTree) directive(at int, text []byte) {
	line, _ := t.src.Position(at)
	doc := len(t.begin) - 1
	for doc > 0 && t.begin[doc] > line {
		doc--
	}
	if i := bytes.Index(text, []byte(" #")); i >= 0 {
		text = text[:i]
	}
	root := t.roots[doc].MakeTraits()
	root.Directives = append(root.Directives, string(bytes.Join(bytes.Fields(text), []byte(" "))))
}

// containerAt returns the map or list of the last token before offset.
func (t *yamlTree) containerAt(offset int) *tree.Node {
	i, _ := slices.BinarySearchFunc(t.tokens, offset, func(a token, off int) int { return a.start - off })
	if i > 0 {
		return t.tokens[i-1].in
	}
	return t.roots[0]
}

// The functions below visit the parser's nodes in the order in which sops builds its tree, and
// insert the comments between the entries that build created.

func (t *yamlTree) document(root *tree.Node, doc *yaml.Node) {
	content := doc.Content[0]
	b := entryBuilder{t: t, old: root.Children}
	b.add(doc.HeadComment, doc.LineComment)
	if content.Kind == yaml.MappingNode {
		b.mapping(content, false)
	} else {
		b.add(content.HeadComment, content.LineComment, content.FootComment)
	}
	b.add(doc.FootComment)
	root.Children = b.entries()
}

// entryBuilder creates a new list of entries: the old ones with comments between them.
type entryBuilder struct {
	t    *yamlTree
	old  []*tree.Node
	at   int          // number of old entries that were added
	out  []*tree.Node // nil before the first comment
	list bool
}

func (b *entryBuilder) entries() []*tree.Node {
	if b.out == nil {
		return b.old
	}
	return b.out
}

func (b *entryBuilder) add(comments ...string) {
	for _, comment := range comments {
		if comment == "" {
			continue
		}
		for line := range strings.SplitSeq(comment, "\n") {
			if line == "" {
				continue
			}
			if c := b.t.take(line[1:]); c != nil {
				layout.SpanOf(c).List = b.list
				if b.out == nil {
					b.out = append(make([]*tree.Node, 0, len(b.old)+1), b.old[:b.at]...)
				}
				b.out = append(b.out, c)
			}
		}
	}
}

func (b *entryBuilder) next() *tree.Node {
	n := b.old[b.at]
	b.at++
	if b.out != nil {
		b.out = append(b.out, n)
	}
	return n
}

// mapping is appendYamlNodeToTreeBranch of sops.
func (b *entryBuilder) mapping(m *yaml.Node, handled bool) {
	if !handled {
		b.add(m.HeadComment, m.LineComment)
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i], m.Content[i+1]
		b.add(key.HeadComment, key.LineComment)
		own := value.Kind == yaml.ScalarNode || value.Kind == yaml.AliasNode
		if own {
			b.add(value.HeadComment, value.LineComment)
		}
		b.t.descend(b.next(), value, own)
		if own {
			b.add(value.FootComment)
		}
		b.add(key.FootComment)
	}
	if !handled {
		b.add(m.FootComment)
	}
}

// sequence is the list part of nodeToTreeValue of sops.
func (b *entryBuilder) sequence(s *yaml.Node, handled bool) {
	if !handled {
		b.add(s.HeadComment, s.LineComment)
	}
	for _, item := range s.Content {
		b.add(item.HeadComment, item.LineComment)
		b.t.descend(b.next(), item, true)
		b.add(item.FootComment)
	}
	if !handled {
		b.add(s.FootComment)
	}
}

func (t *yamlTree) descend(n *tree.Node, y *yaml.Node, handled bool) {
	b := entryBuilder{t: t, old: n.Children}
	switch y.Kind {
	case yaml.MappingNode:
		b.mapping(y, handled)
	case yaml.SequenceNode:
		b.list = true
		b.sequence(y, handled)
	default:
		return // scalars have no entries; the entries of an alias belong to its anchor
	}
	n.Children = b.entries()
}

// closeFlows finds the closing bracket of each collection in flow style. Brackets outside of tokens
// and comments are properly nested.
func (t *yamlTree) closeFlows() {
	opened := map[int]*tree.Node{}
	var collect func(n *tree.Node)
	collect = func(n *tree.Node) {
		if layout.SpanOf(n).Flow && n.Alias == "" && !layout.SpanOf(n).Borrowed && (n.Kind == tree.Map || n.Kind == tree.List) {
			opened[layout.SpanOf(n).Start] = n
		}
		for _, e := range n.Children {
			collect(e)
		}
	}
	for _, r := range t.roots {
		collect(r)
	}
	if len(opened) == 0 {
		return
	}
	var stack []*tree.Node
	skip := slices.Clone(t.tokens)
	for _, c := range t.comments {
		skip = append(skip, token{start: layout.SpanOf(c).Start, end: layout.SpanOf(c).End})
	}
	sort.Slice(skip, func(i, j int) bool { return skip[i].start < skip[j].start })
	at := 0
	scan := func(end int) {
		for ; at < end; at++ {
			switch t.src.src[at] {
			case '{', '[':
				stack = append(stack, opened[at])
			case '}', ']':
				if len(stack) > 0 {
					if n := stack[len(stack)-1]; n != nil {
						layout.SpanOf(n).Close = at
					}
					stack = stack[:len(stack)-1]
				}
			}
		}
	}
	for _, tok := range skip {
		scan(tok.start)
		at = max(at, tok.end)
	}
	scan(len(t.src.src))
}
