package envfile

// shadow marks the entries of a map that are not effective, and returns the names that occur more
// than once.
func shadow(m *Node, lastCounts bool) []Repeat { return shadowNamed(m, lastCounts, nil) }

// shadowNamed is shadow for a format in which a name may be a part of a value, as unnamed reports.
func shadowNamed(m *Node, lastCounts bool, unnamed func(n *Node) bool) []Repeat {
	var repeated []string
	count := make(map[string]int, len(m.entries))
	for e := range m.Entries() {
		if count[e.Key]++; count[e.Key] == 2 {
			repeated = append(repeated, e.Key)
		}
	}
	if repeated == nil {
		return nil
	}
	named := map[string][]*Node{}
	for e := range m.Entries() {
		if count[e.Key] > 1 {
			named[e.Key] = append(named[e.Key], e)
		}
	}
	var all []Repeat
	for _, name := range repeated {
		nodes := named[name]
		counts := nodes[0]
		if lastCounts {
			counts = nodes[len(nodes)-1]
		}
		r := Repeat{Name: Path{{Key: name}}.String(), Line: counts.KeyLine}
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
