package envfile

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

// INI is the format of .ini files as sops reads it with gopkg.in/ini.v1: all values are strings,
// keys before the first section belong to a section called DEFAULT, and a section may occur more
// than once.
//
// If ini.v1 would change a value ("quoted ; text", a#b), the value is kept unchanged. The file is
// rejected if such a value is unencrypted, and if ini.v1 would join lines or drop keys.
var INI Format = iniFormat{}

type iniFormat struct{ formatDefaults }

func (iniFormat) Name() string { return "ini" }

func (f iniFormat) values(src []byte) ([]*Node, error) { return valuesOf(f, src) }

func (iniFormat) coerce(typ crypto.Type, text string) (crypto.Type, string) {
	return coerceText(typ, text)
}

const iniDefault = "DEFAULT"

func (iniFormat) parse(src []byte) (*parsed, error) {
	if err := notUTF16(src); err != nil {
		return nil, err
	}
	s := iniScanner{src: newLines(src), indent: -1, root: newNode(Node{Kind: Map, Line: 1, Column: 1}), budget: newBudget(src)}
	s.section(iniDefault, 0)
	for at := len(src) - len(bytes.TrimPrefix(src, []byte("\xEF\xBB\xBF"))); at < len(src); {
		next, err := s.line(at)
		if err != nil {
			return nil, err
		}
		at = next
	}
	s.finishComments()
	last := s.current.section
	last.entries = append(last.entries, s.pending...) // comments at the end; sops drops them
	t := &iniText{src: s.src, root: s.root, sections: s.sections}
	var err error
	if t.block, err = s.metadata(); err != nil {
		return nil, err
	}
	if before := s.sections[0].section; before.Len() == 0 { // no keys, but perhaps comments
		s.root.entries = slices.Concat(before.entries, s.root.entries[1:])
	}
	return &parsed{src: src, roots: []*Node{s.root}, blocks: []*block{t.block}, layout: t, repeats: shadowSections(s.root)}, nil
}

// iniSection is a section and the end of its lines.
type iniSection struct {
	section *Node
	end     int // after its last line
	seen    map[string]int
}

type iniScanner struct {
	src      *lines
	root     *Node
	sections []*iniSection
	current  *iniSection
	pending  []*Node // comments that belong to the next key or section
	indent   int     // of the previous key in the section, -1 without one
	budget   budget
}

func (s *iniScanner) section(name string, at int) {
	n := newNode(Node{Kind: Map, Key: name})
	n.Line, n.Column = s.src.position(at)
	n.KeyLine, n.KeyColumn = n.Line, n.Column
	spanOf(n).start = at
	s.current = &iniSection{section: n, end: at, seen: map[string]int{}}
	s.sections = append(s.sections, s.current)
	s.root.entries = append(s.root.entries, n)
}

// finishComments sets the texts of the pending comments, after all their lines are known. Like
// sops, it strips the comment marks.
func (s *iniScanner) finishComments() {
	for _, c := range s.pending {
		c.Text = stripMarks(string(s.src.src[spanOf(c).start:spanOf(c).end]))
		spanOf(c).tag = spanOf(c).end - len(c.Text)
	}
}

// stripMarks is stripCommentChar of sops.
func stripMarks(comment string) string { return strings.TrimLeft(comment, comment[:1]+" ") }

// attach adds the pending comments to a section. They belong to one key or header, so sops treats
// them as one comment, even if blank lines separate them.
func (s *iniScanner) attach(section *Node) {
	s.finishComments()
	if section.Key != metaKey {
		s.joinComments()
	}
	for _, c := range s.pending {
		// sops splits the text into lines and fails if the first one is empty.
		spanOf(c).sopsMisreads = strings.HasPrefix(c.Text, "\n")
	}
	section.entries = append(section.entries, s.pending...)
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
		encrypted = encrypted || crypto.IsSealed(c.Text) || markNumber(c.Text) >= 0
		bare = bare && (i == 0 || strings.Trim(c.Text, ";# \t\r\n") == "")
	}
	if encrypted && !bare {
		return // edited by hand, or written by another program
	}
	if !encrypted {
		var text []byte
		for _, c := range s.pending {
			text = append(text, s.src.src[spanOf(c).start:s.src.nextLine(spanOf(c).end)]...)
		}
		first.Text = stripMarks(strings.TrimSpace(string(text)))
	}
	for _, c := range rest {
		spanOf(first).rest = append(spanOf(first).rest, [2]int{spanOf(c).start, spanOf(c).end})
	}
	s.pending = s.pending[:1]
}

func (s *iniScanner) fail(at int, reason string) error {
	line, column := s.src.position(at)
	return &SyntaxError{Line: line, Column: column, Reason: reason}
}

