package bind

import (
	"reflect"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// check checks a value that was bound from n against the constraints of its field. It reports the
// first violation.
func (b *Binder) check(c *plan.Constraints, p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	p, v = valueBehind(p, v)
	if p == nil {
		return
	}
	if b.checkAll(c.Whole, v, n, at) {
		b.checkEach(c.Each, p, v, n, at)
	}
}

// checkEach checks a single value, or each item of a list or map.
func (b *Binder) checkEach(checks []plan.Check, p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	if len(checks) == 0 {
		return
	}
	p, v = valueBehind(p, v)
	switch {
	case p == nil:
	case p.Shape == plan.ShapeList:
		for i := range v.Len() {
			b.checkEach(checks, p.Elem, v.Index(i), orNode(n.Item(i), n), at.Index(i, n.Origin))
		}
	case p.Shape == plan.ShapeMap:
		for _, e := range n.Entries {
			key := reflect.New(p.Type.Key()).Elem()
			if p.Key(key, "", e.Key) == nil {
				b.checkEach(checks, p.Elem, v.MapIndex(key), e, at.Entry(e.Key, plan.VariableName(e.Key)))
			}
		}
	default:
		b.checkAll(checks, v, n, at)
	}
}

// checkAll reports the first check that fails. It returns true if all checks pass.
func (b *Binder) checkAll(checks []plan.Check, v reflect.Value, n *tree.Node, at *tree.FieldPath) bool {
	for _, c := range checks {
		if c.Disk && b.planning || c.Ok(v) {
			continue
		}
		b.report(&tree.Flaw{Kind: tree.KindInvalid, Reason: c.Reason}, at, n.Origin)
		return false
	}
	return true
}

// valueBehind returns the value inside pointers, Secrets and Optionals, with its plan. The plan is
// nil if there is no value.
func valueBehind(p *plan.Plan, v reflect.Value) (*plan.Plan, reflect.Value) {
	for {
		switch p.Shape {
		case plan.ShapePointer:
			if v.IsNil() {
				return nil, v
			}
			v = v.Elem()
		case plan.ShapeSecret:
			v = plan.SecretIn(plan.Copy(v)).Exposed()
		case plan.ShapeOptional:
			held, state := plan.OptionalIn(plan.Copy(v)).Held()
			if state != plan.OptionalSet {
				return nil, v
			}
			v = held
		default:
			return p, v
		}
		p = p.Elem
	}
}

// orNode returns n, or other if n is nil.
func orNode(n, other *tree.Node) *tree.Node {
	if n == nil {
		return other
	}
	return n
}
