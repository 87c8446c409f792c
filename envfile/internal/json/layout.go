package json

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

func (t *jsonText) Format(n *tree.Node, to layout.Replacement) ([]layout.Edit, error) {
	text := `"` + to.Text + `"`
	if !to.Sealed {
		var err error
		if text, err = formatJSON(n, to.Typ, to.Text); err != nil {
			return nil, err
		}
	}
	return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: text}}, nil
}

func formatJSON(n *tree.Node, typ crypto.Type, text string) (string, error) {
	switch typ {
	case crypto.Int:
		return text, nil
	case crypto.Bool:
		return strings.ToLower(text), nil
	case crypto.Float:
		if _, err := strconv.ParseInt(text, 10, 64); errors.Is(err, strconv.ErrRange) && len(strings.TrimPrefix(text, "-")) <= 21 {
			return text, nil // too large for an integer
		}
		if s := layout.FormatFloat(text); !strings.ContainsAny(s, "infa") {
			return s, nil
		}
		return "", tree.ErrorAt(n, "%s: it is not a finite number", errNotInJSON)
	}
	if !utf8.ValidString(text) {
		return "", tree.ErrorAt(n, "the value is not UTF-8, as JSON requires: encode it, in base64 for example")
	}
	return string(JsonString(text)), nil
}

// Warn returns a warning about a number that decryption writes in another notation.
func (t *jsonText) Warn(n *tree.Node, encrypted bool) string {
	if !encrypted || n.Kind != tree.Value || n.Type != crypto.Int && n.Type != crypto.Float {
		return ""
	}
	if text, err := formatJSON(n, n.Type, n.Text); err == nil && text != string(t.src.Src[layout.SpanOf(n).Start:layout.SpanOf(n).End]) {
		return "the number comes back in another notation; make it a string if the notation matters"
	}
	return ""
}

// cutBlock moves the metadata from the tree to t.block.
func (t *jsonText) cutBlock() {
	for i, e := range t.root.Children {
		if e.Key != layout.MetaKey {
			continue
		}
		b := &layout.Block{Tree: e, Line: e.KeyLine, First: i == 0, Text: [2]int{layout.SpanOf(e).KeyStart, layout.SpanOf(e).End}}
		lead := t.lead(layout.SpanOf(e).KeyStart)
		b.Flow, b.Indent = lineBreaks(lead) == 0, len(strings.TrimLeft(lead, "\r\n"))
		switch {
		case i > 0:
			before := t.root.Children[i-1]
			b.After = before.Key
			b.Start, b.End = layout.SpanOf(before).End, layout.SpanOf(e).End
		case len(t.root.Children) > 1:
			b.Start, b.End = layout.SpanOf(e).KeyStart, layout.SpanOf(t.root.Children[1]).KeyStart
		default:
			b.Start, b.End = layout.SpanOf(t.root).Start+1, layout.SpanOf(e).End
		}
		t.block = b
		t.root.Children = append(t.root.Children[:i:i], t.root.Children[i+1:]...)
		return
	}
}

func (t *jsonText) BlockFits(_ int, old *layout.Block) bool {
	lead := t.gap(t.root)
	return old.Flow == (lineBreaks(lead) == 0) && (old.Flow || old.Indent == len(strings.TrimLeft(lead, "\r\n")))
}

func (t *jsonText) RemoveBlock(int) layout.Edit {
	return layout.Edit{Start: t.block.Start, End: t.block.End, Text: ""}
}

// lead returns the line break and the indentation before an entry, or "" if the entry shares its
// line with other text.
func (t *jsonText) lead(start int) string {
	line := t.src.LineStart(start)
	indent := string(t.src.Src[line:start])
	if line == 0 || strings.Trim(indent, " \t") != "" {
		return ""
	}
	return t.src.Eol + indent
}

func lineBreaks(s string) int { return strings.Count(s, "\n") }

// gap returns the white space between a comma and a new entry of n.
func (t *jsonText) gap(n *tree.Node) string {
	for e := range n.Entries() {
		start := layout.SpanOf(e).KeyStart
		if start < 0 {
			start = layout.SpanOf(e).Start
		}
		if lead := t.lead(start); lead != "" {
			return lead
		}
		return " "
	}
	return ""
}

