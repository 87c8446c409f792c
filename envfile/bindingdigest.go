package envfile

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/keys"
)

// An encoder hashes the data that the binding covers, in an unambiguous form: the length of a
// string comes before the string, and the count of a list before its items.
type encoder struct {
	h   hash.Hash
	buf []byte
}

func newEncoder(purpose string) *encoder {
	e := &encoder{h: sha256.New(), buf: make([]byte, 0, 4096)}
	e.text(purpose)
	return e
}

func (e *encoder) room(n int) {
	if len(e.buf)+n > cap(e.buf) {
		e.h.Write(e.buf)
		e.buf = e.buf[:0]
	}
}

func (e *encoder) mark(b byte) {
	e.room(1)
	e.buf = append(e.buf, b)
}

func (e *encoder) count(n int) {
	e.room(8)
	e.buf = binary.BigEndian.AppendUint64(e.buf, uint64(n))
}

func (e *encoder) text(s string) {
	e.count(len(s))
	for len(s) > 0 { // s may be as large as a file
		e.room(1)
		n := min(len(s), cap(e.buf)-len(e.buf))
		e.buf = append(e.buf, s[:n]...)
		s = s[n:]
	}
}

func (e *encoder) sum() string {
	e.h.Write(e.buf)
	return base64.StdEncoding.EncodeToString(e.h.Sum(nil))
}

// structureOf returns the digest of the structure of a file, as docs/format.md specifies it. The
// digest covers the text of unencrypted values and the length of encrypted ones. The MAC does not
// cover lengths, because it hashes the values without separators. Comments are not covered. If the
// selector matches comments, the digest covers which entries it selects.
//
// sealed names the values of a plaintext document that will be encrypted. In a decrypted file, the
// nodes are marked.
func structureOf(roots []*tree.Node, sealed map[*tree.Node]bool, rules *matcher) string {
	d := structureDigest{encoder: newEncoder("sealcfg structure"), sealed: sealed, rules: rules}
	if rules.comment != nil || rules.macOnly {
		d.selected = rules.selects(roots)
	}
	if rules.macOnly {
		d.bound = map[*tree.Node]bool{}
		for _, root := range roots {
			d.findBound(root)
		}
	}
	d.count(len(roots))
	for _, root := range roots {
		m := layout.MeaningOf(root, false)
		d.node(root, &m)
	}
	return d.sum()
}

type structureDigest struct {
	*encoder
	sealed   map[*tree.Node]bool
	rules    *matcher
	selected map[*tree.Node]bool // entries that the rules select for encryption, of any kind
	bound    map[*tree.Node]bool // with mac_only_encrypted: the selected entries and their parents
}

func (d *structureDigest) findBound(n *tree.Node) bool {
	found := d.selected[n]
	for _, e := range n.Children {
		found = d.findBound(e) || found
	}
	if found {
		d.bound[n] = true
	}
	return found
}

// entries returns the entries of n that the binding covers.
func (d *structureDigest) entries(n *tree.Node) []*tree.Node {
	all := layout.Values(n)
	if !d.rules.macOnly {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(e *tree.Node) bool { return !d.bound[e] })
}

// The bytes before the kind of a node or before a key.
const (
	markDirective = '%'
	markSelected  = 'r'
	markTag       = 't'
	markAnchor    = 'a'
	markQuoted    = 'q'
	markWritten   = 'w'
	markLocal     = 'd'
	markFrame     = 'f'
)

