package envfile

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/keys"
)

// An encoder hashes what the binding covers, in a form that can be read in one
// way only: every text behind its length, every list behind its count.
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
	for len(s) > 0 { // it may be as large as a file
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

// structureOf is the digest of all that the MAC does not cover: names, kinds,
// types and order. Of a value in clear it holds the text; of a sealed one the
// length, which the MAC lacks to tell where one value ends and the next begins.
// Comments are not part of it.
//
// sealed names the sealed values of a plain document. Those of an opened file
// are marked.
func structureOf(roots []*Node, sealed map[*Node]bool) string {
	e := newEncoder("sealcfg structure")
	e.count(len(roots))
	for _, root := range roots {
		e.node(root, sealed)
	}
	return e.sum()
}

func (e *encoder) node(n *Node, sealed map[*Node]bool) {
	switch n.Kind {
	case Map:
		e.mark('m')
		e.count(n.Len())
		for c := range n.Entries() {
			e.text(c.Key)
			e.node(c, sealed)
		}
	case List:
		e.mark('l')
		e.count(n.Len())
		for c := range n.Entries() {
			e.node(c, sealed)
		}
	case Null:
		e.mark('n')
	default:
		if n.Sealed || sealed[n] {
			e.mark('s')
			e.text(string(n.Type))
			e.count(len(n.Text))
			return
		}
		e.mark('c')
		e.text(string(n.Type))
		e.text(n.Text)
	}
}

// policyDigest is the digest of who can open the file and what is sealed in it.
// The order of recipients within a group says nothing, and formats change it.
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

// lengthOf is what stands before a text.
func lengthOf(s string) string { return numberText(len(s)) }

func numberText(n int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }

// fieldsText spells the fields of a stanza but for its wrapped key. Empty ones do
// not count: not every format can write them.
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
