package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Text formats the values of a tree as JSON, in file order. Times become strings, and also
// floats that JSON cannot represent. indent is the indentation of one level; "" writes one line.
func Text(n *tree.Node, indent string) []byte {
	var b bytes.Buffer
	writeJSON(&b, n, indent, "\n")
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, n *tree.Node, indent, line string) {
	switch {
	case n.Kind == tree.Map || n.Kind == tree.List:
		writeJSONEntries(b, n, indent, line)
	case n.Kind == tree.Null:
		b.WriteString("null")
	case n.Type == crypto.Bool:
		b.WriteString(strings.ToLower(n.Text))
	case n.Type == crypto.Int, n.Type == crypto.Float && !strings.ContainsAny(n.Text, "IN"): // Inf, NaN
		b.WriteString(n.Text)
	default:
		b.Write(JsonString(n.Text))
	}
}

func writeJSONEntries(b *bytes.Buffer, n *tree.Node, indent, line string) {
	brackets := "{}"
	if n.Kind == tree.List {
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
		if n.Kind == tree.Map {
			b.Write(JsonString(e.Key))
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

func JsonString(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (f *jsonFormat) Convert(roots []*tree.Node, indent int) ([]byte, error) {
	root, err := layout.Single(f, roots)
	if err != nil {
		return nil, err
	}
	text, err := ConvertJSON(root, indent)
	return append(text, '\n'), err
}

func (*jsonFormat) ConvertValue(n *tree.Node, indent int) ([]byte, error) {
	return ConvertJSON(n, indent)
}

// ConvertJSON writes JSON as sops does, with < > & escaped.
func ConvertJSON(n *tree.Node, indent int) ([]byte, error) {
	var compact bytes.Buffer
	if err := compactJSON(&compact, n); err != nil {
		return nil, err
	}
	if n.Kind != tree.Map && n.Kind != tree.List {
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

func compactJSON(b *bytes.Buffer, n *tree.Node) error {
	switch n.Kind {
	case tree.Map, tree.List:
		brackets := "{}"
		if n.Kind == tree.List {
			brackets = "[]"
		}
		b.WriteByte(brackets[0])
		first := true
		for e := range n.Entries() {
			if !first {
				b.WriteByte(',')
			}
			first = false
			if n.Kind == tree.Map {
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
	v, err := layout.GoValue(n)
	if err != nil {
		return err
	}
	if f, ok := v.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return fmt.Errorf("line %d: JSON cannot hold this number: %w (json)", n.Line, layout.ErrConvert)
	}
	text, err := json.Marshal(v)
	b.Write(text)
	return err
}

// WriteFlow formats a metadata tree on one line as JSON, for a root in flow style.
func WriteFlow(b *strings.Builder, n *tree.Node) {
	sep := ""
	switch n.Kind {
	case tree.Map:
		b.WriteByte('{')
		for e := range n.Entries() {
			b.WriteString(sep + layout.QuoteDouble(e.Key) + ": ")
			WriteFlow(b, e)
			sep = ", "
		}
		b.WriteByte('}')
	case tree.List:
		b.WriteByte('[')
		for e := range n.Entries() {
			b.WriteString(sep)
			WriteFlow(b, e)
			sep = ", "
		}
		b.WriteByte(']')
	case tree.Null:
		b.WriteString("null")
	default:
		if n.Type == crypto.Str {
			b.WriteString(layout.QuoteDouble(n.Text))
		} else {
			b.WriteString(layout.FormatTyped(n.Type, n.Text))
		}
	}
}

// LooksSealedBinary reports whether src may be an encrypted file, without parsing it. Plaintext
// files may have any contents: parsing a large one takes long, and a failure is no error. An
// encrypted file, even a broken one, contains a ciphertext.
func LooksSealedBinary(src []byte) bool {
	head := bytes.TrimLeft(src[:min(len(src), 64)], " \t\r\n")
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(src, []byte(`"`+layout.MetaKey+`"`)) && bytes.Contains(src, []byte(layout.SealedPrefix))
}
