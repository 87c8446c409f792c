package envfile

import (
	"strings"
)

// cutBlock moves the metadata from the tree to t.block.
func (t *tomlText) cutBlock() error {
	tb := t.tables[t.root]
	e := tb.kids[metaKey]
	if e == nil {
		return nil
	}
	b := &block{tree: e, line: e.KeyLine, eol: t.src.eol}
	var err error
	if tb := t.tables[e]; tb != nil && tb.made != madeInline {
		err = t.blockOfTables(b)
	} else {
		t.blockOfLine(b)
	}
	if err != nil {
		return err
	}
	normalFeeds(e)
	delete(tb.kids, metaKey)
	for i, other := range t.root.entries {
		if other == e {
			t.root.entries = append(t.root.entries[:i:i], t.root.entries[i+1:]...)
			break
		}
	}
	t.block = b
	return nil
}

// normalFeeds replaces the file's line breaks in strings of the metadata by line feeds.
func normalFeeds(n *Node) {
	n.Text = strings.ReplaceAll(n.Text, "\r\n", "\n")
	for _, e := range n.entries {
		normalFeeds(e)
	}
}

// blockOfTables finds the sections of the metadata, which must be contiguous.
func (t *tomlText) blockOfTables(b *block) error {
	first, last := -1, -1
	for i, sec := range t.sections {
		if len(sec.keys) == 0 || sec.keys[0] != metaKey {
			continue
		}
		if last >= 0 && last != i-1 {
			line, column := t.src.position(sec.start)
			return &SyntaxError{Line: line, Column: column, Reason: "unexpected text between the tables of the sops metadata: move it"}
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	for _, st := range t.sections[0].statements {
		if st.keys[0] == metaKey {
			line, column := t.src.position(st.start)
			return &SyntaxError{Line: line, Column: column, Reason: "the sops metadata has dotted keys, expected a table [" + metaKey + "]"}
		}
	}
	src := t.src.src
	b.start, b.end = t.lineStart(t.sections[first].start), t.sections[last].end
	b.text = [2]int{t.sections[first].start, b.end - lineFeed(src[:b.end])}
	if b.end == len(src) && lineFeed(src) == 0 {
		b.start -= lineFeed(src[:b.start]) // insertBlock had to end the last line
	}
	// The blank line that insertBlock puts before the table.
	if feed := lineFeed(src[:b.start]); feed > 0 && (lineFeed(src[:b.start-feed]) > 0 || b.end == len(src) && lineFeed(src) == 0) {
		b.start -= feed
	}
	return nil
}

// blockOfLine finds metadata that is written as one value.
func (t *tomlText) blockOfLine(b *block) {
	for _, st := range t.sections[0].statements {
		if st.keys[0] == metaKey {
			b.flow = true
			b.text = [2]int{st.start, st.end}
			b.start, b.end = t.lineStart(st.start), t.src.nextLine(st.end)
		}
	}
}

func (t *tomlText) blockFits(_ int, old *block) bool { return !old.flow && old.eol == t.src.eol }

func (t *tomlText) removeBlock(int) edit { return edit{t.block.start, t.block.end, ""} }

// insertBlock adds the table at the end, after a blank line. If the document does not end in a line
// break, the encrypted file does not either.
func (t *tomlText) insertBlock(_ int, text string, _ *block) edit {
	at, eol := len(t.src.src), t.src.eol
	switch body := strings.TrimPrefix(string(t.src.src), byteOrderMark); {
	case body == "":
		return edit{at, at, text + eol}
	case lineFeed(t.src.src) == 0:
		return edit{at, at, eol + eol + text}
	}
	return edit{at, at, eol + text + eol}
}

func (t *tomlText) renderBlock(_ int, top *Node, _ *block) string {
	w := tomlWriter{eol: t.src.eol}
	w.table(top, []string{top.Key}, "["+tomlKeys([]string{top.Key})+"]")
	return strings.TrimSuffix(w.out.String(), t.src.eol)
}

// tomlWriter formats a tree as tables: values first, then the nested tables.
type tomlWriter struct {
	out strings.Builder
	eol string
}

func (w *tomlWriter) table(n *Node, path []string, header string) {
	if w.out.Len() > 0 {
		w.out.WriteString(w.eol)
	}
	w.out.WriteString(header + w.eol)
	var below []*Node
	for e := range n.Entries() {
		switch {
		case e.Kind == Null: // TOML has no null
		case e.Kind == Map && !flat(e), e.Kind == List && ofTables(e):
			below = append(below, e)
		default:
			w.out.WriteString(tomlKeys([]string{e.Key}) + " = " + w.value(e) + w.eol)
		}
	}
	for _, e := range below {
		sub := append(path[:len(path):len(path)], e.Key)
		if e.Kind == Map {
			w.table(e, sub, "["+tomlKeys(sub)+"]")
			continue
		}
		for item := range e.Entries() {
			w.table(item, sub, "[["+tomlKeys(sub)+"]]")
		}
	}
}

// value formats the value of a statement. A string of several lines becomes a multi-line string.
func (w *tomlWriter) value(n *Node) string {
	if n.Kind == Value && strings.Contains(n.Text, "\n") {
		return strings.ReplaceAll(tomlString(n.Text, styleTriple, "\n", "\n"), "\n", w.eol)
	}
	text, err := tomlNew(n)
	if err != nil {
		return tomlString(n.Text, styleDouble, "", "\n") // the type of this metadata field has no meaning
	}
	return text
}

// flat reports whether a map has only single values. It is written on one line.
func flat(n *Node) bool {
	for e := range n.Entries() {
		if e.Kind != Value {
			return false
		}
	}
	return true
}

// ofTables reports whether a list consists of maps only.
func ofTables(n *Node) bool {
	for e := range n.Entries() {
		if e.Kind != Map {
			return false
		}
	}
	return n.Len() > 0
}
