package sealcfg

import "github.com/sealcfg/sealcfg/crypto"

// A node is what the sources say about one setting, or a group of them: a tree
// that is read, merged and then bound.
type node struct {
	kind      nodeKind
	key       string // within the map around it
	keyOrigin Origin // of the key, zero outside of maps
	origin    Origin

	// typ and text of a scalar. typ is "" for a text that is yet to be parsed,
	// from the process environment or a default tag.
	typ  crypto.Type
	text string

	entries []*node // of a map or list
	flaw    *flaw   // of a broken node
}

type nodeKind uint8

const (
	nodeMap nodeKind = iota + 1
	nodeList
	nodeScalar
	nodeNull
	nodeBroken // a text that cannot become a list or map
)

// what names the kind of value for messages: "a map", "an int".
func (n *node) what() string {
	switch n.kind {
	case nodeMap:
		return "a map"
	case nodeList:
		return "a list"
	case nodeNull:
		return "null"
	}
	switch n.typ {
	case "":
		return "a text"
	case crypto.Int:
		return "an int"
	}
	return "a " + string(n.typ)
}

// get returns the entry of a map, nil if there is none.
func (n *node) get(key string) *node {
	if n == nil || n.kind != nodeMap {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// merge lays over upon base: maps merge key by key, all else is replaced. It
// takes both nodes over; either may be nil.
func merge(base, over *node) *node {
	switch {
	case over == nil:
		return base
	case base == nil || base.kind != nodeMap || over.kind != nodeMap:
		return over
	}
	position := make(map[string]int, len(base.entries))
	for i, e := range base.entries {
		position[e.key] = i
	}
	for _, e := range over.entries {
		if i, ok := position[e.key]; ok {
			base.entries[i] = merge(base.entries[i], e)
		} else {
			base.entries = append(base.entries, e)
		}
	}
	over.entries = base.entries
	return over // its origin is the stronger one
}
