package layout

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Formats without nesting hold the metadata as flat fields. The name of a field encodes its path:
// age__list_0__map_enc (stores/flatten.go in sops).
const (
	mapSeparator  = "__map_"
	listSeparator = "__list_"
)

// A FlatField is one field of flat metadata.
type FlatField struct {
	Name string
	Node *tree.Node // its value, with its position
}

// Flatten returns the flat fields of a metadata tree, in the tree's order.
func Flatten(n *tree.Node, name string) []FlatField {
	var fields []FlatField
	switch n.Kind {
	case tree.Map:
		for e := range n.Entries() {
			fields = append(fields, Flatten(e, join(name, mapSeparator, e.Key))...)
		}
	case tree.List:
		i := 0
		for e := range n.Entries() {
			fields = append(fields, Flatten(e, join(name, listSeparator, strconv.Itoa(i)))...)
			i++
		}
	default:
		fields = append(fields, FlatField{name, n})
	}
	return fields
}

func join(name, separator, part string) string {
	if name == "" {
		return part
	}
	return name + separator + part
}

// Unflatten builds the metadata tree from flat fields. sops up to 3.11 wrote the fields in any
// order.
func Unflatten(fields []FlatField) (*tree.Node, error) {
	root := &tree.Node{Kind: tree.Map, Key: MetaKey}
	size := 0
	for _, f := range fields {
		if !utf8.ValidString(f.Name + f.Node.Text) {
			return nil, tree.ErrorAt(f.Node, "sops metadata is not UTF-8")
		}
		depth := strings.Count(f.Name, mapSeparator) + strings.Count(f.Name, listSeparator)
		if depth > maxFlatDepth {
			return nil, tree.ErrorAt(f.Node, "sops metadata is nested too deeply")
		}
		if size += flatFieldCost + depth; size > maxFlat {
			return nil, tree.ErrorAt(f.Node, "sops metadata has too many fields")
		}
	}
	top := flatTree{}
	fields = slices.Clone(fields)
	sort.SliceStable(fields, func(i, j int) bool { return listOrder(fields[i].Name) < listOrder(fields[j].Name) })
	for _, f := range fields {
		if err := top.Insert(root, f.Name, f.Node); err != nil {
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
type flatTree map[*tree.Node]map[string]*tree.Node

func (t flatTree) add(at *tree.Node, key string, child *tree.Node) {
	if at.Kind == tree.Map {
		if t[at] == nil {
			t[at] = map[string]*tree.Node{}
		}
		child.Key = key
		t[at][key] = child
	}
	at.Children = append(at.Children, child)
}

func (t flatTree) Insert(at *tree.Node, name string, v *tree.Node) error {
	mismatch := func() error { return tree.ErrorAt(v, "sops metadata %s contradicts another field", v.Key) }
	for {
		part, rest, isList := cutFlat(name)
		var child *tree.Node
		if at.Kind == tree.List {
			i, err := strconv.Atoi(part)
			switch {
			case err != nil || i < 0 || i > len(at.Children):
				return tree.ErrorAt(v, "sops metadata %s has a gap in its list", v.Key)
			case i < len(at.Children):
				child = at.Children[i]
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
		kind := tree.Map
		if isList {
			kind = tree.List
		}
		if child == nil {
			child = NewNode(tree.Node{Kind: kind, Line: v.Line})
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

// FlatText returns the text of a flat field. Line feeds are written as \n.
func FlatText(n *tree.Node) string {
	_, text := CoerceText(n.Type, n.Text)
	return EscapeFeeds(text)
}

// CoerceText converts a value to a string, as sops does for formats that have only strings
// (ValToString in stores/stores.go).
func CoerceText(typ crypto.Type, text string) (crypto.Type, string) {
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

func EscapeFeeds(s string) string   { return strings.ReplaceAll(s, "\n", `\n`) }
func UnescapeFeeds(s string) string { return strings.ReplaceAll(s, `\n`, "\n") }

// A FlatBlock collects the lines of the metadata, which must be contiguous.
type FlatBlock struct {
	Fields []FlatField
	Lines  [][2]int // from the start of the line to its end, without the line break
}

func (b *FlatBlock) Block(src []byte) (*Block, error) {
	if len(b.Fields) == 0 {
		return nil, nil
	}
	for i := 1; i < len(b.Lines); i++ {
		if gap := strings.TrimLeft(string(src[b.Lines[i-1][1]:b.Lines[i][0]]), "\r\n"); gap != "" {
			return nil, tree.ErrorAt(b.Fields[i].Node, "unexpected text between the lines of the sops metadata: move it")
		}
	}
	top, err := Unflatten(b.Fields)
	if err != nil {
		return nil, err
	}
	start, end := b.Lines[0][0], b.Lines[len(b.Lines)-1][1]
	blk := &Block{Tree: top, Text: [2]int{start, end}, Start: start, End: end, Line: b.Fields[0].Node.Line}
	if i := bytes.IndexByte(src[end:], '\n'); i >= 0 { // after a carriage return, if there is one
		blk.End += i + 1
	} else if start > 0 {
		blk.Start-- // a carriage return before it belongs to the plaintext
	}
	return blk, nil
}

var (
	ErrFlat     = fmt.Errorf("%w: the format cannot hold lists or maps", tree.ErrPath)
	ErrOneValue = fmt.Errorf("%w: the file is one value, named data", tree.ErrPath)
)

func IsQuoted(value []byte) bool { return len(value) > 0 && (value[0] == '"' || value[0] == '\'') }

// HasTable reports whether src has the header of the metadata in INI or TOML.
func HasTable(src []byte) bool {
	return AnyOccurrence(src, MetaKey, func(before, after []byte) bool {
		before, isHeader := bytes.CutSuffix(bytes.TrimRight(before, " \t"), []byte("["))
		return isHeader && len(bytes.TrimRight(before, " \t")) == 0 && bytes.HasPrefix(bytes.TrimLeft(after, " \t"), []byte("]"))
	})
}
