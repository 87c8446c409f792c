package envfile

import (
	"fmt"
	"slices"
)

// Text returns the plain text: the author's bytes where the format can carry
// them, else a canonical spelling of the same value and type. It is the text of
// [Opened.Document] for those who only want to read it, in less time.
func (o *Opened) Text() ([]byte, error) {
	text, err := o.plainText()
	if err != nil || o.readsBack() {
		return text, err
	}
	p, err := judge(o.sealed.format, text)
	if err != nil {
		return nil, fmt.Errorf("read the plain text again: %w", err)
	}
	if err := o.sameValues(p.roots); err != nil {
		return nil, err
	}
	return text, nil
}

// Document returns the plain text as a document that can be changed and sealed.
func (o *Opened) Document() (*Document, error) {
	text, err := o.plainText()
	if err != nil {
		return nil, err
	}
	d, err := parsePlain(o.sealed.format, text)
	if err != nil {
		return nil, fmt.Errorf("read the plain text again: %w", err)
	}
	if err := o.sameValues(d.p.roots); err != nil {
		return nil, err
	}
	return d, nil
}

// sameValues makes sure that a plain text says what the file said.
func (o *Opened) sameValues(roots []*Node) error {
	want := make([]*Node, len(o.roots))
	for i, root := range o.roots {
		want[i] = carried(o.sealed.format, root)
	}
	if at := firstDifference(want, roots); at != nil {
		return fmt.Errorf("cannot write %s as plain text: it would not read back the same", at)
	}
	return nil
}

// carried is a tree as its plain text can say it. Who seals a YAML file as JSON
// or dotenv with sops leaves times, numbers and booleans in it.
func carried(f Format, n *Node) *Node {
	if n.Kind != Map && n.Kind != List {
		typ, text := f.carry(n.Type, n.Text)
		if n.Kind != Value || typ == n.Type {
			return n
		}
		c := *n
		c.Type, c.Text = typ, text
		return &c
	}
	var c *Node // a copy, as soon as there is something to change
	for i, e := range n.entries {
		if as := carried(f, e); as != e {
			if c == nil {
				own := *n
				c, own.entries = &own, slices.Clone(n.entries)
			}
			c.entries[i] = as
		}
	}
	if c == nil {
		return n
	}
	return c
}

// readsBack reports that the plain text is certain to say what the file said:
// that each value stands for itself where its ciphertext stood.
func (o *Opened) readsBack() bool {
	for n, plain := range o.plain {
		if n.Kind != plain.Kind || !o.sealed.p.readsBack(n, spelling{text: plain.Text, typ: plain.Type}) {
			return false
		}
	}
	for _, root := range o.roots {
		if root.Len() == 0 { // its block leaves {} behind, or nothing
			return false
		}
	}
	return true
}

// plainText puts the plain values in the place of the sealed ones.
func (o *Opened) plainText() ([]byte, error) {
	p := o.sealed.p
	edits := make([]edit, 0, len(o.plain)+len(p.blocks))
	for _, root := range p.roots {
		var err error
		if edits, err = o.spellPlain(edits, root); err != nil {
			return nil, err
		}
	}
	for i, b := range p.blocks {
		if b != nil {
			edits = append(edits, p.removeBlock(i))
		}
	}
	text, err := splice(p.src, edits)
	if err != nil {
		return nil, fmt.Errorf("write plain text: %w", err)
	}
	return text, nil
}

// spellPlain adds the edits for what was sealed below n, about in file order.
func (o *Opened) spellPlain(edits []edit, n *Node) ([]edit, error) {
	for _, c := range n.entries {
		plain := o.plain[c]
		var e []edit
		var err error
		switch {
		case plain == nil:
			edits, err = o.spellPlain(edits, c)
		case c.Kind == Value && plain.Kind == Comment && c.span.dash < 0:
			err = syntaxError(c, "a sealed comment stands where a value belongs")
		case c.Kind == Value && plain.Kind == Comment: // "- ENC[…,type:comment]"
			e = []edit{{c.span.dash, c.span.end, "#" + plain.Text}}
		default:
			e, err = o.sealed.p.spell(c, spelling{text: plain.Text, typ: plain.Type})
		}
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	return edits, nil
}
