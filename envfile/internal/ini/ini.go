// Package ini parses and changes .ini files as sops reads it with gopkg.in/ini.v1: all values are strings,
// keys before the first section belong to a section called DEFAULT, and a section may occur more
// than once.
//
// If ini.v1 would change a value ("quoted ; text", a#b), the value is kept unchanged. The file is
// rejected if such a value is unencrypted, and if ini.v1 would join lines or drop keys.
package ini

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Format is the INI format.
var Format layout.Format = &iniFormat{}

type iniFormat struct{ layout.FormatDefaults }

func (*iniFormat) Name() string { return "ini" }

func (f *iniFormat) Values(src []byte) ([]*tree.Node, error) { return layout.ValuesOf(f, src) }

func (*iniFormat) Coerce(typ crypto.Type, text string) (crypto.Type, string) {
	return layout.CoerceText(typ, text)
}

const iniDefault = "DEFAULT"

func (*iniFormat) Parse(src []byte) (*layout.Parsed, error) {
	if err := layout.NotUTF16(src); err != nil {
		return nil, err
	}
	s := iniScanner{src: layout.NewLines(src), indent: -1, root: layout.NewNode(tree.Node{Kind: tree.Map, Line: 1, Column: 1}), budget: layout.NewBudget(src)}
	s.section(iniDefault, 0)
	for at := len(src) - len(bytes.TrimPrefix(src, []byte("\xEF\xBB\xBF"))); at < len(src); {
		next, err := s.Line(at)
		if err != nil {
			return nil, err
		}
		at = next
	}
	s.finishComments()
	last := s.current.section
	last.Children = append(last.Children, s.pending...) // comments at the end; sops drops them
	t := &iniText{src: s.src, root: s.root, sections: s.sections}
	var err error
	if t.block, err = s.metadata(); err != nil {
		return nil, err
	}
	if before := s.sections[0].section; before.Len() == 0 { // no keys, but perhaps comments
		s.root.Children = slices.Concat(before.Children, s.root.Children[1:])
	}
	return &layout.Parsed{Src: src, Roots: []*tree.Node{s.root}, Blocks: []*layout.Block{t.block}, Layout: t, Repeats: shadowSections(s.root)}, nil
}

// iniSection is a section and the end of its lines.
type iniSection struct {
	section *tree.Node
	end     int // after its last line
	seen    map[string]int
}

type iniScanner struct {
	src      *layout.Lines
	root     *tree.Node
	sections []*iniSection
	current  *iniSection
	pending  []*tree.Node // comments that belong to the next key or section
	indent   int          // of the previous key in the section, -1 without one
	budget   layout.Budget
}

func (s *iniScanner) section(name string, at int) {
	n := layout.NewNode(tree.Node{Kind: tree.Map, Key: name})
	n.Line, n.Column = s.src.Position(at)
	n.KeyLine, n.KeyColumn = n.Line, n.Column
	layout.SpanOf(n).Start = at
	s.current = &iniSection{section: n, end: at, seen: map[string]int{}}
	s.sections = append(s.sections, s.current)
	s.root.Children = append(s.root.Children, n)
}

// finishComments sets the texts of the pending comments, after all their lines are known. Like
// sops, it strips the comment marks.
func (s *iniScanner) finishComments() {
	for _, c := range s.pending {
		c.Text = stripMarks(string(s.src.Src[layout.SpanOf(c).Start:layout.SpanOf(c).End]))
		layout.SpanOf(c).Tag = layout.SpanOf(c).End - len(c.Text)
	}
}

// stripMarks is stripCommentChar of sops.
func stripMarks(comment string) string { return strings.TrimLeft(comment, comment[:1]+" ") }

// attach adds the pending comments to a section. They belong to one key or header, so sops treats
// them as one comment, even if blank lines separate them.
func (s *iniScanner) attach(section *tree.Node) {
	s.finishComments()
	if section.Key != layout.MetaKey {
		s.joinComments()
	}
	for _, c := range s.pending {
		// sops splits the text into lines and fails if the first one is empty.
		layout.SpanOf(c).SopsMisreads = strings.HasPrefix(c.Text, "\n")
	}
	section.Children = append(section.Children, s.pending...)
	s.pending = nil
}

