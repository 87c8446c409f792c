package envfile

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/nocopy"
)

// errNotInPlace says that a rotation has to change more than ciphertexts.
var errNotInPlace = errors.New("more than ciphertexts changes")

// rotateInPlace puts fresh ciphertexts under key in the place of those of the
// file, and the new metadata in the place of its block. That spares the way
// over the plain text, which takes two to three more rounds of the parser.
//
// ok is false, and nothing is done, if the rules change or something that they
// seal stands in a form in which sealcfg would not write it: a comment in clear,
// a comment as the item of a list, a folded ciphertext.
func (o *Opened) rotateInPlace(key crypto.DataKey, meta *Metadata) (_ *Sealed, ok bool, err error) {
	p := o.sealed.p
	// Rules that look at comments may see other comments once they are sealed.
	if meta.Rules != o.sealed.meta.Rules || o.rules.comment != nil || !o.isSettled() {
		return nil, false, nil
	}
	for _, b := range p.blocks {
		if b == nil {
			return nil, false, nil
		}
	}
	r := rotation{opened: o, cipher: crypto.NewValueCipher(key), mac: crypto.NewMAC(o.rules.macOnly)}
	if err := o.rules.walk(p.roots, r.visit); errors.Is(err, errNotInPlace) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	meta.touch(time.Now())
	meta.mac = r.mac.Seal(r.cipher, meta.LastModified)
	meta.bind(r.cipher, structureOf(o.roots, nil, o.rules), o.locationToWrite())
	for i, b := range p.blocks {
		r.edits = append(r.edits, edit{b.text[0], b.text[1], p.renderBlock(i, meta.tree(), b)})
	}
	text, err := splice(p.src, r.edits)
	if err != nil {
		return nil, false, fmt.Errorf("write sealed text: %w", err)
	}
	s, _, err := checked(o.sealed.format, text, key, o.roots, nil)
	return s, true, err
}

// rotation collects the edits that give a sealed file fresh ciphertexts.
type rotation struct {
	opened *Opened
	cipher *crypto.ValueCipher
	mac    *crypto.MAC
	edits  []edit
}

func (r *rotation) visit(v visit) error {
	n, plain := v.node, r.opened.plain[v.node]
	isComment := n.Kind == Comment
	if !v.sealed {
		if isComment && plain != nil {
			return errNotInPlace // sealed where the rules seal nothing
		}
		if !isComment && !r.opened.rules.macOnly {
			r.mac.Add(n.Text)
		}
		return nil
	}
	switch {
	case n.Text == "": // nothing in it to seal
		return nil
	case plain == nil || plain.Kind != n.Kind || n.span.borrowed:
		return errNotInPlace
	case plain.enc == "": // an empty comment in a list
		return nil
	}
	if !isComment {
		r.mac.Add(plain.Text)
	}
	at := strings.Index(nocopy.String(r.opened.sealed.p.src[n.span.start:n.span.end]), plain.enc)
	if at < 0 {
		return errNotInPlace
	}
	at += n.span.start
	r.edits = append(r.edits, edit{at, at + len(plain.enc), r.cipher.Seal(plain.Type, plain.Text, v.aad())})
	return nil
}
