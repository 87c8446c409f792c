// Package read prepares the trees of several sources for merging.
package read

import (
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// NodeAt returns a tree with leaf at path. It passes the plan of that path to leaf, or nil if the
// path is not a setting.
func NodeAt(p *plan.Plan, path envfile.Path, at source.Origin, leaf func(*plan.Plan) *tree.Node) *tree.Node {
	if len(path) == 0 {
		return leaf(p)
	}
	step := path[0]
	child := NodeAt(p.Below(step), path[1:], at, leaf)
	kind := tree.NodeItems
	if step.IsIndex {
		child.Index = step.Index
	} else {
		kind, child.Key, child.KeyOrigin = tree.NodeMap, step.Key, at
	}
	return &tree.Node{Kind: kind, Origin: at, Entries: []*tree.Node{child}}
}