func (d *structureDigest) node(n *tree.Node, m *layout.Meaning) {
	if m.Directives != "" {
		for line := range strings.SplitSeq(m.Directives, "\n") {
			d.optional(markDirective, line)
		}
	}
	d.flag(markSelected, d.rules.comment != nil && d.selected[n])
	d.optional(markTag, m.Tag)
	d.optional(markAnchor, m.Anchor)
	d.flag(markQuoted, m.Quoted)
	d.optional(markWritten, m.Written)
	d.optional(markLocal, m.Local)
	d.optional(markFrame, m.Frame)
	switch m.Kind {
	case tree.Map, tree.List:
		d.mark(map[tree.Kind]byte{tree.Map: 'm', tree.List: 'l'}[m.Kind])
		entries := d.entries(n)
		d.count(len(entries))
		for _, e := range entries {
			d.entry(e, m.Kind == tree.Map)
		}
	case tree.Null:
		d.mark('n')
	default:
		d.value(n, m.Typ, m.Text)
	}
}

// entry adds an entry of a map or list. Most entries consist of a key and a value only.
func (d *structureDigest) entry(n *tree.Node, inMap bool) {
	if n.Kind == tree.Value && n.Traits == nil && n.Anchor == "" {
		if inMap {
			d.flag(markQuoted, n.KeyQuoted && layout.KeyQuotesMatter(n))
			d.text(n.Key)
		}
		d.flag(markSelected, d.rules.comment != nil && d.selected[n])
		d.flag(markQuoted, n.StringQuoted && layout.QuotesMatter(n))
		d.value(n, n.Type, n.Text)
		return
	}
	m := layout.MeaningOf(n, d.encrypted(n))
	if inMap {
		d.optional(markTag, m.KeyTag)
		d.optional(markAnchor, m.KeyAnchor)
		d.flag(markQuoted, m.KeyQuoted)
		d.optional(markWritten, m.KeyAs)
		d.text(m.Key)
	}
	d.node(n, &m)
}

func (d *structureDigest) value(n *tree.Node, typ crypto.Type, text string) {
	if d.encrypted(n) {
		d.mark('s')
		d.text(string(typ))
		d.count(len(text))
		return
	}
	d.mark('c')
	d.text(string(typ))
	d.text(text)
}

func (d *structureDigest) encrypted(n *tree.Node) bool { return n.Sealed || d.sealed[n] }

func (e *encoder) flag(mark byte, set bool) {
	if set {
		e.mark(mark)
	}
}

func (e *encoder) optional(mark byte, text string) {
	if text != "" {
		e.mark(mark)
		e.text(text)
	}
}

// policyDigest returns the digest of the recipients and selectors of a file. It does not depend on
// the order of recipients within a group, because formats change that order.
func (m *Metadata) policyDigest() string {
	e := newEncoder("sealcfg policy")
	rules := m.Rules.Normal()
	for _, s := range rules.selectors() {
		e.text(s.name)
		e.text(*s.value)
	}
	e.text("mac_only_encrypted")
	e.text(crypto.FormatBool(rules.MACOnlyEncrypted))
	e.text("shamir_threshold")
	e.count(m.Threshold)
	e.text("key_groups")
	e.count(len(m.Groups))
	for _, g := range m.Groups {
		stanzas := make([]string, len(g))
		for i, s := range g {
			stanzas[i] = lengthOf(s.Type) + s.Type + fieldsText(s.Fields)
		}
		slices.Sort(stanzas)
		e.count(len(stanzas))
		for _, s := range stanzas {
			e.text(s)
		}
	}
	return e.sum()
}

// lengthOf returns the encoded length that comes before a string.
func lengthOf(s string) string { return numberText(len(s)) }

func numberText(n int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }

// fieldsText encodes the fields of a stanza without its wrapped key. It skips empty fields, because
// some formats cannot write them.
func fieldsText(fields []keys.Field) string {
	var texts []string
	for _, f := range fields {
		switch name := lengthOf(f.Name) + f.Name; {
		case len(f.Map) > 0:
			texts = append(texts, name+"m"+fieldsText(f.Map))
		case f.Value != "":
			texts = append(texts, name+"v"+lengthOf(f.Value)+f.Value)
		}
	}
	slices.Sort(texts)
	return numberText(len(texts)) + strings.Join(texts, "")
}
