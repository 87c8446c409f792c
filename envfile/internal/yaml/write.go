package yaml

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Format replaces a value or comment and keeps its style. A ciphertext has the style of the
// plaintext, because readers parse all styles alike. Decryption therefore restores the author's
// quotes.
//
// Inside { } or [ ], a ciphertext cannot be unquoted, because it contains commas and brackets.
// There the styles shift: an unquoted value is encrypted as '…', and a value in single quotes as !
// '…' if it would be valid without quotes.
func (t *yamlTree) Format(n *tree.Node, to layout.Replacement) ([]layout.Edit, error) {
	if n.Kind == tree.Comment {
		return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: "#" + to.Text}}, nil
	}
	if layout.SpanOf(n).Borrowed {
		return nil, tree.ErrorAt(n, "the value belongs to the anchor of an alias")
	}
	w := yamlWriter{src: t.src, t: t, n: n, sp: *layout.SpanOf(n)}
	switch {
	case !to.Sealed:
		return w.decrypted(to), nil
	case to.Was != nil && layout.SpanOf(to.Was).Style == layout.StylePlain && !layout.SpanOf(to.Was).Flow && w.comesBackFromPlain():
		return w.encryptedPlain(to.Text), nil
	}
	return w.encrypted(to.Text), nil
}

func (t *yamlTree) Reformat(n *tree.Node, encrypted bool) []layout.Edit {
	settled := layout.SettledNode(n)
	if settled == n {
		return nil
	}
	was, is := layout.MeaningOf(n, encrypted), layout.MeaningOf(settled, encrypted)
	var edits []layout.Edit
	if was.KeyTag != is.KeyTag || was.KeyAs != is.KeyAs || was.KeyQuoted != is.KeyQuoted {
		start, tag := t.src.skipProperties(layout.SpanOf(n).KeyStart)
		if was.KeyTag != is.KeyTag {
			w := yamlWriter{src: t.src, sp: layout.Span{Tag: tag}}
			edits = append(edits, w.dropTag())
		}
		edits = append(edits, layout.Edit{Start: start, End: layout.SpanOf(n).KeyEnd, Text: layout.QuoteDouble(n.Key)})
	}
	if encrypted || layout.SpanOf(n).Borrowed || was.Tag == is.Tag && was.Written == is.Written && was.Quoted == is.Quoted {
		return edits
	}
	w := yamlWriter{src: t.src, t: t, n: n, sp: *layout.SpanOf(n)}
	if n.Kind == tree.Null {
		return append(edits, w.dropTag())
	}
	return append(edits, w.rewrite(n.Type, n.Text)...)
}

// rewrite replaces a plaintext value by another one, in the same style, so that all readers read the
// new value. It drops a tag that contradicts the type.
func (w *yamlWriter) rewrite(typ crypto.Type, text string) []layout.Edit {
	edits := w.decrypted(layout.Replacement{Typ: typ, Text: text, Agreed: true})
	if w.sp.TagKind == layout.CoreTag && typ == crypto.Str && utf8.ValidString(text) {
		edits = append(edits, w.dropTag())
	}
	return edits
}

// OnOneLine reports whether a value can change by a change of its ciphertext alone: the new
// plaintext is on one line, in the same style.
func (t *yamlTree) OnOneLine(n *tree.Node, to layout.Replacement) bool {
	sp, src := *layout.SpanOf(n), t.src.src
	switch {
	case sp.Header >= 0 || sp.Flow || sp.Borrowed || sp.Tag >= 0 || !endsLine(src, sp.End):
		return false
	case sp.Style != layout.StylePlain:
	case !bytes.HasPrefix(src[sp.Start:sp.End], []byte(layout.SealedPrefix)):
		return false
	case to.Typ == crypto.Str && layout.Ambiguous(to.Text): // it needs quotes
		return false
	}
	return to.Typ != crypto.Str || utf8.ValidString(to.Text) && !strings.Contains(to.Text, "\n")
}

