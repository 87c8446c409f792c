package toml

import (
	"strings"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// cutBlock moves the metadata from the tree to t.block.
func (t *tomlText) cutBlock() error {
	tb := t.tables[t.root]
	e := tb.kids[layout.MetaKey]
	if e == nil {
		return nil
	}
	b := &layout.Block{Tree: e, Line: e.KeyLine, Eol: t.src.Eol}
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
	delete(tb.kids, layout.MetaKey)
	for i, other := range t.root.Children {
		if other == e {
			t.root.Children = append(t.root.Children[:i:i], t.root.Children[i+1:]...)
			break
		}
	}
	t.block = b
	return nil
}

// normalFeeds replaces the file's line breaks in strings of the metadata by line feeds.
func normalFeeds(n *tree.Node) {
	n.Text = strings.ReplaceAll(n.Text, "\r\n", "\n")
	for _, e := range n.Children {
		normalFeeds(e)
	}
}

// blockOfTables finds the sections of the metadata, which must be contiguous.
func (t *tomlText) blockOfTables(b *layout.Block) error {
	first, last := -1, -1
	for i, sec := range t.sections {
		if len(sec.keys) == 0 || sec.keys[0] != layout.MetaKey {
			continue
		}
		if last >= 0 && last != i-1 {
			line, column := t.src.Position(sec.start)
			return &tree.SyntaxError{Line: line, Column: column, Reason: "unexpected text between the tables of the sops metadata: move it"}
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	for _, st := range t.sections[0].statements {
		if st.keys[0] == layout.MetaKey {
			line, column := t.src.Position(st.start)
			return &tree.SyntaxError{Line: line, Column: column, Reason: "the sops metadata has dotted keys, expected a table [" + layout.MetaKey + "]"}
		}
	}
	src := t.src.Src
	b.Start, b.End = t.LineStart(t.sections[first].start), t.sections[last].end
	b.Text = [2]int{t.sections[first].start, b.End - layout.LineFeed(src[:b.End])}
	if b.End == len(src) && layout.LineFeed(src) == 0 {
		b.Start -= layout.LineFeed(src[:b.Start]) // insertBlock had to end the last line
	}
	// The blank line that insertBlock puts before the table.
	if feed := layout.LineFeed(src[:b.Start]); feed > 0 && (layout.LineFeed(src[:b.Start-feed]) > 0 || b.End == len(src) && layout.LineFeed(src) == 0) {
		b.Start -= feed
	}
	return nil
}

// blockOfLine finds metadata that is written as one value.
func (t *tomlText) blockOfLine(b *layout.Block) {
	for _, st := range t.sections[0].statements {
		if st.keys[0] == layout.MetaKey {
			b.Flow = true
			b.Text = [2]int{st.start, st.end}
			b.Start, b.End = t.LineStart(st.start), t.src.NextLine(st.end)
		}
	}
}

func (t *tomlText) BlockFits(_ int, old *layout.Block) bool { return !old.Flow && old.Eol == t.src.Eol }

func (t *tomlText) RemoveBlock(int) layout.Edit {
	return layout.Edit{Start: t.block.Start, End: t.block.End, Text: ""}
}

// InsertBlock adds the table at the end, after a blank line. If the document does not end in a line
// break, the encrypted file does not either.
func (t *tomlText) InsertBlock(_ int, text string, _ *layout.Block) layout.Edit {
	at, eol := len(t.src.Src), t.src.Eol
	switch body := strings.TrimPrefix(string(t.src.Src), layout.ByteOrderMark); {
	case body == "":
		return layout.Edit{Start: at, End: at, Text: text + eol}
	case layout.LineFeed(t.src.Src) == 0:
		return layout.Edit{Start: at, End: at, Text: eol + eol + text}
	}
	return layout.Edit{Start: at, End: at, Text: eol + text + eol}
}

func (t *tomlText) RenderBlock(_ int, top *tree.Node, _ *layout.Block) string {
	w := tomlWriter{eol: t.src.Eol}
	w.table(top, []string{top.Key}, "["+tomlKeys([]string{top.Key})+"]")
	return strings.TrimSuffix(w.out.String(), t.src.Eol)
}

// tomlWriter formats a tree as tables: values first, then the nested tables.
type tomlWriter struct {
	out strings.Builder
	eol string
}

func (w *tomlWriter) table(n *tree.Node, path []string, header string) {
	if w.out.Len() > 0 {
		w.out.WriteString(w.eol)
	}
	w.out.WriteString(header + w.eol)
	var below []*tree.Node
	for e := range n.Entries() {
		switch {
		case e.Kind == tree.Null: // TOML has no null
		case e.Kind == tree.Map && !flat(e), e.Kind == tree.List && ofTables(e):
			below = append(below, e)
		default:
			w.out.WriteString(tomlKeys([]string{e.Key}) + " = " + w.value(e) + w.eol)
		}
	}
	for _, e := range below {
		sub := append(path[:len(path):len(path)], e.Key)
		if e.Kind == tree.Map {
			w.table(e, sub, "["+tomlKeys(sub)+"]")
			continue
		}
		for item := range e.Entries() {
			w.table(item, sub, "[["+tomlKeys(sub)+"]]")
		}
	}
}

// value formats the value of a statement. A string of several lines becomes a multi-line string.
func (w *tomlWriter) value(n *tree.Node) string {
	if n.Kind == tree.Value && strings.Contains(n.Text, "\n") {
		return strings.ReplaceAll(tomlString(n.Text, layout.StyleTriple, "\n", "\n"), "\n", w.eol)
	}
	text, err := tomlNew(n)
	if err != nil {
		return tomlString(n.Text, layout.StyleDouble, "", "\n") // the type of this metadata field has no meaning
	}
	return text
}

// flat reports whether a map has only single values. It is written on one line.
func flat(n *tree.Node) bool {
	for e := range n.Entries() {
		if e.Kind != tree.Value {
			return false
		}
	}
	return true
}

// ofTables reports whether a list consists of maps only.
func ofTables(n *tree.Node) bool {
	for e := range n.Entries() {
		if e.Kind != tree.Map {
			return false
		}
	}
	return n.Len() > 0
}
