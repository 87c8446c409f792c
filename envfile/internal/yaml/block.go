package yaml

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"

	"bytes"
	"sort"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	jsonfile "github.com/sealcfg/sealcfg/envfile/internal/json"
)

// metaIndent is the indentation of the metadata in files that sops wrote.
const metaIndent = 4

// cutBlocks moves the metadata from the trees to t.blocks.
func (t *yamlTree) cutBlocks() error {
	t.blocks = make([]*layout.Block, len(t.roots))
	for i, root := range t.roots {
		before := (*tree.Node)(nil)
		for j, e := range root.Children {
			if e.Kind == tree.Comment {
				continue
			}
			if e.Key != layout.MetaKey {
				before = e
				continue
			}
			if e.Alias != "" {
				return tree.ErrorAt(e, "sops metadata is an alias")
			}
			b := t.blockAt(i, e, before)
			t.blocks[i] = b
			root.Children = append(root.Children[:j:j], root.Children[j+1:]...)
			break
		}
	}
	return nil
}

// blockAt returns the block e of document doc with its position.
func (t *yamlTree) blockAt(doc int, e, before *tree.Node) *layout.Block {
	src := t.src
	b := &layout.Block{Tree: e, Line: e.KeyLine, First: before == nil}
	if before != nil {
		b.After = before.Key
	}
	start, end := layout.SpanOf(e).KeyStart, t.entryEnd(doc, e)
	b.Flow, b.Indent = layout.SpanOf(t.roots[doc]).Flow, start-src.LineStart(start)
	if b.Flow {
		b.Text = [2]int{start, end}
		b.Start, b.End = start, end
		// Include the comma before it, or the comma after it.
		i := start
		for i > 0 && (layout.Blank(src.src[i-1]) || breakAt(src.src, i-1) > 0) {
			i--
		}
		if i > 0 && src.src[i-1] == ',' {
			b.Start = i - 1
			return b
		}
		i = src.skipBlank(end)
		if i < len(src.src) && src.src[i] == ',' {
			b.End = i + 1
		}
		return b
	}
	b.Start = src.LineStart(start)
	b.Text = [2]int{b.Start, src.LineEnd(end)}
	b.End = src.NextLine(end)
	b.Last = b.End >= t.docEnd(doc)
	if before != nil {
		b.Gap = t.src.linesBetween(src.NextLine(t.entryEnd(doc, before)), b.Start)
	} else if next := t.nextKey(doc, e); next <= len(src.src) {
		b.Gap = t.src.linesBetween(b.End, src.LineStart(next))
	}
	if b.End == b.Text[1] && b.Start > 0 { // no line break at the end of the file
		b.Start -= lastBreak(src.src[:b.Start])
	}
	return b
}

func lastBreak(s []byte) int {
	switch {
	case len(s) > 1 && s[len(s)-2] == '\r' && s[len(s)-1] == '\n':
		return 2
	case len(s) > 0 && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r'):
		return 1
	}
	return 0
}

// entryEnd returns the end of an entry's last token or closing bracket.
func (t *yamlTree) entryEnd(doc int, e *tree.Node) int {
	end := layout.SpanOf(e).KeyStart
	limit := t.nextKey(doc, e)
	for _, tok := range t.tokensOf(doc) {
		if tok.start >= layout.SpanOf(e).KeyStart && tok.start < limit {
			end = max(end, tok.end)
		}
	}
	var brackets func(n *tree.Node)
	brackets = func(n *tree.Node) {
		if n.Alias == "" && !layout.SpanOf(n).Borrowed {
			end = max(end, layout.SpanOf(n).Close+1)
		}
		for _, c := range n.Children {
			brackets(c)
		}
	}
	brackets(e)
	if end == layout.SpanOf(e).KeyStart { // a null: only the key
		end = t.src.LineEnd(end)
	}
	return end
}

// tokensOf returns the tokens of a document. scanGaps has sorted the tokens by position.
func (t *yamlTree) tokensOf(doc int) []token {
	start := sort.Search(len(t.tokens), func(i int) bool { return t.tokens[i].doc >= doc })
	count := sort.Search(len(t.tokens)-start, func(i int) bool { return t.tokens[start+i].doc > doc })
	return t.tokens[start : start+count]
}