// joinComments merges the pending comments into one. In an encrypted file, the first comment holds
// the whole ciphertext, and the other lines keep only their comment marks.
func (s *iniScanner) joinComments() {
	if len(s.pending) < 2 {
		return
	}
	first, rest := s.pending[0], s.pending[1:]
	encrypted, bare := false, true
	for i, c := range s.pending {
		encrypted = encrypted || crypto.IsSealed(c.Text) || layout.MarkNumber(c.Text) >= 0
		bare = bare && (i == 0 || strings.Trim(c.Text, ";# \t\r\n") == "")
	}
	if encrypted && !bare {
		return // edited by hand, or written by another program
	}
	if !encrypted {
		var text []byte
		for _, c := range s.pending {
			text = append(text, s.src.Src[layout.SpanOf(c).Start:s.src.NextLine(layout.SpanOf(c).End)]...)
		}
		first.Text = stripMarks(strings.TrimSpace(string(text)))
	}
	for _, c := range rest {
		layout.SpanOf(first).Rest = append(layout.SpanOf(first).Rest, [2]int{layout.SpanOf(c).Start, layout.SpanOf(c).End})
	}
	s.pending = s.pending[:1]
}

func (s *iniScanner) fail(at int, reason string) error {
	line, column := s.src.Position(at)
	return &tree.SyntaxError{Line: line, Column: column, Reason: reason}
}

// Line parses the line at an offset and returns the offset of the next line. A value may take
// several lines.
func (s *iniScanner) Line(at int) (next int, err error) {
	end := bytes.IndexByte(s.src.Src[at:], '\n')
	if end < 0 {
		end = len(s.src.Src)
	} else {
		end += at
	}
	next = min(end+1, len(s.src.Src))
	text := string(s.src.Src[at:end])
	start := at + len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	text = strings.TrimSpace(text)
	if text == "" {
		return next, nil
	}
	if s.budget.Left--; s.budget.Left < 0 {
		line, _ := s.src.Position(start)
		return next, layout.TooManyNodes(line, len(s.src.Src))
	}
	switch {
	case text[0] == '#' || text[0] == ';':
		s.comment(start, start+len(text))
		return next, nil
	case text[0] == '[':
		return next, s.header(text, start, next)
	}
	stop, err := s.key(text, start, next)
	s.current.end = stop
	return stop, err
}

// comment adds a comment line. It joins the line with the previous comment if that ends on the line
// above, because sops treats consecutive comment lines as one comment.
func (s *iniScanner) comment(start, end int) {
	if n := len(s.pending); n > 0 {
		last := s.pending[n-1]
		gap := s.src.Src[layout.SpanOf(last).End:start]
		if bytes.Count(gap, []byte("\n")) == 1 && bytes.HasSuffix(gap, []byte("\n")) && !layout.SpanOf(last).Flow { // not indented
			layout.SpanOf(last).End = end
			return
		}
	}
	s.pending = append(s.pending, s.newComment(start, end))
}

// newComment creates the node of a comment. finishComments sets the text.
func (s *iniScanner) newComment(start, end int) *tree.Node {
	c := layout.NewNode(tree.Node{Kind: tree.Comment, Type: crypto.Comment})
	c.Line, c.Column = s.src.Position(start)
	layout.SpanOf(c).Start, layout.SpanOf(c).End = start, end
	return c
}

// iniDeeper marks a line with more indentation than the previous key. Python's configparser reads
// it as a continuation of that key's value.
const iniDeeper = ">"

func (s *iniScanner) deeper(start int) bool {
	return s.indent >= 0 && s.indentOf(start) > s.indent
}

func (s *iniScanner) indentOf(start int) int {
	return utf8.RuneCount(bytes.TrimPrefix(s.src.Src[s.src.LineStart(start):start], []byte(layout.ByteOrderMark)))
}