// endsLine reports whether only a closing quote, blanks and a comment follow on the line.
func endsLine(src []byte, i int) bool {
	if i < len(src) && (src[i] == '"' || src[i] == '\'') {
		i++
	}
	before := i
	for i < len(src) && layout.Blank(src[i]) {
		i++
	}
	return i == len(src) || breakAt(src, i) > 0 || src[i] == '#' && i > before
}

const openBlock = "the text block ends the file without a line break, and readers disagree whether a line feed follows: write |-"

type yamlWriter struct {
	src *source
	t   *yamlTree
	n   *tree.Node
	sp  layout.Span
}

func (w *yamlWriter) encrypted(enc string) []layout.Edit {
	var edits []layout.Edit
	sp := w.sp
	if sp.TagKind == layout.BangTag || sp.TagKind == layout.CoreTag {
		edits = append(edits, w.dropTag())
	}
	replace := func(text string) []layout.Edit {
		return append(edits, layout.Edit{Start: sp.Start, End: sp.End, Text: text})
	}
	switch sp.Style {
	case layout.StyleSingle:
		switch {
		case !sp.Flow || !canBePlain(w.n.Text, true, sp.TagKind.KeepsString()) || w.ambiguous():
			return replace("'" + enc + "'")
		case keepsTag(&sp): // a value has at most one tag
			return replace(`"` + enc + `"`)
		}
		return replace("! '" + enc + "'")
	case layout.StyleDouble:
		return replace(`"` + enc + `"`)
	case layout.StyleLiteral, layout.StyleFolded:
		if sp.Start == w.src.LineEnd(sp.Header) { // line feeds only
			return append(edits, w.insteadOfBlock(`"`+enc+`"`)...)
		}
		if sp.Style == layout.StyleFolded {
			edits = append(edits, layout.Edit{Start: sp.Header, End: sp.Header + 1, Text: "|"})
		}
		return append(edits, layout.Edit{Start: sp.Start, End: sp.End, Text: strings.Repeat(" ", w.blockIndent()) + enc})
	}
	switch {
	case sp.Flow && w.ambiguous() && !keepsTag(&sp):
		return replace("! '" + enc + "'")
	case sp.Flow:
		return replace("'" + enc + "'")
	}
	return replace(enc)
}

// ambiguous reports whether readers disagree about the value without quotes.
func (w *yamlWriter) ambiguous() bool { return w.n.Type == crypto.Str && layout.Ambiguous(w.n.Text) }

// keepsTag reports whether a tag stays when the value is encrypted.
func keepsTag(sp *layout.Span) bool {
	return sp.Tag >= 0 && sp.TagKind != layout.BangTag && sp.TagKind != layout.CoreTag
}

// sops encrypts every value without quotes. A value of a file that sops wrote stays unquoted in the
// next encrypted file, unless decryption would then change how its author writes it. Otherwise one
// change would add quotes in the whole file.

// dropTag removes the tag and the blanks after it.
func (w *yamlWriter) dropTag() layout.Edit {
	end := w.src.propertyEnd(w.sp.Tag)
	for end < len(w.src.src) && layout.Blank(w.src.src[end]) {
		end++
	}
	return layout.Edit{Start: w.sp.Tag, End: end, Text: ""}
}

func (w *yamlWriter) encryptedPlain(enc string) []layout.Edit {
	if w.sp.Header < 0 {
		return []layout.Edit{{Start: w.sp.Start, End: w.sp.End, Text: enc + w.blankBefore(w.sp.End, enc)}}
	}
	return w.insteadOfBlock(enc)
}

// insteadOfBlock replaces a block scalar by a value on the line of its header. A comment in the
// header stays.
func (w *yamlWriter) insteadOfBlock(text string) []layout.Edit {
	end, lineEnd := w.headerEnd(), w.src.LineEnd(w.sp.Header)
	return []layout.Edit{{Start: w.sp.Header, End: end, Text: text + w.blankBefore(end, text)}, {Start: lineEnd, End: max(w.sp.End, lineEnd), Text: ""}}
}

