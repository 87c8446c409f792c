package toml

import (
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// tomlNew formats a value on one line.
func tomlNew(v *tree.Node) (string, error) {
	switch {
	case v.Kind == tree.Value && v.Type == crypto.Str:
		return tomlString(v.Text, layout.StyleDouble, "", ""), nil
	case v.Kind == tree.Value:
		return tomlBare(v.Type, v.Text)
	case v.Kind == tree.Null:
		return "", fmt.Errorf("%w: TOML has no null; unset the field instead", errNotInTOML)
	}
	var parts []string
	for e := range v.Entries() {
		text, err := tomlNew(e)
		if err != nil {
			return "", err
		}
		if v.Kind == tree.Map {
			text = tomlKeys([]string{e.Key}) + " = " + text
		}
		parts = append(parts, text)
	}
	return bracketed(v.Kind, strings.Join(parts, ", ")), nil
}

func bracketed(k tree.Kind, text string) string {
	switch {
	case k == tree.List:
		return "[" + text + "]"
	case text == "":
		return "{}"
	}
	return "{ " + text + " }"
}

// newValue formats the value of a new statement, which may take several lines.
func (t *tomlText) newValue(v *tree.Node) (string, error) {
	if v.Kind == tree.Value && v.Type == crypto.Str && strings.Contains(v.Text, "\n") && !t.readAsFeed(v.Text) {
		return tomlString(v.Text, layout.StyleTriple, t.src.Eol, t.src.Eol), nil
	}
	return tomlNew(v)
}

// readAsFeed reports whether a multi-line string in this file would contain a CRLF of text
// unescaped. Other readers take it for a line feed.
func (t *tomlText) readAsFeed(text string) bool {
	return t.src.Eol != "\n" && strings.Contains(text, t.src.Eol)
}

func (t *tomlText) Replace(n, v *tree.Node) ([]layout.Edit, error) {
	str := v.Kind == tree.Value && v.Type == crypto.Str
	if str && (n.Quoted && !t.readAsFeed(v.Text) || layout.SpanOf(n).Local && tomlLocal(v.Text)) {
		return t.Format(n, layout.Replacement{Typ: v.Type, Text: v.Text})
	}
	text, err := t.newValue(v)
	return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: text}}, err
}

// Insert adds a value to a table and creates the missing tables on its path.
func (t *tomlText) Insert(at *tree.Node, missing tree.Path, v *tree.Node) ([]layout.Edit, error) {
	if at.Kind == tree.List {
		return t.appendTo(at, missing[1:], v)
	}
	keys, rest := cutPath(missing)
	text, err := t.nested(rest, v)
	if err != nil {
		return nil, err
	}
	switch tb := t.tables[at]; {
	case tb.made == madeInline:
		return []layout.Edit{t.addInline(tb.section, keys, text)}, nil
	case tb.made == madeByDots:
		prefix := t.dots(at, tb.section.node)
		keys = append(prefix, keys...)
		if t.tables[tb.section.node].made == madeInline {
			return []layout.Edit{t.addInline(tb.section, keys, text)}, nil
		}
		last := t.statementsOf(tb.section, at)
		return []layout.Edit{t.addLine(t.src.NextLine(last[len(last)-1].end), tb.section, keys, text)}, nil
	case tb.made == madeByHeader && len(keys) == 1:
		return []layout.Edit{t.addLine(t.endOf(tb.section), tb.section, keys, text)}, nil
	}
	path := append(t.path(at), keys[:len(keys)-1]...)
	return []layout.Edit{t.addSection(at, "["+tomlKeys(path)+"]", tomlKeys(keys[len(keys)-1:])+" = "+text)}, nil
}

// cutPath splits a path before its first list position.
func cutPath(p tree.Path) (keys []string, rest tree.Path) {
	for i, s := range p {
		if s.IsIndex {
			return keys, p[i:]
		}
		keys = append(keys, s.Key)
	}
	return keys, nil
}

// nested formats a value inside the lists and maps of the path rest.
func (t *tomlText) nested(rest tree.Path, v *tree.Node) (string, error) {
	if len(rest) == 0 {
		return t.newValue(v)
	}
	text, err := tomlNew(v)
	for i := len(rest) - 1; i >= 0; i-- {
		if rest[i].IsIndex {
			text = bracketed(tree.List, text)
		} else {
			text = bracketed(tree.Map, tomlKeys([]string{rest[i].Key})+" = "+text)
		}
	}
	return text, err
}

// dots returns the path from a table to one that its dotted keys created.
func (t *tomlText) dots(n, from *tree.Node) []string {
	var keys []string
	for ; n != from; n = t.tables[n].parent {
		keys = append([]string{n.Key}, keys...)
	}
	return keys
}

// statementsOf returns the statements of a section whose value is n or belongs to the table n.
func (t *tomlText) statementsOf(sec *tomlSection, n *tree.Node) []*tomlStatement {
	var found []*tomlStatement
	for _, st := range sec.statements {
		if st.leaf == n || t.within(st.in, n) {
			found = append(found, st)
		}
	}
	return found
}

// endOf returns the position for a new line of a section. The root has no header, so its first line
// comes after the comments at the start of the file.
func (t *tomlText) endOf(sec *tomlSection) int {
	if sec.node != t.root || len(sec.statements) > 0 {
		return sec.end
	}
	limit, end := len(t.src.Src), sec.end
	if len(t.sections) > 1 {
		limit = t.sections[1].head
	}
	for _, c := range t.root.Children {
		if c.Kind == tree.Comment && layout.SpanOf(c).Start < limit {
			end = t.src.NextLine(layout.SpanOf(c).End)
		}
	}
	return end
}

