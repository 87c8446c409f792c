package sealcfg

import "strings"

// textNode makes a node for p of a text from the process environment or a
// default tag: lists are a JSON array or separated by commas, maps a JSON object
// or pairs separated by commas, structs a JSON object, all else is the text
// itself. Where the field takes anything, JSON is read as such. p is nil for a place that no setting has.
func textNode(p *plan, text string, at Origin) *node {
	core := p.coreOrNil()
	if core == nil || isReference(text) && (core.shape != shapeList || !strings.Contains(text, ",")) {
		return &node{kind: nodeScalar, text: text, origin: at}
	}
	trimmed := strings.TrimSpace(text)
	switch core.shape {
	case shapeList:
		return textList(core, trimmed, at)
	case shapeMap, shapeStruct:
		if core.shape == shapeMap && !strings.HasPrefix(trimmed, "{") {
			return textMap(core, trimmed, at)
		}
		if n := jsonNode(trimmed, at); n != nil && n.kind == nodeMap {
			return n
		}
		return brokenNode("expected a JSON object with distinct keys", at)
	case shapeAny, shapeJSON:
		if n := jsonNode(trimmed, at); n != nil {
			return n
		}
		if core.shape == shapeJSON {
			return brokenNode("expected JSON with distinct keys", at)
		}
	}
	return &node{kind: nodeScalar, text: text, origin: at}
}

// textMap reads a=1,b=2.
func textMap(p *plan, text string, at Origin) *node {
	m := &node{kind: nodeMap, origin: at}
	if text == "" {
		return m
	}
	if p.elem.core().shape != shapeScalar {
		return brokenNode("expected a JSON object with distinct keys", at)
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" || m.get(key) != nil {
			return brokenNode("expected key=value pairs with distinct keys, separated by commas, or a JSON object", at)
		}
		m.entries = append(m.entries, &node{kind: nodeScalar, key: key, keyOrigin: at, text: strings.TrimSpace(value), origin: at})
	}
	return m
}

func textList(p *plan, text string, at Origin) *node {
	if strings.HasPrefix(text, "[") {
		if n := jsonNode(text, at); n != nil && n.kind == nodeList {
			return n
		}
		return brokenNode("begins like a JSON array but is none", at)
	}
	if p.elem.core().shape != shapeScalar {
		return brokenNode("expected a JSON array", at)
	}
	list := &node{kind: nodeList, origin: at}
	if text == "" {
		return list
	}
	for item := range strings.SplitSeq(text, ",") {
		list.entries = append(list.entries, &node{kind: nodeScalar, text: strings.TrimSpace(item), origin: at})
	}
	return list
}

func brokenNode(reason string, at Origin) *node {
	return &node{kind: nodeBroken, origin: at, flaw: &flaw{kind: KindFormat, reason: reason}}
}
