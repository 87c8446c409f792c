package read

import (
	"slices"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// ForgetVariants removes the fields of a union's variants from base if over selects another kind: a
// value of another kind replaces the overridden value as a whole. The union's own fields stay.
func ForgetVariants(p *plan.Plan, base, over *tree.Node) {
	if p = p.CoreOrNil(); p == nil || base == nil || over == nil || !p.HoldsUnion() {
		return
	}
	switch {
	case p.Shape == plan.ShapeStruct && base.Kind == tree.NodeMap && over.Kind == tree.NodeMap:
		if p.Union != nil && otherKind(base.Get(plan.KindName), over.Get(plan.KindName)) {
			base.Entries = slices.DeleteFunc(slices.Clone(base.Entries), func(e *tree.Node) bool { _, beside := p.ByName[e.Key]; return !beside && p.Named(e.Key) != nil })
		}
		for _, e := range over.Entries {
			if f := p.FieldFor(over, e.Key); f != nil {
				ForgetVariants(f.Plan, base.Get(e.Key), e)
			}
		}
	case p.Shape == plan.ShapeMap && base.Kind == tree.NodeMap && over.Kind == tree.NodeMap:
		for _, e := range over.Entries {
			ForgetVariants(p.Elem, base.Get(e.Key), e)
		}
	case p.Shape == plan.ShapeList && over.Kind == tree.NodeItems:
		for _, e := range over.Entries {
			ForgetVariants(p.Elem, base.Item(e.Index), e)
		}
	}
}

// otherKind reports whether two sources select different kinds. References do not count, because
// their values are not known yet.
func otherKind(base, over *tree.Node) bool {
	named := func(n *tree.Node) bool { return n != nil && n.Kind == tree.NodeScalar && !tree.IsReference(n.Text) }
	return named(base) && named(over) && base.Text != over.Text
}
