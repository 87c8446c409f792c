package envfile

import (
	"bytes"
	"sort"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// metaIndent is the indentation of the metadata in files that sops wrote.
const metaIndent = 4

// cutBlocks moves the metadata from the trees to t.blocks.
func (t *yamlTree) cutBlocks() error {
	t.blocks = make([]*block, len(t.roots))
	for i, root := range t.roots {
		before := (*Node)(nil)
		for j, e := range root.entries {
			if e.Kind == Comment {
				continue
			}
			if e.Key != metaKey {
				before = e
				continue
			}
			if e.Alias != "" {
				return syntaxError(e, "sops metadata is an alias")
			}
			b := t.blockAt(i, e, before)
			t.blocks[i] = b
			root.entries = append(root.entries[:j:j], root.entries[j+1:]...)
			break
		}
	}
	return nil
}

// blockAt returns the block e of document doc with its position.
func (t *yamlTree) blockAt(doc int, e, before *Node) *block {
	src := t.src
	b := &block{tree: e, line: e.KeyLine, first: before == nil}
	if before != nil {
		b.after = before.Key
	}
	start, end := spanOf(e).keyStart, t.entryEnd(doc, e)
	b.flow, b.indent = spanOf(t.roots[doc]).flow, start-src.lineStart(start)
	if b.flow {
		b.text = [2]int{start, end}
		b.start, b.end = start, end
		// Include the comma before it, or the comma after it.
		i := start
		for i > 0 && (blank(src.src[i-1]) || breakAt(src.src, i-1) > 0) {
			i--
		}
		if i > 0 && src.src[i-1] == ',' {
			b.start = i - 1
			return b
		}
		i = src.skipBlank(end)
		if i < len(src.src) && src.src[i] == ',' {
			b.end = i + 1
		}
		return b
	}
	b.start = src.lineStart(start)
	b.text = [2]int{b.start, src.lineEnd(end)}
	b.end = src.nextLine(end)
	b.last = b.end >= t.docEnd(doc)
	if before != nil {
		b.gap = t.src.linesBetween(src.nextLine(t.entryEnd(doc, before)), b.start)
	} else if next := t.nextKey(doc, e); next <= len(src.src) {
		b.gap = t.src.linesBetween(b.end, src.lineStart(next))
	}
	if b.end == b.text[1] && b.start > 0 { // no line break at the end of the file
		b.start -= lastBreak(src.src[:b.start])
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
func (t *yamlTree) entryEnd(doc int, e *Node) int {
	end := spanOf(e).keyStart
	limit := t.nextKey(doc, e)
	for _, tok := range t.tokensOf(doc) {
		if tok.start >= spanOf(e).keyStart && tok.start < limit {
			end = max(end, tok.end)
		}
	}
	var brackets func(n *Node)
	brackets = func(n *Node) {
		if n.Alias == "" && !spanOf(n).borrowed {
			end = max(end, spanOf(n).close+1)
		}
		for _, c := range n.entries {
			brackets(c)
		}
	}
	brackets(e)
	if end == spanOf(e).keyStart { // a null: only the key
		end = t.src.lineEnd(end)
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
func (t *yamlTree) nextKey(doc int, e *Node) int {
	next := len(t.src.src) + 1
	for _, s := range t.roots[doc].entries {
		if s.Kind != Comment && spanOf(s).keyStart > spanOf(e).keyStart {
			next = min(next, spanOf(s).keyStart)
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
	at = max(at, spanOf(t.roots[doc]).close)
	switch {
	case at >= 0:
		at = t.src.nextLine(at)
	case doc > 0: // an empty document starts after the marker that ends the previous one
		at = t.docEnd(doc - 1)
		for at < len(t.src.src) && !strings.HasPrefix(string(t.src.src[at:]), "---") {
			at = t.src.nextLine(at)
		}
		at = t.src.nextLine(at)
	default:
		at = t.src.lines[0]
		for at < len(t.src.src) && !t.src.documentMarker(at) {
			at = t.src.nextLine(at)
		}
		at = t.src.nextLine(at)
	}
	for at < len(t.src.src) && !t.src.documentMarker(at) {
		at = t.src.nextLine(at)
	}
	return at
}

func (t *yamlTree) renderBlock(doc int, top *Node, old *block) string {
	if t.inFlow(doc, old) {
		var b strings.Builder
		b.WriteString(`"` + top.Key + `": `)
		writeFlow(&b, top)
		return b.String()
	}
	indent := strings.Repeat(" ", t.rootIndent(doc))
	text := renderYAML(top, t.metaStep(old))
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return indent + strings.Join(lines, t.src.eol+indent)
}

// metaStep returns the indentation of a level of metadata: the indentation of the old block, or
// [Document.WithMetadataIndent], or sops's.
func (t *yamlTree) metaStep(old *block) int {
	if old != nil && !old.flow {
		for e := range old.tree.Entries() {
			if n := e.KeyColumn - 1 - old.indent; n > 0 && n < 10 {
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
func (t *yamlTree) inFlow(doc int, old *block) bool {
	root := t.roots[doc]
	if !spanOf(root).flow {
		return false
	}
	return old == nil || old.flow || len(root.entries) > 0 || t.src.lineStart(spanOf(root).start) != spanOf(root).start
}

func (t *yamlTree) blockFits(doc int, old *block) bool {
	flow := t.inFlow(doc, old)
	return flow == old.flow && (flow || t.rootIndent(doc) == old.indent)
}

// rootIndent returns the indentation of the keys of a document.
func (t *yamlTree) rootIndent(doc int) int {
	for e := range t.roots[doc].Entries() {
		key := spanOf(e).keyStart
		before := bytes.TrimRight(t.src.src[:key], " \t\r\n")
		if n := len(before) - 1; n >= 0 && before[n] == '?' && len(bytes.TrimLeft(before[t.src.lineStart(n):], " ")) == 1 {
			key = n // an explicit key, which may be on a later line
		}
		start := t.src.lineStart(key)
		i := start
		for t.src.src[i] == ' ' {
			i++
		}
		return i - start
	}
	return 0
}

func (t *yamlTree) insertBlock(doc int, text string, old *block) edit {
	root := t.roots[doc]
	at := -1
	if old != nil && !old.last { // back to its previous position, if that still exists
		for e := range root.Entries() {
			if old.first {
				at = spanOf(e).keyStart
				break
			}
			if e.Key == old.after {
				at = t.entryEnd(doc, e)
			}
		}
	}
	switch {
	case t.inFlow(doc, old):
		return t.insertInFlow(root, doc, text, at)
	case spanOf(root).flow:
		return edit{spanOf(root).start, spanOf(root).close + 1, text}
	}
	last := t.docEnd(doc)
	switch {
	case at < 0:
		at = last
	case old.first:
		at = t.src.gapBefore(t.src.lineStart(at), old.gap)
	default:
		at = min(t.src.gapAfter(t.src.nextLine(at), old.gap), last)
	}
	if at == len(t.src.src) && at > 0 && lastBreak(t.src.src) == 0 {
		return edit{at, at, t.src.eol + text}
	}
	return edit{at, at, text + t.src.eol}
}

// removeBlock leaves {} in a document without other entries, which would otherwise no longer be a
// map.
func (t *yamlTree) removeBlock(doc int) edit {
	b := t.blocks[doc]
	if root := t.roots[doc]; root.Len() == 0 && !spanOf(root).flow {
		return edit{b.text[0], b.text[1], "{}"}
	}
	return edit{b.start, b.end, ""}
}

func (t *yamlTree) insertInFlow(root *Node, doc int, text string, at int) edit {
	var last *Node
	for e := range root.Entries() {
		last = e
	}
	if last == nil {
		at = spanOf(root).start + 1
		return edit{at, at, text}
	}
	if at <= spanOf(root).start {
		at = t.entryEnd(doc, last)
	}
	if first := spanOf(values(root)[0]).keyStart; at <= first { // a comment may be before it
		return edit{first, first, text + ", "}
	}
	return edit{at, at, ", " + text}
}

// renderYAML formats a metadata tree as sops does, with an indentation of step per level.
func renderYAML(top *Node, step int) string {
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

func (b *blockWriter) fields(n *Node, indent int, inItem bool) {
	for i, e := range n.entries {
		if e.Kind == Comment {
			continue
		}
		if !(inItem && i == 0) {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(yamlKey(e.Key) + ":")
		b.value(e, indent)
	}
}

func (b *blockWriter) value(e *Node, indent int) {
	switch {
	case e.Kind == Map && e.Len() > 0:
		b.WriteByte('\n')
		b.fields(e, b.deeper(indent), false)
	case e.Kind == List && e.Len() > 0:
		b.WriteByte('\n')
		for item := range e.Entries() {
			b.WriteString(strings.Repeat(" ", b.deeper(indent)) + "-")
			if item.Kind == Map && item.Len() > 0 {
				b.WriteByte(' ')
				b.fields(item, b.deeper(indent)+len("- "), true)
			} else {
				b.value(item, b.deeper(indent))
			}
		}
	case e.Kind == Map:
		b.WriteString(" {}\n")
	case e.Kind == List:
		b.WriteString(" []\n")
	case e.Kind == Null:
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
		b.WriteString(" " + formatScalar(e.Type, e.Text, false) + "\n")
	}
}

func yamlKey(key string) string { return formatScalar(crypto.Str, key, false) }
