package read

import (
	"slices"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// ForgetVariants takes from base, which is what weaker sources say, the entries of
// the variants of unions for which over names another kind: another kind is
// another value, which takes the place of the weaker one as a whole. What stands
// beside all kinds stays.
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

// otherKind says that two sources name different kinds. What a reference names is not
// known yet.
func otherKind(base, over *tree.Node) bool {
	named := func(n *tree.Node) bool { return n != nil && n.Kind == tree.NodeScalar && !tree.IsReference(n.Text) }
	return named(base) && named(over) && base.Text != over.Text
}
