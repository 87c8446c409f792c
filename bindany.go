package sealcfg

import (
	"math"
	"strconv"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/jsontoken"
)

// anyType is the type of a scalar where the field takes any.
func (n *node) anyType() crypto.Type {
	switch {
	case n.typ != "":
		return n.typ
	case n.json != "":
		return n.json
	}
	return crypto.Str
}

// anything returns what n says as a map[string]any, []any, string, int64,
// float64, bool, [time.Time] or nil.
func (b *binder) anything(n *node, at *place) any {
	if n.kind == nodeItems { // nothing was below them
		n = (&node{}).withItems(n)
	}
	switch n.kind {
	case nodeMap:
		m := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			m[e.key] = b.anything(e, at.entry(e.key, variableName(e.key)))
		}
		if len(n.entries) == 0 {
			b.placed(at, n.origin)
		}
		return m
	case nodeList:
		list := make([]any, len(n.entries))
		for i, e := range n.entries {
			list[i] = b.anything(e, at.index(i, n.origin))
		}
		if len(n.entries) == 0 {
			b.placed(at, n.origin)
		}
		return list
	case nodeBroken:
		b.report(n.flaw, at, n.origin)
		return nil
	case nodeNull:
		b.placed(at, n.origin)
		return nil
	}
	v, f := n.scalar()
	if f != nil {
		b.reportValue(f, n, at)
		return nil
	}
	b.placed(at, n.origin)
	return v
}

// scalar returns the value of a scalar whose type nobody asks for.
func (n *node) scalar() (any, *flaw) {
	var v any
	var err error
	switch n.anyType() {
	case crypto.Int:
		v, err = strconv.ParseInt(n.text, 10, 64)
	case crypto.Float:
		v, err = strconv.ParseFloat(n.text, 64)
	case crypto.Bool:
		v, err = strconv.ParseBool(n.text)
	case crypto.Time:
		v, err = time.Parse(time.RFC3339, n.text)
	default:
		return n.text, nil
	}
	if err != nil { // quotes the text
		return nil, &flaw{kind: KindRange, reason: "out of range"}
	}
	return v, nil
}

// rawJSON returns what n says as JSON, and with a flaw the node that has it.
func (n *node) rawJSON(into []byte) ([]byte, *node, *flaw) {
	if n.kind == nodeItems { // nothing was below them
		n = (&node{}).withItems(n)
	}
	switch n.kind {
	case nodeMap:
		return n.entriesJSON(into, '{', '}')
	case nodeList:
		return n.entriesJSON(into, '[', ']')
	case nodeNull:
		return append(into, "null"...), nil, nil
	case nodeBroken:
		return nil, n, n.flaw
	}
	switch n.anyType() {
	case crypto.Int:
		if jsontoken.IsNumber(n.text) {
			return append(into, n.text...), nil, nil
		}
	case crypto.Float:
		if jsontoken.IsNumber(n.text) {
			return append(into, n.text...), nil, nil
		}
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, n, &flaw{kind: KindRange, reason: "not a number in JSON"}
		}
		return strconv.AppendFloat(into, f, 'g', -1, 64), nil, nil
	case crypto.Bool:
		if yes, err := strconv.ParseBool(n.text); err == nil {
			return strconv.AppendBool(into, yes), nil, nil
		}
	}
	return appendQuoted(into, n.text), nil, nil
}

func (n *node) entriesJSON(into []byte, first, last byte) ([]byte, *node, *flaw) {
	into = append(into, first)
	for i, e := range n.entries {
		if i > 0 {
			into = append(into, ',')
		}
		if n.kind == nodeMap {
			into = append(appendQuoted(into, e.key), ':')
		}
		var at *node
		var f *flaw
		if into, at, f = e.rawJSON(into); f != nil {
			return nil, at, f
		}
	}
	return append(into, last), nil, nil
}