// line parses the line at an offset and returns the offset of the next line. A value may take
// several lines.
func (s *iniScanner) line(at int) (next int, err error) {
	end := bytes.IndexByte(s.src.src[at:], '\n')
	if end < 0 {
		end = len(s.src.src)
	} else {
		end += at
	}
	next = min(end+1, len(s.src.src))
	text := string(s.src.src[at:end])
	start := at + len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	text = strings.TrimSpace(text)
	if text == "" {
		return next, nil
	}
	if s.budget.left--; s.budget.left < 0 {
		line, _ := s.src.position(start)
		return next, tooManyNodes(line, len(s.src.src))
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
		gap := s.src.src[spanOf(last).end:start]
		if bytes.Count(gap, []byte("\n")) == 1 && bytes.HasSuffix(gap, []byte("\n")) && !spanOf(last).flow { // not indented
			spanOf(last).end = end
			return
		}
	}
	s.pending = append(s.pending, s.newComment(start, end))
}

// newComment creates the node of a comment. finishComments sets the text.
func (s *iniScanner) newComment(start, end int) *Node {
	c := newNode(Node{Kind: Comment, Type: crypto.Comment})
	c.Line, c.Column = s.src.position(start)
	spanOf(c).start, spanOf(c).end = start, end
	return c
}

// iniDeeper marks a line with more indentation than the previous key. Python's configparser reads
// it as a continuation of that key's value.
const iniDeeper = ">"

func (s *iniScanner) deeper(start int) bool {
	return s.indent >= 0 && s.indentOf(start) > s.indent
}

func (s *iniScanner) indentOf(start int) int {
	return utf8.RuneCount(bytes.TrimPrefix(s.src.src[s.src.lineStart(start):start], []byte(byteOrderMark)))
}

