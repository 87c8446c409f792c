package toml

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Remove removes a value, a table with all its sections, or an item of a list. Comments above a
// value stay; comments above a header are removed with its table.
func (t *tomlText) Remove(parent, n *tree.Node) ([]layout.Edit, error) {
	tb := t.tables[parent]
	switch {
	case tb == nil:
		return t.removeItem(parent, n), nil
	case tb.made == madeInline || tb.made == madeByDots && t.tables[tb.section.node].made == madeInline:
		return t.removeInline(parent, n), nil
	}
	var edits []layout.Edit
	remains := ""
	if parent.Len() == 1 { // the parent must be kept
		switch tb.made {
		case madeByHeaders:
			if t.tables[tb.parent].made == madeOnTheWay { // it has no section
				remains = "[" + tomlKeys(t.path(tb.parent)) + "]" + t.src.Eol + tomlKeys([]string{parent.Key}) + " = []"
				break
			}
			add, err := t.Insert(tb.parent, tree.Path{{Key: parent.Key}}, &tree.Node{Kind: tree.List})
			if err != nil {
				return nil, err
			}
			edits = append(edits, add...)
		case madeByDots:
			remains = tomlKeys(t.dots(parent, tb.section.node)) + " = {}"
		case madeOnTheWay:
			remains = "[" + tomlKeys(t.path(parent)) + "]"
		}
	}
	for _, sec := range t.sections {
		if t.within(sec.node, n) {
			continue // the whole section is removed
		}
		for _, st := range t.statementsOf(sec, n) {
			edits = append(edits, t.removeLine(st, remains))
			remains = ""
		}
	}
	return apart(append(edits, t.removeSections(n, remains)...)), nil
}

// apart resolves overlaps between edits: two lines may include the line break between them.
func apart(edits []layout.Edit) []layout.Edit {
	layout.SortEdits(edits)
	for i := 1; i < len(edits); i++ {
		edits[i].Start = max(edits[i].Start, edits[i-1].End)
	}
	return edits
}

// removeLine removes a statement, or replaces it.
func (t *tomlText) removeLine(st *tomlStatement, instead string) layout.Edit {
	if instead != "" {
		return layout.Edit{Start: st.start, End: st.end, Text: instead}
	}
	start, stop := t.LineStart(st.start), t.src.NextLine(st.end)
	if stop == t.src.LineEnd(st.end) { // the last line, without a line break
		start -= layout.LineFeed(t.src.Src[:start])
	}
	return layout.Edit{Start: start, End: stop, Text: ""}
}

// removeSections removes the sections of a table or list.
func (t *tomlText) removeSections(n *tree.Node, instead string) []layout.Edit {
	var edits []layout.Edit
	for i, sec := range t.sections {
		if !t.within(sec.node, n) {
			continue
		}
		e := layout.Edit{Start: sec.head, End: t.regionEnd(i), Text: ""}
		if instead != "" {
			e.Text = instead + t.src.Eol
			if e.End < len(t.src.Src) {
				e.Text += t.src.Eol
			}
			instead = ""
		}
		edits = append(edits, e)
	}
	// At the end of the file, also remove the blank lines before.
	if last := len(edits) - 1; last >= 0 && edits[last].End == len(t.src.Src) && edits[last].Text == "" {
		first := last
		for first > 0 && edits[first-1].End == edits[first].Start && edits[first-1].Text == "" {
			first--
		}
		src := t.src.Src
		for at := edits[first].Start; ; {
			feed := layout.LineFeed(src[:at])
			if feed == 0 || layout.LineFeed(src[:at-feed]) == 0 {
				break
			}
			at -= feed
			edits[first].Start = at
		}
	}
	return edits
}

// removeInline removes the statements of n from a table in braces.
func (t *tomlText) removeInline(parent, n *tree.Node) []layout.Edit {
	tb := t.tables[parent]
	sec := tb.section
	gone := t.statementsOf(sec, n)
	if parent.Len() == 1 && tb.made == madeByDots {
		return []layout.Edit{{Start: gone[0].start, End: gone[0].end, Text: tomlKeys(t.dots(parent, sec.node)) + " = {}"}}
	}
	if len(gone) == len(sec.statements) {
		return []layout.Edit{{Start: sec.start + 1, End: layout.SpanOf(sec.node).Close, Text: ""}}
	}
	var edits []layout.Edit
	kept := false // whether a statement before it stays
	for i, st := range sec.statements {
		switch {
		case !slices.Contains(gone, st):
			kept = true
		case kept:
			edits = append(edits, layout.Edit{Start: sec.statements[i-1].end, End: st.end, Text: ""})
		default:
			edits = append(edits, layout.Edit{Start: st.start, End: sec.statements[i+1].start, Text: ""})
		}
	}
	return edits
}

// removeItem removes an item from an array, with its lines if the item does not share them.
func (t *tomlText) removeItem(list, n *tree.Node) []layout.Edit {
	src := t.src.Src
	start, stop := t.LineStart(layout.SpanOf(n).Start), t.src.NextLine(layout.SpanOf(n).End)
	rest := strings.TrimLeft(string(src[layout.SpanOf(n).End:t.src.LineEnd(layout.SpanOf(n).End)]), " \t,")
	alone := strings.TrimSpace(string(src[start:layout.SpanOf(n).Start])) == "" && (rest == "" || rest[0] == '#')
	if comma := t.comma(n, list); alone && comma < stop && stop <= layout.SpanOf(list).Close {
		return []layout.Edit{{Start: start, End: stop, Text: ""}}
	}
	before, after := layout.Neighbours(list, n)
	switch {
	case before != nil:
		return []layout.Edit{{Start: layout.SpanOf(before).End, End: layout.SpanOf(n).End, Text: ""}}
	case after != nil:
		return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(after).Start, Text: ""}}
	}
	return []layout.Edit{{Start: layout.SpanOf(list).Start + 1, End: layout.SpanOf(list).Close, Text: ""}}
}
