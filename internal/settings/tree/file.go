package tree

import (
	"slices"

	"github.com/sealcfg/sealcfg/envfile"
)

// mergeKey is the YAML key that includes the entries of other maps.
const mergeKey = "<<"

// FromFile fills c with n, a node of the file. The caller allocates c, so that it can allocate many
// nodes at once.
func FromFile(c *Node, n *envfile.Node, file string) {
	// Origins are large, and every node has one: set single fields instead of copying.
	c.Key, c.Origin.File, c.Origin.Line, c.Origin.Column = n.Key, file, n.Line, n.Column
	if n.KeyLine > 0 {
		c.KeyOrigin.File, c.KeyOrigin.Line, c.KeyOrigin.Column = file, n.KeyLine, n.KeyColumn
	}
	switch n.Kind {
	case envfile.Map:
		c.Kind, c.Entries = NodeMap, mapEntries(n, file)
	case envfile.List:
		var made []Node
		c.Kind, c.Entries, made = NodeList, make([]*Node, 0, n.Len()), make([]Node, n.Len())
		for e := range n.Entries() {
			i := len(c.Entries)
			FromFile(&made[i], e, file)
			c.Entries = append(c.Entries, &made[i])
		}
	case envfile.Null:
		c.Kind = NodeNull
	default:
		c.Kind, c.Type, c.Text, c.sealed = NodeScalar, n.Type, n.Text, n.Sealed
	}
}

// mapEntries returns the entries of a map, followed by the entries of its merge keys. The map's own
// entries override included ones, and an earlier included map overrides a later one.
func mapEntries(n *envfile.Node, file string) []*Node {
	entries, made := make([]*Node, 0, n.Len()), make([]Node, n.Len())
	var included []*envfile.Node
	for e := range n.Entries() {
		if e.Shadowed {
			continue
		}
		if maps, ok := mergedMaps(e); ok {
			included = append(included, maps...)
			continue
		}
		i := len(entries)
		FromFile(&made[i], e, file)
		entries = append(entries, &made[i])
	}
	if len(included) == 0 {
		return entries
	}
	taken := make(map[string]bool)
	for _, e := range entries {
		taken[e.Key] = true
	}
	for _, m := range included {
		for _, e := range mapEntries(m, file) {
			if !taken[e.Key] {
				taken[e.Key] = true
				entries = append(entries, e)
			}
		}
	}
	return entries
}

// mergedMaps returns the maps that the entry e includes, and false if it includes none.
func mergedMaps(e *envfile.Node) ([]*envfile.Node, bool) {
	switch {
	case e.Key != mergeKey:
		return nil, false
	case e.Kind == envfile.Map:
		return []*envfile.Node{e}, true
	case e.Kind != envfile.List:
		return nil, false
	}
	maps := slices.Collect(e.Entries())
	for _, m := range maps {
		if m.Kind != envfile.Map {
			return nil, false
		}
	}
	return maps, true
}
