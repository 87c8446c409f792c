package read

import (
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// Overridden appends the paths of the values that tree.Merge replaces in base: single values,
// lists, and maps replaced by another kind of value. at is the path of both nodes.
func Overridden(paths []string, at envfile.Path, p *plan.Plan, base, over *tree.Node) []string {
	switch {
	case base == nil || over == nil:
		return paths
	case base.Kind != tree.NodeMap || over.Kind != tree.NodeMap || p.IsSecret():
		return append(paths, at.String())
	}
	below := make(map[string]*tree.Node, len(base.Entries))
	for _, e := range base.Entries {
		below[e.Key] = e
	}
	for _, e := range over.Entries {
		step := envfile.Step{Key: e.Key}
		paths = Overridden(paths, append(at, step), p.Below(step), below[e.Key], e)
	}
	return paths
}
