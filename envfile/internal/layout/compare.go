package layout

import (
	"slices"

	"github.com/sealcfg/sealcfg/envfile/tree"
)

// FirstDifference compares the meaning of two files node by node and ignores comments. sealed names
// the values of a that will be encrypted. It returns the path of the first difference, or nil.
func FirstDifference(a, b []*tree.Node, sealed map[*tree.Node]bool) tree.Path {
	if len(a) != len(b) {
		return tree.Path{}
	}
	for i := range a {
		if p, ok := difference(a[i], b[i], nil, sealed); !ok {
			return append(tree.Path{}, p...) // not nil
		}
	}
	return nil
}

// FirstChange is [FirstDifference] for a changed document. It ignores differences that have no
// Meaning in the format.
func FirstChange(f Format, want, got []*tree.Node) tree.Path {
	return FirstDifference(f.Comparable(want), f.Comparable(got), nil)
}

func difference(a, b *tree.Node, at tree.Path, sealed map[*tree.Node]bool) (tree.Path, bool) {
	if !SameMeaning(a, b, a.Sealed || sealed[a]) {
		return at, false
	}
	as, bs := Values(a), Values(b)
	for i := range min(len(as), len(bs)) {
		step := tree.Step{Key: as[i].Key}
		if a.Kind == tree.List {
			step = tree.Step{Index: i, IsIndex: true}
		}
		if p, ok := difference(as[i], bs[i], append(at, step), sealed); !ok {
			return p, false
		}
	}
	return at, len(as) == len(bs)
}

// Values returns the entries of a map or list without comments.
func Values(n *tree.Node) []*tree.Node {
	if !slices.ContainsFunc(n.Children, func(e *tree.Node) bool { return e.Kind == tree.Comment }) {
		return slices.Clip(n.Children)
	}
	out := make([]*tree.Node, 0, len(n.Children))
	for e := range n.Entries() {
		out = append(out, e)
	}
	return out
}
