package yaml

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"

	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	jsonfile "github.com/sealcfg/sealcfg/envfile/internal/json"
)

var errBorrowed = "it is reached through an alias (*); change it at its anchor"

// nodeEnd returns the end of an entry's last token or closing bracket.
func (t *yamlTree) nodeEnd(n *tree.Node) int {
	end := max(layout.SpanOf(n).End, layout.SpanOf(n).Close+1, layout.SpanOf(n).KeyEnd)
	if layout.SpanOf(n).Header >= 0 && layout.SpanOf(n).End <= layout.SpanOf(n).Header {
		end = max(end, t.src.LineEnd(layout.SpanOf(n).Header))
	}
	if n.Kind == tree.Null && layout.SpanOf(n).Start == layout.SpanOf(n).End { // only a key or dash
		end = t.afterKey(n)
	}
	if n.Alias != "" {
		return end
	}
	for _, e := range n.Children {
		if e.Kind != tree.Comment {
			end = max(end, t.nodeEnd(e))
		}
	}
	return end
}

// afterKey returns the end of an entry's colon or dash, where its value starts.
func (t *yamlTree) afterKey(n *tree.Node) int {
	if layout.SpanOf(n).KeyStart < 0 {
		return layout.SpanOf(n).Dash + 1
	}
	i := t.src.skipBlank(layout.SpanOf(n).KeyEnd)
	if i < len(t.src.src) && t.src.src[i] == ':' {
		return i + 1
	}
	return layout.SpanOf(n).KeyEnd
}

func (t *yamlTree) Replace(n, v *tree.Node) ([]layout.Edit, error) {
	if layout.SpanOf(n).Borrowed {
		return nil, tree.ErrorAt(n, "%s", errBorrowed)
	}
	if n.Kind == tree.Null && layout.SpanOf(n).Start == layout.SpanOf(n).End {
		at := t.afterKey(n)
		return []layout.Edit{{Start: at, End: at, Text: " " + t.formatNew(v, layout.SpanOf(n).Indent, layout.SpanOf(n).Flow)}}, nil
	}
	if n.Kind == tree.Null || v.Kind != tree.Value {
		start, end := layout.SpanOf(n).Start, layout.SpanOf(n).End
		if layout.SpanOf(n).Header >= 0 {
			start = layout.SpanOf(n).Header
		}
		return []layout.Edit{{Start: start, End: end, Text: t.formatNew(v, layout.SpanOf(n).Indent, layout.SpanOf(n).Flow)}}, nil
	}
	w := yamlWriter{src: t.src, t: t, n: n, sp: *layout.SpanOf(n)}
	return w.rewrite(v.Type, v.Text), nil
}

// Overwrite replaces everything after the key or dash, including an anchor.
func (t *yamlTree) Overwrite(n, v *tree.Node) ([]layout.Edit, error) {
	if layout.SpanOf(n).Borrowed {
		return nil, tree.ErrorAt(n, "%s", errBorrowed)
	}
	return []layout.Edit{{Start: t.afterKey(n), End: t.nodeEnd(n), Text: " " + t.formatNew(v, layout.SpanOf(n).Indent, layout.SpanOf(n).Flow)}}, nil
}

// formatNew formats a value without a previous style. indent is the column of its key or dash.
func (t *yamlTree) formatNew(v *tree.Node, indent int, flow bool) string {
	switch {
	case v.Kind == tree.Null:
		return "null"
	case v.Kind == tree.Map || v.Kind == tree.List:
		var b strings.Builder
		jsonfile.WriteFlow(&b, v)
		return b.String()
	case !flow && v.Type == crypto.Str && strings.Contains(v.Text, "\n") && literalOK(v.Text):
		header, lines := literalLines(v.Text, t.step())
		w := yamlWriter{src: t.src}
		return header + t.src.eol + w.Indented(lines, max(indent, 0)+t.step())
	}
	return FormatScalar(v.Type, v.Text, flow)
}