// setFrame records what some readers take for a part of a name or value: quotes, the
// delimiter, a comment on the line, the indentation and unusual white space.
func (s *iniScanner) setFrame(n *tree.Node, keyQuotes string, delimiter, inline int) {
	if s.current.section.Key == layout.MetaKey {
		return
	}
	src := s.src.Src
	frame := keyQuotes
	if raw := src[layout.SpanOf(n).KeyStart+len(keyQuotes) : layout.SpanOf(n).KeyEnd-len(keyQuotes)]; string(raw) != n.Key {
		frame += string(raw)
	}
	frame += string(src[delimiter]) + iniQuotes[layout.SpanOf(n).Style]
	end := s.src.LineEnd(layout.SpanOf(n).End)
	if inline >= 0 {
		frame += ";"
		end = inline
	}
	if s.deeper(layout.SpanOf(n).KeyStart) {
		frame += iniDeeper
	}
	start := s.src.LineStart(layout.SpanOf(n).KeyStart)
	frame += oddSpace(src[start:layout.SpanOf(n).KeyStart], src[layout.SpanOf(n).KeyEnd:layout.SpanOf(n).Start], bytes.TrimRight(src[layout.SpanOf(n).End:end], "\r"))
	if frame != "=" {
		n.MakeTraits().Frame = frame
	}
	s.indent = s.indentOf(layout.SpanOf(n).KeyStart)
}

// oddSpace returns the white space in texts that not all readers skip, or at which some
// end a line: all but blanks and tabs.
func oddSpace(texts ...[]byte) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && r != '\t' && unicode.IsSpace(r) {
			return r
		}
		return -1
	}, string(bytes.Join(texts, nil)))
}

func (s *iniScanner) header(text string, start, next int) error {
	closing := strings.LastIndexByte(text, ']')
	if closing < 0 {
		return s.fail(start, "the section has no closing bracket")
	}
	if closing == 1 {
		return s.fail(start, "the section has no name")
	}
	if strings.Trim(text[closing+1:], " \t") != "" {
		if rest := strings.TrimLeft(text[closing+1:], " \t"); rest[0] != '#' && rest[0] != ';' {
			return s.fail(start+closing+1, "unexpected text after the section's bracket")
		}
		i := start + len(text) - len(strings.TrimLeft(text[closing+1:], " \t"))
		c := s.newComment(i, start+len(text))
		layout.SpanOf(c).Flow = true // shares its line
		s.pending = append(s.pending, c)
	}
	s.section(text[1:closing], start)
	if s.current.section.Key != layout.MetaKey { // the plaintext does not contain the metadata
		frame := ""
		if s.deeper(start) {
			frame = iniDeeper
		}
		src := s.src.Src
		lineStart, end := s.src.LineStart(start), s.src.LineEnd(start)
		if frame += oddSpace(src[lineStart:start], bytes.TrimRight(src[min(start+len(text), end):end], "\r")); frame != "" {
			s.current.section.MakeTraits().Frame = frame
		}
		s.indent = -1
	}
	s.current.end = next
	s.attach(s.current.section)
	return nil
}

// key parses a key and its value, which may take several lines.
func (s *iniScanner) key(text string, start, next int) (stop int, err error) {
	name, nameEnd, delimiter := iniKey(text)
	switch {
	case delimiter < 0 && nameEnd > 0:
		return next, s.fail(start, "expected = after the quoted key")
	case delimiter < 0:
		return next, s.fail(start, "expected key = value, got no =")
	case name == "":
		return next, s.fail(start, "expected a key before the =")
	}
	if name == "-" {
		return next, s.fail(start, `sops replaces the key "-" by a number: give it a name`)
	}
	if _, ok := s.current.seen[name]; ok {
		return next, s.fail(start, "duplicate key "+layout.QuoteName(name)+"; sops keeps only the last one")
	}
	s.current.seen[name] = start
	n := layout.NewNode(tree.Node{Kind: tree.Value, Key: name, Type: crypto.Str, Quoted: true})
	n.KeyLine, n.KeyColumn = s.src.Position(start)
	layout.SpanOf(n).KeyStart, layout.SpanOf(n).KeyEnd = start, start+nameEnd
	inline, stop, err := s.value(n, start+delimiter+1, start+len(text), next)
	if err != nil {
		return next, err
	}
	n.Line, n.Column = s.src.Position(layout.SpanOf(n).Start)
	s.setFrame(n, iniKeyQuotes(text), start+delimiter, inline)
	s.current.section.Children = append(s.current.section.Children, n)
	if inline >= 0 {
		c := s.newComment(inline, start+len(text))
		layout.SpanOf(c).Flow = true
		s.pending = append(s.pending, c)
	}
	s.attach(s.current.section) // sops puts a key's comments after it
	return stop, nil
}