// setFrame records what some readers take for a part of a name or value: quotes, the
// delimiter, a comment on the line, the indentation and unusual white space.
func (s *iniScanner) setFrame(n *Node, keyQuotes string, delimiter, inline int) {
	if s.current.section.Key == metaKey {
		return
	}
	src := s.src.src
	frame := keyQuotes
	if raw := src[spanOf(n).keyStart+len(keyQuotes) : spanOf(n).keyEnd-len(keyQuotes)]; string(raw) != n.Key {
		frame += string(raw)
	}
	frame += string(src[delimiter]) + iniQuotes[spanOf(n).style]
	end := s.src.lineEnd(spanOf(n).end)
	if inline >= 0 {
		frame += ";"
		end = inline
	}
	if s.deeper(spanOf(n).keyStart) {
		frame += iniDeeper
	}
	start := s.src.lineStart(spanOf(n).keyStart)
	frame += oddSpace(src[start:spanOf(n).keyStart], src[spanOf(n).keyEnd:spanOf(n).start], bytes.TrimRight(src[spanOf(n).end:end], "\r"))
	if frame != "=" {
		n.with().frame = frame
	}
	s.indent = s.indentOf(spanOf(n).keyStart)
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
		spanOf(c).flow = true // shares its line
		s.pending = append(s.pending, c)
	}
	s.section(text[1:closing], start)
	if s.current.section.Key != metaKey { // the plaintext does not contain the metadata
		frame := ""
		if s.deeper(start) {
			frame = iniDeeper
		}
		src := s.src.src
		lineStart, end := s.src.lineStart(start), s.src.lineEnd(start)
		if frame += oddSpace(src[lineStart:start], bytes.TrimRight(src[min(start+len(text), end):end], "\r")); frame != "" {
			s.current.section.with().frame = frame
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
		return next, s.fail(start, "duplicate key "+quoteName(name)+"; sops keeps only the last one")
	}
	s.current.seen[name] = start
	n := newNode(Node{Kind: Value, Key: name, Type: crypto.Str, Quoted: true})
	n.KeyLine, n.KeyColumn = s.src.position(start)
	spanOf(n).keyStart, spanOf(n).keyEnd = start, start+nameEnd
	inline, stop, err := s.value(n, start+delimiter+1, start+len(text), next)
	if err != nil {
		return next, err
	}
	n.Line, n.Column = s.src.position(spanOf(n).start)
	s.setFrame(n, iniKeyQuotes(text), start+delimiter, inline)
	s.current.section.entries = append(s.current.section.entries, n)
	if inline >= 0 {
		c := s.newComment(inline, start+len(text))
		spanOf(c).flow = true
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
func (s *iniScanner) value(n *Node, i, end, next int) (inline, stop int, err error) {
	src := s.src.src
	i = end - len(bytes.TrimLeftFunc(src[i:end], unicode.IsSpace))
	spanOf(n).start, spanOf(n).end = i, end
	text := string(src[i:end])
	for _, q := range []struct {
		quote string
		style style
		more  int // bytes that must follow on the line, including its line feed
	}{{`"""`, styleTriple, 1}, {"`", styleBacktick, 0}} {
		if strings.HasPrefix(text, q.quote) && next-i >= len(q.quote)+q.more {
			stop, err := s.quoted(n, q.quote, q.style, next-lineFeed(src[:next]), next)
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
		spanOf(n).end = i + len(text)
	}
	spanOf(n).sopsMisreads = strings.ContainsAny(text, "#;")
	switch {
	case surrounded(text) && text[0] == '\'':
		spanOf(n).style = styleSingle
		text = text[1 : len(text)-1]
	case surrounded(text):
		spanOf(n).style = styleDouble
		text = text[1 : len(text)-1]
	}
	n.Text = text
	return inline, next, nil
}

// quoted parses a value in backquotes or triple quotes. It continues over the next lines if the
// quote is not closed on the first.
func (s *iniScanner) quoted(n *Node, quote string, st style, end, next int) (stop int, err error) {
	src := s.src.src
	from := spanOf(n).start + len(quote)
	line := from
	closing := bytes.LastIndex(src[line:end], []byte(quote))
	for closing < 0 {
		if next >= len(src) {
			return next, s.fail(spanOf(n).start, "the quote is not closed")
		}
		line, end = next, s.src.lineEnd(next)
		next = s.src.nextLine(end)
		closing = bytes.LastIndex(src[line:end], []byte(quote))
	}
	closing += line
	spanOf(n).style, spanOf(n).end = st, closing+len(quote)
	n.Text = string(src[from:closing])
	if strings.TrimSpace(string(src[spanOf(n).end:end])) != "" {
		return next, s.fail(spanOf(n).end, "unexpected text after the closing quote")
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
		if (s[i] == '#' || s[i] == ';') && (i == 0 || blank(s[i-1])) {
			return i
		}
	}
	return -1
}

// metadata removes the section [sops] from the tree and returns it.
func (s *iniScanner) metadata() (*block, error) {
	for i, sec := range s.sections {
		if sec.section.Key != metaKey {
			continue
		}
		for _, other := range s.sections[i+1:] {
			if other.section.Key == metaKey {
				return nil, syntaxError(other.section, "duplicate section [%s]", metaKey)
			}
		}
		s.keepAbove(i)
		var fields []flatField
		for e := range sec.section.Entries() {
			v := *e
			v.Text = unescapeFeeds(v.Text)
			fields = append(fields, flatField{e.Key, &v})
		}
		top, err := unflatten(fields)
		if err != nil {
			return nil, err
		}
		top.Line, top.Column = sec.section.Line, sec.section.Column
		start := s.src.lineStart(spanOf(sec.section).start)
		b := &block{tree: top, line: sec.section.Line, first: i == 0, text: [2]int{start, sec.end}, start: start, end: sec.end}
		b.text[1] -= lineFeed(s.src.src[:sec.end])
		// sops and sealcfg write a blank line before the section.
		if sec.end == len(s.src.src) && lineFeed(s.src.src) == 0 {
			b.text[1] = sec.end
			n := lineFeed(s.src.src[:b.start]) // the plaintext does not end in a line feed either
			if b.start -= n; lineFeed(s.src.src[:b.start]) > 0 {
				b.start -= n // of the same length as the first: an extra carriage return belongs to the plaintext
			}
		} else if n := lineFeed(s.src.src[:start]); n > 0 && lineFeed(s.src.src[:start-n]) > 0 {
			b.start -= n
		}
		for j, e := range s.root.entries {
			if e == sec.section {
				s.root.entries = append(s.root.entries[:j:j], s.root.entries[j+1:]...)
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
	for _, c := range s.sections[i].section.entries {
		if c.Kind == Comment && spanOf(c).start < spanOf(s.sections[i].section).start {
			before.entries = append(before.entries, c)
		}
	}
}

// comparable returns a copy of an INI tree without the section of keys before the first header,
// if that section is empty. The section exists only while it has keys.
func (iniFormat) comparable(roots []*Node) []*Node {
	c := *roots[0]
	c.entries = slices.DeleteFunc(slices.Clone(values(&c)), func(n *Node) bool { return n.Key == iniDefault && n.Len() == 0 })
	return []*Node{&c}
}

// shadowSections is shadow for the sections of an INI file. A section may continue later in the
// file; the first of several equal keys is effective.
func shadowSections(root *Node) []Repeat {
	all := shadow(root, false)
	if len(all) == 0 {
		return nil
	}
	root.repeats = true
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

func (iniFormat) properties() properties {
	return properties{extensions: []string{".ini"}, strictness: 4}
}

func (iniFormat) marked(src []byte) bool {
	return hasTable(src) && !fieldIs(src, "mac", isQuoted)
}

// looksLike requires a header: without one, the file may be in another language.
func (iniFormat) looksLike(root *Node) bool {
	for e := range root.Entries() {
		if e.Kind == Map && e.Len() > 0 && e.Key != iniDefault {
			return true
		}
	}
	return false
}

func (iniFormat) misreadComment(text string) string { return brokenComment(text) }
