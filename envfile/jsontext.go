package envfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
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

func (f jsonFormat) convert(roots []*Node, indent int) ([]byte, error) {
	root, err := single(f, roots)
	if err != nil {
		return nil, err
	}
	text, err := convertJSON(root, indent)
	return append(text, '\n'), err
}

func (jsonFormat) convertValue(n *Node, indent int) ([]byte, error) { return convertJSON(n, indent) }

// convertJSON writes JSON as sops does, with < > & escaped.
func convertJSON(n *Node, indent int) ([]byte, error) {
	var compact bytes.Buffer
	if err := compactJSON(&compact, n); err != nil {
		return nil, err
	}
	if n.Kind != Map && n.Kind != List {
		return compact.Bytes(), nil
	}
	step := "\t"
	if indent >= 0 {
		step = strings.Repeat(" ", indent)
	}
	var out bytes.Buffer
	err := json.Indent(&out, compact.Bytes(), "", step)
	return out.Bytes(), err
}

func compactJSON(b *bytes.Buffer, n *Node) error {
	switch n.Kind {
	case Map, List:
		brackets := "{}"
		if n.Kind == List {
			brackets = "[]"
		}
		b.WriteByte(brackets[0])
		first := true
		for e := range n.Entries() {
			if !first {
				b.WriteByte(',')
			}
			first = false
			if n.Kind == Map {
				key, _ := json.Marshal(e.Key) // a string always does
				b.Write(key)
				b.WriteByte(':')
			}
			if err := compactJSON(b, e); err != nil {
				return err
			}
		}
		b.WriteByte(brackets[1])
		return nil
	}
	v, err := goValue(n)
	if err != nil {
		return err
	}
	if f, ok := v.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return fmt.Errorf("line %d: JSON cannot hold this number: %w (json)", n.Line, ErrConvert)
	}
	text, err := json.Marshal(v)
	b.Write(text)
	return err
}

// writeFlow formats a metadata tree on one line as JSON, for a root in flow style.
func writeFlow(b *strings.Builder, n *Node) {
	sep := ""
	switch n.Kind {
	case Map:
		b.WriteByte('{')
		for e := range n.Entries() {
			b.WriteString(sep + quoteDouble(e.Key) + ": ")
			writeFlow(b, e)
			sep = ", "
		}
		b.WriteByte('}')
	case List:
		b.WriteByte('[')
		for e := range n.Entries() {
			b.WriteString(sep)
			writeFlow(b, e)
			sep = ", "
		}
		b.WriteByte(']')
	case Null:
		b.WriteString("null")
	default:
		if n.Type == crypto.Str {
			b.WriteString(quoteDouble(n.Text))
		} else {
			b.WriteString(formatTyped(n.Type, n.Text))
		}
	}
}

// looksSealedBinary reports whether src may be an encrypted file, without parsing it. Plaintext
// files may have any contents: parsing a large one takes long, and a failure is no error. An
// encrypted file, even a broken one, contains a ciphertext.
func looksSealedBinary(src []byte) bool {
	head := bytes.TrimLeft(src[:min(len(src), 64)], " \t\r\n")
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(src, []byte(`"`+metaKey+`"`)) && bytes.Contains(src, []byte(sealedPrefix))
}
