package envfile

import (
	"slices"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

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
