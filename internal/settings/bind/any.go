package bind

import (
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// anything returns n as a map[string]any, []any, string, int64, float64, bool, [time.Time] or nil.
func (b *Binder) anything(n *tree.Node, at *tree.FieldPath) any {
	if n.Kind == tree.NodeItems { // there is no list that the items change
		n = (&tree.Node{}).WithItems(n)
	}
	switch n.Kind {
	case tree.NodeMap:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key] = b.anything(e, at.Entry(e.Key, plan.VariableName(e.Key)))
		}
		if len(n.Entries) == 0 {
			b.placed(at, n.Origin)
		}
		return m
	case tree.NodeList:
		list := make([]any, len(n.Entries))
		for i, e := range n.Entries {
			list[i] = b.anything(e, at.Index(i, n.Origin))
		}
		if len(n.Entries) == 0 {
			b.placed(at, n.Origin)
		}
		return list
	case tree.NodeBroken:
		b.report(n.Flaw, at, n.Origin)
		return nil
	case tree.NodeNull:
		b.placed(at, n.Origin)
		return nil
	}
	v, f := n.Scalar()
	if f != nil {
		b.reportValue(f, n, at)
		return nil
	}
	b.placed(at, n.Origin)
	return v
}
