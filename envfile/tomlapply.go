package envfile

import (
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// tomlNew formats a value on one line.
func tomlNew(v *Node) (string, error) {
	switch {
	case v.Kind == Value && v.Type == crypto.Str:
		return tomlString(v.Text, styleDouble, "", ""), nil
	case v.Kind == Value:
		return tomlBare(v.Type, v.Text)
	case v.Kind == Null:
		return "", fmt.Errorf("%w: TOML has no null; unset the field instead", errNotInTOML)
	}
	var parts []string
	for e := range v.Entries() {
		text, err := tomlNew(e)
		if err != nil {
			return "", err
		}
		if v.Kind == Map {
			text = tomlKeys([]string{e.Key}) + " = " + text
		}
		parts = append(parts, text)
	}
	return bracketed(v.Kind, strings.Join(parts, ", ")), nil
}

func bracketed(k Kind, text string) string {
	switch {
	case k == List:
		return "[" + text + "]"
	case text == "":
		return "{}"
	}
	return "{ " + text + " }"
}

// newValue formats the value of a new statement, which may take several lines.
func (t *tomlText) newValue(v *Node) (string, error) {
	if v.Kind == Value && v.Type == crypto.Str && strings.Contains(v.Text, "\n") && !t.readAsFeed(v.Text) {
		return tomlString(v.Text, styleTriple, t.src.eol, t.src.eol), nil
	}
	return tomlNew(v)
}

// readAsFeed reports whether a multi-line string in this file would contain a CRLF of text
// unescaped. Other readers take it for a line feed.
func (t *tomlText) readAsFeed(text string) bool {
	return t.src.eol != "\n" && strings.Contains(text, t.src.eol)
}

func (t *tomlText) replace(n, v *Node) ([]edit, error) {
	str := v.Kind == Value && v.Type == crypto.Str
	if str && (n.Quoted && !t.readAsFeed(v.Text) || spanOf(n).local && tomlLocal(v.Text)) {
		return t.format(n, replacement{typ: v.Type, text: v.Text})
	}
	text, err := t.newValue(v)
	return []edit{{spanOf(n).start, spanOf(n).end, text}}, err
}

// insert adds a value to a table and creates the missing tables on its path.
func (t *tomlText) insert(at *Node, missing Path, v *Node) ([]edit, error) {
	if at.Kind == List {
		return t.appendTo(at, missing[1:], v)
	}
	keys, rest := cutPath(missing)
	text, err := t.nested(rest, v)
	if err != nil {
		return nil, err
	}
	switch tb := t.tables[at]; {
	case tb.made == madeInline:
		return []edit{t.addInline(tb.section, keys, text)}, nil
	case tb.made == madeByDots:
		prefix := t.dots(at, tb.section.node)
		keys = append(prefix, keys...)
		if t.tables[tb.section.node].made == madeInline {
			return []edit{t.addInline(tb.section, keys, text)}, nil
		}
		last := t.statementsOf(tb.section, at)
		return []edit{t.addLine(t.src.nextLine(last[len(last)-1].end), tb.section, keys, text)}, nil
	case tb.made == madeByHeader && len(keys) == 1:
		return []edit{t.addLine(t.endOf(tb.section), tb.section, keys, text)}, nil
	}
	path := append(t.path(at), keys[:len(keys)-1]...)
	return []edit{t.addSection(at, "["+tomlKeys(path)+"]", tomlKeys(keys[len(keys)-1:])+" = "+text)}, nil
}

// cutPath splits a path before its first list position.
func cutPath(p Path) (keys []string, rest Path) {
	for i, s := range p {
		if s.IsIndex {
			return keys, p[i:]
		}
		keys = append(keys, s.Key)
	}
	return keys, nil
}

// nested formats a value inside the lists and maps of the path rest.
func (t *tomlText) nested(rest Path, v *Node) (string, error) {
	if len(rest) == 0 {
		return t.newValue(v)
	}
	text, err := tomlNew(v)
	for i := len(rest) - 1; i >= 0; i-- {
		if rest[i].IsIndex {
			text = bracketed(List, text)
		} else {
			text = bracketed(Map, tomlKeys([]string{rest[i].Key})+" = "+text)
		}
	}
	return text, err
}

// dots returns the path from a table to one that its dotted keys created.
func (t *tomlText) dots(n, from *Node) []string {
	var keys []string
	for ; n != from; n = t.tables[n].parent {
		keys = append([]string{n.Key}, keys...)
	}
	return keys
}

// statementsOf returns the statements of a section whose value is n or belongs to the table n.
func (t *tomlText) statementsOf(sec *tomlSection, n *Node) []*tomlStatement {
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
	limit, end := len(t.src.src), sec.end
	if len(t.sections) > 1 {
		limit = t.sections[1].head
	}
	for _, c := range t.root.entries {
		if c.Kind == Comment && spanOf(c).start < limit {
			end = t.src.nextLine(spanOf(c).end)
		}
	}
	return end
}

// addLine adds a statement at the start of a line.
func (t *tomlText) addLine(at int, sec *tomlSection, keys []string, text string) edit {
	indent, equals := "", " = "
	if n := len(sec.statements); n > 0 {
		last := sec.statements[n-1]
		indent = string(t.src.src[t.lineStart(last.start):last.start])
		if string(t.src.src[spanOf(last.leaf).keyEnd:spanOf(last.leaf).start]) == "=" {
			equals = "="
		}
	}
	line := indent + tomlKeys(keys) + equals + text
	src, eol := t.src.src, t.src.eol
	switch {
	case at == len(src) && lineFeed(src) == 0 && len(src) > t.begin:
		return edit{at, at, eol + line}
	case len(t.sections) > 1 && sec == t.sections[0] && at == t.sections[1].head:
		line += eol // a blank line before the first header
	}
	return edit{at, at, line + eol}
}

// addSection adds a header and a line after all sections of a table or list.
func (t *tomlText) addSection(of *Node, header, line string) edit {
	at := len(t.src.src)
	for i, sec := range t.sections {
		if t.within(sec.node, of) {
			at = t.regionEnd(i)
		}
	}
	src, eol := t.src.src, t.src.eol
	for at > 0 && lineFeed(src[:at]) > 0 && lineFeed(src[:at-lineFeed(src[:at])]) > 0 { // the new section comes before trailing blank lines
		at -= lineFeed(src[:at])
	}
	text := header
	if line != "" {
		text += eol + line
	}
	switch {
	case strings.TrimPrefix(string(src[:at]), byteOrderMark) == "":
		return edit{at, at, text + eol}
	case lineFeed(src[:at]) == 0:
		return edit{at, at, eol + eol + text}
	}
	return edit{at, at, eol + text + eol}
}

// regionEnd returns the end of a section: the start of the comments above the next header.
func (t *tomlText) regionEnd(i int) int {
	if i+1 < len(t.sections) {
		return t.sections[i+1].head
	}
	return len(t.src.src)
}

// addInline adds a statement to a table in braces.
func (t *tomlText) addInline(sec *tomlSection, keys []string, text string) edit {
	text = tomlKeys(keys) + " = " + text
	if n := len(sec.statements); n > 0 {
		end := sec.statements[n-1].end
		return edit{end, end, ", " + text}
	}
	return edit{sec.start + 1, spanOf(sec.node).close, " " + text + " "}
}

// appendTo adds an item to a list. rest is the path from the item to the value.
func (t *tomlText) appendTo(list *Node, rest Path, v *Node) ([]edit, error) {
	if tb := t.tables[list]; tb != nil {
		return t.appendTable(list, rest, v)
	}
	text, err := t.nested(rest, v)
	if err != nil {
		return nil, err
	}
	items := values(list)
	if len(items) == 0 {
		at := spanOf(list).start + 1
		return []edit{{at, at, text}}, nil
	}
	last := items[len(items)-1]
	comma := t.comma(last, list)
	switch t.src.line(spanOf(list).close) {
	case t.src.line(spanOf(last).end):
		return []edit{{spanOf(last).end, spanOf(last).end, ", " + text}}, nil
	case t.src.line(max(comma, 0)):
		return []edit{{comma + 1, comma + 1, " " + text + ","}}, nil
	}
	indent := string(t.src.src[t.lineStart(spanOf(last).start):spanOf(last).start])
	indent = indent[:len(indent)-len(strings.TrimLeft(indent, " \t"))]
	at := t.src.nextLine(max(spanOf(last).end, comma))
	if comma >= 0 {
		return []edit{{at, at, indent + text + "," + t.src.eol}}, nil
	}
	return []edit{{spanOf(last).end, spanOf(last).end, ","}, {at, at, indent + text + t.src.eol}}, nil
}

// comma returns the position of the comma after an item, or -1.
func (t *tomlText) comma(item, list *Node) int {
	for i := spanOf(item).end; i < spanOf(list).close; i++ {
		switch t.src.src[i] {
		case ',':
			return i
		case '#':
			i = t.src.lineEnd(i)
		}
	}
	return -1
}

// appendTable adds an element to a list of [[headers]].
func (t *tomlText) appendTable(list *Node, rest Path, v *Node) ([]edit, error) {
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
	case len(rest) > 0 || v.Kind != Map:
		return nil, fmt.Errorf("%w: expected a map, because the list holds tables", ErrPath)
	default:
		for e := range v.Entries() {
			text, err := tomlNew(e)
			if err != nil {
				return nil, err
			}
			body = append(body, tomlKeys([]string{e.Key})+" = "+text)
		}
	}
	return []edit{t.addSection(list, header, strings.Join(body, t.src.eol))}, nil
}
