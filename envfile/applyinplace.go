package envfile

import (
	"fmt"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Path returns the path that the operation changes.
func (op Op) Path() tree.Path { return op.path }

// ApplyInPlace combines [Document.Apply] and [Opened.Reseal] for the most common change of a large
// file: an encrypted one-line value gets another text of the same type. It replaces the ciphertext,
// the MAC and the changed metadata at their positions, without writing the plaintext first.
//
// ok is false, and the file is not changed, if the operation needs Apply and Reseal.
func (o *Opened) ApplyInPlace(op Op) (_ *Sealed, ok bool, err error) {
	n, plain := o.replaceable(op)
	if n == nil {
		return nil, false, nil
	}
	p := o.sealed.p
	ciphertext, ok := replaceCiphertext(p, n, plain.Ciphertext)
	if !ok {
		return nil, false, nil
	}
	mac := crypto.NewMAC(o.rules.macOnly)
	err = o.rules.walk(p.Roots, func(v visit) error {
		was := o.plain[v.node]
		switch {
		case v.node == n:
			mac.Add(op.value.Text)
			ciphertext.Text = o.cipher.Seal(plain.Type, op.value.Text, v.aad())
		case v.node.Kind == tree.Comment || was != nil && was.Kind == tree.Comment:
		case was != nil:
			mac.Add(was.Text)
		case !o.rules.macOnly:
			mac.Add(v.node.Text)
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	want := []*tree.Node{with(o.roots[0], plain, op.value.Text)}
	meta := o.sealed.meta.forWriting()
	meta.touch(time.Now())
	meta.mac = mac.Seal(o.cipher, meta.LastModified)
	meta.bind(o.cipher, structureOf(want, nil, o.rules), o.locationToWrite())
	block, err := patchBlock(p, p.Blocks[0], meta)
	if err != nil {
		return nil, false, err
	}
	if block == "" {
		block = p.RenderBlock(0, meta.tree(), p.Blocks[0])
	}
	text, err := layout.Splice(p.Src, []layout.Edit{ciphertext, {Start: p.Blocks[0].Text[0], End: p.Blocks[0].Text[1], Text: block}})
	if err != nil {
		return nil, false, fmt.Errorf("write the encrypted text: %w", err)
	}
	s, _, err := checked(o.sealed.format, text, o.key, want, nil)
	return s, true, err
}

// replaceable returns the encrypted and the decrypted node of the value that an operation changes.
// It returns nil if ApplyInPlace does not support the change.
func (o *Opened) replaceable(op Op) (n, plain *tree.Node) {
	if len(o.roots) != 1 || op.value == nil || op.text != nil || op.whole || op.document != 0 {
		return nil, nil
	}
	// Reseal would also fix values and comments that sealcfg writes in another way.
	if o.rules.comment != nil || len(o.nonCanonical)+len(o.clear)+o.strayed > 0 || !o.isSettled() {
		return nil, nil
	}
	plain = o.roots[0].At(op.path)
	if plain == nil || plain.Kind != tree.Value || plain.Ciphertext == "" || plain.Anchor != "" {
		return nil, nil
	}
	text := op.value.Text
	if op.value.Kind != tree.Value || op.value.Type != plain.Type || text == plain.Text || text == "" || strings.Contains(text, "\n") {
		return nil, nil
	}
	if canonical, err := crypto.Canonical(plain.Type, text); err != nil || canonical != text {
		return nil, nil
	}
	for sealed, open := range o.plain {
		if open == plain && o.sealed.p.OnOneLine(sealed, layout.Replacement{Text: text, Typ: plain.Type}) {
			return sealed, plain
		}
	}
	return nil, nil
}

// with returns a copy of a tree in which one value has another text. It shares unchanged nodes.
func with(top, value *tree.Node, text string) *tree.Node {
	if top == value {
		c := *value
		c.Text = text
		return &c
	}
	for i, e := range top.Children {
		if changed := with(e, value, text); changed != e {
			c := *top
			c.Children = append(append(append(make([]*tree.Node, 0, len(top.Children)), top.Children[:i]...), changed), top.Children[i+1:]...)
			return &c
		}
	}
	return top
}
