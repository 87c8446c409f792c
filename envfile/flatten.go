package envfile

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

// Formats without nesting hold the metadata as flat fields. The name of a field encodes its path:
// age__list_0__map_enc (stores/flatten.go in sops).
const (
	mapSeparator  = "__map_"
	listSeparator = "__list_"
)

// A flatField is one field of flat metadata.
type flatField struct {
	name string
	node *Node // its value, with its position
}

// flatten returns the flat fields of a metadata tree, in the tree's order.
func flatten(n *Node, name string) []flatField {
	var fields []flatField
	switch n.Kind {
	case Map:
		for e := range n.Entries() {
			fields = append(fields, flatten(e, join(name, mapSeparator, e.Key))...)
		}
	case List:
		i := 0
		for e := range n.Entries() {
			fields = append(fields, flatten(e, join(name, listSeparator, strconv.Itoa(i)))...)
			i++
		}
	default:
		fields = append(fields, flatField{name, n})
	}
	return fields
}

func join(name, separator, part string) string {
	if name == "" {
		return part
	}
	return name + separator + part
}

// unflatten builds the metadata tree from flat fields. sops up to 3.11 wrote the fields in any
// order.
func unflatten(fields []flatField) (*Node, error) {
	root := &Node{Kind: Map, Key: metaKey}
	size := 0
	for _, f := range fields {
		if !utf8.ValidString(f.name + f.node.Text) {
			return nil, syntaxError(f.node, "sops metadata is not UTF-8")
		}
		depth := strings.Count(f.name, mapSeparator) + strings.Count(f.name, listSeparator)
		if depth > maxFlatDepth {
			return nil, syntaxError(f.node, "sops metadata is nested too deeply")
		}
		if size += flatFieldCost + depth; size > maxFlat {
			return nil, syntaxError(f.node, "sops metadata has too many fields")
		}
	}
	top := flatTree{}
	fields = slices.Clone(fields)
	sort.SliceStable(fields, func(i, j int) bool { return listOrder(fields[i].name) < listOrder(fields[j].name) })
	for _, f := range fields {
		if err := top.insert(root, f.name, f.node); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// listOrder returns a sort key for a flat name. It sorts the items of a list by position.
func listOrder(name string) string {
	parts := strings.Split(name, listSeparator)
	for i, p := range parts[1:] {
		digits := len(p) - len(strings.TrimLeft(p, "0123456789"))
		parts[i+1] = strings.Repeat("0", max(0, 9-digits)) + p
	}
	return strings.Join(parts, listSeparator)
}

// maxFlatDepth is well above sops's four levels.
const maxFlatDepth = 50

// flatTree indexes the entries of the maps under construction.
type flatTree map[*Node]map[string]*Node

func (t flatTree) add(at *Node, key string, child *Node) {
	if at.Kind == Map {
		if t[at] == nil {
			t[at] = map[string]*Node{}
		}
		child.Key = key
		t[at][key] = child
	}
	at.entries = append(at.entries, child)
}

func (t flatTree) insert(at *Node, name string, v *Node) error {
	mismatch := func() error { return syntaxError(v, "sops metadata %s contradicts another field", v.Key) }
	for {
		part, rest, isList := cutFlat(name)
		var child *Node
		if at.Kind == List {
			i, err := strconv.Atoi(part)
			switch {
			case err != nil || i < 0 || i > len(at.entries):
				return syntaxError(v, "sops metadata %s has a gap in its list", v.Key)
			case i < len(at.entries):
				child = at.entries[i]
			}
		} else {
			child = t[at][part]
		}
		if rest == "" {
			if child != nil {
				return mismatch()
			}
			leaf := *v
			leaf.Key = ""
			t.add(at, part, &leaf)
			return nil
		}
		kind := Map
		if isList {
			kind = List
		}
		if child == nil {
			child = newNode(Node{Kind: kind, Line: v.Line})
			t.add(at, part, child)
		}
		if child.Kind != kind {
			return mismatch()
		}
		at, name = child, rest
	}
}

// cutFlat splits the first part off a flat name. isList reports whether a list position follows.
func cutFlat(name string) (part, rest string, isList bool) {
	m, l := strings.Index(name, mapSeparator), strings.Index(name, listSeparator)
	switch {
	case m < 0 && l < 0:
		return name, "", false
	case l < 0 || m >= 0 && m < l:
		return name[:m], name[m+len(mapSeparator):], false
	}
	return name[:l], name[l+len(listSeparator):], true
}

// flatText returns the text of a flat field. Line feeds are written as \n.
func flatText(n *Node) string {
	_, text := coerceText(n.Type, n.Text)
	return escapeFeeds(text)
}

// coerceText converts a value to a string, as sops does for formats that have only strings
// (ValToString in stores/stores.go).
func coerceText(typ crypto.Type, text string) (crypto.Type, string) {
	switch typ {
	case crypto.Bool:
		text = strings.ToLower(text)
	case crypto.Float:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			break // not canonical: unchanged
		}
		text = strconv.FormatFloat(f, 'G', -1, 64)
		if !strings.ContainsAny(text, ".EIN") { // otherwise it would look like an integer
			text += ".0"
		}
	}
	return crypto.Str, text
}

func escapeFeeds(s string) string   { return strings.ReplaceAll(s, "\n", `\n`) }
func unescapeFeeds(s string) string { return strings.ReplaceAll(s, `\n`, "\n") }

// A flatBlock collects the lines of the metadata, which must be contiguous.
type flatBlock struct {
	fields []flatField
	lines  [][2]int // from the start of the line to its end, without the line break
}

func (b *flatBlock) block(src []byte) (*block, error) {
	if len(b.fields) == 0 {
		return nil, nil
	}
	for i := 1; i < len(b.lines); i++ {
		if gap := strings.TrimLeft(string(src[b.lines[i-1][1]:b.lines[i][0]]), "\r\n"); gap != "" {
			return nil, syntaxError(b.fields[i].node, "unexpected text between the lines of the sops metadata: move it")
		}
	}
	top, err := unflatten(b.fields)
	if err != nil {
		return nil, err
	}
	start, end := b.lines[0][0], b.lines[len(b.lines)-1][1]
	blk := &block{tree: top, text: [2]int{start, end}, start: start, end: end, line: b.fields[0].node.Line}
	if i := bytes.IndexByte(src[end:], '\n'); i >= 0 { // after a carriage return, if there is one
		blk.end += i + 1
	} else if start > 0 {
		blk.start-- // a carriage return before it belongs to the plaintext
	}
	return blk, nil
}

var (
	errFlat     = fmt.Errorf("%w: the format cannot hold lists or maps", ErrPath)
	errOneValue = fmt.Errorf("%w: the file is one value, named data", ErrPath)
)

func isQuoted(value []byte) bool { return len(value) > 0 && (value[0] == '"' || value[0] == '\'') }

// hasTable reports whether src has the header of the metadata in INI or TOML.
func hasTable(src []byte) bool {
	return anyOccurrence(src, metaKey, func(before, after []byte) bool {
		before, isHeader := bytes.CutSuffix(bytes.TrimRight(before, " \t"), []byte("["))
		return isHeader && len(bytes.TrimRight(before, " \t")) == 0 && bytes.HasPrefix(bytes.TrimLeft(after, " \t"), []byte("]"))
	})
}
