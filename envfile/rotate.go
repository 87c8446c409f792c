package envfile

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/internal/nocopy"
)

// errNotInPlace is returned when a rotation changes more than ciphertexts.
var errNotInPlace = errors.New("more than ciphertexts changes")

// rotateInPlace replaces the ciphertexts of the file by new ones under key, and the metadata by
// meta. It is faster than writing and encrypting the plaintext, which takes two to three more
// parser runs.
//
// ok is false, and the file is not changed, if the rules change or if the file has a form that
// sealcfg does not write: an unencrypted comment that the rules encrypt, a comment as a list item,
// a folded ciphertext.
func (o *Opened) rotateInPlace(key crypto.DataKey, meta *Metadata) (_ *Sealed, ok bool, err error) {
	p := o.sealed.p
	// Rules that match comments may match different comments after encryption.
	if meta.Rules != o.sealed.meta.Rules || o.rules.comment != nil || !o.isSettled() {
		return nil, false, nil
	}
	for _, b := range p.Blocks {
		if b == nil {
			return nil, false, nil
		}
	}
	r := rotation{opened: o, cipher: crypto.NewValueCipher(key), mac: crypto.NewMAC(o.rules.macOnly)}
	if err := o.rules.walk(p.Roots, r.visit); errors.Is(err, errNotInPlace) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	meta.touch(time.Now())
	meta.mac = r.mac.Seal(r.cipher, meta.LastModified)
	meta.bind(r.cipher, structureOf(o.roots, nil, o.rules), o.locationToWrite())
	for i, b := range p.Blocks {
		r.edits = append(r.edits, layout.Edit{Start: b.Text[0], End: b.Text[1], Text: p.RenderBlock(i, meta.tree(), b)})
	}
	text, err := layout.Splice(p.Src, r.edits)
	if err != nil {
		return nil, false, fmt.Errorf("write the encrypted text: %w", err)
	}
	s, _, err := checked(o.sealed.format, text, key, o.roots, nil)
	return s, true, err
}

// rotation collects the edits that replace the ciphertexts of a file.
type rotation struct {
	opened *Opened
	cipher *crypto.ValueCipher
	mac    *crypto.MAC
	edits  []layout.Edit
}

func (r *rotation) visit(v visit) error {
	n, plain := v.node, r.opened.plain[v.node]
	isComment := n.Kind == tree.Comment
	if !v.sealed {
		if isComment && plain != nil {
			return errNotInPlace // encrypted against the rules
		}
		if !isComment && !r.opened.rules.macOnly {
			r.mac.Add(n.Text)
		}
		return nil
	}
	switch {
	case n.Text == "": // empty values are not encrypted
		return nil
	case plain == nil || plain.Kind != n.Kind:
		return errNotInPlace
	case plain.Ciphertext == "": // an empty comment in a list
		return nil
	}
	if !isComment {
		r.mac.Add(plain.Text)
	}
	e, ok := replaceCiphertext(r.opened.sealed.p, n, plain.Ciphertext)
	if !ok {
		return errNotInPlace
	}
	e.Text = r.cipher.Seal(plain.Type, plain.Text, v.aad())
	r.edits = append(r.edits, e)
	return nil
}

// replaceCiphertext returns the edit that replaces the ciphertext of a value or comment, without its
// new text. ok is false if the value is shared, or if the ciphertext is not in one piece.
func replaceCiphertext(p *layout.Parsed, n *tree.Node, enc string) (e layout.Edit, ok bool) {
	if _, shared := p.Shared(n); shared {
		return layout.Edit{}, false
	}
	start, end := p.Bytes(n)
	at := strings.Index(nocopy.String(p.Src[start:end]), enc)
	if at < 0 {
		return layout.Edit{}, false
	}
	return layout.Edit{Start: start + at, End: start + at + len(enc), Text: ""}, true
}