func iniKeyQuotes(text string) string {
	switch {
	case len(text) > 6 && strings.HasPrefix(text, `"""`):
		return `"""`
	case text[0] == '"' || text[0] == '`':
		return text[:1]
	}
	return ""
}

// iniKey returns the key at the start of a line, its end, and the offset of the = or : after it, or
// -1. A key that contains one of these or a quote is quoted.
func iniKey(text string) (name string, end, delimiter int) {
	quote := iniKeyQuotes(text)
	if quote == "" {
		delimiter = strings.IndexAny(text, "=:")
		if delimiter < 0 {
			return "", 0, -1
		}
		name = strings.TrimSpace(text[:delimiter])
		return name, len(name), delimiter
	}
	name, rest, ok := strings.Cut(text[len(quote):], quote)
	if !ok {
		return "", 0, -1
	}
	end = len(text) - len(rest)
	rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	if rest == "" || rest[0] != '=' && rest[0] != ':' {
		return "", end, -1
	}
	return strings.TrimSpace(name), end, len(text) - len(rest)
}

// value parses the value between i and end. inline is the offset of a comment after the value, or
// -1. stop is the offset of the next line.
func (s *iniScanner) value(n *tree.Node, i, end, next int) (inline, stop int, err error) {
	src := s.src.Src
	i = end - len(bytes.TrimLeftFunc(src[i:end], unicode.IsSpace))
	layout.SpanOf(n).Start, layout.SpanOf(n).End = i, end
	text := string(src[i:end])
	for _, q := range []struct {
		quote string
		style layout.Style
		more  int // bytes that must follow on the line, including its line feed
	}{{`"""`, layout.StyleTriple, 1}, {"`", layout.StyleBacktick, 0}} {
		if strings.HasPrefix(text, q.quote) && next-i >= len(q.quote)+q.more {
			stop, err := s.quoted(n, q.quote, q.style, next-layout.LineFeed(src[:next]), next)
			return -1, stop, err
		}
	}
	if strings.HasSuffix(text, `\`) {
		return -1, next, s.fail(end-1, `sops joins the next line to a line that ends in \: join the lines, or put the value in backquotes`)
	}
	inline = -1
	if c := inlineComment(text); c >= 0 && !surrounded(text) {
		inline = i + c
		text = strings.TrimRightFunc(text[:c], unicode.IsSpace)
		layout.SpanOf(n).End = i + len(text)
	}
	layout.SpanOf(n).SopsMisreads = strings.ContainsAny(text, "#;")
	switch {
	case surrounded(text) && text[0] == '\'':
		layout.SpanOf(n).Style = layout.StyleSingle
		text = text[1 : len(text)-1]
	case surrounded(text):
		layout.SpanOf(n).Style = layout.StyleDouble
		text = text[1 : len(text)-1]
	}
	n.Text = text
	return inline, next, nil
}

// quoted parses a value in backquotes or triple quotes. It continues over the next lines if the
// quote is not closed on the first.
func (s *iniScanner) quoted(n *tree.Node, quote string, st layout.Style, end, next int) (stop int, err error) {
	src := s.src.Src
	from := layout.SpanOf(n).Start + len(quote)
	line := from
	closing := bytes.LastIndex(src[line:end], []byte(quote))
	for closing < 0 {
		if next >= len(src) {
			return next, s.fail(layout.SpanOf(n).Start, "the quote is not closed")
		}
		line, end = next, s.src.LineEnd(next)
		next = s.src.NextLine(end)
		closing = bytes.LastIndex(src[line:end], []byte(quote))
	}
	closing += line
	layout.SpanOf(n).Style, layout.SpanOf(n).End = st, closing+len(quote)
	n.Text = string(src[from:closing])
	if strings.TrimSpace(string(src[layout.SpanOf(n).End:end])) != "" {
		return next, s.fail(layout.SpanOf(n).End, "unexpected text after the closing quote")
	}
	return next, nil
}

// surrounded is hasSurroundedQuote of ini.v1: quotes at both ends and none between.
func surrounded(s string) bool {
	return len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && strings.IndexByte(s[1:], s[0]) == len(s)-2
}

// inlineComment returns the offset of a comment after a value: at a # or ; after a blank. ini.v1
// does not require the blank, and so cuts a#b in two.
func inlineComment(s string) int {
	for i := range len(s) {
		if (s[i] == '#' || s[i] == ';') && (i == 0 || layout.Blank(s[i-1])) {
			return i
		}
	}
	return -1
}

// metadata removes the section [sops] from the tree and returns it.
func (s *iniScanner) metadata() (*layout.Block, error) {
	for i, sec := range s.sections {
		if sec.section.Key != layout.MetaKey {
			continue
		}
		for _, other := range s.sections[i+1:] {
			if other.section.Key == layout.MetaKey {
				return nil, tree.ErrorAt(other.section, "duplicate section [%s]", layout.MetaKey)
			}
		}
		s.keepAbove(i)
		var fields []layout.FlatField
		for e := range sec.section.Entries() {
			v := *e
			v.Text = layout.UnescapeFeeds(v.Text)
			fields = append(fields, layout.FlatField{Name: e.Key, Node: &v})
		}
		top, err := layout.Unflatten(fields)
		if err != nil {
			return nil, err
		}
		top.Line, top.Column = sec.section.Line, sec.section.Column
		start := s.src.LineStart(layout.SpanOf(sec.section).Start)
		b := &layout.Block{Tree: top, Line: sec.section.Line, First: i == 0, Text: [2]int{start, sec.end}, Start: start, End: sec.end}
		b.Text[1] -= layout.LineFeed(s.src.Src[:sec.end])
		// sops and sealcfg write a blank line before the section.
		if sec.end == len(s.src.Src) && layout.LineFeed(s.src.Src) == 0 {
			b.Text[1] = sec.end
			n := layout.LineFeed(s.src.Src[:b.Start]) // the plaintext does not end in a line feed either
			if b.Start -= n; layout.LineFeed(s.src.Src[:b.Start]) > 0 {
				b.Start -= n // of the same length as the first: an extra carriage return belongs to the plaintext
			}
		} else if n := layout.LineFeed(s.src.Src[:start]); n > 0 && layout.LineFeed(s.src.Src[:start-n]) > 0 {
			b.Start -= n
		}
		for j, e := range s.root.Children {
			if e == sec.section {
				s.root.Children = append(s.root.Children[:j:j], s.root.Children[j+1:]...)
				break
			}
		}
		return b, nil
	}
	return nil, nil
}

// keepAbove moves the comments above the header of a section to the previous section: in the
// plaintext, they are at the end of that section.
func (s *iniScanner) keepAbove(i int) {
	if i == 0 {
		return
	}
	before := s.sections[i-1].section
	for _, c := range s.sections[i].section.Children {
		if c.Kind == tree.Comment && layout.SpanOf(c).Start < layout.SpanOf(s.sections[i].section).Start {
			before.Children = append(before.Children, c)
		}
	}
}

// Comparable returns a copy of an INI tree without the section of keys before the first header,
// if that section is empty. The section exists only while it has keys.
func (*iniFormat) Comparable(roots []*tree.Node) []*tree.Node {
	c := *roots[0]
	c.Children = slices.DeleteFunc(slices.Clone(layout.Values(&c)), func(n *tree.Node) bool { return n.Key == iniDefault && n.Len() == 0 })
	return []*tree.Node{&c}
}

// shadowSections is shadow for the sections of an INI file. A section may continue later in the
// file; the first of several equal keys is effective.
func shadowSections(root *tree.Node) []tree.Repeat {
	all := layout.Shadow(root, false)
	if len(all) == 0 {
		return nil
	}
	root.Repeats = true
	type field struct{ section, key string }
	seen := map[field]bool{}
	for section := range root.Entries() {
		section.Shadowed = false
		for e := range section.Entries() {
			at := field{section.Key, e.Key}
			e.Shadowed = seen[at]
			seen[at] = true
		}
	}
	return all
}

func (*iniFormat) Properties() layout.Properties {
	return layout.Properties{Extensions: []string{".ini"}, Strictness: 4}
}

func (*iniFormat) Marked(src []byte) bool {
	return layout.HasTable(src) && !layout.FieldIs(src, "mac", layout.IsQuoted)
}

// LooksLike requires a header: without one, the file may be in another language.
func (*iniFormat) LooksLike(root *tree.Node) bool {
	for e := range root.Entries() {
		if e.Kind == tree.Map && e.Len() > 0 && e.Key != iniDefault {
			return true
		}
	}
	return false
}

func (*iniFormat) MisreadComment(text string) string { return layout.BrokenComment(text) }
