package envfile

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

// format replaces a value or comment and keeps its style. A ciphertext has the style of the
// plaintext, because readers parse all styles alike. Decryption therefore restores the author's
// quotes.
//
// Inside { } or [ ], a ciphertext cannot be unquoted, because it contains commas and brackets.
// There the styles shift: an unquoted value is encrypted as '…', and a value in single quotes as !
// '…' if it would be valid without quotes.
func (t *yamlTree) format(n *Node, to replacement) ([]edit, error) {
	if n.Kind == Comment {
		return []edit{{spanOf(n).start, spanOf(n).end, "#" + to.text}}, nil
	}
	if spanOf(n).borrowed {
		return nil, syntaxError(n, "the value belongs to the anchor of an alias")
	}
	w := yamlWriter{src: t.src, t: t, n: n, sp: *spanOf(n)}
	switch {
	case !to.sealed:
		return w.decrypted(to), nil
	case to.was != nil && spanOf(to.was).style == stylePlain && !spanOf(to.was).flow && w.comesBackFromPlain():
		return w.encryptedPlain(to.text), nil
	}
	return w.encrypted(to.text), nil
}

func (t *yamlTree) reformat(n *Node, encrypted bool) []edit {
	settled := settledNode(n)
	if settled == n {
		return nil
	}
	was, is := meaningOf(n, encrypted), meaningOf(settled, encrypted)
	var edits []edit
	if was.keyTag != is.keyTag || was.keyAs != is.keyAs || was.keyQuoted != is.keyQuoted {
		start, tag := t.src.skipProperties(spanOf(n).keyStart)
		if was.keyTag != is.keyTag {
			w := yamlWriter{src: t.src, sp: span{tag: tag}}
			edits = append(edits, w.dropTag())
		}
		edits = append(edits, edit{start, spanOf(n).keyEnd, quoteDouble(n.Key)})
	}
	if encrypted || spanOf(n).borrowed || was.tag == is.tag && was.written == is.written && was.quoted == is.quoted {
		return edits
	}
	w := yamlWriter{src: t.src, t: t, n: n, sp: *spanOf(n)}
	if n.Kind == Null {
		return append(edits, w.dropTag())
	}
	return append(edits, w.rewrite(n.Type, n.Text)...)
}

// rewrite replaces a plaintext value by another one, in the same style, so that all readers read the
// new value. It drops a tag that contradicts the type.
func (w *yamlWriter) rewrite(typ crypto.Type, text string) []edit {
	edits := w.decrypted(replacement{typ: typ, text: text, agreed: true})
	if w.sp.tagKind == coreTag && typ == crypto.Str && utf8.ValidString(text) {
		edits = append(edits, w.dropTag())
	}
	return edits
}

// onOneLine reports whether a value can change by a change of its ciphertext alone: the new
// plaintext is on one line, in the same style.
func (t *yamlTree) onOneLine(n *Node, to replacement) bool {
	sp, src := *spanOf(n), t.src.src
	switch {
	case sp.header >= 0 || sp.flow || sp.borrowed || sp.tag >= 0 || !endsLine(src, sp.end):
		return false
	case sp.style != stylePlain:
	case !bytes.HasPrefix(src[sp.start:sp.end], []byte(sealedPrefix)):
		return false
	case to.typ == crypto.Str && ambiguous(to.text): // it needs quotes
		return false
	}
	return to.typ != crypto.Str || utf8.ValidString(to.text) && !strings.Contains(to.text, "\n")
}

// endsLine reports whether only a closing quote, blanks and a comment follow on the line.
func endsLine(src []byte, i int) bool {
	if i < len(src) && (src[i] == '"' || src[i] == '\'') {
		i++
	}
	before := i
	for i < len(src) && blank(src[i]) {
		i++
	}
	return i == len(src) || breakAt(src, i) > 0 || src[i] == '#' && i > before
}

const openBlock = "the text block ends the file without a line break, and readers disagree whether a line feed follows: write |-"

type yamlWriter struct {
	src *source
	t   *yamlTree
	n   *Node
	sp  span
}

func (w *yamlWriter) encrypted(enc string) []edit {
	var edits []edit
	sp := w.sp
	if sp.tagKind == bangTag || sp.tagKind == coreTag {
		edits = append(edits, w.dropTag())
	}
	replace := func(text string) []edit { return append(edits, edit{sp.start, sp.end, text}) }
	switch sp.style {
	case styleSingle:
		switch {
		case !sp.flow || !canBePlain(w.n.Text, true, sp.tagKind.keepsString()) || w.ambiguous():
			return replace("'" + enc + "'")
		case sp.keepsTag(): // a value has at most one tag
			return replace(`"` + enc + `"`)
		}
		return replace("! '" + enc + "'")
	case styleDouble:
		return replace(`"` + enc + `"`)
	case styleLiteral, styleFolded:
		if sp.start == w.src.lineEnd(sp.header) { // line feeds only
			return append(edits, w.insteadOfBlock(`"`+enc+`"`)...)
		}
		if sp.style == styleFolded {
			edits = append(edits, edit{sp.header, sp.header + 1, "|"})
		}
		return append(edits, edit{sp.start, sp.end, strings.Repeat(" ", w.blockIndent()) + enc})
	}
	switch {
	case sp.flow && w.ambiguous() && !sp.keepsTag():
		return replace("! '" + enc + "'")
	case sp.flow:
		return replace("'" + enc + "'")
	}
	return replace(enc)
}

