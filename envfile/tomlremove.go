package envfile

import (
	"slices"
	"strings"
)

// remove removes a value, a table with all its sections, or an item of a list. Comments above a
// value stay; comments above a header are removed with its table.
func (t *tomlText) remove(parent, n *Node) ([]edit, error) {
	tb := t.tables[parent]
	switch {
	case tb == nil:
		return t.removeItem(parent, n), nil
	case tb.made == madeInline || tb.made == madeByDots && t.tables[tb.section.node].made == madeInline:
		return t.removeInline(parent, n), nil
	}
	var edits []edit
	remains := ""
	if parent.Len() == 1 { // the parent must be kept
		switch tb.made {
		case madeByHeaders:
			if t.tables[tb.parent].made == madeOnTheWay { // it has no section
				remains = "[" + tomlKeys(t.path(tb.parent)) + "]" + t.src.eol + tomlKeys([]string{parent.Key}) + " = []"
				break
			}
			add, err := t.insert(tb.parent, Path{{Key: parent.Key}}, &Node{Kind: List})
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
func apart(edits []edit) []edit {
	sortEdits(edits)
	for i := 1; i < len(edits); i++ {
		edits[i].start = max(edits[i].start, edits[i-1].end)
	}
	return edits
}

// removeLine removes a statement, or replaces it.
func (t *tomlText) removeLine(st *tomlStatement, instead string) edit {
	if instead != "" {
		return edit{st.start, st.end, instead}
	}
	start, stop := t.lineStart(st.start), t.src.nextLine(st.end)
	if stop == t.src.lineEnd(st.end) { // the last line, without a line break
		start -= lineFeed(t.src.src[:start])
	}
	return edit{start, stop, ""}
}

// removeSections removes the sections of a table or list.
func (t *tomlText) removeSections(n *Node, instead string) []edit {
	var edits []edit
	for i, sec := range t.sections {
		if !t.within(sec.node, n) {
			continue
		}
		e := edit{sec.head, t.regionEnd(i), ""}
		if instead != "" {
			e.text = instead + t.src.eol
			if e.end < len(t.src.src) {
				e.text += t.src.eol
			}
			instead = ""
		}
		edits = append(edits, e)
	}
	// At the end of the file, also remove the blank lines before.
	if last := len(edits) - 1; last >= 0 && edits[last].end == len(t.src.src) && edits[last].text == "" {
		first := last
		for first > 0 && edits[first-1].end == edits[first].start && edits[first-1].text == "" {
			first--
		}
		src := t.src.src
		for at := edits[first].start; ; {
			feed := lineFeed(src[:at])
			if feed == 0 || lineFeed(src[:at-feed]) == 0 {
				break
			}
			at -= feed
			edits[first].start = at
		}
	}
	return edits
}

// removeInline removes the statements of n from a table in braces.
func (t *tomlText) removeInline(parent, n *Node) []edit {
	tb := t.tables[parent]
	sec := tb.section
	gone := t.statementsOf(sec, n)
	if parent.Len() == 1 && tb.made == madeByDots {
		return []edit{{gone[0].start, gone[0].end, tomlKeys(t.dots(parent, sec.node)) + " = {}"}}
	}
	if len(gone) == len(sec.statements) {
		return []edit{{sec.start + 1, spanOf(sec.node).close, ""}}
	}
	var edits []edit
	kept := false // whether a statement before it stays
	for i, st := range sec.statements {
		switch {
		case !slices.Contains(gone, st):
			kept = true
		case kept:
			edits = append(edits, edit{sec.statements[i-1].end, st.end, ""})
		default:
			edits = append(edits, edit{st.start, sec.statements[i+1].start, ""})
		}
	}
	return edits
}

// removeItem removes an item from an array, with its lines if the item does not share them.
func (t *tomlText) removeItem(list, n *Node) []edit {
	src := t.src.src
	start, stop := t.lineStart(spanOf(n).start), t.src.nextLine(spanOf(n).end)
	rest := strings.TrimLeft(string(src[spanOf(n).end:t.src.lineEnd(spanOf(n).end)]), " \t,")
	alone := strings.TrimSpace(string(src[start:spanOf(n).start])) == "" && (rest == "" || rest[0] == '#')
	if comma := t.comma(n, list); alone && comma < stop && stop <= spanOf(list).close {
		return []edit{{start, stop, ""}}
	}
	before, after := neighbours(list, n)
	switch {
	case before != nil:
		return []edit{{spanOf(before).end, spanOf(n).end, ""}}
	case after != nil:
		return []edit{{spanOf(n).start, spanOf(after).start, ""}}
	}
	return []edit{{spanOf(list).start + 1, spanOf(list).close, ""}}
}
