package sealcfg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// A node is what the sources say about one setting, or a group of them: a tree
// that is read, merged and then bound.
type node struct {
	kind      nodeKind
	key       string // within the map around it
	keyOrigin Origin // of the key, zero outside of maps
	origin    Origin

	index  int  // within the list around it, if that has items
	sealed bool // it stands sealed in a file

	// typ and text of a scalar. typ is "" for a text that is yet to be parsed,
	// from the process environment or a default tag.
	typ  crypto.Type
	text string
	json crypto.Type // what such a text is in the JSON around it, "" outside of JSON

	entries []*node // of a map, list or items
	flaw    *flaw   // of a broken node
}

type nodeKind uint8

const (
	nodeMap nodeKind = iota + 1
	nodeList
	nodeScalar
	nodeNull
	nodeBroken // a text that cannot become a list or map
	nodeItems  // items of a list by position, which change or extend the list below
)

// what names the kind of value for messages: "a map", "an int".
func (n *node) what() string {
	switch n.kind {
	case nodeMap:
		return "a map"
	case nodeList, nodeItems:
		return "a list"
	case nodeNull:
		return "null"
	}
	switch n.typ {
	case "", crypto.Str:
		return "a string"
	case crypto.Int:
		return "an int"
	}
	return "a " + string(n.typ)
}

// describe returns what, which is the kind of value that n is, and mentions that n is
// encrypted in its file.
func (n *node) describe(what string) string {
	if !n.sealed {
		return what
	}
	_, noun, _ := strings.Cut(what, " ")
	return "an encrypted " + noun
}

// leaves counts the values.
func (n *node) leaves() int {
	if len(n.entries) == 0 {
		return 1
	}
	count := 0
	for _, e := range n.entries {
		count += e.leaves()
	}
	return count
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

// item returns the entry of a list at a position, nil if there is none.
func (n *node) item(i int) *node {
	switch {
	case n == nil || i < 0:
	case n.kind == nodeList && i < len(n.entries):
		return n.entries[i]
	case n.kind == nodeItems:
		for _, e := range n.entries {
			if e.index == i {
				return e
			}
		}
	}
	return nil
}

// withItems returns a list in which items change or follow what is there. One
// that would leave a gap makes a broken node.
func (n *node) withItems(items *node) *node {
	entries := slices.Clone(n.entries)
	for _, e := range items.entries { // sorted by position
		switch {
		case e.index < len(entries):
			entries[e.index] = merge(entries[e.index], e)
		case e.index == len(entries):
			entries = append(entries, e)
		default:
			broken := brokenNode(fmt.Sprintf("item %d leaves a gap: the list has %d items", e.index, len(entries)), e.origin)
			broken.key, broken.keyOrigin, broken.index = items.key, items.keyOrigin, items.index
			return broken
		}
	}
	list := *items
	list.kind, list.entries = nodeList, entries
	return &list
}

// mergeItems puts items over others.
func mergeItems(base, over *node) *node {
	for _, e := range over.entries {
		i, found := slices.BinarySearchFunc(base.entries, e.index, func(e *node, i int) int { return e.index - i })
		if found {
			base.entries[i] = merge(base.entries[i], e)
		} else {
			base.entries = slices.Insert(base.entries, i, e)
		}
	}
	over.entries = base.entries
	return over
}

// overridden appends the paths of what merge replaces in base: single values, lists, and
// maps by something else. at is the path of both nodes.
func overridden(paths []string, at envfile.Path, p *plan, base, over *node) []string {
	switch {
	case base == nil || over == nil:
		return paths
	case base.kind != nodeMap || over.kind != nodeMap || p.hides():
		return append(paths, at.String())
	}
	below := make(map[string]*node, len(base.entries))
	for _, e := range base.entries {
		below[e.key] = e
	}
	for _, e := range over.entries {
		step := envfile.Step{Key: e.key}
		paths = overridden(paths, append(at, step), p.below(step), below[e.key], e)
	}
	return paths
}

// merge lays over upon base: maps merge key by key, items change a list, all else
// is replaced. It takes both nodes over; either may be nil.
func merge(base, over *node) *node {
	switch {
	case over == nil:
		return base
	case base != nil && base.kind == nodeBroken && (over.kind == nodeMap || over.kind == nodeItems):
		return base // over says a part of it: without the rest, nobody would hear what is wrong
	case base != nil && base.kind == nodeList && over.kind == nodeItems:
		return base.withItems(over)
	case base != nil && base.kind == nodeItems && over.kind == nodeItems:
		return mergeItems(base, over)
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
