package envfile

import (
	"fmt"
	"slices"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
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
	if o.sealed.format.Properties().Whole { // the text is the value, even if it is an encrypted file
		return text, nil
	}
	at, err := layout.Misread(o.sealed.format, text, o.coerced())
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
	d, err := parsePlain(o.sealed.format, text, layout.Reparse)
	if err != nil {
		return nil, fmt.Errorf("parse the plaintext again: %w", err)
	}
	if err := misreads(layout.FirstDifference(o.coerced(), d.p.Roots, nil)); err != nil {
		return nil, err
	}
	return d, nil
}

func misreads(at tree.Path) error {
	if at != nil {
		return fmt.Errorf("%s cannot be written as plaintext: it would not parse to the same value", at)
	}
	return nil
}

// coerced returns the trees that a reader of the plaintext must see.
func (o *Opened) coerced() []*tree.Node {
	want := slices.Clone(o.settled())
	for i, root := range want {
		want[i] = coerced(o.sealed.format, root)
	}
	return want
}

// coerced returns a tree with the types that the format has in plaintext. sops can encrypt a YAML
// file as JSON or dotenv, so an encrypted file can hold times, numbers and booleans that its format
// lacks.
func coerced(f Format, n *tree.Node) *tree.Node {
	if n.Kind != tree.Map && n.Kind != tree.List {
		typ, text := f.Coerce(n.Type, n.Text)
		if n.Kind != tree.Value || typ == n.Type {
			return n
		}
		c := *n
		c.Type, c.Text = typ, text
		return &c
	}
	var c *tree.Node // a copy, created by the first change
	for i, e := range n.Children {
		if as := coerced(f, e); as != e {
			if c == nil {
				own := *n
				c, own.Children = &own, slices.Clone(n.Children)
			}
			c.Children[i] = as
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
	edits := make([]layout.Edit, 0, len(o.plain)+len(p.Blocks))
	for _, root := range p.Roots {
		var err error
		if edits, err = o.plaintextEdits(edits, root); err != nil {
			return nil, err
		}
	}
	for i, b := range p.Blocks {
		if b != nil {
			edits = append(edits, p.RemoveBlock(i))
		}
	}
	text, err := layout.Splice(p.Src, edits)
	if err != nil {
		return nil, fmt.Errorf("write plaintext: %w", err)
	}
	return text, nil
}

// plaintextEdits appends the edits for the encrypted values below n, roughly in file order.
func (o *Opened) plaintextEdits(edits []layout.Edit, n *tree.Node) ([]layout.Edit, error) {
	l := o.sealed.p.Layout
	_, shared := l.Shared(n)
	reformats := l.Reformats() && o.bound == nil && !shared
	emptied := o.onlyComments(n)
	for _, c := range n.Children {
		plain := o.plain[c]
		if reformats && c.Kind != tree.Comment {
			edits = append(edits, l.Reformat(c, plain != nil)...)
		}
		var e []layout.Edit
		var err error
		switch {
		case plain == nil:
			edits, err = o.plaintextEdits(edits, c)
		case c.Kind == tree.Value && plain.Kind == tree.Comment: // "- ENC[…,type:comment]"
			comment, ok := l.ItemComment(c, plain.Text, emptied)
			if !ok {
				err = tree.ErrorAt(c, "expected a value, got an encrypted comment")
			}
			e, emptied = []layout.Edit{comment}, false // only the first comment follows the empty list
		default:
			e, err = o.sealed.p.Format(c, layout.Replacement{Text: plain.Text, Typ: plain.Type, Agreed: o.bound == nil})
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
func (o *Opened) onlyComments(n *tree.Node) bool {
	if n.Kind != tree.List || n.Len() == 0 {
		return false
	}
	for e := range n.Entries() {
		if plain := o.plain[e]; plain == nil || plain.Kind != tree.Comment {
			return false
		}
	}
	return true
}

// A file without a binding does not authenticate the notation of its values. If readers take a
// notation for different values, the plaintext gets a notation that all of them take for sops's
// value, as sops would write it.

// settled returns the trees as all readers of the plaintext see them.
func (o *Opened) settled() []*tree.Node {
	if o.bound != nil || !o.sealed.p.Reformats() {
		return o.roots
	}
	roots := slices.Clone(o.roots)
	for i, root := range roots {
		roots[i] = layout.SettledTree(root)
	}
	return roots
}

// isSettled reports whether settling changes nothing. The text of such a file can stay the same
// when it gets a binding.
func (o *Opened) isSettled() bool { return slices.Equal(o.settled(), o.roots) }

// ForeignTags returns the positions of YAML tags that sops drops, such as !include, in a file
// without a binding. sops writes no such tags, so they were added by another program or person, and
// a reader of the plaintext may execute them.
func (o *Opened) ForeignTags() []Position {
	if o.bound != nil {
		return nil
	}
	var found []Position
	var visit func(n *tree.Node, path tree.Path)
	visit = func(n *tree.Node, path tree.Path) {
		t := n.OwnTraits()
		tagged := n.Kind != tree.Value && t.Tag != "" && t.Tag != layout.Bang // a map has no tag of a value
		if tagged || foreignTag(t.Tag) || foreignTag(t.KeyTag) {
			found = append(found, Position{n.Line, path.String()})
		}
		if n.Alias != "" {
			return
		}
		i := 0
		for e := range n.Entries() {
			step := tree.Step{Key: e.Key}
			if n.Kind == tree.List {
				step = tree.Step{Index: i, IsIndex: true}
			}
			visit(e, append(path, step))
			i++
		}
	}
	for _, root := range o.roots {
		visit(root, nil)
	}
	return found
}

func foreignTag(tag string) bool {
	return tag != "" && tag != layout.LongStringTag && layout.StaysWhenSealed(tag)
}
