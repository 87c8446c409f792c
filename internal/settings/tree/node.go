// Package tree holds what sources say about settings as a tree of nodes, the paths of settings,
// and the flaws of values.
package tree

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/source"
)

// A Node is what the sources say about one setting, or a group of them: a tree
// that is read, merged and then bound.
type Node struct {
	Kind      nodeKind
	Key       string        // within the map around it
	KeyOrigin source.Origin // of the key, zero outside of maps
	Origin    source.Origin

	Index  int  // within the list around it, if that has items
	sealed bool // it stands sealed in a file

	// typ and text of a scalar. typ is "" for a text that is yet to be parsed,
	// from the process environment or a default tag.
	Type crypto.Type
	Text string
	json crypto.Type // what such a text is in the JSON around it, "" outside of JSON

	Entries []*Node // of a map, list or items
	Flaw    *Flaw   // of a broken node
}

type nodeKind uint8

const (
	NodeMap nodeKind = iota + 1
	NodeList
	NodeScalar
	NodeNull
	NodeBroken // a text that cannot become a list or map
	NodeItems  // items of a list by position, which change or extend the list below
)

// What names the kind of value for messages: "a map", "an int".
func (n *Node) What() string {
	switch n.Kind {
	case NodeMap:
		return "a map"
	case NodeList, NodeItems:
		return "a list"
	case NodeNull:
		return "null"
	}
	switch n.Type {
	case "", crypto.Str:
		return "a string"
	case crypto.Int:
		return "an int"
	}
	return "a " + string(n.Type)
}

// Describe returns what, which is the kind of value that n is, and mentions that n is
// encrypted in its file.
func (n *Node) Describe(what string) string {
	if !n.sealed {
		return what
	}
	_, noun, _ := strings.Cut(what, " ")
	return "an encrypted " + noun
}

// Leaves counts the values.
func (n *Node) Leaves() int {
	if len(n.Entries) == 0 {
		return 1
	}
	count := 0
	for _, e := range n.Entries {
		count += e.Leaves()
	}
	return count
}

// Get returns the entry of a map, nil if there is none.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != NodeMap {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key == key {
			return e
		}
	}
	return nil
}

// Item returns the entry of a list at a position, nil if there is none.
func (n *Node) Item(i int) *Node {
	switch {
	case n == nil || i < 0:
	case n.Kind == NodeList && i < len(n.Entries):
		return n.Entries[i]
	case n.Kind == NodeItems:
		for _, e := range n.Entries {
			if e.Index == i {
				return e
			}
		}
	}
	return nil
}

// WithItems returns a list in which items change or follow what is there. One
// that would leave a gap makes a broken node.
func (n *Node) WithItems(items *Node) *Node {
	entries := slices.Clone(n.Entries)
	for _, e := range items.Entries { // sorted by position
		switch {
		case e.Index < len(entries):
			entries[e.Index] = Merge(entries[e.Index], e)
		case e.Index == len(entries):
			entries = append(entries, e)
		default:
			broken := BrokenNode(fmt.Sprintf("item %d leaves a gap: the list has %d items", e.Index, len(entries)), e.Origin)
			broken.Key, broken.KeyOrigin, broken.Index = items.Key, items.KeyOrigin, items.Index
			return broken
		}
	}
	list := *items
	list.Kind, list.Entries = NodeList, entries
	return &list
}

// mergeItems puts items over others.
func mergeItems(base, over *Node) *Node {
	for _, e := range over.Entries {
		i, found := slices.BinarySearchFunc(base.Entries, e.Index, func(e *Node, i int) int { return e.Index - i })
		if found {
			base.Entries[i] = Merge(base.Entries[i], e)
		} else {
			base.Entries = slices.Insert(base.Entries, i, e)
		}
	}
	over.Entries = base.Entries
	return over
}

// Merge lays over upon base: maps merge key by key, items change a list, all else
// is replaced. It takes both nodes over; either may be nil.
func Merge(base, over *Node) *Node {
	switch {
	case over == nil:
		return base
	case base != nil && base.Kind == NodeBroken && (over.Kind == NodeMap || over.Kind == NodeItems):
		return base // over says a part of it: without the rest, nobody would hear what is wrong
	case base != nil && base.Kind == NodeList && over.Kind == NodeItems:
		return base.WithItems(over)
	case base != nil && base.Kind == NodeItems && over.Kind == NodeItems:
		return mergeItems(base, over)
	case base == nil || base.Kind != NodeMap || over.Kind != NodeMap:
		return over
	}
	position := make(map[string]int, len(base.Entries))
	for i, e := range base.Entries {
		position[e.Key] = i
	}
	for _, e := range over.Entries {
		if i, ok := position[e.Key]; ok {
			base.Entries[i] = Merge(base.Entries[i], e)
		} else {
			base.Entries = append(base.Entries, e)
		}
	}
	over.Entries = base.Entries
	return over // its origin is the stronger one
}

// Drop removes the entries of a map with the given key, but for one.
func (n *Node) Drop(key string, but *Node) {
	var kept []*Node
	for _, e := range n.Entries {
		if e.Key != key || e == but {
			kept = append(kept, e)
		}
	}
	n.Entries = kept
}

// Replace puts another value in the same place.
func (n *Node) Replace(by *Node) {
	by.Key, by.KeyOrigin, by.Index = n.Key, n.KeyOrigin, n.Index
	*n = *by
}

func BrokenNode(reason string, at source.Origin) *Node {
	return &Node{Kind: NodeBroken, Origin: at, Flaw: &Flaw{Kind: KindFormat, Reason: reason}}
}
