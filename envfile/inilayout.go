package envfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

// iniText is a parsed INI file.
type iniText struct {
	layoutDefaults
	src      *lines
	root     *Node
	sections []*iniSection
	block    *block
}

func (t *iniText) format(n *Node, to replacement) ([]edit, error) {
	sp := *spanOf(n)
	if n.Kind == Comment { // the marks before it stay
		if head := t.src.src[t.src.lineStart(sp.start):sp.start]; to.sealed && sp.flow && bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(head, []byte(byteOrderMark))), []byte("[")) {
			return nil, syntaxError(n, "the comment after a section's bracket cannot be encrypted: put it on a separate line")
		}
		return t.formatComment(n, to), nil
	}
	if t.block != nil && sp.start >= t.block.text[0] && sp.end <= t.block.text[1] {
		return []edit{{sp.start, sp.end, escapeFeeds(to.text)}}, nil
	}
	if to.sealed {
		q := iniQuotes[sp.style]
		return []edit{{sp.start, sp.end, q + to.text + q}}, nil
	}
	_, to.text = coerceText(to.typ, to.text)
	return t.write(n, to.text, sp.style)
}

// formatComment writes a comment. A comment may have several parts with other lines between them.
// In plaintext, each part gets its own lines. Encrypted, the first part holds the ciphertext and
// the others keep their marks.
func (t *iniText) formatComment(n *Node, to replacement) []edit {
	src := t.src.src
	var edits []edit
	text := to.text
	for _, at := range slices.Backward(spanOf(n).rest) {
		lines := strings.SplitAfter(string(src[at[0]:at[1]]), "\n")
		var written string
		if to.sealed {
			for _, line := range lines {
				written += line[:1] + line[len(strings.TrimRight(line, " \t\r\n")):]
			}
		} else {
			before, own, ok := cutLines(text, len(lines))
			if !ok { // lines were removed: the first part gets all of the comment
				return []edit{t.commentEdit(n, to.text)}
			}
			text, written = strings.TrimRight(before, " \t\r\n"), strings.TrimRight(own, " \t\r")
		}
		edits = append(edits, edit{at[0], at[1], written})
	}
	return append(edits, t.commentEdit(n, text))
}