// nextKey returns the start of the root entry after e.
func (t *yamlTree) nextKey(doc int, e *tree.Node) int {
	next := len(t.src.src) + 1
	for _, s := range t.roots[doc].Children {
		if s.Kind != tree.Comment && layout.SpanOf(s).KeyStart > layout.SpanOf(e).KeyStart {
			next = min(next, layout.SpanOf(s).KeyStart)
		}
	}
	return next
}

// docEnd returns the end of document doc: the start of the next --- or ... line, or the end of the
// file.
func (t *yamlTree) docEnd(doc int) int {
	at := -1
	for _, tok := range t.tokensOf(doc) {
		at = max(at, tok.end)
	}
	at = max(at, layout.SpanOf(t.roots[doc]).Close)
	switch {
	case at >= 0:
		at = t.src.NextLine(at)
	case doc > 0: // an empty document starts after the marker that ends the previous one
		at = t.docEnd(doc - 1)
		for at < len(t.src.src) && !strings.HasPrefix(string(t.src.src[at:]), "---") {
			at = t.src.NextLine(at)
		}
		at = t.src.NextLine(at)
	default:
		at = t.src.lines[0]
		for at < len(t.src.src) && !t.src.documentMarker(at) {
			at = t.src.NextLine(at)
		}
		at = t.src.NextLine(at)
	}
	for at < len(t.src.src) && !t.src.documentMarker(at) {
		at = t.src.NextLine(at)
	}
	return at
}

func (t *yamlTree) RenderBlock(doc int, top *tree.Node, old *layout.Block) string {
	if t.inFlow(doc, old) {
		var b strings.Builder
		b.WriteString(`"` + top.Key + `": `)
		jsonfile.WriteFlow(&b, top)
		return b.String()
	}
	indent := strings.Repeat(" ", t.rootIndent(doc))
	text := renderYAML(top, t.metaStep(old))
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return indent + strings.Join(lines, t.src.eol+indent)
}

// metaStep returns the indentation of a level of metadata: the indentation of the old block, or
// [Document.WithMetadataIndent], or sops's.
func (t *yamlTree) metaStep(old *layout.Block) int {
	if old != nil && !old.Flow {
		for e := range old.Tree.Entries() {
			if n := e.KeyColumn - 1 - old.Indent; n > 0 && n < 10 {
				return n
			}
			break
		}
	}
	if t.indent > 0 {
		return t.indent
	}
	return metaIndent
}

// inFlow reports whether to write the block of a document in flow style. A block in block style
// replaces the {} that removeBlock leaves.
func (t *yamlTree) inFlow(doc int, old *layout.Block) bool {
	root := t.roots[doc]
	if !layout.SpanOf(root).Flow {
		return false
	}
	return old == nil || old.Flow || len(root.Children) > 0 || t.src.LineStart(layout.SpanOf(root).Start) != layout.SpanOf(root).Start
}

func (t *yamlTree) BlockFits(doc int, old *layout.Block) bool {
	flow := t.inFlow(doc, old)
	return flow == old.Flow && (flow || t.rootIndent(doc) == old.Indent)
}

// rootIndent returns the indentation of the keys of a document.
func (t *yamlTree) rootIndent(doc int) int {
	for e := range t.roots[doc].Entries() {
		key := layout.SpanOf(e).KeyStart
		before := bytes.TrimRight(t.src.src[:key], " \t\r\n")
		if n := len(before) - 1; n >= 0 && before[n] == '?' && len(bytes.TrimLeft(before[t.src.LineStart(n):], " ")) == 1 {
			key = n // an explicit key, which may be on a later line
		}
		start := t.src.LineStart(key)
		i := start
		for t.src.src[i] == ' ' {
			i++
		}
		return i - start
	}
	return 0
}

