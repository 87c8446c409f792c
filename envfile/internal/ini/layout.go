package ini

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// iniText is a parsed INI file.
type iniText struct {
	layout.LayoutDefaults
	src      *layout.Lines
	root     *tree.Node
	sections []*iniSection
	block    *layout.Block
}

func (t *iniText) Format(n *tree.Node, to layout.Replacement) ([]layout.Edit, error) {
	sp := *layout.SpanOf(n)
	if n.Kind == tree.Comment { // the marks before it stay
		if head := t.src.Src[t.src.LineStart(sp.Start):sp.Start]; to.Sealed && sp.Flow && bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(head, []byte(layout.ByteOrderMark))), []byte("[")) {
			return nil, tree.ErrorAt(n, "the comment after a section's bracket cannot be encrypted: put it on a separate line")
		}
		return t.formatComment(n, to), nil
	}
	if t.block != nil && sp.Start >= t.block.Text[0] && sp.End <= t.block.Text[1] {
		return []layout.Edit{{Start: sp.Start, End: sp.End, Text: layout.EscapeFeeds(to.Text)}}, nil
	}
	if to.Sealed {
		q := iniQuotes[sp.Style]
		return []layout.Edit{{Start: sp.Start, End: sp.End, Text: q + to.Text + q}}, nil
	}
	_, to.Text = layout.CoerceText(to.Typ, to.Text)
	return t.write(n, to.Text, sp.Style)
}

// formatComment writes a comment. A comment may have several parts with other lines between them.
// In plaintext, each part gets its own lines. Encrypted, the first part holds the ciphertext and
// the others keep their marks.
func (t *iniText) formatComment(n *tree.Node, to layout.Replacement) []layout.Edit {
	src := t.src.Src
	var edits []layout.Edit
	text := to.Text
	for _, at := range slices.Backward(layout.SpanOf(n).Rest) {
		lines := strings.SplitAfter(string(src[at[0]:at[1]]), "\n")
		var written string
		if to.Sealed {
			for _, line := range lines {
				written += line[:1] + line[len(strings.TrimRight(line, " \t\r\n")):]
			}
		} else {
			before, own, ok := cutLines(text, len(lines))
			if !ok { // Lines were removed: the first part gets all of the comment
				return []layout.Edit{t.commentEdit(n, to.Text)}
			}
			text, written = strings.TrimRight(before, " \t\r\n"), strings.TrimRight(own, " \t\r")
		}
		edits = append(edits, layout.Edit{Start: at[0], End: at[1], Text: written})
	}
	return append(edits, t.commentEdit(n, text))
}

// commentEdit replaces the first part of a comment, including its mark. At the end of a file, text
// inserted after an empty comment would otherwise come before it.
func (t *iniText) commentEdit(n *tree.Node, text string) layout.Edit {
	sp := *layout.SpanOf(n)
	return layout.Edit{Start: sp.Tag - 1, End: sp.End, Text: string(t.src.Src[sp.Tag-1]) + text}
}

// cutLines splits off the last n lines of text, which must have more.
func cutLines(text string, n int) (before, last string, ok bool) {
	at := len(text)
	for range n {
		if at = strings.LastIndexByte(text[:at], '\n'); at < 0 {
			return text, "", false
		}
	}
	return text[:at], text[at+1:], true
}

// write replaces a value. The result must round-trip together with a comment after it.
func (t *iniText) write(n *tree.Node, text string, st layout.Style) ([]layout.Edit, error) {
	rest, gap := string(t.src.Src[layout.SpanOf(n).End:t.src.LineEnd(layout.SpanOf(n).End)]), ""
	if text != "" && rest != "" && strings.ContainsAny(rest[:1], "#;") {
		gap = " " // an empty value does not need it
	}
	formatted, ok := formatINI(text, st, gap+rest)
	switch {
	case !ok && strings.TrimSpace(rest) != "":
		return nil, tree.ErrorAt(n, "the value cannot be written before a comment: put the comment on a separate line")
	case !ok:
		return nil, tree.ErrorAt(n, "%s", errNotInINI)
	}
	return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: formatted + gap}}, nil
}

func (t *iniText) BlockFits(int, *layout.Block) bool { return true }

func (t *iniText) RenderBlock(_ int, top *tree.Node, _ *layout.Block) string {
	lines := []string{"[" + layout.MetaKey + "]"}
	fields := layout.Flatten(top, "")
	width := 0
	for _, f := range fields {
		width = max(width, len(f.Name))
	}
	for _, f := range fields {
		lines = append(lines, f.Name+strings.Repeat(" ", width-len(f.Name))+" = "+layout.FlatText(f.Node))
	}
	return strings.Join(lines, t.src.Eol)
}

