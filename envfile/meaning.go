package envfile

import (
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// A meaning holds everything that a reader sees of a node, without its entries. The binding covers
// it, and it must not change when a file is written and parsed again.
type meaning struct {
	kind                          Kind
	key, keyTag, keyAnchor, keyAs string
	keyQuoted                     bool
	tag, anchor                   string
	quoted                        bool
	written                       string
	local                         string
	frame                         string
	directives                    string
	typ                           crypto.Type
	text                          string
}

// meaningOf returns the meaning of a node. sealed reports whether its value is encrypted:
// encryption drops some tags and the notation of a value.
func meaningOf(n *Node, sealed bool) meaning {
	m := meaning{kind: n.Kind, key: n.Key, anchor: n.Anchor, typ: n.Type}
	m.keyQuoted = n.keyQuoted && keyQuotesMatter(n)
	if n.Kind == Value {
		m.text = n.Text
		m.quoted = n.quoted && quotesMatter(n)
	}
	t := n.traits
	if t == nil {
		return m
	}
	m.keyTag, m.keyAnchor, m.keyAs = t.keyTag, t.keyAnchor, t.keyWritten
	m.tag, m.written, m.local, m.frame = t.tag, t.written, t.local, t.frame
	if sealed && n.Kind == Value {
		m.written = ""
		if !staysWhenSealed(t.tag) {
			m.tag = ""
		}
	}
	if sealed && m.tag != "" && t.flow && quotesMatter(n) {
		m.quoted = true // see marksPlain
	}
	m.directives = strings.Join(t.directives, "\n")
	if t.empty {
		m.kind = Null
	}
	return m
}

// quotesMatter reports whether some readers take the text for another value without quotes.
func quotesMatter(n *Node) bool {
	return n.Kind == Value && n.Type == crypto.Str && ambiguous(n.Text)
}

func keyQuotesMatter(n *Node) bool { return n.Key != "" && ambiguous(n.Key) }

// sameMeaning reports whether two nodes have the same meaning.
func sameMeaning(a, b *Node, sealed bool) bool {
	if a.traits == nil && b.traits == nil { // most nodes
		return a.Kind == b.Kind && a.Key == b.Key && a.Anchor == b.Anchor && a.Type == b.Type && (a.Kind != Value || a.Text == b.Text) &&
			(a.quoted == b.quoted || !quotesMatter(a)) && (a.keyQuoted == b.keyQuoted || !keyQuotesMatter(a))
	}
	x, y := meaningOf(a, sealed), meaningOf(b, b.Sealed)
	x.frame, y.frame = "", "" // plaintext may need other quotes
	return x == y
}

// staysWhenSealed reports whether encryption keeps a tag: it drops "!" and the tags of types.
func staysWhenSealed(longTag string) bool {
	short, core := strings.CutPrefix(longTag, "tag:yaml.org,2002:")
	return longTag != bang && !(core && coreTags["!!"+short])
}
