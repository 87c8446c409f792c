package layout

import (
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// A Meaning holds everything that a reader sees of a node, without its entries. The binding covers
// it, and it must not change when a file is written and parsed again.
type Meaning struct {
	Kind                          tree.Kind
	Key, KeyTag, KeyAnchor, KeyAs string
	KeyQuoted                     bool
	Tag, Anchor                   string
	Quoted                        bool
	Written                       string
	Local                         string
	Frame                         string
	Directives                    string
	Typ                           crypto.Type
	Text                          string
}

// MeaningOf returns the meaning of a node. sealed reports whether its value is encrypted:
// encryption drops some tags and the notation of a value.
func MeaningOf(n *tree.Node, sealed bool) Meaning {
	m := Meaning{Kind: n.Kind, Key: n.Key, Anchor: n.Anchor, Typ: n.Type}
	m.KeyQuoted = n.KeyQuoted && KeyQuotesMatter(n)
	if n.Kind == tree.Value {
		m.Text = n.Text
		m.Quoted = n.StringQuoted && QuotesMatter(n)
	}
	t := n.Traits
	if t == nil {
		return m
	}
	m.KeyTag, m.KeyAnchor, m.KeyAs = t.KeyTag, t.KeyAnchor, t.KeyWritten
	m.Tag, m.Written, m.Local, m.Frame = t.Tag, t.Written, t.Local, t.Frame
	if sealed && n.Kind == tree.Value {
		m.Written = ""
		if !StaysWhenSealed(t.Tag) {
			m.Tag = ""
		}
	}
	if sealed && m.Tag != "" && t.Flow && QuotesMatter(n) {
		m.Quoted = true // see marksPlain
	}
	m.Directives = strings.Join(t.Directives, "\n")
	if t.Empty {
		m.Kind = tree.Null
	}
	return m
}

// QuotesMatter reports whether some readers take the text for another value without quotes.
func QuotesMatter(n *tree.Node) bool {
	return n.Kind == tree.Value && n.Type == crypto.Str && Ambiguous(n.Text)
}

func KeyQuotesMatter(n *tree.Node) bool { return n.Key != "" && Ambiguous(n.Key) }

// SameMeaning reports whether two nodes have the same meaning.
func SameMeaning(a, b *tree.Node, sealed bool) bool {
	if a.Traits == nil && b.Traits == nil { // most nodes
		return a.Kind == b.Kind && a.Key == b.Key && a.Anchor == b.Anchor && a.Type == b.Type && (a.Kind != tree.Value || a.Text == b.Text) &&
			(a.StringQuoted == b.StringQuoted || !QuotesMatter(a)) && (a.KeyQuoted == b.KeyQuoted || !KeyQuotesMatter(a))
	}
	x, y := MeaningOf(a, sealed), MeaningOf(b, b.Sealed)
	x.Frame, y.Frame = "", "" // plaintext may need other quotes
	return x == y
}

// StaysWhenSealed reports whether encryption keeps a tag: it drops "!" and the tags of types.
func StaysWhenSealed(longTag string) bool {
	short, core := strings.CutPrefix(longTag, "tag:yaml.org,2002:")
	return longTag != Bang && !(core && CoreTags["!!"+short])
}
