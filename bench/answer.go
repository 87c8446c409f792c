package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// A field is a setting without levels: SERVICE_0001_DATABASE_HOST.
type field struct{ name, value string }

// flatName joins the levels of a name.
func flatName(path []string) string { return strings.ToUpper(strings.Join(path, "_")) }

// flatten lists the settings of a YAML or JSON text in order.
func flatten(text []byte) ([]field, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	var all []field
	var walk func(n *yaml.Node, path []string)
	walk = func(n *yaml.Node, path []string) {
		switch n.Kind {
		case yaml.DocumentNode:
			for _, c := range n.Content {
				walk(c, path)
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], append(path[:len(path):len(path)], n.Content[i].Value))
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				walk(c, append(path[:len(path):len(path)], strconv.Itoa(i)))
			}
		default:
			all = append(all, field{flatName(path), n.Value})
		}
	}
	walk(&doc, nil)
	return all, nil
}

// dotenv writes fields as a .env file.
func dotenv(fields []field) []byte {
	var b bytes.Buffer
	for _, f := range fields {
		fmt.Fprintf(&b, "%s=\"%s\"\n", f.name, f.value)
	}
	return b.Bytes()
}

// flatJSON writes fields as an object, each on a line.
func flatJSON(fields []field) []byte {
	var b bytes.Buffer
	for i, f := range fields {
		value, _ := json.Marshal(f.value) // a string
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "%s\n  %q: %s", map[bool]string{true: "{"}[i == 0], f.name, value)
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

// compare reports whether a program's answer contains every setting of a plaintext.
func compare(answer []byte, format string, want []field) error {
	got := map[string]string{}
	if format == "env" {
		for line := range strings.Lines(string(answer)) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
				got[name] = strings.Trim(value, `"`)
			}
		}
	} else {
		fields, err := flatten(answer)
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		for _, f := range fields {
			got[f.name] = f.value
		}
	}
	for _, f := range want {
		if value, ok := got[f.name]; !ok || value != f.value {
			return fmt.Errorf("the answer has %q for %s instead of %q", value, f.name, f.value)
		}
	}
	return nil
}

// check verifies that a program did the work: its decrypted answer must match the state after the
// turn of a round.
func (t *task) check(w work, round int) error {
	if t.opened == nil {
		return nil
	}
	answer, err := t.opened()
	if err != nil || t.format == "floor" {
		return err
	}
	text := plainText(w, 0)
	if t.format == "raw" {
		if !bytes.Equal(answer, text) {
			return fmt.Errorf("the answer differs from the encrypted settings")
		}
		return nil
	}
	if w.kind == setKind {
		text = changedText(w, text, round)
		if !bytes.Contains(text, []byte(changedValue(round))) {
			return fmt.Errorf("the plain text has no field to change")
		}
	}
	want, err := flatten(text)
	if err != nil {
		return err
	}
	return compare(answer, t.format, want)
}