func (t *yamlTree) Insert(at *tree.Node, missing tree.Path, v *tree.Node) ([]layout.Edit, error) {
	if layout.SpanOf(at).Borrowed {
		return nil, tree.ErrorAt(at, "%s", errBorrowed)
	}
	if at.Kind == tree.Null {
		return t.insertBelowNull(at, missing, v), nil
	}
	var last *tree.Node
	for e := range at.Entries() {
		last = e
	}
	if layout.SpanOf(at).Flow {
		return t.insertFlow(at, last, missing, v)
	}
	if last == nil { // an empty document: only "---"
		end := t.docEnd(0)
		return []layout.Edit{t.insertLine(end, t.entryText(0, missing, v))}, nil
	}
	indent := last.KeyColumn - 1
	if at.Kind == tree.List {
		_, column := t.src.Position(layout.SpanOf(last).Dash)
		indent = column - 1
	}
	line := t.insertLine(t.src.NextLine(t.nodeEnd(last)), t.entryText(indent, missing, v))
	return append(t.chomp(last), line), nil
}

// chomp prevents a block scalar at the end of a file without a final line break from gaining a line
// feed when an entry is added after it.
func (t *yamlTree) chomp(n *tree.Node) []layout.Edit {
	for n.Kind == tree.Map || n.Kind == tree.List {
		all := layout.Values(n)
		if len(all) == 0 || layout.SpanOf(n).Borrowed {
			return nil
		}
		n = all[len(all)-1]
	}
	if layout.SpanOf(n).Header < 0 || layout.SpanOf(n).End < len(t.src.src) || strings.HasSuffix(n.Text, "\n") {
		return nil
	}
	w := yamlWriter{src: t.src, sp: *layout.SpanOf(n)}
	at := w.headerEnd()
	if strings.Contains(string(t.src.src[layout.SpanOf(n).Header:at]), "-") {
		return nil
	}
	return []layout.Edit{{Start: at, End: at, Text: "-"}}
}

// insertLine adds lines at the start of a line, or at the end of a file without a final line break.
func (t *yamlTree) insertLine(at int, text string) layout.Edit {
	if at == len(t.src.src) && at > 0 && lastBreak(t.src.src) == 0 {
		return layout.Edit{Start: at, End: at, Text: t.src.eol + text}
	}
	return layout.Edit{Start: at, End: at, Text: text + t.src.eol}
}

// entryText formats an entry in block style, with the maps and lists on the path to its value.
func (t *yamlTree) entryText(indent int, path tree.Path, v *tree.Node) string {
	var b strings.Builder
	for i, s := range path {
		b.WriteString(strings.Repeat(" ", indent))
		if s.IsIndex {
			b.WriteByte('-')
		} else {
			b.WriteString(yamlKey(s.Key) + ":")
		}
		if i < len(path)-1 {
			b.WriteString(t.src.eol)
			indent += t.step()
			continue
		}
		b.WriteString(" " + t.formatNew(v, indent, false))
	}
	return b.String()
}

func (t *yamlTree) insertBelowNull(at *tree.Node, missing tree.Path, v *tree.Node) []layout.Edit {
	if layout.SpanOf(at).Flow || layout.SpanOf(at).KeyStart < 0 {
		flow := t.flowText(missing, v)
		if missing[0].IsIndex {
			flow = "[" + flow + "]"
		} else {
			flow = "{" + flow + "}"
		}
		if layout.SpanOf(at).Start == layout.SpanOf(at).End {
			i := t.afterKey(at)
			return []layout.Edit{{Start: i, End: i, Text: " " + flow}}
		}
		return []layout.Edit{{Start: layout.SpanOf(at).Start, End: layout.SpanOf(at).End, Text: flow}}
	}
	after := t.afterKey(at)
	_, column := t.src.Position(layout.SpanOf(at).KeyStart)
	end := t.src.LineEnd(max(after, layout.SpanOf(at).End))
	edits := []layout.Edit{{Start: end, End: end, Text: t.src.eol + t.entryText(column-1+t.step(), missing, v)}}
	if layout.SpanOf(at).End > layout.SpanOf(at).Start { // "~" or "null"
		edits = append(edits, layout.Edit{Start: after, End: layout.SpanOf(at).End, Text: ""})
	}
	return edits
}

func (t *yamlTree) insertFlow(at, last *tree.Node, missing tree.Path, v *tree.Node) ([]layout.Edit, error) {
	text := t.flowText(missing, v)
	if last == nil {
		return []layout.Edit{{Start: layout.SpanOf(at).Start + 1, End: layout.SpanOf(at).Start + 1, Text: text}}, nil
	}
	end := t.nodeEnd(last)
	if last.Kind == tree.Null && end > 0 && t.src.src[end-1] == ':' {
		text = " , " + text // ":," would belong to the key
		return []layout.Edit{{Start: end, End: end, Text: text}}, nil
	}
	return []layout.Edit{{Start: end, End: end, Text: ", " + text}}, nil
}

