package envfile

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
)

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// spell puts a text in the place of a value or comment, in the style that is
// there. A sealed text keeps the style of the plain one, because readers parse
// all styles alike: so the author's quotes come back when it is opened.
//
// Plain text inside { } or [ ] cannot hold a sealed text, which has commas and
// brackets. There the styles shift: plain is sealed as '…', and '…' as ! '…'
// where plain would do as well.
func (t *yamlTree) spell(n *Node, to spelling) ([]edit, error) {
	if n.Kind == Comment {
		return []edit{{n.span.start, n.span.end, "#" + to.text}}, nil
	}
	if n.span.borrowed {
		return nil, syntaxError(n, "the value belongs to the anchor of an alias")
	}
	w := yamlWriter{src: t.src, t: t, n: n, sp: n.span}
	switch {
	case !to.sealed:
		return w.open(to.typ, to.text), nil
	case to.was != nil && to.was.span.style == stylePlain && !to.was.span.flow && w.comesBackFromPlain():
		return w.sealPlain(to.text), nil
	}
	return w.seal(to.text), nil
}

type yamlWriter struct {
	src *source
	t   *yamlTree
	n   *Node
	sp  span
}

func (w *yamlWriter) seal(enc string) []edit {
	var edits []edit
	sp := w.sp
	if sp.tag >= 0 {
		edits = append(edits, edit{sp.tag, w.textStart(), ""})
	}
	replace := func(text string) []edit { return append(edits, edit{sp.start, sp.end, text}) }
	switch sp.style {
	case styleSingle:
		if sp.flow && canBePlain(w.n.Text, true, sp.tagged) {
			return replace("! '" + enc + "'")
		}
		return replace("'" + enc + "'")
	case styleDouble:
		return replace(`"` + enc + `"`)
	case styleLiteral, styleFolded:
		if sp.start == w.src.lineEnd(sp.header) { // line feeds only
			return append(edits, edit{sp.header, sp.end, `"` + enc + `"`})
		}
		if sp.style == styleFolded {
			edits = append(edits, edit{sp.header, sp.header + 1, "|"})
		}
		return append(edits, edit{sp.start, sp.end, strings.Repeat(" ", w.blockIndent()) + enc})
	}
	if sp.flow {
		return replace("'" + enc + "'")
	}
	return replace(enc)
}

// sops seals every value without quotes. A value of a file that sops wrote
// stays so when the file is sealed again, unless its author now spells it in a
// way that would not come back: else one change would requote the whole file.

func (w *yamlWriter) sealPlain(enc string) []edit {
	if w.sp.header < 0 {
		return []edit{{w.sp.start, w.sp.end, enc}}
	}
	return []edit{
		{w.sp.header, w.headerEnd(), enc},
		{w.src.lineEnd(w.sp.header), w.sp.end, ""},
	}
}

// comesBackFromPlain reports whether the value, sealed without quotes, would be
// opened as it is written now.
func (w *yamlWriter) comesBackFromPlain() bool {
	sp := w.sp
	if sp.flow || sp.tag >= 0 || sp.tagged {
		return false
	}
	text := w.n.Text
	if sp.header < 0 {
		return spellScalar(w.n.Type, text, false) == string(w.src.src[sp.start:sp.end]) && !w.opensAsBlock(text)
	}
	if !w.opensAsBlock(text) {
		return false
	}
	header, lines := literalLines(text, w.t.step())
	return header == string(w.src.src[sp.header:w.headerEnd()]) &&
		w.indented(lines, max(sp.indent, 0)+w.t.step()) == string(w.src.src[sp.start:sp.end])
}

func (w *yamlWriter) opensAsBlock(text string) bool {
	return w.n.Type == crypto.Str && strings.Contains(text, "\n") && literalOK(text)
}

func (w *yamlWriter) headerEnd() int {
	end := w.sp.header + 1
	for end < len(w.src.src) && strings.IndexByte("+-123456789", w.src.src[end]) >= 0 {
		end++
	}
	return end
}

// textStart returns where the value begins behind its tag.
func (w *yamlWriter) textStart() int {
	if w.sp.header >= 0 {
		return w.sp.header
	}
	return w.sp.start
}

// blockIndent returns the indentation of a block scalar's content.
func (w *yamlWriter) blockIndent() int {
	for _, c := range w.src.src[w.sp.header:w.headerEnd()] {
		if c >= '1' && c <= '9' {
			return max(w.sp.indent, 0) + int(c-'0')
		}
	}
	return w.src.detectIndent(w.src.nextLine(w.sp.header), w.sp.indent+1)
}

