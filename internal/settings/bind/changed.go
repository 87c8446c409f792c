package bind

import (
	"maps"
	"reflect"
	"slices"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// A Differ lists the paths of settings with different values.
type Differ struct{ Changed []string }

func (d *Differ) differs(at *tree.FieldPath) { d.Changed = append(d.Changed, at.Text()) }

// Diff compares two values of p's type.
func (d *Differ) Diff(p *plan.Plan, a, b reflect.Value, at *tree.FieldPath) {
	switch p.Shape {
	case plan.ShapePointer:
		switch {
		case a.IsNil() && b.IsNil():
		case a.IsNil() || b.IsNil():
			d.differs(at)
		default:
			d.Diff(p.Elem, a.Elem(), b.Elem(), at)
		}
	case plan.ShapeSecret:
		x, y := plan.SecretIn(plan.Copy(a)), plan.SecretIn(plan.Copy(b))
		var inner Differ // do not reveal which item of a secret changed
		if inner.Diff(p.Elem, x.Exposed(), y.Exposed(), at); len(inner.Changed) > 0 || x.IsSet() != y.IsSet() {
			d.differs(at)
		}
	case plan.ShapeOptional:
		x, before := plan.OptionalIn(plan.Copy(a)).Held()
		y, after := plan.OptionalIn(plan.Copy(b)).Held()
		switch {
		case before != after:
			d.differs(at)
		case before == plan.OptionalSet:
			d.Diff(p.Elem, x, y, at)
		}
	case plan.ShapeStruct:
		for i := range p.Fields {
			f := &p.Fields[i]
			d.Diff(f.Plan, a.FieldByIndex(f.Index), b.FieldByIndex(f.Index), at.Key(f.Name, f.Variable))
		}
		if p.Union != nil {
			d.diffVariants(p, a, b, at)
		}
	case plan.ShapeList:
		if a.Len() != b.Len() {
			d.differs(at)
			return
		}
		for i := range a.Len() {
			d.Diff(p.Elem, a.Index(i), b.Index(i), at.Index(i, source.Origin{}))
		}
	case plan.ShapeMap:
		d.diffMaps(p, a, b, at)
	default:
		if !plan.Equal(a, b) {
			d.differs(at)
		}
	}
}

// diffVariants compares two unions. If the kind changed, every field of both variants counts as
// changed.
func (d *Differ) diffVariants(p *plan.Plan, a, b reflect.Value, at *tree.FieldPath) {
	said := make(map[string]bool)
	for _, v := range p.Union.Variants {
		x, y := a.FieldByIndex(v.Index), b.FieldByIndex(v.Index)
		switch {
		case !x.IsNil() && !y.IsNil():
			d.Diff(v.Plan.Elem, x.Elem(), y.Elem(), at)
		case x.IsNil() != y.IsNil():
			for i := range v.Plan.Elem.Fields {
				f := &v.Plan.Elem.Fields[i]
				if !said[f.Name] {
					said[f.Name] = true
					d.differs(at.Key(f.Name, f.Variable))
				}
			}
		}
	}
}

func (d *Differ) diffMaps(p *plan.Plan, a, b reflect.Value, at *tree.FieldPath) {
	keys := make(map[string]reflect.Value)
	for _, m := range []reflect.Value{a, b} {
		for _, k := range m.MapKeys() {
			keys[plan.KeyText(k)] = k
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		x, y, entry := a.MapIndex(keys[name]), b.MapIndex(keys[name]), at.Key(name, "")
		if x.IsValid() && y.IsValid() {
			d.Diff(p.Elem, x, y, entry)
		} else {
			d.differs(entry)
		}
	}
}
