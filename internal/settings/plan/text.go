package plan

import (
	"strings"

	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// FromText converts text, from a variable or a default tag, to a node for p. A list is a JSON array
// or separated by commas. A map is a JSON object or key=value pairs separated by commas. A struct
// is a JSON object. A field that accepts any type gets parsed JSON if text is JSON. Any other text
// is a scalar. p is nil if the path is not a setting.
func FromText(p *Plan, text string, at source.Origin) *tree.Node {
	core := p.CoreOrNil()
	if core == nil || tree.IsReference(text) && (core.Shape != ShapeList || !strings.Contains(text, ",")) {
		return &tree.Node{Kind: tree.NodeScalar, Text: text, Origin: at}
	}
	trimmed := strings.TrimSpace(text)
	switch core.Shape {
	case ShapeList:
		return textList(core, trimmed, at)
	case ShapeMap, ShapeStruct:
		if core.Shape == ShapeMap && !strings.HasPrefix(trimmed, "{") {
			return textMap(core, trimmed, at)
		}
		if n := tree.FromJSON(trimmed, at); n != nil && n.Kind == tree.NodeMap {
			return n
		}
		return tree.BrokenNode("expected a JSON object with distinct keys", at)
	case ShapeAny, ShapeJSON:
		if n := tree.FromJSON(trimmed, at); n != nil {
			return n
		}
		if core.Shape == ShapeJSON {
			return tree.BrokenNode("expected JSON with distinct keys", at)
		}
	}
	return &tree.Node{Kind: tree.NodeScalar, Text: text, Origin: at}
}

// textMap parses a=1,b=2.
func textMap(p *Plan, text string, at source.Origin) *tree.Node {
	m := &tree.Node{Kind: tree.NodeMap, Origin: at}
	if text == "" {
		return m
	}
	if p.Elem.Core().Shape != ShapeScalar {
		return tree.BrokenNode("expected a JSON object with distinct keys", at)
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" || m.Get(key) != nil {
			return tree.BrokenNode("expected key=value pairs with distinct keys, separated by commas, or a JSON object", at)
		}
		m.Entries = append(m.Entries, &tree.Node{Kind: tree.NodeScalar, Key: key, KeyOrigin: at, Text: strings.TrimSpace(value), Origin: at})
	}
	return m
}

func textList(p *Plan, text string, at source.Origin) *tree.Node {
	if strings.HasPrefix(text, "[") {
		if n := tree.FromJSON(text, at); n != nil && n.Kind == tree.NodeList {
			return n
		}
		return tree.BrokenNode("begins like a JSON array but is none", at)
	}
	if p.Elem.Core().Shape != ShapeScalar {
		return tree.BrokenNode("expected a JSON array", at)
	}
	list := &tree.Node{Kind: tree.NodeList, Origin: at}
	if text == "" {
		return list
	}
	for item := range strings.SplitSeq(text, ",") {
		list.Entries = append(list.Entries, &tree.Node{Kind: tree.NodeScalar, Text: strings.TrimSpace(item), Origin: at})
	}
	return list
}
