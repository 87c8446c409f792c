package envfile

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// JSONText formats the values of a tree as JSON, in file order. Times become strings, and also
// floats that JSON cannot represent. indent is the indentation of one level; "" writes one line.
func JSONText(n *Node, indent string) []byte {
	var b bytes.Buffer
	writeJSON(&b, n, indent, "\n")
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, n *Node, indent, line string) {
	switch {
	case n.Kind == Map || n.Kind == List:
		writeJSONEntries(b, n, indent, line)
	case n.Kind == Null:
		b.WriteString("null")
	case n.Type == crypto.Bool:
		b.WriteString(strings.ToLower(n.Text))
	case n.Type == crypto.Int, n.Type == crypto.Float && !strings.ContainsAny(n.Text, "IN"): // Inf, NaN
		b.WriteString(n.Text)
	default:
		b.Write(jsonString(n.Text))
	}
}

func writeJSONEntries(b *bytes.Buffer, n *Node, indent, line string) {
	brackets := "{}"
	if n.Kind == List {
		brackets = "[]"
	}
	b.WriteByte(brackets[0])
	inner := line + indent
	first := true
	for e := range n.Entries() {
		if e.Shadowed {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		if indent != "" {
			b.WriteString(inner)
		}
		if n.Kind == Map {
			b.Write(jsonString(e.Key))
			b.WriteByte(':')
			if indent != "" {
				b.WriteByte(' ')
			}
		}
		writeJSON(b, e, indent, inner)
	}
	if !first && indent != "" {
		b.WriteString(line)
	}
	b.WriteByte(brackets[1])
}

func jsonString(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
