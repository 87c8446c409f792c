package envfile

import (
	"slices"
)

// A file without a binding does not authenticate the notation of its values. If readers take a
// notation for different values, the plaintext gets a notation that all of them take for sops's
// value, as sops would write it.

// settled returns the trees as all readers of the plaintext see them.
func (o *Opened) settled() []*Node {
	if o.bound != nil || !o.sealed.p.reformats() {
		return o.roots
	}
	roots := slices.Clone(o.roots)
	for i, root := range roots {
		roots[i] = settledTree(root)
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
	var visit func(n *Node, path Path)
	visit = func(n *Node, path Path) {
		t := n.ownTraits()
		tagged := n.Kind != Value && t.tag != "" && t.tag != bang // a map has no tag of a value
		if tagged || foreignTag(t.tag) || foreignTag(t.keyTag) {
			found = append(found, Position{n.Line, path.String()})
		}
		if n.Alias != "" {
			return
		}
		i := 0
		for e := range n.Entries() {
			step := Step{Key: e.Key}
			if n.Kind == List {
				step = Step{Index: i, IsIndex: true}
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

func foreignTag(tag string) bool { return tag != "" && tag != longStringTag && staysWhenSealed(tag) }
