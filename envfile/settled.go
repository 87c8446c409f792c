package envfile

import (
	"slices"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

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

// agreedNumber matches the numbers and booleans that all YAML readers read as the same value.
var agreedNumber = pattern.New(`^([-+]?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+][0-9]+)?)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|True|TRUE|False|FALSE)$`)

const (
	longStringTag = "tag:yaml.org,2002:str"
	longBinaryTag = "tag:yaml.org,2002:binary"
	mergeKey      = "<<"
)
