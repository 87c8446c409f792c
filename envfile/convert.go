package envfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

// ErrConvert is returned when a format cannot represent a tree.
var ErrConvert = errors.New("cannot be written in this format")

// DefaultIndent selects sops's indentation for a format: four spaces in YAML, a tab in JSON.
const DefaultIndent = -1

// Convert formats plaintext values in a format, with sops's layout. It keeps comments if the format
// has them. Use it for values from another format or from a part of a file; [Opened.Text] keeps the
// author's layout. indent is a number of spaces, or DefaultIndent.
//
// The error wraps [ErrConvert] if the format cannot hold the values, such as maps in dotenv or
// several documents in JSON.
func Convert(f Format, roots []*Node, indent int) ([]byte, error) {
	for _, root := range roots {
		if err := cannotHold(f, root); err != nil {
			return nil, err
		}
	}
	if f.Name() == YAML.Name() {
		return convertYAML(roots, indent)
	}
	if len(roots) != 1 {
		return nil, fmt.Errorf("%d documents: %w (%s)", len(roots), ErrConvert, f.Name())
	}
	root := roots[0]
	switch f.Name() {
	case JSON.Name():
		text, err := convertJSON(root, indent)
		return append(text, '\n'), err
	case Dotenv.Name():
		return convertDotenv(root)
	case INI.Name():
		return convertINI(root)
	case Binary.Name():
		if data := root.Get(dataKeyName); data != nil && data.Kind == Value && data.Type == crypto.Str {
			return []byte(data.Text), nil
		}
		return nil, fmt.Errorf("there is no string named %s: %w (%s)", dataKeyName, ErrConvert, f.Name())
	}
	return nil, fmt.Errorf("%w (%s)", ErrConvert, f.Name())
}

// ConvertValue formats one value, list or map as sops extracts it: a string without quotes, any
// other value in the format.
func ConvertValue(f Format, n *Node, indent int) ([]byte, error) {
	switch {
	case n.Kind == Value && n.Type == crypto.Str:
		return []byte(n.Text), nil
	case n.Kind == Map:
		return Convert(f, []*Node{n}, indent)
	}
	switch f.Name() {
	case YAML.Name():
		return convertYAML([]*Node{n}, DefaultIndent)
	case JSON.Name():
		return convertJSON(n, indent)
	case INI.Name():
		text, err := convertJSON(n, 0) // on one line, as in sops
		var line bytes.Buffer
		if err == nil {
			err = json.Compact(&line, text)
		}
		return line.Bytes(), err
	}
	return nil, fmt.Errorf("the value is not a string: %w (%s)", ErrConvert, f.Name())
}

// UTF8 returns an error that wraps [ErrConvert] if a name or value in a tree is not UTF-8, as JSON
// requires. Dotenv files, INI files and !!binary values may contain other bytes.
func UTF8(n *Node) error { return cannotHold(JSON, n) }

// cannotHold returns an error for a name, value or comment that is not UTF-8 if the format requires
// UTF-8.
func cannotHold(f Format, n *Node) error {
	if f != JSON && f != YAML {
		return nil
	}
	text := n.Key
	switch {
	case n.Kind == Comment && f == YAML, n.Kind == Value && f == JSON: // YAML has !!binary
		text += n.Text
	}
	if !utf8.ValidString(text) {
		what := Path{{Key: n.Key}}.String() + " is"
		if n.Kind == Comment {
			what = "a comment is"
		}
		return fmt.Errorf("line %d: %s not UTF-8: %w (%s)", n.Line, strings.ToValidUTF8(what, "?"), ErrConvert, f.Name())
	}
	for _, e := range n.entries {
		if err := cannotHold(f, e); err != nil {
			return err
		}
	}
	return nil
}

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

// goValue returns a value or null as a Go value. The error does not quote the value.
func goValue(n *Node) (any, error) {
	if n.Kind == Null {
		return nil, nil //nolint:nilnil // null is nil
	}
	bad := func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("line %d: the value is not of type %s: %w", n.Line, n.Type, ErrConvert)
	}
	switch n.Type {
	case crypto.Int:
		i, err := strconv.Atoi(n.Text)
		return i, bad(err)
	case crypto.Float:
		f, err := strconv.ParseFloat(n.Text, 64)
		return f, bad(err)
	case crypto.Bool:
		v, err := strconv.ParseBool(n.Text)
		return v, bad(err)
	case crypto.Time:
		var at time.Time
		err := at.UnmarshalText([]byte(n.Text))
		return at, bad(err)
	}
	return n.Text, nil
}

// convertDotenv writes KEY=value lines. A null becomes an empty value.
func convertDotenv(root *Node) ([]byte, error) {
	var b bytes.Buffer
	for _, e := range root.entries {
		switch {
		case e.Kind == Comment:
			b.WriteString("#" + e.Text + "\n")
			continue
		case e.Kind == Map || e.Kind == List:
			return nil, fmt.Errorf("line %d: %s is a %s: %w (dotenv)", e.Line, Path{{Key: e.Key}}, e.Kind, ErrConvert)
		case e.Key == "" || strings.ContainsAny(e.Key, "=\r\n") || e.Key[0] == '#':
			return nil, fmt.Errorf("line %d: %s cannot be a key: %w (dotenv)", e.Line, Path{{Key: e.Key}}, ErrConvert)
		}
		_, text := coerceText(e.Type, e.Text)
		if strings.Contains(text, `\n`) {
			return nil, fmt.Errorf(`line %d: %s contains \n, which dotenv reads as a line feed: %w (dotenv)`, e.Line, Path{{Key: e.Key}}, ErrConvert)
		}
		b.WriteString(e.Key + "=" + escapeFeeds(text) + "\n")
	}
	return b.Bytes(), nil
}

// convertINI writes a section for each map, without comments.
func convertINI(root *Node) ([]byte, error) {
	var b bytes.Buffer
	for s := range root.Entries() {
		if s.Kind != Map {
			return nil, fmt.Errorf("line %d: %s is not a section: %w (ini)", s.Line, Path{{Key: s.Key}}, ErrConvert)
		}
		if s.Key == "" || strings.ContainsAny(s.Key, "]\r\n") {
			return nil, fmt.Errorf("line %d: %s cannot be a section: %w (ini)", s.Line, Path{{Key: s.Key}}, ErrConvert)
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("[" + s.Key + "]\n")
		width := 0
		for e := range s.Entries() {
			width = max(width, len(e.Key))
		}
		for e := range s.Entries() {
			_, plain := coerceText(e.Type, e.Text)
			style := stylePlain
			if strings.ContainsAny(plain, "#;") { // sops would cut the value here
				style = styleBacktick
			}
			text, ok := formatINI(plain, style, "")
			if e.Kind == Map || e.Kind == List || !ok || e.Key == "" || e.Key == "-" || strings.TrimSpace(e.Key) != e.Key ||
				strings.ContainsAny(e.Key, "=:#;[]\"`\r\n") {
				return nil, fmt.Errorf("line %d: %s: %w (ini)", e.Line, Path{{Key: s.Key}, {Key: e.Key}}, ErrConvert)
			}
			b.WriteString(e.Key + strings.Repeat(" ", width-len(e.Key)) + " = " + text + "\n")
		}
	}
	return b.Bytes(), nil
}

// StringText returns the text of a value for a destination that holds only strings, such as an
// environment variable: true rather than True, 1.0 for the float 1. It returns "" for null.
func StringText(n *Node) string {
	_, text := coerceText(n.Type, n.Text)
	return text
}