func (t *jsonText) RenderBlock(_ int, top *tree.Node, _ *layout.Block) string {
	var b strings.Builder
	b.WriteString(string(JsonString(top.Key)) + ": ")
	lead := t.gap(t.root)
	unit := strings.TrimLeft(lead, "\r\n")
	if lineBreaks(lead) == 0 {
		WriteFlow(&b, top) // with the blank in "mac": "ENC[ that Flux searches for
		return b.String()
	}
	text := string(Text(top, unit))
	b.WriteString(strings.ReplaceAll(text, "\n", lead))
	return b.String()
}

func (t *jsonText) InsertBlock(_ int, text string, old *layout.Block) layout.Edit {
	gap := t.gap(t.root)
	all := layout.Values(t.root)
	if len(all) == 0 {
		return layout.Edit{Start: layout.SpanOf(t.root).Start + 1, End: layout.SpanOf(t.root).Start + 1, Text: text}
	}
	if old != nil && old.First {
		return layout.Edit{Start: layout.SpanOf(all[0]).KeyStart, End: layout.SpanOf(all[0]).KeyStart, Text: text + "," + gap}
	}
	at := layout.SpanOf(all[len(all)-1]).End
	if old != nil {
		if e := t.root.Get(old.After); e != nil {
			at = layout.SpanOf(e).End
		}
	}
	return layout.Edit{Start: at, End: at, Text: "," + gap + text}
}

func (t *jsonText) Replace(n, v *tree.Node) ([]layout.Edit, error) {
	text, err := jsonNew(n, v)
	return []layout.Edit{{Start: layout.SpanOf(n).Start, End: layout.SpanOf(n).End, Text: text}}, err
}

func (t *jsonText) Overwrite(n, v *tree.Node) ([]layout.Edit, error) { return t.Replace(n, v) }

func jsonNew(at, v *tree.Node) (string, error) {
	if v.Kind == tree.Value {
		return formatJSON(at, v.Type, v.Text)
	}
	return string(Text(v, "")), nil
}

func (t *jsonText) Insert(at *tree.Node, missing tree.Path, v *tree.Node) ([]layout.Edit, error) {
	text, err := jsonNew(at, v)
	if err != nil {
		return nil, err
	}
	for i := len(missing) - 1; i >= 0; i-- {
		s := missing[i]
		if !s.IsIndex {
			text = string(JsonString(s.Key)) + ": " + text
		}
		if i == 0 && at.Kind != tree.Null {
			break
		}
		if s.IsIndex {
			text = "[" + text + "]"
		} else {
			text = "{" + text + "}"
		}
	}
	if at.Kind == tree.Null {
		return []layout.Edit{{Start: layout.SpanOf(at).Start, End: layout.SpanOf(at).End, Text: text}}, nil
	}
	all := layout.Values(at)
	if len(all) == 0 {
		return []layout.Edit{{Start: layout.SpanOf(at).Start + 1, End: layout.SpanOf(at).Start + 1, Text: text}}, nil
	}
	end := layout.SpanOf(all[len(all)-1]).End
	return []layout.Edit{{Start: end, End: end, Text: "," + t.gap(at) + text}}, nil
}

func (t *jsonText) Remove(parent, n *tree.Node) ([]layout.Edit, error) {
	before, after := layout.Neighbours(parent, n)
	start := func(n *tree.Node) int {
		if layout.SpanOf(n).KeyStart >= 0 {
			return layout.SpanOf(n).KeyStart
		}
		return layout.SpanOf(n).Start
	}
	switch {
	case before != nil:
		return []layout.Edit{{Start: layout.SpanOf(before).End, End: layout.SpanOf(n).End, Text: ""}}, nil
	case after != nil:
		return []layout.Edit{{Start: start(n), End: start(after), Text: ""}}, nil
	}
	return []layout.Edit{{Start: layout.SpanOf(parent).Start + 1, End: layout.SpanOf(parent).Close, Text: ""}}, nil
}

func (*jsonFormat) Unsealed(src []byte) bool { return JsonUnsealed(src) }

func JsonUnsealed(src []byte) bool {
	var members map[string]json.RawMessage
	err := json.NewDecoder(bytes.NewReader(src)).Decode(&members) // ignores text after the object
	_, sealed := members[layout.MetaKey]
	return err == nil && !sealed
}
