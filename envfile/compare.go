package envfile

import "slices"

// firstDifference compares the meaning of two files node by node. Comments do not
// count. sealed names the values of a that are about to be encrypted. It returns the path of
// the first difference, nil if there is none.
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

// sorted copies trees with the entries of each map in the order of their names.
func sorted(nodes []*Node) []*Node {
	out := make([]*Node, len(nodes))
	for i, n := range nodes {
		c := *n
		c.entries = sorted(values(n))
		if c.Kind == Map {
			sortEntries(c.entries)
		}
		out[i] = &c
	}
	return out
}

// withoutDefault copies trees of INI without the section that has no header, if
// it is empty: it comes and goes with its keys.
func withoutDefault(roots []*Node) []*Node {
	c := *roots[0]
	c.entries = slices.DeleteFunc(slices.Clone(values(&c)), func(n *Node) bool { return n.Key == iniDefault && n.Len() == 0 })
	return []*Node{&c}
}
