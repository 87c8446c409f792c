package tree

import (
	"iter"

	"github.com/sealcfg/sealcfg/crypto"
)

// Kind is the kind of a [Node].
type Kind uint8

// The kinds of nodes.
const (
	Map Kind = iota + 1
	List
	Value // a scalar with a type and a text
	Null
	Comment // never yielded by Entries
)

func (k Kind) String() string {
	return [...]string{"", "map", "list", "value", "null", "comment"}[k]
}

// A Node is a value, map, list or comment of a parsed file. Nodes are read-only for other packages
// and safe for concurrent reads.
type Node struct {
	Kind   Kind
	Sealed bool // the value is encrypted in the file
	Quoted bool // the author wrote the value in quotes or as a block
	// Shadowed reports that another entry with this name overrides this one: see [Repeat].
	Shadowed     bool
	NonCanonical bool // in a decrypted file: the encrypted text is not in canonical form
	// Repeats reports that the map has a name more than once.
	Repeats bool
	Key     string // name within the parent map, otherwise ""
	// Type and Text of a Value: the canonical text of [crypto.Canonical] ("5432", "True"), or the
	// ENC[…] form of an encrypted value.
	Type crypto.Type
	Text string

	Line, Column       int // start of the value, from 1, columns in characters
	KeyLine, KeyColumn int // start of the key, 0 without a key

	Anchor   string // YAML anchor that this node defines, without &
	Alias    string // YAML anchor that this node refers to, without *
	Remark   string // comment at the end of the value's line, without # and surrounding blanks
	Children []*Node

	// Layout belongs to the format that parsed the node: position and style of the value.
	Layout     any
	Ciphertext string  // in a decrypted file: the ENC form
	Traits     *Traits // nil for most nodes
	// In YAML: quotes, a block style or a tag make the value, or the key, a string.
	StringQuoted, KeyQuoted bool
}

// Traits are rare properties of a node that a reader of the file sees in addition to the value.
type Traits struct {
	Tag       string // YAML: the long form if the type does not imply it; "!" for that tag
	KeyTag    string
	KeyAnchor string
	// Written is the source of an unencrypted value that sealcfg would write differently and that
	// readers may take for different values: 0777, 1e3, a raw U+0085.
	Written    string
	KeyWritten string
	Flow       bool     // YAML: a tagged value inside { } or [ ]
	Local      string   // TOML: date, time or datetime for a local one
	Frame      string   // INI: characters around name and value that some readers take for a part of them
	Directives []string // YAML, root of a document: %YAML and %TAG
	Empty      bool     // YAML, root: the document is empty, which is a null
}

// with returns n's traits for a change, and creates them if n has none.
func (n *Node) MakeTraits() *Traits {
	if n.Traits == nil {
		n.Traits = &Traits{}
	}
	return n.Traits
}

// of returns a changed copy of t, or nil if t is nil.
func (t *Traits) Changed(change func(t *Traits)) *Traits {
	if t == nil {
		return nil
	}
	c := *t
	change(&c)
	return &c
}

// OwnTraits returns a copy of n's traits, for a copy of n.
func (n *Node) OwnTraits() Traits {
	if n.Traits == nil {
		return Traits{}
	}
	return *n.Traits
}

// Entries yields the children of a map or a list in file order, without comments.
func (n *Node) Entries() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for _, c := range n.Children {
			if c.Kind != Comment && !yield(c) {
				return
			}
		}
	}
}

// Get returns the entry of a map with the given key, or nil. If there are several, it returns the
// effective one: see [Repeat].
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for e := range n.Entries() {
		if e.Key == key && !e.Shadowed {
			return e
		}
	}
	return nil
}

// Index returns the i-th entry of a list, or nil.
func (n *Node) Index(i int) *Node {
	if n == nil || n.Kind != List || i < 0 {
		return nil
	}
	for e := range n.Entries() {
		if i == 0 {
			return e
		}
		i--
	}
	return nil
}

// Len returns the number of entries.
func (n *Node) Len() int {
	count := 0
	for range n.Entries() {
		count++
	}
	return count
}

// At returns the node at path, or nil.
func (n *Node) At(p Path) *Node {
	for i, s := range p {
		if s.IsIndex {
			n = n.Index(s.Index)
		} else if n != nil && n.Repeats {
			return n.repeated(p[i:])
		} else {
			n = n.Get(s.Key)
		}
		if n == nil {
			return nil
		}
	}
	return n
}

// repeated is At for a map that may have a name more than once: an INI section can continue later
// in the file.
func (n *Node) repeated(p Path) *Node {
	for e := range n.Entries() {
		if e.Key != p[0].Key || e.Shadowed {
			continue
		}
		if found := e.At(p[1:]); found != nil {
			return found
		}
	}
	return nil
}

// Leaves yields each value and null below n with its path, in file order.
// The path is valid until the next step; Clone it to keep it.
func (n *Node) Leaves() iter.Seq2[Path, *Node] {
	return func(yield func(Path, *Node) bool) { leaves(n, nil, yield) }
}

func leaves(n *Node, p Path, yield func(Path, *Node) bool) bool {
	switch n.Kind {
	case Map:
		for e := range n.Entries() {
			if !leaves(e, append(p, Step{Key: e.Key}), yield) {
				return false
			}
		}
	case List:
		i := 0
		for e := range n.Entries() {
			if !leaves(e, append(p, Step{Index: i, IsIndex: true}), yield) {
				return false
			}
			i++
		}
	case Value, Null:
		return yield(p, n)
	}
	return true
}