// ambiguous reports whether readers disagree about the value without quotes.
func (w *yamlWriter) ambiguous() bool { return w.n.Type == crypto.Str && ambiguous(w.n.Text) }

// keepsTag reports whether a tag stays when the value is encrypted.
func (sp *span) keepsTag() bool { return sp.tag >= 0 && sp.tagKind != bangTag && sp.tagKind != coreTag }

// sops encrypts every value without quotes. A value of a file that sops wrote stays unquoted in the
// next encrypted file, unless decryption would then change how its author writes it. Otherwise one
// change would add quotes in the whole file.

// dropTag removes the tag and the blanks after it.
func (w *yamlWriter) dropTag() edit {
	end := w.src.propertyEnd(w.sp.tag)
	for end < len(w.src.src) && blank(w.src.src[end]) {
		end++
	}
	return edit{w.sp.tag, end, ""}
}

func (w *yamlWriter) encryptedPlain(enc string) []edit {
	if w.sp.header < 0 {
		return []edit{{w.sp.start, w.sp.end, enc + w.blankBefore(w.sp.end, enc)}}
	}
	return w.insteadOfBlock(enc)
}

// insteadOfBlock replaces a block scalar by a value on the line of its header. A comment in the
// header stays.
func (w *yamlWriter) insteadOfBlock(text string) []edit {
	end, lineEnd := w.headerEnd(), w.src.lineEnd(w.sp.header)
	return []edit{{w.sp.header, end, text + w.blankBefore(end, text)}, {lineEnd, max(w.sp.end, lineEnd), ""}}
}

// comesBackFromPlain reports whether decryption of an unquoted ciphertext would write the value as
// it is written now.
func (w *yamlWriter) comesBackFromPlain() bool {
	sp := w.sp
	text := w.n.Text
	if sp.flow || sp.tag >= 0 {
		return false
	}
	if w.n.Type == crypto.Str && ambiguous(text) && canBePlain(text, false, false) {
		return false // the binding covers whether it has quotes
	}
	if sp.header < 0 {
		return formatScalar(w.n.Type, text, false) == string(w.src.src[sp.start:sp.end]) && !w.decryptsAsBlock(text)
	}
	if !w.decryptsAsBlock(text) {
		return false
	}
	header, lines := literalLines(text, w.t.step())
	return header == string(w.src.src[sp.header:w.headerEnd()]) &&
		w.indented(lines, max(sp.indent, 0)+w.t.step()) == string(w.src.src[sp.start:sp.end])
}

func (w *yamlWriter) decryptsAsBlock(text string) bool {
	return w.n.Type == crypto.Str && strings.Contains(text, "\n") && literalOK(text)
}

