package tree

import (
	"math"
	"strconv"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/jsontoken"
)

// anyType returns the type of a scalar for a field that accepts any type.
func (n *Node) anyType() crypto.Type {
	switch {
	case n.Type != "":
		return n.Type
	case n.json != "":
		return n.json
	}
	return crypto.Str
}

// Scalar returns the value of a scalar for a field that accepts any type.
func (n *Node) Scalar() (any, *Flaw) {
	var v any
	var err error
	switch n.anyType() {
	case crypto.Int:
		v, err = strconv.ParseInt(n.Text, 10, 64)
	case crypto.Float:
		v, err = strconv.ParseFloat(n.Text, 64)
	case crypto.Bool:
		v, err = strconv.ParseBool(n.Text)
	case crypto.Time:
		v, err = time.Parse(time.RFC3339, n.Text)
	default:
		return n.Text, nil
	}
	if err != nil { // err quotes the text
		return nil, &Flaw{Kind: KindRange, Reason: "out of range"}
	}
	return v, nil
}

// RawJSON appends n to into as JSON. If a node cannot be written as JSON, RawJSON returns that node
// and its flaw.
func (n *Node) RawJSON(into []byte) ([]byte, *Node, *Flaw) {
	if n.Kind == NodeItems { // there is no list that the items change
		n = (&Node{}).WithItems(n)
	}
	switch n.Kind {
	case NodeMap:
		return n.entriesJSON(into, '{', '}')
	case NodeList:
		return n.entriesJSON(into, '[', ']')
	case NodeNull:
		return append(into, "null"...), nil, nil
	case NodeBroken:
		return nil, n, n.Flaw
	}
	switch n.anyType() {
	case crypto.Int:
		if jsontoken.IsNumber(n.Text) {
			return append(into, n.Text...), nil, nil
		}
	case crypto.Float:
		if jsontoken.IsNumber(n.Text) {
			return append(into, n.Text...), nil, nil
		}
		f, err := strconv.ParseFloat(n.Text, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, n, &Flaw{Kind: KindRange, Reason: "not a number in JSON"}
		}
		return strconv.AppendFloat(into, f, 'g', -1, 64), nil, nil
	case crypto.Bool:
		if yes, err := strconv.ParseBool(n.Text); err == nil {
			return strconv.AppendBool(into, yes), nil, nil
		}
	}
	return appendQuoted(into, n.Text), nil, nil
}

func (n *Node) entriesJSON(into []byte, first, last byte) ([]byte, *Node, *Flaw) {
	into = append(into, first)
	for i, e := range n.Entries {
		if i > 0 {
			into = append(into, ',')
		}
		if n.Kind == NodeMap {
			into = append(appendQuoted(into, e.Key), ':')
		}
		var at *Node
		var f *Flaw
		if into, at, f = e.RawJSON(into); f != nil {
			return nil, at, f
		}
	}
	return append(into, last), nil, nil
}
