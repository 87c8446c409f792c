package layout

import (
	"slices"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

func SettledTree(n *tree.Node) *tree.Node {
	c := SettledNode(n)
	for i, e := range n.Children {
		s := SettledTree(e)
		if s == e {
			continue
		}
		if c == n {
			own := *n
			c = &own
		}
		if &c.Children[0] == &n.Children[0] {
			c.Children = slices.Clone(n.Children)
		}
		c.Children[i] = s
	}
	return c
}

// SettledNode returns a changed copy of the node without its entries, or n itself if it does not
// change.
func SettledNode(n *tree.Node) *tree.Node {
	c := *n
	t := n.OwnTraits()
	if n.Kind == tree.Value || n.Kind == tree.Null {
		noString := n.Type != crypto.Str || !utf8.ValidString(n.Text)
		if t.Tag == Bang || n.Sealed && noString || !n.Sealed && t.Tag == longBinaryTag {
			t.Tag = ""
		}
		if n.Type == crypto.Str && t.Tag == "" && (Ambiguous(n.Text) || t.Written != "") {
			c.StringQuoted = true
		}
		if n.Type == crypto.Str || !agreedNumber().MatchString(t.Written) {
			t.Written = ""
		}
	}
	if n.Key != "" {
		if t.KeyTag == Bang {
			t.KeyTag = ""
		}
		merge := n.Key == mergeKey && !n.KeyQuoted && n.OwnTraits().KeyTag == ""
		if t.KeyTag == "" && !merge && (Ambiguous(n.Key) || t.KeyWritten != "") {
			c.KeyQuoted, t.KeyWritten = true, ""
		}
	}
	if n.Traits != nil {
		c.Traits = &t
	}
	if MeaningOf(&c, n.Sealed) == MeaningOf(n, n.Sealed) {
		return n
	}
	return &c
}

// agreedNumber matches the numbers and booleans that all YAML readers read as the same value.
var agreedNumber = pattern.New(`^([-+]?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+][0-9]+)?)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|True|TRUE|False|FALSE)$`)

const (
	LongStringTag = "tag:yaml.org,2002:str"
	longBinaryTag = "tag:yaml.org,2002:binary"
	mergeKey      = "<<"
)
