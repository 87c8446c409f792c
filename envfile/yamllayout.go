package envfile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

func (t *yamlTree) shared(n *Node) (origin int, is bool) { return spanOf(n).origin, spanOf(n).borrowed }

// ciphertext removes the line feeds that a block scalar adds.
func (t *yamlTree) ciphertext(n *Node) string {
	if spanOf(n).header >= 0 {
		return strings.TrimRight(n.Text, "\n")
	}
	return n.Text
}

func (t *yamlTree) reformats() bool { return true }

func (t *yamlTree) refuse(n *Node, _ Path, encrypted, _ bool) string {
	plain := !encrypted || n.Text == ""
	if n.Kind == Value && spanOf(n).header >= 0 && t.openEnd(n) && (plain || t.keepsBlanks(n)) {
		return "the text block ends the file without a line break, so the metadata after it would change it: add a line break"
	}
	return ""
}

// openEnd reports whether a value runs to the end of a file without a final line break.
func (t *yamlTree) openEnd(n *Node) bool {
	src := t.src.src
	return lastBreak(src) == 0 && len(bytes.TrimSpace(src[spanOf(n).end:])) == 0
}

// keepsBlanks reports whether a line break would turn blanks after a block at the end of the file
// into a line of the block: the header has a +.
func (t *yamlTree) keepsBlanks(n *Node) bool {
	src := t.src.src
	header := src[spanOf(n).header:min(spanOf(n).header+3, len(src))]
	return bytes.HasSuffix(src[spanOf(n).end:], []byte(" ")) && bytes.ContainsRune(header, '+')
}

func (t *yamlTree) unsure(n *Node) string {
	if spanOf(n).open {
		return openBlock
	}
	return ""
}

func (t *yamlTree) listComment(n *Node) bool { return spanOf(n).list }

func (t *yamlTree) openMap(root *Node) bool { return spanOf(root).flow }

func (t *yamlTree) indented(n int) layout {
	top := *t
	top.indent = n
	return &top
}

func (t *yamlTree) itemComment(n *Node, text string, emptied bool) (e edit, ok bool) {
	if spanOf(n).dash < 0 {
		return edit{}, false
	}
	e = edit{spanOf(n).dash, spanOf(n).end, "#" + text}
	if emptied { // otherwise the list would become null
		e = t.emptyList(n, e)
	}
	return e, true
}

// emptyList puts [] before the first comment of a list without other items: after the colon of its
// key, as in sops, or on its own line.
func (t *yamlTree) emptyList(c *Node, comment edit) edit {
	src := t.src.src
	eol := "\n"
	if bytes.Contains(src[:spanOf(c).dash], []byte("\r\n")) {
		eol = "\r\n"
	}
	line := bytes.LastIndexByte(src[:spanOf(c).dash], '\n') + 1
	before := bytes.TrimRight(src[:spanOf(c).dash], " \t\r\n")
	indent := strings.Repeat(" ", utf8.RuneCount(src[line:spanOf(c).dash]))
	if bytes.HasSuffix(before, []byte(":")) && len(before) < line {
		comment.start, comment.text = len(before), " []"+eol+indent+comment.text
	} else { // after "- " or another comment; the brackets are indented more than the key
		comment.text = "  []" + eol + indent + "  " + comment.text
	}
	return comment
}

// warn returns a warning about an unquoted value that decryption writes in another notation.
func (t *yamlTree) warn(n *Node, encrypted bool) string {
	if encrypted && spanOf(n).open {
		return "the text block ends the file without a line break, and readers disagree whether a line feed follows: decryption writes |-"
	}
	if !encrypted || n.Kind != Value || n.Quoted || spanOf(n).borrowed || spanOf(n).end <= spanOf(n).start {
		return ""
	}
	text := string(t.src.src[spanOf(n).start:spanOf(n).end])
	if n.Type == crypto.Str {
		switch strings.ToLower(text) {
		case "yes", "no", "on", "off", "y", "n":
			return "is a string, but older YAML readers read it as a boolean; write true or false, or quote it"
		}
		return ""
	}
	edits, err := t.format(n, replacement{text: n.Text, typ: n.Type})
	if err == nil && len(edits) == 1 && edits[0].text == text {
		return ""
	}
	if reason := notationWarning(n.Type, text); reason != "" {
		return reason + quoteAdvice
	}
	return ""
}
