package envfile

import (
	"iter"

	"github.com/sealcfg/sealcfg/crypto"
)

// Kind says what a [Node] is.
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

// A Node is a place in a parsed file. Nodes are read-only for other packages
// and safe for concurrent reads.
type Node struct {
	Kind   Kind
	Sealed bool // the value stands (or, in an opened file, stood) sealed
	Quoted bool // the author put the value in quotes or a block
	// Shadowed reports that the map has another entry of this name, which counts
	// instead: see [Repeat].
	Shadowed     bool
	nonCanonical bool // in an opened file: sealed in a spelling that is not canonical
	// repeats reports that the map has a name more than once.
	repeats bool
	Key     string // name within the parent map, "" elsewhere
	// Type and Text of a Value: the canonical spelling of [crypto.Canonical]
	// ("5432", "True"), or the ENC[…] form while the value is sealed.
	Type crypto.Type
	Text string

	Line, Column       int // where the value begins, from 1, columns in characters
	KeyLine, KeyColumn int // where the key begins, 0 without a key

	Anchor  string // YAML anchor defined here, without &
	Alias   string // YAML anchor that this node repeats, without *
	Remark  string // comment at the end of the value's line, without # and outer blanks
	entries []*Node

	span   span    // where the text stands, and in what style
	enc    string  // in an opened file: the ENC form
	traits *traits // nil for most nodes
	// In YAML: quotes, a block or a tag keep the text, or the key, a string.
	quoted, keyQuoted bool
}

// traits are what few nodes have and a reader of the file sees, beside the value.
type traits struct {
	tag       string // YAML, in long form, if the type does not imply it; "!" if that is written
	keyTag    string
	keyAnchor string
	// written is the source text of an unencrypted value that sealcfg would write in
	// another way, and that readers may take for another value: 0777, 1e3, a raw U+0085.
	written    string
	keyWritten string
	local      string   // TOML: date, time or datetime, if it is a local one
	frame      string   // INI: what stands around name and value and is a part of them to some readers
	directives []string // YAML, of the root of a document: %YAML and %TAG
	empty      bool     // YAML, of a root: the document has no content, which is a null
}

// with returns n's traits to be changed, which it makes if there are none.
func (n *Node) with() *traits {
	if n.traits == nil {
		n.traits = &traits{}
	}
	return n.traits
}

// of returns a changed copy of traits, nil if there are none.
func (t *traits) of(change func(t *traits)) *traits {
	if t == nil {
		return nil
	}
	c := *t
	change(&c)
	return &c
}

// ownTraits returns a copy of n's traits, for a copy of n.
func (n *Node) ownTraits() traits {
	if n.traits == nil {
		return traits{}
	}
	return *n.traits
}

// Entries yields the children of a map or a list in file order, without comments.
func (n *Node) Entries() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for _, c := range n.entries {
			if c.Kind != Comment && !yield(c) {
				return
			}
		}
	}
}

// Get returns the entry of a map with the given key, nil if there is none. Of
// several, it returns the one that counts: see [Repeat].
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

// Index returns the i-th entry of a list, nil if there is none.
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

// At returns the node under path, nil if there is none.
func (n *Node) At(p Path) *Node {
	for i, s := range p {
		if s.IsIndex {
			n = n.Index(s.Index)
		} else if n != nil && n.repeats {
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

// repeated is At for a map that may have an entry more than once: an INI section can
// go on later in the file.
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

// A nodeMaker makes nodes many at a time, which is little more work than one.
type nodeMaker struct{ spare []Node }

func (m *nodeMaker) make() *Node {
	if len(m.spare) == 0 {
		m.spare = make([]Node, 32)
	}
	n := &m.spare[0]
	m.spare = m.spare[1:]
	return n
}