func (w *yamlWriter) open(typ crypto.Type, text string) []edit {
	sp := w.sp
	if sp.style == styleLiteral || sp.style == styleFolded {
		return w.openBlock(typ, text)
	}
	var edits []edit
	if sp.bang {
		edits = append(edits, edit{sp.tag, sp.start, ""})
	}
	replace := func(s string) []edit { return append(edits, edit{sp.start, sp.end, s}) }
	if typ != crypto.Str || !utf8.ValidString(text) {
		return replace(spellScalar(typ, text, sp.flow))
	}
	shifted := sp.style == styleSingle && sp.flow && !sp.bang // stands for plain
	switch {
	case sp.style == styleDouble:
		return replace(spellDouble(text))
	case (sp.style == stylePlain || shifted) && canBePlain(text, sp.flow, sp.tagged):
		return replace(text)
	case sp.style == styleSingle && canBeSingle(text):
		return replace(spellSingle(text))
	case sp.style == stylePlain && !sp.flow && strings.Contains(text, "\n") && literalOK(text):
		step := w.t.step()
		header, lines := literalLines(text, step)
		edits = replace(header)
		at := w.src.lineEnd(sp.end)
		return append(edits, edit{at, at, w.src.eol + w.indented(lines, max(sp.indent, 0)+step)})
	}
	return replace(spellScalar(typ, text, sp.flow))
}

func (w *yamlWriter) indented(lines []string, indent int) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteString(w.src.eol)
		}
		if l != "" {
			b.WriteString(strings.Repeat(" ", indent) + l)
		}
	}
	return b.String()
}

// openBlock replaces the content of a block scalar, and its header where the
// new text asks for another one.
func (w *yamlWriter) openBlock(typ crypto.Type, text string) []edit {
	sp := w.sp
	headerEnd := w.headerEnd()
	if typ != crypto.Str || !utf8.ValidString(text) || !blockOK(text) {
		return []edit{{sp.header, headerEnd, spellScalar(typ, text, false)}, {w.src.lineEnd(sp.header), max(sp.end, w.src.lineEnd(sp.header)), ""}}
	}
	indent := w.blockIndent()
	header := string(w.src.src[sp.header:headerEnd])
	want, lines := literalLines(text, indent-max(sp.indent, 0))
	if !headerFits(header, want) && !(strings.TrimLeft(header, "|123456789") == "" && want[len(want)-1] == '-' && w.atEnd()) {
		header = want
	}
	edits := []edit{{sp.header, headerEnd, header}}
	content := w.indented(lines, indent)
	if sp.start == w.src.lineEnd(sp.header) {
		content = w.src.eol + content
	}
	return append(edits, edit{sp.start, sp.end, content})
}

// headerFits reports whether a literal header reads a text that wants another:
// the same chomping, and an indentation indicator where one is needed.
func headerFits(header, want string) bool {
	chomp := func(h string) string { return strings.Trim(h, "|123456789") }
	hasDigit := func(h string) bool { return strings.ContainsAny(h, "123456789") }
	if header[0] != '|' || hasDigit(want) && !hasDigit(header) {
		return false
	}
	return chomp(header) == chomp(want) || chomp(header) == "+" && chomp(want) == ""
}

// atEnd reports whether the value is the last of a text without a final line
// break: there a text without line feed needs no "-" in the header.
func (w *yamlWriter) atEnd() bool {
	if w.sp.end == len(w.src.src) {
		return true
	}
	b := w.t.blocks[len(w.t.blocks)-1]
	return b != nil && w.sp.end == b.start && b.end == len(w.src.src)
}

// literalLines returns the header and the content lines of a literal block.
// The last line is without its break: what follows the value supplies it.
func literalLines(text string, indent int) (header string, lines []string) {
	body := strings.TrimRight(text, "\n")
	feeds := len(text) - len(body)
	header = "|"
	if first := strings.TrimLeft(text, "\n"); first != "" && (first[0] == ' ' || first[0] == '\t') {
		header += strconv.Itoa(indent)
	}
	switch feeds {
	case 0:
		header += "-"
	case 1:
	default:
		header += "+"
	}
	lines = strings.Split(body, "\n")
	for range feeds - 1 {
		lines = append(lines, "")
	}
	return header, lines
}

// literalOK reports whether a text may become a literal block that was none before.
func literalOK(text string) bool {
	return blockOK(text) && text[0] != '\n' && text[0] != ' ' && text[0] != '\t'
}

// blockOK reports whether a literal block can hold the text: printable, and
// with something in it besides blanks and line feeds.
func blockOK(text string) bool {
	if !utf8.ValidString(text) || strings.Trim(text, " \t\n") == "" {
		return false
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && !printable(r) {
			return false
		}
	}
	return true
}

