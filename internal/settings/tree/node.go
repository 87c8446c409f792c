// Package tree represents the settings of all sources as a tree of nodes. It also defines the paths
// of settings and the flaws of values.
package tree

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/source"
)

// A Node holds the value of one setting, or of a group of settings, from the sources. The tree of
// nodes is read, merged and then bound.
type Node struct {
	Kind      nodeKind
	Key       string        // in the parent map
	KeyOrigin source.Origin // zero if the parent is not a map
	Origin    source.Origin

	Index  int  // in the parent, if that is a NodeItems
	sealed bool // encrypted in its file

	// Type and Text describe a scalar. Type is "" if Text is not parsed yet, as in variables and
	// default tags.
	Type crypto.Type
	Text string
	json crypto.Type // the JSON type of an unparsed Text, "" outside of JSON

	Entries []*Node // of a NodeMap, NodeList or NodeItems
	Flaw    *Flaw   // of a NodeBroken
}

type nodeKind uint8

const (
	NodeMap nodeKind = iota + 1
	NodeList
	NodeScalar
	NodeNull
	NodeBroken // a value that cannot be bound, with the reason in Flaw
	NodeItems  // list items by position; they change or extend the list that they override
)

// What returns the kind of value for messages: "a map", "an int".
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

// Describe returns a kind of value for messages. If n is encrypted in its file, the result includes
// that: "an encrypted string".
func (n *Node) Describe(what string) string {
	if !n.sealed {
		return what
	}
	_, noun, _ := strings.Cut(what, " ")
	return "an encrypted " + noun
}

// Leaves returns the number of values in n. An empty map or list counts as one value.
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

// Get returns the entry with the given key. It returns nil if n is not a map or has no such entry.
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

// Item returns the list item at position i, and nil if the list has no such item.
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

// WithItems returns the list n with items merged into it or appended to it. It returns a broken
// node if an item would leave a gap.
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

// mergeItems merges two nodes of list items. Items of over override items of base.
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

// Merge returns base overridden by over. Maps are merged key by key, and items change a list; over
// replaces any other value. Merge reuses both nodes. Either may be nil.
func Merge(base, over *Node) *Node {
	switch {
	case over == nil:
		return base
	case base != nil && base.Kind == NodeBroken && (over.Kind == NodeMap || over.Kind == NodeItems):
		return base // over sets only a part of it, so the flaw of base still applies
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
	return over // the result has the origin of the overriding source
}

// Drop removes all entries with the given key from a map, except the entry but.
func (n *Node) Drop(key string, but *Node) {
	var kept []*Node
	for _, e := range n.Entries {
		if e.Key != key || e == but {
			kept = append(kept, e)
		}
	}
	n.Entries = kept
}

// Replace sets n to the value of by. The key and index of n do not change.
func (n *Node) Replace(by *Node) {
	by.Key, by.KeyOrigin, by.Index = n.Key, n.KeyOrigin, n.Index
	*n = *by
}

// BrokenNode returns a node that cannot be bound, for the given reason.
func BrokenNode(reason string, at source.Origin) *Node {
	return &Node{Kind: NodeBroken, Origin: at, Flaw: &Flaw{Kind: KindFormat, Reason: reason}}
}