// comesBackFromPlain reports whether decryption of an unquoted ciphertext would write the value as
// it is written now.
func (w *yamlWriter) comesBackFromPlain() bool {
	sp := w.sp
	text := w.n.Text
	if sp.Flow || sp.Tag >= 0 {
		return false
	}
	if w.n.Type == crypto.Str && layout.Ambiguous(text) && canBePlain(text, false, false) {
		return false // the binding covers whether it has quotes
	}
	if sp.Header < 0 {
		return FormatScalar(w.n.Type, text, false) == string(w.src.src[sp.Start:sp.End]) && !w.decryptsAsBlock(text)
	}
	if !w.decryptsAsBlock(text) {
		return false
	}
	header, lines := literalLines(text, w.t.step())
	return header == string(w.src.src[sp.Header:w.headerEnd()]) &&
		w.Indented(lines, max(sp.Indent, 0)+w.t.step()) == string(w.src.src[sp.Start:sp.End])
}

func (w *yamlWriter) decryptsAsBlock(text string) bool {
	return w.n.Type == crypto.Str && strings.Contains(text, "\n") && literalOK(text)
}

func (w *yamlWriter) headerEnd() int {
	end := w.sp.Header + 1
	for end < len(w.src.src) && strings.IndexByte("+-123456789", w.src.src[end]) >= 0 {
		end++
	}
	return end
}