// printable reports whether YAML may carry a character unescaped on one line.
func printable(r rune) bool {
	return r >= ' ' && r <= '~' || r >= 0xA0 && r <= 0xD7FF && r != 0x2028 && r != 0x2029 ||
		r >= 0xE000 && r <= 0xFFFD && r != 0xFEFF || r >= 0x10000 && r <= 0x10FFFF
}

func canBeSingle(text string) bool {
	for _, r := range text {
		if r != '\t' && !printable(r) {
			return false
		}
	}
	return true
}

// canBePlain reports whether a string reads back as itself without quotes.
// With a tag of its own it is a string whatever it looks like.
func canBePlain(text string, flow, tagged bool) bool {
	if obviouslyPlain(text) {
		return true
	}
	if strings.ContainsAny(text, "\n\r\t") || !canBeSingle(text) || text == "" {
		return false
	}
	probe := "k: " + text + "\n"
	if flow {
		probe = "[" + text + "]\n"
	}
	var doc yaml.Node
	if err := unmarshalNode(probe, &doc); err != nil || len(doc.Content) != 1 {
		return false
	}
	c := doc.Content[0]
	if doc.HeadComment+doc.FootComment+c.HeadComment+c.LineComment+c.FootComment != "" {
		return false
	}
	var v *yaml.Node
	switch {
	case flow && c.Kind == yaml.SequenceNode && len(c.Content) == 1:
		v = c.Content[0]
	case !flow && c.Kind == yaml.MappingNode && len(c.Content) == 2:
		v = c.Content[1]
	default:
		return false
	}
	return v.Kind == yaml.ScalarNode && v.Style == 0 && v.Value == text && v.Anchor == "" &&
		(tagged || v.ShortTag() == "!!str" || v.ShortTag() == "!!merge") && v.LineComment+v.HeadComment+v.FootComment == ""
}

var errParser = errors.New("parser gave up")

func unmarshalNode(text string, n *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errParser
		}
	}()
	return yaml.Unmarshal([]byte(text), n)
}

// obviouslyPlain spares most strings a trip through the parser.
func obviouslyPlain(text string) bool {
	if text == "" || len(text) > 256 {
		return false
	}
	c := text[0]
	if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '/') {
		return false
	}
	for i := 1; i < len(text); i++ {
		c := text[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-./+=@", c) >= 0) {
			return false
		}
	}
	switch strings.ToLower(text) {
	case "true", "false", "null":
		return false
	}
	return true
}

// spellScalar spells a value without regard to an older style, as sops would:
// plain where that reads back as the same type, in double quotes where it would
// be of another type, else in single quotes if they can hold it.
func spellScalar(typ crypto.Type, text string, flow bool) string {
	switch {
	case typ != crypto.Str:
		return spellTyped(typ, text)
	case !utf8.ValidString(text):
		return "!!binary " + base64.StdEncoding.EncodeToString([]byte(text))
	case canBePlain(text, flow, false):
		return text
	case canBeSingle(text) && isString(text):
		return spellSingle(text)
	}
	return spellDouble(text)
}

func spellSingle(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// isString reports whether a text without quotes would be a string, syntax aside.
func isString(text string) bool {
	typ, _ := GuessType(text)
	return typ == crypto.Str && text != "" && text != "null" && text != "~"
}

// spellTyped spells the canonical text of a number, boolean or time so that
// YAML gives it the same type again.
func spellTyped(typ crypto.Type, text string) string {
	switch typ {
	case crypto.Bool:
		return strings.ToLower(text)
	case crypto.Float:
		return spellFloat(text)
	case crypto.Time:
		// A day without a time is what people write for midnight UTC.
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil && strings.HasSuffix(text, "T00:00:00Z") {
			return t.Format(time.DateOnly)
		}
	}
	return text
}

func spellFloat(text string) string {
	switch text {
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	case "NaN":
		return ".nan"
	}
	if len(strings.TrimLeft(text, "-")) > 21 { // 1e300 has 301 digits
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			s := strconv.FormatFloat(f, 'e', -1, 64)
			if !strings.Contains(s, ".") {
				s = strings.Replace(s, "e", ".0e", 1)
			}
			return s
		}
	}
	if !strings.Contains(text, ".") {
		return text + ".0"
	}
	return text
}

// spellDouble spells a string in double quotes, escaping only what must be.
func spellDouble(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == 0:
			b.WriteString(`\0`)
		case printable(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// step returns the indentation of nested maps in this file, sops's if there is none.
func (t *yamlTree) step() int {
	for _, root := range t.roots {
		for e := range root.Entries() {
			if e.Kind != Map || e.span.flow || e.span.borrowed {
				continue
			}
			for c := range e.Entries() {
				if step := c.KeyColumn - e.KeyColumn; step > 0 && step < 10 {
					return step
				}
			}
		}
	}
	return metaIndent
}