// InsertBlock adds the section at the end, after a blank line, as sops does.
func (t *iniText) InsertBlock(_ int, text string, _ *layout.Block) layout.Edit {
	src, eol := t.src.Src, t.src.Eol
	at := len(src)
	switch {
	case at == 0:
		return layout.Edit{Start: at, End: at, Text: text + eol}
	case layout.LineFeed(src) == 0:
		return layout.Edit{Start: at, End: at, Text: eol + eol + text}
	}
	return layout.Edit{Start: at, End: at, Text: eol + text + eol}
}

func (t *iniText) RemoveBlock(int) layout.Edit {
	return layout.Edit{Start: t.block.Start, End: t.block.End, Text: ""}
}

func (t *iniText) Replace(n, v *tree.Node) ([]layout.Edit, error) {
	text, err := layout.FlatNew(v)
	if err != nil {
		return nil, err
	}
	return t.write(n, text, iniNewStyle(text, layout.SpanOf(n).Style))
}

func (t *iniText) Insert(at *tree.Node, missing tree.Path, v *tree.Node) ([]layout.Edit, error) {
	text, err := layout.FlatNew(v)
	if err != nil {
		return nil, err
	}
	formatted, ok := formatINI(text, iniNewStyle(text, layout.StylePlain), "")
	if !ok {
		return nil, errNotInINI
	}
	key := missing[len(missing)-1].Key
	if strings.TrimSpace(key) != key || key == "" || strings.ContainsAny(key, "=:\r\n") || strings.ContainsAny(key[:1], "#;[\"`") {
		return nil, fmt.Errorf("%w: INI cannot hold this name", tree.ErrPath)
	}
	switch {
	case at == t.root && len(missing) == 2:
		name := missing[0].Key
		if strings.ContainsAny(name, "]\r\n") {
			return nil, fmt.Errorf("%w: INI cannot hold this name", tree.ErrPath)
		}
		line := "[" + name + "]" + t.src.Eol + key + " = " + formatted
		if len(t.src.Src) > 0 {
			line = t.src.Eol + line
		}
		return []layout.Edit{t.addLine(len(t.src.Src), line)}, nil
	case at != t.root && len(missing) == 1:
		for _, s := range t.sections {
			if s.section == at {
				return []layout.Edit{t.addLine(s.end, key+t.equals(at)+formatted)}, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: expected two parts in INI, section.name", tree.ErrPath)
}

// equals returns the separator between keys and values that the section uses.
func (t *iniText) equals(section *tree.Node) string {
	for e := range section.Entries() {
		sep := string(t.src.Src[layout.SpanOf(e).KeyEnd:layout.SpanOf(e).Start])
		if s := strings.TrimSpace(sep); s == "=" || s == ":" {
			if strings.HasPrefix(sep, " ") {
				return " " + s + " "
			}
			return sep
		}
	}
	return " = "
}

func (t *iniText) addLine(at int, text string) layout.Edit {
	if at == len(t.src.Src) && at > 0 && layout.LineFeed(t.src.Src) == 0 {
		return layout.Edit{Start: at, End: at, Text: t.src.Eol + text}
	}
	return layout.Edit{Start: at, End: at, Text: text + t.src.Eol}
}

func (t *iniText) Remove(parent, n *tree.Node) ([]layout.Edit, error) {
	if parent == t.root {
		for _, s := range t.sections {
			if s.section == n {
				return []layout.Edit{{Start: t.src.LineStart(layout.SpanOf(n).Start), End: s.end, Text: ""}}, nil
			}
		}
		return nil, tree.ErrPath
	}
	start, stop := t.src.LineStart(layout.SpanOf(n).KeyStart), t.src.NextLine(layout.SpanOf(n).End)
	if stop == t.src.LineEnd(layout.SpanOf(n).End) && start > 0 {
		start -= layout.LineFeed(t.src.Src[:start])
	}
	return []layout.Edit{{Start: start, End: stop, Text: ""}}, nil
}

func (t *iniText) Warn(n *tree.Node, _ bool) string {
	switch {
	case n.Kind != tree.Value:
		return ""
	case !utf8.ValidString(n.Key):
		return layout.BytesWarning
	}
	return iniWarning(n.Text)
}

// iniWarning returns a warning about a value with quotes that only sops and sealcfg support, or
// that other INI readers cut.
func iniWarning(text string) string {
	switch {
	case strings.Contains(text, "\r"):
		return layout.ReturnWarning
	case strings.Contains(text, "\n"):
		return `most INI readers cannot read a value of several lines in """; to keep the lines, use YAML or JSON`
	case !utf8.ValidString(text):
		return layout.BytesWarning
	}
	return ""
}

func (*iniFormat) WarnNew(_ crypto.Type, text string) (string, bool) { return iniWarning(text), true }

func (t *iniText) Refuse(n *tree.Node, path tree.Path, encrypted, _ bool) string {
	switch {
	case !layout.SpanOf(n).SopsMisreads:
		return ""
	case n.Kind == tree.Comment:
		return "sops cannot read a comment whose first line has only comment marks: add text to it"
	case encrypted:
		return ""
	}
	return path.String() + " is unencrypted, and sops would cut it at its # or ;: put the value in backquotes"
}