// blockIndent returns the indentation of a block scalar's content.
func (w *yamlWriter) blockIndent() int {
	for _, c := range w.src.src[w.sp.Header:w.headerEnd()] {
		if c >= '1' && c <= '9' {
			return max(w.sp.Indent, 0) + int(c-'0')
		}
	}
	return w.src.detectIndent(w.src.NextLine(w.sp.Header), w.sp.Indent+1)
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
func (w *yamlWriter) decrypted(to layout.Replacement) []layout.Edit {
	sp, typ, text := w.sp, to.Typ, to.Text
	noString := typ != crypto.Str || !utf8.ValidString(text)
	var edits []layout.Edit
	if sp.TagKind == layout.BangTag || sp.Tag >= 0 && noString { // it would contradict the value
		edits = append(edits, w.dropTag())
	}
	if sp.Style == layout.StyleLiteral || sp.Style == layout.StyleFolded {
		return append(edits, w.decryptedBlock(typ, text)...)
	}
	replace := func(s string) []layout.Edit {
		return append(edits, layout.Edit{Start: sp.Start, End: sp.End, Text: s + w.blankBefore(sp.End, s)})
	}
	if noString {
		return replace(FormatScalar(typ, text, sp.Flow))
	}
	switch {
	case (sp.Style == layout.StylePlain || marksPlain(&sp, text)) && w.plain(to):
		return replace(text)
	case sp.Style == layout.StyleDouble:
		return replace(layout.QuoteDouble(text))
	case sp.Style == layout.StyleSingle && canBeSingle(text):
		return replace(quoteSingle(text))
	case sp.Style == layout.StylePlain && !sp.Flow && strings.Contains(text, "\n") && literalOK(text):
		step := w.t.step()
		indent := max(sp.Indent, 0) + step
		header, lines := literalLines(text, step)
		blanks, joins := w.blanksAfter(indent, header)
		if joins {
			return append(replace(layout.QuoteDouble(text)), blanks...)
		}
		edits = append(replace(header), blanks...)
		at := w.src.LineEnd(sp.End)
		return append(edits, layout.Edit{Start: at, End: at, Text: w.src.eol + w.Indented(lines, indent)})
	case sp.Style == layout.StylePlain && !sp.Flow:
		blanks, _ := w.blanksAfter(0, "")
		return append(replace(FormatScalar(typ, text, false)), blanks...)
	}
	return replace(FormatScalar(typ, text, sp.Flow))
}

// marksPlain reports whether a ciphertext within { } or [ ] marks a plaintext without quotes, given
// the decrypted string. The tag ! marks the rare cases: quotes around an unambiguous string, and no
// quotes around an ambiguous one. A formatter may drop the tag or change the quotes; then an
// Ambiguous string must stay quoted.
func marksPlain(sp *layout.Span, text string) bool {
	switch {
	case !sp.Flow:
		return false
	case layout.Ambiguous(text):
		return sp.TagKind == layout.BangTag
	}
	return sp.Style == layout.StyleSingle && sp.TagKind != layout.BangTag
}

// Reveal sets a tag that contradicts the type. It also sets whether a string gets quotes in
// plaintext although its ciphertext marks one without quotes.
func (t *yamlTree) Reveal(n *tree.Node) error {
	sp := *layout.SpanOf(n)
	if sp.TagKind == layout.StringTag && impliedTag(n) != "!!str" {
		t := n.OwnTraits()
		t.Tag = layout.LongStringTag
		n.Traits = &t
	}
	if (sp.Style == layout.StylePlain || marksPlain(&sp, n.Text)) && n.Type == crypto.Str && layout.Ambiguous(n.Text) {
		n.StringQuoted = !canBePlain(n.Text, sp.Flow, sp.TagKind.KeepsString()) || sp.TagKind == layout.StringTag
	}
	return nil
}

// plain reports whether to write a string without quotes, if its ciphertext allows it.
func (w *yamlWriter) plain(to layout.Replacement) bool {
	tagged := w.sp.TagKind.KeepsString()
	return canBePlain(to.Text, w.sp.Flow, tagged) && (tagged || !to.Agreed || !layout.Ambiguous(to.Text))
}

// blanksAfter checks the blank lines after the value. It returns edits that empty the lines that
// are only valid after a plain value: lines with tabs, or with more blanks than the indentation of
// a block. joins reports whether lines after a block with that header would become a part of it:
// Blank lines, which "+" keeps, or a comment with the indentation of the block.
func (w *yamlWriter) blanksAfter(indent int, header string) (edits []layout.Edit, joins bool) {
	src := w.src
	for at := src.NextLine(w.sp.End); at < len(src.src); at = src.NextLine(at) {
		end := src.LineEnd(at)
		line := string(src.src[at:end])
		if rest := strings.TrimLeft(line, " \t"); rest != "" {
			blanks, _, tab := strings.Cut(line[:len(line)-len(rest)], "\t")
			if tab {
				edits = append(edits, layout.Edit{Start: at, End: end - len(rest), Text: blanks})
			}
			return edits, joins || rest[0] == '#' && len(blanks) >= indent
		}
		joins = joins || strings.HasSuffix(header, "+")
		if strings.Contains(line, "\t") || indent > 0 && len(line) > indent {
			edits = append(edits, layout.Edit{Start: at, End: end, Text: ""})
		}
	}
	return edits, joins
}

func (w *yamlWriter) Indented(lines []string, indent int) string {
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
func (w *yamlWriter) decryptedBlock(typ crypto.Type, text string) []layout.Edit {
	sp := w.sp
	headerEnd := w.headerEnd()
	if typ != crypto.Str || !utf8.ValidString(text) || !blockOK(text) {
		return w.insteadOfBlock(FormatScalar(typ, text, false))
	}
	indent := w.blockIndent()
	header := string(w.src.src[sp.Header:headerEnd])
	want, lines := literalLines(text, indent-max(sp.Indent, 0))
	if !headerFits(header, want) {
		header = want
	}
	edits := []layout.Edit{{Start: sp.Header, End: headerEnd, Text: header}}
	content := w.Indented(lines, indent)
	if sp.Start == w.src.LineEnd(sp.Header) {
		content = w.src.eol + content
	}
	return append(edits, layout.Edit{Start: sp.Start, End: sp.End, Text: content})
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
		if r != '\n' && r != '\t' && !layout.Printable(r) {
			return false
		}
	}
	return true
}

// step returns the indentation of nested maps in this file, or sops's.
func (t *yamlTree) step() int {
	for _, root := range t.roots {
		for e := range root.Entries() {
			if e.Kind != tree.Map || layout.SpanOf(e).Flow || layout.SpanOf(e).Borrowed {
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
