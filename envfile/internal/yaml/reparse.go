package yaml

import (
	"bytes"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// misreadYAML is misread for YAML. For most files, the parser's nodes contain everything to
// compare, and no tree is built.
func misreadYAML(src []byte, want []*tree.Node) (tree.Path, error) {
	docs, err := decodeWithParser(src)
	if err != nil {
		return nil, err
	}
	if !allInNodes(src) {
		t := &yamlTree{src: newSource(src), decode: decodeWithParser}
		if err := t.build(docs); err != nil {
			return nil, err
		}
		if err := t.scanGaps(); err != nil {
			return nil, err
		}
		return layout.FirstDifference(want, t.roots, nil), nil
	}
	if len(docs) != len(want) {
		return tree.Path{}, nil
	}
	for i, doc := range docs {
		if p, ok := differsFromYAML(want[i], nil, doc.Content[0], nil); !ok {
			return append(tree.Path{}, p...), nil // not nil
		}
	}
	return nil, nil
}

// allInNodes reports whether the parser's nodes contain everything that a reader sees of a file.
// They lack directives, the tag "!", and the line breaks of YAML 1.1. Files with any tag return
// false.
func allInNodes(src []byte) bool {
	for _, s := range []string{"!", "\n%", "\u0085", "\u2028", "\u2029"} {
		if bytes.Contains(src, []byte(s)) {
			return false
		}
	}
	return !bytes.HasPrefix(bytes.TrimPrefix(src, []byte(layout.ByteOrderMark)), []byte("%"))
}

// differsFromYAML is difference for a node of the parser, with its key if it is in a map. It
// returns true if they do not differ.
func differsFromYAML(want *tree.Node, key, y *yaml.Node, at tree.Path) (tree.Path, bool) {
	got := tree.Node{Anchor: y.Anchor}
	if y.Kind == yaml.AliasNode {
		got.Anchor = ""
		for y.Kind == yaml.AliasNode { // want is finite, so this ends
			y = y.Alias
		}
	}
	entries := 1
	switch y.Kind {
	case yaml.MappingNode:
		got.Kind, entries = tree.Map, 2
	case yaml.SequenceNode:
		got.Kind = tree.List
	default:
		if scalarValue(&got, y) != nil {
			return at, false
		}
		setTag(&got, y)
		setWritten(&got, y)
	}
	if key == nil && want.Key == "" && len(at) == 0 && got.Kind == tree.Null { // the root of an empty document
		got.Traits = &tree.Traits{Empty: true}
	}
	if key != nil {
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" && key.Tag != "!!merge" {
			return at, false
		}
		got.Key, got.KeyQuoted = key.Value, inQuotes(key)
		if key.Anchor != "" {
			got.MakeTraits().KeyAnchor = key.Anchor
		}
	}
	if !layout.SameMeaning(want, &got, want.Sealed) {
		return at, false
	}
	i := 0
	for e := range want.Entries() {
		if (i+1)*entries > len(y.Content) {
			return at, false
		}
		step, key := tree.Step{Index: i, IsIndex: true}, (*yaml.Node)(nil)
		if want.Kind == tree.Map {
			step, key = tree.Step{Key: e.Key}, y.Content[2*i]
		}
		if p, ok := differsFromYAML(e, key, y.Content[(i+1)*entries-1], append(at, step)); !ok {
			return p, false
		}
		i++
	}
	return at, got.Kind != tree.Map && got.Kind != tree.List || i*entries == len(y.Content)
}
