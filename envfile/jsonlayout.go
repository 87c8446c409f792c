package envfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

func (t *jsonText) format(n *Node, to replacement) ([]edit, error) {
	text := `"` + to.text + `"`
	if !to.sealed {
		var err error
		if text, err = formatJSON(n, to.typ, to.text); err != nil {
			return nil, err
		}
	}
	return []edit{{spanOf(n).start, spanOf(n).end, text}}, nil
}

func formatJSON(n *Node, typ crypto.Type, text string) (string, error) {
	switch typ {
	case crypto.Int:
		return text, nil
	case crypto.Bool:
		return strings.ToLower(text), nil
	case crypto.Float:
		if _, err := strconv.ParseInt(text, 10, 64); errors.Is(err, strconv.ErrRange) && len(strings.TrimPrefix(text, "-")) <= 21 {
			return text, nil // too large for an integer
		}
		if s := formatFloat(text); !strings.ContainsAny(s, "infa") {
			return s, nil
		}
		return "", syntaxError(n, "%s: it is not a finite number", errNotInJSON)
	}
	if !utf8.ValidString(text) {
		return "", syntaxError(n, "the value is not UTF-8, as JSON requires: encode it, in base64 for example")
	}
	return string(jsonString(text)), nil
}

// warn returns a warning about a number that decryption writes in another notation.
func (t *jsonText) warn(n *Node, encrypted bool) string {
	if !encrypted || n.Kind != Value || n.Type != crypto.Int && n.Type != crypto.Float {
		return ""
	}
	if text, err := formatJSON(n, n.Type, n.Text); err == nil && text != string(t.src.src[spanOf(n).start:spanOf(n).end]) {
		return "the number comes back in another notation; make it a string if the notation matters"
	}
	return ""
}

// cutBlock moves the metadata from the tree to t.block.
func (t *jsonText) cutBlock() {
	for i, e := range t.root.entries {
		if e.Key != metaKey {
			continue
		}
		b := &block{tree: e, line: e.KeyLine, first: i == 0, text: [2]int{spanOf(e).keyStart, spanOf(e).end}}
		lead := t.lead(spanOf(e).keyStart)
		b.flow, b.indent = lineBreaks(lead) == 0, len(strings.TrimLeft(lead, "\r\n"))
		switch {
		case i > 0:
			before := t.root.entries[i-1]
			b.after = before.Key
			b.start, b.end = spanOf(before).end, spanOf(e).end
		case len(t.root.entries) > 1:
			b.start, b.end = spanOf(e).keyStart, spanOf(t.root.entries[1]).keyStart
		default:
			b.start, b.end = spanOf(t.root).start+1, spanOf(e).end
		}
		t.block = b
		t.root.entries = append(t.root.entries[:i:i], t.root.entries[i+1:]...)
		return
	}
}

func (t *jsonText) blockFits(_ int, old *block) bool {
	lead := t.gap(t.root)
	return old.flow == (lineBreaks(lead) == 0) && (old.flow || old.indent == len(strings.TrimLeft(lead, "\r\n")))
}

func (t *jsonText) removeBlock(int) edit { return edit{t.block.start, t.block.end, ""} }

// lead returns the line break and the indentation before an entry, or "" if the entry shares its
// line with other text.
func (t *jsonText) lead(start int) string {
	line := t.src.lineStart(start)
	indent := string(t.src.src[line:start])
	if line == 0 || strings.Trim(indent, " \t") != "" {
		return ""
	}
	return t.src.eol + indent
}

func lineBreaks(s string) int { return strings.Count(s, "\n") }

// gap returns the white space between a comma and a new entry of n.
func (t *jsonText) gap(n *Node) string {
	for e := range n.Entries() {
		start := spanOf(e).keyStart
		if start < 0 {
			start = spanOf(e).start
		}
		if lead := t.lead(start); lead != "" {
			return lead
		}
		return " "
	}
	return ""
}

func (t *jsonText) renderBlock(_ int, top *Node, _ *block) string {
	var b strings.Builder
	b.WriteString(string(jsonString(top.Key)) + ": ")
	lead := t.gap(t.root)
	unit := strings.TrimLeft(lead, "\r\n")
	if lineBreaks(lead) == 0 {
		writeFlow(&b, top) // with the blank in "mac": "ENC[ that Flux searches for
		return b.String()
	}
	text := string(JSONText(top, unit))
	b.WriteString(strings.ReplaceAll(text, "\n", lead))
	return b.String()
}

func (t *jsonText) insertBlock(_ int, text string, old *block) edit {
	gap := t.gap(t.root)
	all := values(t.root)
	if len(all) == 0 {
		return edit{spanOf(t.root).start + 1, spanOf(t.root).start + 1, text}
	}
	if old != nil && old.first {
		return edit{spanOf(all[0]).keyStart, spanOf(all[0]).keyStart, text + "," + gap}
	}
	at := spanOf(all[len(all)-1]).end
	if old != nil {
		if e := t.root.Get(old.after); e != nil {
			at = spanOf(e).end
		}
	}
	return edit{at, at, "," + gap + text}
}

func (t *jsonText) replace(n, v *Node) ([]edit, error) {
	text, err := jsonNew(n, v)
	return []edit{{spanOf(n).start, spanOf(n).end, text}}, err
}

func (t *jsonText) overwrite(n, v *Node) ([]edit, error) { return t.replace(n, v) }

func jsonNew(at, v *Node) (string, error) {
	if v.Kind == Value {
		return formatJSON(at, v.Type, v.Text)
	}
	return string(JSONText(v, "")), nil
}

func (t *jsonText) insert(at *Node, missing Path, v *Node) ([]edit, error) {
	text, err := jsonNew(at, v)
	if err != nil {
		return nil, err
	}
	for i := len(missing) - 1; i >= 0; i-- {
		s := missing[i]
		if !s.IsIndex {
			text = string(jsonString(s.Key)) + ": " + text
		}
		if i == 0 && at.Kind != Null {
			break
		}
		if s.IsIndex {
			text = "[" + text + "]"
		} else {
			text = "{" + text + "}"
		}
	}
	if at.Kind == Null {
		return []edit{{spanOf(at).start, spanOf(at).end, text}}, nil
	}
	all := values(at)
	if len(all) == 0 {
		return []edit{{spanOf(at).start + 1, spanOf(at).start + 1, text}}, nil
	}
	end := spanOf(all[len(all)-1]).end
	return []edit{{end, end, "," + t.gap(at) + text}}, nil
}

func (t *jsonText) remove(parent, n *Node) ([]edit, error) {
	before, after := neighbours(parent, n)
	start := func(n *Node) int {
		if spanOf(n).keyStart >= 0 {
			return spanOf(n).keyStart
		}
		return spanOf(n).start
	}
	switch {
	case before != nil:
		return []edit{{spanOf(before).end, spanOf(n).end, ""}}, nil
	case after != nil:
		return []edit{{start(n), start(after), ""}}, nil
	}
	return []edit{{spanOf(parent).start + 1, spanOf(parent).close, ""}}, nil
}

func (jsonFormat) unsealed(src []byte) bool { return jsonUnsealed(src) }

func jsonUnsealed(src []byte) bool {
	var members map[string]json.RawMessage
	err := json.NewDecoder(bytes.NewReader(src)).Decode(&members) // ignores text after the object
	_, sealed := members[metaKey]
	return err == nil && !sealed
}
