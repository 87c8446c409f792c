package yaml

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

func (t *yamlTree) Shared(n *tree.Node) (origin int, is bool) {
	return layout.SpanOf(n).Origin, layout.SpanOf(n).Borrowed
}

// Ciphertext removes the line feeds that a block scalar adds.
func (t *yamlTree) Ciphertext(n *tree.Node) string {
	if layout.SpanOf(n).Header >= 0 {
		return strings.TrimRight(n.Text, "\n")
	}
	return n.Text
}

func (t *yamlTree) Reformats() bool { return true }

func (t *yamlTree) Refuse(n *tree.Node, _ tree.Path, encrypted, _ bool) string {
	plain := !encrypted || n.Text == ""
	if n.Kind == tree.Value && layout.SpanOf(n).Header >= 0 && t.openEnd(n) && (plain || t.keepsBlanks(n)) {
		return "the text block ends the file without a line break, so the metadata after it would change it: add a line break"
	}
	return ""
}

// openEnd reports whether a value runs to the end of a file without a final line break.
func (t *yamlTree) openEnd(n *tree.Node) bool {
	src := t.src.src
	return lastBreak(src) == 0 && len(bytes.TrimSpace(src[layout.SpanOf(n).End:])) == 0
}

// keepsBlanks reports whether a line break would turn blanks after a block at the end of the file
// into a line of the block: the header has a +.
func (t *yamlTree) keepsBlanks(n *tree.Node) bool {
	src := t.src.src
	header := src[layout.SpanOf(n).Header:min(layout.SpanOf(n).Header+3, len(src))]
	return bytes.HasSuffix(src[layout.SpanOf(n).End:], []byte(" ")) && bytes.ContainsRune(header, '+')
}

func (t *yamlTree) Unsure(n *tree.Node) string {
	if layout.SpanOf(n).Open {
		return openBlock
	}
	return ""
}

func (t *yamlTree) ListComment(n *tree.Node) bool { return layout.SpanOf(n).List }

func (t *yamlTree) OpenMap(root *tree.Node) bool { return layout.SpanOf(root).Flow }

func (t *yamlTree) Indented(n int) layout.Layout {
	top := *t
	top.indent = n
	return &top
}

func (t *yamlTree) ItemComment(n *tree.Node, text string, emptied bool) (e layout.Edit, ok bool) {
	if layout.SpanOf(n).Dash < 0 {
		return layout.Edit{}, false
	}
	e = layout.Edit{Start: layout.SpanOf(n).Dash, End: layout.SpanOf(n).End, Text: "#" + text}
	if emptied { // otherwise the list would become null
		e = t.emptyList(n, e)
	}
	return e, true
}

// emptyList puts [] before the first comment of a list without other items: after the colon of its
// key, as in sops, or on its own line.
func (t *yamlTree) emptyList(c *tree.Node, comment layout.Edit) layout.Edit {
	src := t.src.src
	eol := "\n"
	if bytes.Contains(src[:layout.SpanOf(c).Dash], []byte("\r\n")) {
		eol = "\r\n"
	}
	line := bytes.LastIndexByte(src[:layout.SpanOf(c).Dash], '\n') + 1
	before := bytes.TrimRight(src[:layout.SpanOf(c).Dash], " \t\r\n")
	indent := strings.Repeat(" ", utf8.RuneCount(src[line:layout.SpanOf(c).Dash]))
	if bytes.HasSuffix(before, []byte(":")) && len(before) < line {
		comment.Start, comment.Text = len(before), " []"+eol+indent+comment.Text
	} else { // after "- " or another comment; the brackets are indented more than the key
		comment.Text = "  []" + eol + indent + "  " + comment.Text
	}
	return comment
}

// Warn returns a warning about an unquoted value that decryption writes in another notation.
func (t *yamlTree) Warn(n *tree.Node, encrypted bool) string {
	if encrypted && layout.SpanOf(n).Open {
		return "the text block ends the file without a line break, and readers disagree whether a line feed follows: decryption writes |-"
	}
	if !encrypted || n.Kind != tree.Value || n.Quoted || layout.SpanOf(n).Borrowed || layout.SpanOf(n).End <= layout.SpanOf(n).Start {
		return ""
	}
	text := string(t.src.src[layout.SpanOf(n).Start:layout.SpanOf(n).End])
	if n.Type == crypto.Str {
		switch strings.ToLower(text) {
		case "yes", "no", "on", "off", "y", "n":
			return "is a string, but older YAML readers read it as a boolean; write true or false, or quote it"
		}
		return ""
	}
	edits, err := t.Format(n, layout.Replacement{Text: n.Text, Typ: n.Type})
	if err == nil && len(edits) == 1 && edits[0].Text == text {
		return ""
	}
	if reason := layout.NotationWarning(n.Type, text); reason != "" {
		return reason + layout.QuoteAdvice
	}
	return ""
}