func (w *yamlWriter) headerEnd() int {
	end := w.sp.header + 1
	for end < len(w.src.src) && strings.IndexByte("+-123456789", w.src.src[end]) >= 0 {
		end++
	}
	return end
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

// blankBefore returns the blank that is required between a value and a comment at end, or "". The
// parser does not require it after a quote or the header of a block.
func (w *yamlWriter) blankBefore(end int, text string) string {
	if end < len(w.src.src) && w.src.src[end] == '#' && text != "" && strings.IndexByte(`"'`, text[len(text)-1]) < 0 {
		return " "
	}
	return ""
}

// open replaces a ciphertext, or another value, by a plaintext value.
func (w *yamlWriter) decrypted(to replacement) []edit {
	sp, typ, text := w.sp, to.typ, to.text
	noString := typ != crypto.Str || !utf8.ValidString(text)
	var edits []edit
	if sp.tagKind == bangTag || sp.tag >= 0 && noString { // it would contradict the value
		edits = append(edits, w.dropTag())
	}
	if sp.style == styleLiteral || sp.style == styleFolded {
		return append(edits, w.decryptedBlock(typ, text)...)
	}
	replace := func(s string) []edit { return append(edits, edit{sp.start, sp.end, s + w.blankBefore(sp.end, s)}) }
	if noString {
		return replace(formatScalar(typ, text, sp.flow))
	}
	switch {
	case (sp.style == stylePlain || sp.marksPlain(text)) && w.plain(to):
		return replace(text)
	case sp.style == styleDouble:
		return replace(quoteDouble(text))
	case sp.style == styleSingle && canBeSingle(text):
		return replace(quoteSingle(text))
	case sp.style == stylePlain && !sp.flow && strings.Contains(text, "\n") && literalOK(text):
		step := w.t.step()
		indent := max(sp.indent, 0) + step
		header, lines := literalLines(text, step)
		blanks, joins := w.blanksAfter(indent, header)
		if joins {
			return append(replace(quoteDouble(text)), blanks...)
		}
		edits = append(replace(header), blanks...)
		at := w.src.lineEnd(sp.end)
		return append(edits, edit{at, at, w.src.eol + w.indented(lines, indent)})
	case sp.style == stylePlain && !sp.flow:
		blanks, _ := w.blanksAfter(0, "")
		return append(replace(formatScalar(typ, text, false)), blanks...)
	}
	return replace(formatScalar(typ, text, sp.flow))
}

// marksPlain reports whether a ciphertext within { } or [ ] marks a plaintext without quotes, given
// the decrypted string. The tag ! marks the rare cases: quotes around an unambiguous string, and no
// quotes around an ambiguous one. A formatter may drop the tag or change the quotes; then an
// ambiguous string must stay quoted.
func (sp *span) marksPlain(text string) bool {
	switch {
	case !sp.flow:
		return false
	case ambiguous(text):
		return sp.tagKind == bangTag
	}
	return sp.style == styleSingle && sp.tagKind != bangTag
}

// reveal sets a tag that contradicts the type. It also sets whether a string gets quotes in
// plaintext although its ciphertext marks one without quotes.
func (t *yamlTree) reveal(n *Node) error {
	sp := *spanOf(n)
	if sp.tagKind == stringTag && impliedTag(n) != "!!str" {
		t := n.ownTraits()
		t.tag = longStringTag
		n.traits = &t
	}
	if (sp.style == stylePlain || sp.marksPlain(n.Text)) && n.Type == crypto.Str && ambiguous(n.Text) {
		n.quoted = !canBePlain(n.Text, sp.flow, sp.tagKind.keepsString()) || sp.tagKind == stringTag
	}
	return nil
}

// plain reports whether to write a string without quotes, if its ciphertext allows it.
func (w *yamlWriter) plain(to replacement) bool {
	tagged := w.sp.tagKind.keepsString()
	return canBePlain(to.text, w.sp.flow, tagged) && (tagged || !to.agreed || !ambiguous(to.text))
}

// blanksAfter checks the blank lines after the value. It returns edits that empty the lines that
// are only valid after a plain value: lines with tabs, or with more blanks than the indentation of
// a block. joins reports whether lines after a block with that header would become a part of it:
// blank lines, which "+" keeps, or a comment with the indentation of the block.
func (w *yamlWriter) blanksAfter(indent int, header string) (edits []edit, joins bool) {
	src := w.src
	for at := src.nextLine(w.sp.end); at < len(src.src); at = src.nextLine(at) {
		end := src.lineEnd(at)
		line := string(src.src[at:end])
		if rest := strings.TrimLeft(line, " \t"); rest != "" {
			blanks, _, tab := strings.Cut(line[:len(line)-len(rest)], "\t")
			if tab {
				edits = append(edits, edit{at, end - len(rest), blanks})
			}
			return edits, joins || rest[0] == '#' && len(blanks) >= indent
		}
		joins = joins || strings.HasSuffix(header, "+")
		if strings.Contains(line, "\t") || indent > 0 && len(line) > indent {
			edits = append(edits, edit{at, end, ""})
		}
	}
	return edits, joins
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

// decryptedBlock replaces the content of a block scalar, and its header if the new text requires another
// one.
func (w *yamlWriter) decryptedBlock(typ crypto.Type, text string) []edit {
	sp := w.sp
	headerEnd := w.headerEnd()
	if typ != crypto.Str || !utf8.ValidString(text) || !blockOK(text) {
		return w.insteadOfBlock(formatScalar(typ, text, false))
	}
	indent := w.blockIndent()
	header := string(w.src.src[sp.header:headerEnd])
	want, lines := literalLines(text, indent-max(sp.indent, 0))
	if !headerFits(header, want) {
		header = want
	}
	edits := []edit{{sp.header, headerEnd, header}}
	content := w.indented(lines, indent)
	if sp.start == w.src.lineEnd(sp.header) {
		content = w.src.eol + content
	}
	return append(edits, edit{sp.start, sp.end, content})
}

// headerFits reports whether a literal header is valid for a value with the preferred header want:
// it has the same chomping, and an indentation indicator if one is required.
func headerFits(header, want string) bool {
	chomp := func(h string) string { return strings.Trim(h, "|123456789") }
	hasDigit := func(h string) bool { return strings.ContainsAny(h, "123456789") }
	if header[0] != '|' || hasDigit(want) && !hasDigit(header) {
		return false
	}
	return chomp(header) == chomp(want) || chomp(header) == "+" && chomp(want) == ""
}

// literalLines returns the header and the content lines of a literal block. The last line has no
// line break: the break after the value serves as one.
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

// literalOK reports whether a string can be written as a new literal block.
func literalOK(text string) bool {
	return blockOK(text) && text[0] != '\n' && text[0] != ' ' && text[0] != '\t'
}

// blockOK reports whether a literal block can hold the text: it is printable and contains a
// character that is not a blank or line feed.
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

// step returns the indentation of nested maps in this file, or sops's.
func (t *yamlTree) step() int {
	for _, root := range t.roots {
		for e := range root.Entries() {
			if e.Kind != Map || spanOf(e).flow || spanOf(e).borrowed {
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