// commentEdit replaces the first part of a comment, including its mark. At the end of a file, text
// inserted after an empty comment would otherwise come before it.
func (t *iniText) commentEdit(n *Node, text string) edit {
	sp := *spanOf(n)
	return edit{sp.tag - 1, sp.end, string(t.src.src[sp.tag-1]) + text}
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
func (t *iniText) write(n *Node, text string, st style) ([]edit, error) {
	rest, gap := string(t.src.src[spanOf(n).end:t.src.lineEnd(spanOf(n).end)]), ""
	if text != "" && rest != "" && strings.ContainsAny(rest[:1], "#;") {
		gap = " " // an empty value does not need it
	}
	formatted, ok := formatINI(text, st, gap+rest)
	switch {
	case !ok && strings.TrimSpace(rest) != "":
		return nil, syntaxError(n, "the value cannot be written before a comment: put the comment on a separate line")
	case !ok:
		return nil, syntaxError(n, "%s", errNotInINI)
	}
	return []edit{{spanOf(n).start, spanOf(n).end, formatted + gap}}, nil
}

func (t *iniText) blockFits(int, *block) bool { return true }

func (t *iniText) renderBlock(_ int, top *Node, _ *block) string {
	lines := []string{"[" + metaKey + "]"}
	fields := flatten(top, "")
	width := 0
	for _, f := range fields {
		width = max(width, len(f.name))
	}
	for _, f := range fields {
		lines = append(lines, f.name+strings.Repeat(" ", width-len(f.name))+" = "+flatText(f.node))
	}
	return strings.Join(lines, t.src.eol)
}

// insertBlock adds the section at the end, after a blank line, as sops does.
func (t *iniText) insertBlock(_ int, text string, _ *block) edit {
	src, eol := t.src.src, t.src.eol
	at := len(src)
	switch {
	case at == 0:
		return edit{at, at, text + eol}
	case lineFeed(src) == 0:
		return edit{at, at, eol + eol + text}
	}
	return edit{at, at, eol + text + eol}
}

func (t *iniText) removeBlock(int) edit { return edit{t.block.start, t.block.end, ""} }

func (t *iniText) replace(n, v *Node) ([]edit, error) {
	text, err := flatNew(v)
	if err != nil {
		return nil, err
	}
	return t.write(n, text, iniNewStyle(text, spanOf(n).style))
}

func (t *iniText) insert(at *Node, missing Path, v *Node) ([]edit, error) {
	text, err := flatNew(v)
	if err != nil {
		return nil, err
	}
	formatted, ok := formatINI(text, iniNewStyle(text, stylePlain), "")
	if !ok {
		return nil, errNotInINI
	}
	key := missing[len(missing)-1].Key
	if strings.TrimSpace(key) != key || key == "" || strings.ContainsAny(key, "=:\r\n") || strings.ContainsAny(key[:1], "#;[\"`") {
		return nil, fmt.Errorf("%w: INI cannot hold this name", ErrPath)
	}
	switch {
	case at == t.root && len(missing) == 2:
		name := missing[0].Key
		if strings.ContainsAny(name, "]\r\n") {
			return nil, fmt.Errorf("%w: INI cannot hold this name", ErrPath)
		}
		line := "[" + name + "]" + t.src.eol + key + " = " + formatted
		if len(t.src.src) > 0 {
			line = t.src.eol + line
		}
		return []edit{t.addLine(len(t.src.src), line)}, nil
	case at != t.root && len(missing) == 1:
		for _, s := range t.sections {
			if s.section == at {
				return []edit{t.addLine(s.end, key+t.equals(at)+formatted)}, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: expected two parts in INI, section.name", ErrPath)
}

// equals returns the separator between keys and values that the section uses.
func (t *iniText) equals(section *Node) string {
	for e := range section.Entries() {
		sep := string(t.src.src[spanOf(e).keyEnd:spanOf(e).start])
		if s := strings.TrimSpace(sep); s == "=" || s == ":" {
			if strings.HasPrefix(sep, " ") {
				return " " + s + " "
			}
			return sep
		}
	}
	return " = "
}

func (t *iniText) addLine(at int, text string) edit {
	if at == len(t.src.src) && at > 0 && lineFeed(t.src.src) == 0 {
		return edit{at, at, t.src.eol + text}
	}
	return edit{at, at, text + t.src.eol}
}

func (t *iniText) remove(parent, n *Node) ([]edit, error) {
	if parent == t.root {
		for _, s := range t.sections {
			if s.section == n {
				return []edit{{t.src.lineStart(spanOf(n).start), s.end, ""}}, nil
			}
		}
		return nil, ErrPath
	}
	start, stop := t.src.lineStart(spanOf(n).keyStart), t.src.nextLine(spanOf(n).end)
	if stop == t.src.lineEnd(spanOf(n).end) && start > 0 {
		start -= lineFeed(t.src.src[:start])
	}
	return []edit{{start, stop, ""}}, nil
}

func (t *iniText) warn(n *Node, _ bool) string {
	switch {
	case n.Kind != Value:
		return ""
	case !utf8.ValidString(n.Key):
		return bytesWarning
	}
	return iniWarning(n.Text)
}

// iniWarning returns a warning about a value with quotes that only sops and sealcfg support, or
// that other INI readers cut.
func iniWarning(text string) string {
	switch {
	case strings.Contains(text, "\r"):
		return returnWarning
	case strings.Contains(text, "\n"):
		return `most INI readers cannot read a value of several lines in """; to keep the lines, use YAML or JSON`
	case !utf8.ValidString(text):
		return bytesWarning
	}
	return ""
}

func (iniFormat) warnNew(_ crypto.Type, text string) (string, bool) { return iniWarning(text), true }

func (t *iniText) refuse(n *Node, path Path, encrypted, _ bool) string {
	switch {
	case !spanOf(n).sopsMisreads:
		return ""
	case n.Kind == Comment:
		return "sops cannot read a comment whose first line has only comment marks: add text to it"
	case encrypted:
		return ""
	}
	return path.String() + " is unencrypted, and sops would cut it at its # or ;: put the value in backquotes"
}
