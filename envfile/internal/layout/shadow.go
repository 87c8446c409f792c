package layout

import "github.com/sealcfg/sealcfg/envfile/tree"

// Shadow marks the entries of a map that are not effective, and returns the names that occur more
// than once.
func Shadow(m *tree.Node, lastCounts bool) []tree.Repeat { return ShadowNamed(m, lastCounts, nil) }

// ShadowNamed is shadow for a format in which a name may be a part of a value, as unnamed reports.
func ShadowNamed(m *tree.Node, lastCounts bool, unnamed func(n *tree.Node) bool) []tree.Repeat {
	var repeated []string
	count := make(map[string]int, len(m.Children))
	for e := range m.Entries() {
		if count[e.Key]++; count[e.Key] == 2 {
			repeated = append(repeated, e.Key)
		}
	}
	if repeated == nil {
		return nil
	}
	named := map[string][]*tree.Node{}
	for e := range m.Entries() {
		if count[e.Key] > 1 {
			named[e.Key] = append(named[e.Key], e)
		}
	}
	var all []tree.Repeat
	for _, name := range repeated {
		nodes := named[name]
		counts := nodes[0]
		if lastCounts {
			counts = nodes[len(nodes)-1]
		}
		r := tree.Repeat{Name: tree.Path{{Key: name}}.String(), Line: counts.KeyLine}
		for _, n := range nodes {
			n.Shadowed = n != counts
			r.Lines = append(r.Lines, n.KeyLine)
			if unnamed != nil && unnamed(n) {
				r.Name = ""
			}
		}
		all = append(all, r)
	}
	return all
}
