package envfile

import (
	"fmt"
	"slices"
)

// Text returns the plaintext. It keeps the author's bytes if the format allows it, and otherwise
// writes the same value and type in canonical form. The result has the text of [Opened.Document],
// but takes less time.
//
// Text parses its result again with the complete parser and compares it with the decrypted values.
func (o *Opened) Text() ([]byte, error) {
	text, err := o.plainText()
	if err != nil {
		return nil, err
	}
	if o.sealed.format.properties().whole { // the text is the value, even if it is an encrypted file
		return text, nil
	}
	at, err := misread(o.sealed.format, text, o.coerced())
	if err != nil {
		return nil, fmt.Errorf("parse the plaintext again: %w", err)
	}
	return text, misreads(at)
}

// Document returns the plaintext as a document that can be changed and encrypted.
func (o *Opened) Document() (*Document, error) {
	text, err := o.plainText()
	if err != nil {
		return nil, err
	}
	d, err := parsePlain(o.sealed.format, text, reparse)
	if err != nil {
		return nil, fmt.Errorf("parse the plaintext again: %w", err)
	}
	if err := misreads(firstDifference(o.coerced(), d.p.roots, nil)); err != nil {
		return nil, err
	}
	return d, nil
}

func misreads(at Path) error {
	if at != nil {
		return fmt.Errorf("%s cannot be written as plaintext: it would not parse to the same value", at)
	}
	return nil
}

// coerced returns the trees that a reader of the plaintext must see.
func (o *Opened) coerced() []*Node {
	want := slices.Clone(o.settled())
	for i, root := range want {
		want[i] = coerced(o.sealed.format, root)
	}
	return want
}

// coerced returns a tree with the types that the format has in plaintext. sops can encrypt a YAML
// file as JSON or dotenv, so an encrypted file can hold times, numbers and booleans that its format
// lacks.
func coerced(f Format, n *Node) *Node {
	if n.Kind != Map && n.Kind != List {
		typ, text := f.coerce(n.Type, n.Text)
		if n.Kind != Value || typ == n.Type {
			return n
		}
		c := *n
		c.Type, c.Text = typ, text
		return &c
	}
	var c *Node // a copy, created by the first change
	for i, e := range n.entries {
		if as := coerced(f, e); as != e {
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

// plainText replaces the ciphertexts by the decrypted values and removes the metadata.
func (o *Opened) plainText() ([]byte, error) {
	p := o.sealed.p
	edits := make([]edit, 0, len(o.plain)+len(p.blocks))
	for _, root := range p.roots {
		var err error
		if edits, err = o.plaintextEdits(edits, root); err != nil {
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
		return nil, fmt.Errorf("write plaintext: %w", err)
	}
	return text, nil
}

// plaintextEdits appends the edits for the encrypted values below n, roughly in file order.
func (o *Opened) plaintextEdits(edits []edit, n *Node) ([]edit, error) {
	l := o.sealed.p.layout
	_, shared := l.shared(n)
	reformats := l.reformats() && o.bound == nil && !shared
	emptied := o.onlyComments(n)
	for _, c := range n.entries {
		plain := o.plain[c]
		if reformats && c.Kind != Comment {
			edits = append(edits, l.reformat(c, plain != nil)...)
		}
		var e []edit
		var err error
		switch {
		case plain == nil:
			edits, err = o.plaintextEdits(edits, c)
		case c.Kind == Value && plain.Kind == Comment: // "- ENC[…,type:comment]"
			comment, ok := l.itemComment(c, plain.Text, emptied)
			if !ok {
				err = syntaxError(c, "expected a value, got an encrypted comment")
			}
			e, emptied = []edit{comment}, false // only the first comment follows the empty list
		default:
			e, err = o.sealed.p.format(c, replacement{text: plain.Text, typ: plain.Type, agreed: o.bound == nil})
		}
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	return edits, nil
}

// onlyComments reports whether every item of a list is an encrypted comment. sops writes "[] #
// comment" as such a list.
func (o *Opened) onlyComments(n *Node) bool {
	if n.Kind != List || n.Len() == 0 {
		return false
	}
	for e := range n.Entries() {
		if plain := o.plain[e]; plain == nil || plain.Kind != Comment {
			return false
		}
	}
	return true
}