// addLine adds a statement at the start of a line.
func (t *tomlText) addLine(at int, sec *tomlSection, keys []string, text string) layout.Edit {
	indent, equals := "", " = "
	if n := len(sec.statements); n > 0 {
		last := sec.statements[n-1]
		indent = string(t.src.Src[t.LineStart(last.start):last.start])
		if string(t.src.Src[layout.SpanOf(last.leaf).KeyEnd:layout.SpanOf(last.leaf).Start]) == "=" {
			equals = "="
		}
	}
	line := indent + tomlKeys(keys) + equals + text
	src, eol := t.src.Src, t.src.Eol
	switch {
	case at == len(src) && layout.LineFeed(src) == 0 && len(src) > t.begin:
		return layout.Edit{Start: at, End: at, Text: eol + line}
	case len(t.sections) > 1 && sec == t.sections[0] && at == t.sections[1].head:
		line += eol // a blank line before the first header
	}
	return layout.Edit{Start: at, End: at, Text: line + eol}
}

// addSection adds a header and a line after all sections of a table or list.
func (t *tomlText) addSection(of *tree.Node, header, line string) layout.Edit {
	at := len(t.src.Src)
	for i, sec := range t.sections {
		if t.within(sec.node, of) {
			at = t.regionEnd(i)
		}
	}
	src, eol := t.src.Src, t.src.Eol
	for at > 0 && layout.LineFeed(src[:at]) > 0 && layout.LineFeed(src[:at-layout.LineFeed(src[:at])]) > 0 { // the new section comes before trailing blank lines
		at -= layout.LineFeed(src[:at])
	}
	text := header
	if line != "" {
		text += eol + line
	}
	switch {
	case strings.TrimPrefix(string(src[:at]), layout.ByteOrderMark) == "":
		return layout.Edit{Start: at, End: at, Text: text + eol}
	case layout.LineFeed(src[:at]) == 0:
		return layout.Edit{Start: at, End: at, Text: eol + eol + text}
	}
	return layout.Edit{Start: at, End: at, Text: eol + text + eol}
}

// regionEnd returns the end of a section: the start of the comments above the next header.
func (t *tomlText) regionEnd(i int) int {
	if i+1 < len(t.sections) {
		return t.sections[i+1].head
	}
	return len(t.src.Src)
}

// addInline adds a statement to a table in braces.
func (t *tomlText) addInline(sec *tomlSection, keys []string, text string) layout.Edit {
	text = tomlKeys(keys) + " = " + text
	if n := len(sec.statements); n > 0 {
		end := sec.statements[n-1].end
		return layout.Edit{Start: end, End: end, Text: ", " + text}
	}
	return layout.Edit{Start: sec.start + 1, End: layout.SpanOf(sec.node).Close, Text: " " + text + " "}
}

// appendTo adds an item to a list. rest is the path from the item to the value.
func (t *tomlText) appendTo(list *tree.Node, rest tree.Path, v *tree.Node) ([]layout.Edit, error) {
	if tb := t.tables[list]; tb != nil {
		return t.appendTable(list, rest, v)
	}
	text, err := t.nested(rest, v)
	if err != nil {
		return nil, err
	}
	items := layout.Values(list)
	if len(items) == 0 {
		at := layout.SpanOf(list).Start + 1
		return []layout.Edit{{Start: at, End: at, Text: text}}, nil
	}
	last := items[len(items)-1]
	comma := t.comma(last, list)
	switch t.src.Line(layout.SpanOf(list).Close) {
	case t.src.Line(layout.SpanOf(last).End):
		return []layout.Edit{{Start: layout.SpanOf(last).End, End: layout.SpanOf(last).End, Text: ", " + text}}, nil
	case t.src.Line(max(comma, 0)):
		return []layout.Edit{{Start: comma + 1, End: comma + 1, Text: " " + text + ","}}, nil
	}
	indent := string(t.src.Src[t.LineStart(layout.SpanOf(last).Start):layout.SpanOf(last).Start])
	indent = indent[:len(indent)-len(strings.TrimLeft(indent, " \t"))]
	at := t.src.NextLine(max(layout.SpanOf(last).End, comma))
	if comma >= 0 {
		return []layout.Edit{{Start: at, End: at, Text: indent + text + "," + t.src.Eol}}, nil
	}
	return []layout.Edit{{Start: layout.SpanOf(last).End, End: layout.SpanOf(last).End, Text: ","}, {Start: at, End: at, Text: indent + text + t.src.Eol}}, nil
}

// comma returns the position of the comma after an item, or -1.
func (t *tomlText) comma(item, list *tree.Node) int {
	for i := layout.SpanOf(item).End; i < layout.SpanOf(list).Close; i++ {
		switch t.src.Src[i] {
		case ',':
			return i
		case '#':
			i = t.src.LineEnd(i)
		}
	}
	return -1
}

// appendTable adds an element to a list of [[headers]].
func (t *tomlText) appendTable(list *tree.Node, rest tree.Path, v *tree.Node) ([]layout.Edit, error) {
	header := "[[" + tomlKeys(t.path(list)) + "]]"
	keys, tail := cutPath(rest)
	var body []string
	switch {
	case len(keys) > 0:
		text, err := t.nested(tail, v)
		if err != nil {
			return nil, err
		}
		body = append(body, tomlKeys(keys)+" = "+text)
	case len(rest) > 0 || v.Kind != tree.Map:
		return nil, fmt.Errorf("%w: expected a map, because the list holds tables", tree.ErrPath)
	default:
		for e := range v.Entries() {
			text, err := tomlNew(e)
			if err != nil {
				return nil, err
			}
			body = append(body, tomlKeys([]string{e.Key})+" = "+text)
		}
	}
	return []layout.Edit{t.addSection(list, header, strings.Join(body, t.src.Eol))}, nil
}