func (t *yamlTree) InsertBlock(doc int, text string, old *layout.Block) layout.Edit {
	root := t.roots[doc]
	at := -1
	if old != nil && !old.Last { // back to its previous position, if that still exists
		for e := range root.Entries() {
			if old.First {
				at = layout.SpanOf(e).KeyStart
				break
			}
			if e.Key == old.After {
				at = t.entryEnd(doc, e)
			}
		}
	}
	switch {
	case t.inFlow(doc, old):
		return t.insertInFlow(root, doc, text, at)
	case layout.SpanOf(root).Flow:
		return layout.Edit{Start: layout.SpanOf(root).Start, End: layout.SpanOf(root).Close + 1, Text: text}
	}
	last := t.docEnd(doc)
	switch {
	case at < 0:
		at = last
	case old.First:
		at = t.src.gapBefore(t.src.LineStart(at), old.Gap)
	default:
		at = min(t.src.gapAfter(t.src.NextLine(at), old.Gap), last)
	}
	if at == len(t.src.src) && at > 0 && lastBreak(t.src.src) == 0 {
		return layout.Edit{Start: at, End: at, Text: t.src.eol + text}
	}
	return layout.Edit{Start: at, End: at, Text: text + t.src.eol}
}

// RemoveBlock leaves {} in a document without other entries, which would otherwise no longer be a
// map.
func (t *yamlTree) RemoveBlock(doc int) layout.Edit {
	b := t.blocks[doc]
	if root := t.roots[doc]; root.Len() == 0 && !layout.SpanOf(root).Flow {
		return layout.Edit{Start: b.Text[0], End: b.Text[1], Text: "{}"}
	}
	return layout.Edit{Start: b.Start, End: b.End, Text: ""}
}

func (t *yamlTree) insertInFlow(root *tree.Node, doc int, text string, at int) layout.Edit {
	var last *tree.Node
	for e := range root.Entries() {
		last = e
	}
	if last == nil {
		at = layout.SpanOf(root).Start + 1
		return layout.Edit{Start: at, End: at, Text: text}
	}
	if at <= layout.SpanOf(root).Start {
		at = t.entryEnd(doc, last)
	}
	if first := layout.SpanOf(layout.Values(root)[0]).KeyStart; at <= first { // a comment may be before it
		return layout.Edit{Start: first, End: first, Text: text + ", "}
	}
	return layout.Edit{Start: at, End: at, Text: ", " + text}
}

// renderYAML formats a metadata tree as sops does, with an indentation of step per level.
func renderYAML(top *tree.Node, step int) string {
	w := blockWriter{step: step}
	w.WriteString(top.Key + ":\n")
	w.fields(top, step, false)
	return w.String()
}

// blockWriter writes in block style.
type blockWriter struct {
	strings.Builder
	step int
}

// deeper returns the next indentation that is a multiple of the step. It ignores the dash of a list
// item (yaml_emitter_increase_indent in yaml.v3).
func (b *blockWriter) deeper(indent int) int { return b.step * ((indent + b.step) / b.step) }

func (b *blockWriter) fields(n *tree.Node, indent int, inItem bool) {
	for i, e := range n.Children {
		if e.Kind == tree.Comment {
			continue
		}
		if !(inItem && i == 0) {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(yamlKey(e.Key) + ":")
		b.value(e, indent)
	}
}

func (b *blockWriter) value(e *tree.Node, indent int) {
	switch {
	case e.Kind == tree.Map && e.Len() > 0:
		b.WriteByte('\n')
		b.fields(e, b.deeper(indent), false)
	case e.Kind == tree.List && e.Len() > 0:
		b.WriteByte('\n')
		for item := range e.Entries() {
			b.WriteString(strings.Repeat(" ", b.deeper(indent)) + "-")
			if item.Kind == tree.Map && item.Len() > 0 {
				b.WriteByte(' ')
				b.fields(item, b.deeper(indent)+len("- "), true)
			} else {
				b.value(item, b.deeper(indent))
			}
		}
	case e.Kind == tree.Map:
		b.WriteString(" {}\n")
	case e.Kind == tree.List:
		b.WriteString(" []\n")
	case e.Kind == tree.Null:
		b.WriteString(" null\n")
	case e.Type == crypto.Str && strings.Contains(e.Text, "\n") && literalOK(e.Text):
		header, lines := literalLines(e.Text, b.step)
		b.WriteString(" " + header + "\n")
		for _, l := range lines {
			if l != "" {
				b.WriteString(strings.Repeat(" ", b.deeper(indent)) + l)
			}
			b.WriteByte('\n')
		}
	default:
		b.WriteString(" " + FormatScalar(e.Type, e.Text, false) + "\n")
	}
}

func yamlKey(key string) string { return FormatScalar(crypto.Str, key, false) }
