package envfile

import "slices"

// firstDifference compares the meaning of two files node by node and ignores comments. sealed names
// the values of a that will be encrypted. It returns the path of the first difference, or nil.
func firstDifference(a, b []*Node, sealed map[*Node]bool) Path {
	if len(a) != len(b) {
		return Path{}
	}
	for i := range a {
		if p, ok := difference(a[i], b[i], nil, sealed); !ok {
			return append(Path{}, p...) // not nil
		}
	}
	return nil
}

// firstChange is [firstDifference] for a changed document. It ignores differences that have no
// meaning in the format.
func firstChange(f Format, want, got []*Node) Path {
	return firstDifference(f.comparable(want), f.comparable(got), nil)
}

func difference(a, b *Node, at Path, sealed map[*Node]bool) (Path, bool) {
	if !sameMeaning(a, b, a.Sealed || sealed[a]) {
		return at, false
	}
	as, bs := values(a), values(b)
	for i := range min(len(as), len(bs)) {
		step := Step{Key: as[i].Key}
		if a.Kind == List {
			step = Step{Index: i, IsIndex: true}
		}
		if p, ok := difference(as[i], bs[i], append(at, step), sealed); !ok {
			return p, false
		}
	}
	return at, len(as) == len(bs)
}

// values returns the entries of a map or list without comments.
func values(n *Node) []*Node {
	if !slices.ContainsFunc(n.entries, func(e *Node) bool { return e.Kind == Comment }) {
		return slices.Clip(n.entries)
	}
	out := make([]*Node, 0, len(n.entries))
	for e := range n.Entries() {
		out = append(out, e)
	}
	return out
}
