package envfile

import (
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// A meaning is all that a reader of a file sees of a node, but for its entries:
// what the binding covers, and what must be the same when a text is read again.
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

// meaningOf returns the meaning of a node; sealed reports whether its value is encrypted. Encryption
// drops some tags, and the spelling of a value.
func meaningOf(n *Node, sealed bool) meaning {
	m := meaning{kind: n.Kind, key: n.Key, anchor: n.Anchor, typ: n.Type}
	m.keyQuoted = n.keyQuoted && n.keyQuotesMatter()
	if n.Kind == Value {
		m.text = n.Text
		m.quoted = n.quoted && n.quotesMatter()
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
	if sealed && m.tag != "" && n.span.flow && n.quotesMatter() {
		m.quoted = true // see marksPlain
	}
	m.directives = strings.Join(t.directives, "\n")
	if t.empty {
		m.kind = Null
	}
	return m
}

// quotesMatter reports whether readers see a difference between the text with and without quotes.
func (n *Node) quotesMatter() bool {
	return n.Kind == Value && n.Type == crypto.Str && ambiguous(n.Text)
}

func (n *Node) keyQuotesMatter() bool { return n.Key != "" && ambiguous(n.Key) }

// sameMeaning reports whether two nodes mean the same.
func sameMeaning(a, b *Node, sealed bool) bool {
	if a.traits == nil && b.traits == nil { // as most are
		return a.Kind == b.Kind && a.Key == b.Key && a.Anchor == b.Anchor && a.Type == b.Type && (a.Kind != Value || a.Text == b.Text) &&
			(a.quoted == b.quoted || !a.quotesMatter()) && (a.keyQuoted == b.keyQuoted || !a.keyQuotesMatter())
	}
	x, y := meaningOf(a, sealed), meaningOf(b, b.Sealed)
	x.frame, y.frame = "", "" // a value may need other quotes in plaintext
	return x == y
}

// staysWhenSealed reports whether a tag is kept when its value is encrypted: all but
// those of types, and "!".
func staysWhenSealed(longTag string) bool {
	short, core := strings.CutPrefix(longTag, "tag:yaml.org,2002:")
	return longTag != bang && !(core && coreTags["!!"+short])
}
