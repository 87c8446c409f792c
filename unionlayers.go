package sealcfg

import "slices"

// forgetVariants takes from base, which is what weaker sources say, the entries of
// the variants of unions for which over names another kind: another kind is
// another value, which takes the place of the weaker one as a whole. What stands
// beside all kinds stays.
func forgetVariants(p *plan, base, over *node) {
	if p = p.coreOrNil(); p == nil || base == nil || over == nil || !p.holdsUnion() {
		return
	}
	switch {
	case p.shape == shapeStruct && base.kind == nodeMap && over.kind == nodeMap:
		if p.union != nil && otherKind(base.get(kindName), over.get(kindName)) {
			base.entries = slices.DeleteFunc(slices.Clone(base.entries), func(e *node) bool { _, beside := p.byName[e.key]; return !beside && p.named(e.key) != nil })
		}
		for _, e := range over.entries {
			if f := p.fieldFor(over, e.key); f != nil {
				forgetVariants(f.plan, base.get(e.key), e)
			}
		}
	case p.shape == shapeMap && base.kind == nodeMap && over.kind == nodeMap:
		for _, e := range over.entries {
			forgetVariants(p.elem, base.get(e.key), e)
		}
	case p.shape == shapeList && over.kind == nodeItems:
		for _, e := range over.entries {
			forgetVariants(p.elem, base.item(e.index), e)
		}
	}
}

// otherKind says that two sources name different kinds. What a reference names is not
// known yet.
func otherKind(base, over *node) bool {
	named := func(n *node) bool { return n != nil && n.kind == nodeScalar && !isReference(n.text) }
	return named(base) && named(over) && base.text != over.text
}

// holdsUnion says whether there is a union anywhere below p. It is asked once a
// type: most have none, and are not walked.
func (p *plan) holdsUnion() bool {
	p.unionsOnce.Do(func() { p.hasUnions = unionsIn(p, make(map[*plan]bool)) })
	return p.hasUnions
}

func unionsIn(p *plan, seen map[*plan]bool) bool {
	if p == nil || seen[p] {
		return false
	}
	seen[p] = true
	return p.union != nil || unionsIn(p.elem, seen) || slices.ContainsFunc(p.fields, func(f field) bool { return unionsIn(f.plan, seen) })
}