// flowText formats an entry in flow style.
func (t *yamlTree) flowText(path tree.Path, v *tree.Node) string {
	text := t.formatNew(v, 0, true)
	for i := len(path) - 1; i >= 0; i-- {
		s := path[i]
		if !s.IsIndex {
			text = FormatScalar(crypto.Str, s.Key, true) + ": " + text
		}
		if i > 0 && path[i].IsIndex {
			text = "[" + text + "]"
		} else if i > 0 {
			text = "{" + text + "}"
		}
	}
	return text
}

func (t *yamlTree) Remove(parent, n *tree.Node) ([]layout.Edit, error) {
	if layout.SpanOf(n).Borrowed && n.Alias == "" || layout.SpanOf(parent).Borrowed {
		return nil, tree.ErrorAt(n, "%s", errBorrowed)
	}
	before, after := layout.Neighbours(parent, n)
	if layout.SpanOf(parent).Flow {
		return t.removeFlow(n, before, after), nil
	}
	start := layout.SpanOf(n).KeyStart
	if start < 0 {
		start = layout.SpanOf(n).Dash
	}
	if start < 0 {
		return nil, tree.ErrorAt(n, "cannot find its start: remove it in an editor")
	}
	end := t.nodeEnd(n)
	lineStart := t.src.LineStart(start)
	ownLine := strings.TrimLeft(string(t.src.src[lineStart:start]), " ") == ""
	switch {
	case before == nil && after == nil:
		return t.emptied(parent, n, start, end, ownLine), nil
	case ownLine:
		return []layout.Edit{t.cutLines(lineStart, end)}, nil
	case after == nil:
		return nil, tree.ErrorAt(n, "it shares its line with other text: remove it in an editor")
	}
	// The first entry shares its line with a dash: "- a: 1".
	next := layout.SpanOf(after).KeyStart
	if next < 0 {
		next = layout.SpanOf(after).Dash
	}
	if strings.Contains(string(t.src.src[end:next]), "#") {
		return nil, tree.ErrorAt(n, "a comment is between it and the next entry: remove it in an editor")
	}
	return []layout.Edit{{Start: start, End: next, Text: ""}}, nil
}

// cutLines removes whole lines. If it removes the last line of a file without a final line break,
// it also removes the line break before it.
func (t *yamlTree) cutLines(start, end int) layout.Edit {
	stop := t.src.NextLine(end)
	if stop == t.src.LineEnd(end) && start > 0 {
		start -= lastBreak(t.src.src[:start])
	}
	return layout.Edit{Start: start, End: stop, Text: ""}
}

// emptied removes the only entry of a map or list, which becomes {} or [].
func (t *yamlTree) emptied(parent, n *tree.Node, start, end int, ownLine bool) []layout.Edit {
	empty := "{}"
	if parent.Kind == tree.List {
		empty = "[]"
	}
	root := layout.SpanOf(parent).KeyStart < 0 && layout.SpanOf(parent).Dash < 0
	if root || !ownLine {
		return []layout.Edit{{Start: start, End: t.src.LineEnd(end), Text: empty}}
	}
	at := t.afterKey(parent)
	return []layout.Edit{{Start: at, End: at, Text: " " + empty}, t.cutLines(t.src.LineStart(start), end)}
}

func (t *yamlTree) removeFlow(n, before, after *tree.Node) []layout.Edit {
	start := func(n *tree.Node) int {
		if layout.SpanOf(n).KeyStart >= 0 {
			return layout.SpanOf(n).KeyStart
		}
		i, _ := t.src.skipProperties(t.src.offset(n.Line, n.Column))
		return min(i, t.src.offset(n.Line, n.Column))
	}
	switch {
	case before != nil:
		return []layout.Edit{{Start: t.nodeEnd(before), End: t.nodeEnd(n), Text: ""}}
	case after != nil:
		return []layout.Edit{{Start: start(n), End: start(after), Text: ""}}
	}
	end := t.nodeEnd(n)
	if i := t.src.skipBlank(end); i < len(t.src.src) && t.src.src[i] == ',' {
		end = i + 1
	}
	return []layout.Edit{{Start: start(n), End: end, Text: ""}}
}
