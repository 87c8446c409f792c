package envfile

import (
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

var errBorrowed = "it is reached through an alias (*); change it at its anchor"

// nodeEnd returns the end of an entry's last token or closing bracket.
func (t *yamlTree) nodeEnd(n *Node) int {
	end := max(spanOf(n).end, spanOf(n).close+1, spanOf(n).keyEnd)
	if spanOf(n).header >= 0 && spanOf(n).end <= spanOf(n).header {
		end = max(end, t.src.lineEnd(spanOf(n).header))
	}
	if n.Kind == Null && spanOf(n).start == spanOf(n).end { // only a key or dash
		end = t.afterKey(n)
	}
	if n.Alias != "" {
		return end
	}
	for _, e := range n.entries {
		if e.Kind != Comment {
			end = max(end, t.nodeEnd(e))
		}
	}
	return end
}

// afterKey returns the end of an entry's colon or dash, where its value starts.
func (t *yamlTree) afterKey(n *Node) int {
	if spanOf(n).keyStart < 0 {
		return spanOf(n).dash + 1
	}
	i := t.src.skipBlank(spanOf(n).keyEnd)
	if i < len(t.src.src) && t.src.src[i] == ':' {
		return i + 1
	}
	return spanOf(n).keyEnd
}

func (t *yamlTree) replace(n, v *Node) ([]edit, error) {
	if spanOf(n).borrowed {
		return nil, syntaxError(n, "%s", errBorrowed)
	}
	if n.Kind == Null && spanOf(n).start == spanOf(n).end {
		at := t.afterKey(n)
		return []edit{{at, at, " " + t.formatNew(v, spanOf(n).indent, spanOf(n).flow)}}, nil
	}
	if n.Kind == Null || v.Kind != Value {
		start, end := spanOf(n).start, spanOf(n).end
		if spanOf(n).header >= 0 {
			start = spanOf(n).header
		}
		return []edit{{start, end, t.formatNew(v, spanOf(n).indent, spanOf(n).flow)}}, nil
	}
	w := yamlWriter{src: t.src, t: t, n: n, sp: *spanOf(n)}
	return w.rewrite(v.Type, v.Text), nil
}

// overwrite replaces everything after the key or dash, including an anchor.
func (t *yamlTree) overwrite(n, v *Node) ([]edit, error) {
	if spanOf(n).borrowed {
		return nil, syntaxError(n, "%s", errBorrowed)
	}
	return []edit{{t.afterKey(n), t.nodeEnd(n), " " + t.formatNew(v, spanOf(n).indent, spanOf(n).flow)}}, nil
}

// formatNew formats a value without a previous style. indent is the column of its key or dash.
func (t *yamlTree) formatNew(v *Node, indent int, flow bool) string {
	switch {
	case v.Kind == Null:
		return "null"
	case v.Kind == Map || v.Kind == List:
		var b strings.Builder
		writeFlow(&b, v)
		return b.String()
	case !flow && v.Type == crypto.Str && strings.Contains(v.Text, "\n") && literalOK(v.Text):
		header, lines := literalLines(v.Text, t.step())
		w := yamlWriter{src: t.src}
		return header + t.src.eol + w.indented(lines, max(indent, 0)+t.step())
	}
	return formatScalar(v.Type, v.Text, flow)
}

func (t *yamlTree) insert(at *Node, missing Path, v *Node) ([]edit, error) {
	if spanOf(at).borrowed {
		return nil, syntaxError(at, "%s", errBorrowed)
	}
	if at.Kind == Null {
		return t.insertBelowNull(at, missing, v), nil
	}
	var last *Node
	for e := range at.Entries() {
		last = e
	}
	if spanOf(at).flow {
		return t.insertFlow(at, last, missing, v)
	}
	if last == nil { // an empty document: only "---"
		end := t.docEnd(0)
		return []edit{t.insertLine(end, t.entryText(0, missing, v))}, nil
	}
	indent := last.KeyColumn - 1
	if at.Kind == List {
		_, column := t.src.position(spanOf(last).dash)
		indent = column - 1
	}
	line := t.insertLine(t.src.nextLine(t.nodeEnd(last)), t.entryText(indent, missing, v))
	return append(t.chomp(last), line), nil
}

// chomp prevents a block scalar at the end of a file without a final line break from gaining a line
// feed when an entry is added after it.
func (t *yamlTree) chomp(n *Node) []edit {
	for n.Kind == Map || n.Kind == List {
		all := values(n)
		if len(all) == 0 || spanOf(n).borrowed {
			return nil
		}
		n = all[len(all)-1]
	}
	if spanOf(n).header < 0 || spanOf(n).end < len(t.src.src) || strings.HasSuffix(n.Text, "\n") {
		return nil
	}
	w := yamlWriter{src: t.src, sp: *spanOf(n)}
	at := w.headerEnd()
	if strings.Contains(string(t.src.src[spanOf(n).header:at]), "-") {
		return nil
	}
	return []edit{{at, at, "-"}}
}

// insertLine adds lines at the start of a line, or at the end of a file without a final line break.
func (t *yamlTree) insertLine(at int, text string) edit {
	if at == len(t.src.src) && at > 0 && lastBreak(t.src.src) == 0 {
		return edit{at, at, t.src.eol + text}
	}
	return edit{at, at, text + t.src.eol}
}

// entryText formats an entry in block style, with the maps and lists on the path to its value.
func (t *yamlTree) entryText(indent int, path Path, v *Node) string {
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

func (t *yamlTree) insertBelowNull(at *Node, missing Path, v *Node) []edit {
	if spanOf(at).flow || spanOf(at).keyStart < 0 {
		flow := t.flowText(missing, v)
		if missing[0].IsIndex {
			flow = "[" + flow + "]"
		} else {
			flow = "{" + flow + "}"
		}
		if spanOf(at).start == spanOf(at).end {
			i := t.afterKey(at)
			return []edit{{i, i, " " + flow}}
		}
		return []edit{{spanOf(at).start, spanOf(at).end, flow}}
	}
	after := t.afterKey(at)
	_, column := t.src.position(spanOf(at).keyStart)
	end := t.src.lineEnd(max(after, spanOf(at).end))
	edits := []edit{{end, end, t.src.eol + t.entryText(column-1+t.step(), missing, v)}}
	if spanOf(at).end > spanOf(at).start { // "~" or "null"
		edits = append(edits, edit{after, spanOf(at).end, ""})
	}
	return edits
}

func (t *yamlTree) insertFlow(at, last *Node, missing Path, v *Node) ([]edit, error) {
	text := t.flowText(missing, v)
	if last == nil {
		return []edit{{spanOf(at).start + 1, spanOf(at).start + 1, text}}, nil
	}
	end := t.nodeEnd(last)
	if last.Kind == Null && end > 0 && t.src.src[end-1] == ':' {
		text = " , " + text // ":," would belong to the key
		return []edit{{end, end, text}}, nil
	}
	return []edit{{end, end, ", " + text}}, nil
}

// flowText formats an entry in flow style.
func (t *yamlTree) flowText(path Path, v *Node) string {
	text := t.formatNew(v, 0, true)
	for i := len(path) - 1; i >= 0; i-- {
		s := path[i]
		if !s.IsIndex {
			text = formatScalar(crypto.Str, s.Key, true) + ": " + text
		}
		if i > 0 && path[i].IsIndex {
			text = "[" + text + "]"
		} else if i > 0 {
			text = "{" + text + "}"
		}
	}
	return text
}

func (t *yamlTree) remove(parent, n *Node) ([]edit, error) {
	if spanOf(n).borrowed && n.Alias == "" || spanOf(parent).borrowed {
		return nil, syntaxError(n, "%s", errBorrowed)
	}
	before, after := neighbours(parent, n)
	if spanOf(parent).flow {
		return t.removeFlow(n, before, after), nil
	}
	start := spanOf(n).keyStart
	if start < 0 {
		start = spanOf(n).dash
	}
	if start < 0 {
		return nil, syntaxError(n, "cannot find its start: remove it in an editor")
	}
	end := t.nodeEnd(n)
	lineStart := t.src.lineStart(start)
	ownLine := strings.TrimLeft(string(t.src.src[lineStart:start]), " ") == ""
	switch {
	case before == nil && after == nil:
		return t.emptied(parent, n, start, end, ownLine), nil
	case ownLine:
		return []edit{t.cutLines(lineStart, end)}, nil
	case after == nil:
		return nil, syntaxError(n, "it shares its line with other text: remove it in an editor")
	}
	// The first entry shares its line with a dash: "- a: 1".
	next := spanOf(after).keyStart
	if next < 0 {
		next = spanOf(after).dash
	}
	if strings.Contains(string(t.src.src[end:next]), "#") {
		return nil, syntaxError(n, "a comment is between it and the next entry: remove it in an editor")
	}
	return []edit{{start, next, ""}}, nil
}

// cutLines removes whole lines. If it removes the last line of a file without a final line break,
// it also removes the line break before it.
func (t *yamlTree) cutLines(start, end int) edit {
	stop := t.src.nextLine(end)
	if stop == t.src.lineEnd(end) && start > 0 {
		start -= lastBreak(t.src.src[:start])
	}
	return edit{start, stop, ""}
}

// emptied removes the only entry of a map or list, which becomes {} or [].
func (t *yamlTree) emptied(parent, n *Node, start, end int, ownLine bool) []edit {
	empty := "{}"
	if parent.Kind == List {
		empty = "[]"
	}
	root := spanOf(parent).keyStart < 0 && spanOf(parent).dash < 0
	if root || !ownLine {
		return []edit{{start, t.src.lineEnd(end), empty}}
	}
	at := t.afterKey(parent)
	return []edit{{at, at, " " + empty}, t.cutLines(t.src.lineStart(start), end)}
}

func (t *yamlTree) removeFlow(n, before, after *Node) []edit {
	start := func(n *Node) int {
		if spanOf(n).keyStart >= 0 {
			return spanOf(n).keyStart
		}
		i, _ := t.src.skipProperties(t.src.offset(n.Line, n.Column))
		return min(i, t.src.offset(n.Line, n.Column))
	}
	switch {
	case before != nil:
		return []edit{{t.nodeEnd(before), t.nodeEnd(n), ""}}
	case after != nil:
		return []edit{{start(n), start(after), ""}}
	}
	end := t.nodeEnd(n)
	if i := t.src.skipBlank(end); i < len(t.src.src) && t.src.src[i] == ',' {
		end = i + 1
	}
	return []edit{{start(n), end, ""}}
}
