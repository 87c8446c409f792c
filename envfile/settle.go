package envfile

import (
	"slices"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// A file without a binding does not authenticate the notation of its values. If readers take a
// notation for different values, the plaintext gets a notation that all of them take for sops's
// value, as sops would write it.

// settled returns the trees as all readers of the plaintext see them.
func (o *Opened) settled() []*Node {
	if o.bound != nil || !o.sealed.p.reformats() {
		return o.roots
	}
	roots := slices.Clone(o.roots)
	for i, root := range roots {
		roots[i] = settledTree(root)
	}
	return roots
}

// isSettled reports whether settling changes nothing. The text of such a file can stay the same
// when it gets a binding.
func (o *Opened) isSettled() bool { return slices.Equal(o.settled(), o.roots) }

func settledTree(n *Node) *Node {
	c := settledNode(n)
	for i, e := range n.entries {
		s := settledTree(e)
		if s == e {
			continue
		}
		if c == n {
			own := *n
			c = &own
		}
		if &c.entries[0] == &n.entries[0] {
			c.entries = slices.Clone(n.entries)
		}
		c.entries[i] = s
	}
	return c
}

// settledNode returns a changed copy of the node without its entries, or n itself if it does not
// change.
func settledNode(n *Node) *Node {
	c := *n
	t := n.ownTraits()
	if n.Kind == Value || n.Kind == Null {
		noString := n.Type != crypto.Str || !utf8.ValidString(n.Text)
		if t.tag == bang || n.Sealed && noString || !n.Sealed && t.tag == longBinaryTag {
			t.tag = ""
		}
		if n.Type == crypto.Str && t.tag == "" && (ambiguous(n.Text) || t.written != "") {
			c.quoted = true
		}
		if n.Type == crypto.Str || !agreedNumber().MatchString(t.written) {
			t.written = ""
		}
	}
	if n.Key != "" {
		if t.keyTag == bang {
			t.keyTag = ""
		}
		merge := n.Key == mergeKey && !n.keyQuoted && n.ownTraits().keyTag == ""
		if t.keyTag == "" && !merge && (ambiguous(n.Key) || t.keyWritten != "") {
			c.keyQuoted, t.keyWritten = true, ""
		}
	}
	if n.traits != nil {
		c.traits = &t
	}
	if meaningOf(&c, n.Sealed) == meaningOf(n, n.Sealed) {
		return n
	}
	return &c
}

const (
	longStringTag = "tag:yaml.org,2002:str"
	longBinaryTag = "tag:yaml.org,2002:binary"
	mergeKey      = "<<"
)

// agreedNumber matches the numbers and booleans that all YAML readers read as the same value.
var agreedNumber = pattern.New(`^([-+]?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+][0-9]+)?)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|True|TRUE|False|FALSE)$`)

// ForeignTags returns the positions of YAML tags that sops drops, such as !include, in a file
// without a binding. sops writes no such tags, so they were added by another program or person, and
// a reader of the plaintext may execute them.
func (o *Opened) ForeignTags() []Position {
	if o.bound != nil {
		return nil
	}
	var found []Position
	var visit func(n *Node, path Path)
	visit = func(n *Node, path Path) {
		t := n.ownTraits()
		tagged := n.Kind != Value && t.tag != "" && t.tag != bang // a map has no tag of a value
		if tagged || foreignTag(t.tag) || foreignTag(t.keyTag) {
			found = append(found, Position{n.Line, path.String()})
		}
		if n.Alias != "" {
			return
		}
		i := 0
		for e := range n.Entries() {
			step := Step{Key: e.Key}
			if n.Kind == List {
				step = Step{Index: i, IsIndex: true}
			}
			visit(e, append(path, step))
			i++
		}
	}
	for _, root := range o.roots {
		visit(root, nil)
	}
	return found
}

func foreignTag(tag string) bool { return tag != "" && tag != longStringTag && staysWhenSealed(tag) }
