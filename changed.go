package sealcfg

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"time"
)

// A differ lists the paths of settings whose values differ.
type differ struct{ changed []string }

func (d *differ) differs(at *place) { d.changed = append(d.changed, at.path()) }

// diff compares two values of the type that p is for.
func (d *differ) diff(p *plan, a, b reflect.Value, at *place) {
	switch p.shape {
	case shapePointer:
		switch {
		case a.IsNil() && b.IsNil():
		case a.IsNil() || b.IsNil():
			d.differs(at)
		default:
			d.diff(p.elem, a.Elem(), b.Elem(), at)
		}
	case shapeSecret:
		x, y := copyOf(a).Interface().(boxed), copyOf(b).Interface().(boxed)
		var inner differ // which item of a secret has changed is nobody's business
		if inner.diff(p.elem, x.exposed(), y.exposed(), at); len(inner.changed) > 0 || x.isSet() != y.isSet() {
			d.differs(at)
		}
	case shapeStruct:
		for i := range p.fields {
			f := &p.fields[i]
			d.diff(f.plan, a.FieldByIndex(f.index), b.FieldByIndex(f.index), at.key(f.name, f.variable))
		}
	case shapeList:
		if a.Len() != b.Len() {
			d.differs(at)
			return
		}
		for i := range a.Len() {
			d.diff(p.elem, a.Index(i), b.Index(i), at.index(i, Origin{}))
		}
	case shapeMap:
		d.diffMaps(p, a, b, at)
	default:
		if !same(a, b) {
			d.differs(at)
		}
	}
}

func (d *differ) diffMaps(p *plan, a, b reflect.Value, at *place) {
	keys := make(map[string]reflect.Value)
	for _, m := range []reflect.Value{a, b} {
		for _, k := range m.MapKeys() {
			keys[k.String()] = k
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		x, y, entry := a.MapIndex(keys[name]), b.MapIndex(keys[name]), at.key(name, "")
		if x.IsValid() && y.IsValid() {
			d.diff(p.elem, x, y, entry)
		} else {
			d.differs(entry)
		}
	}
}

// same compares scalars.
func same(a, b reflect.Value) bool {
	x, y := a.Interface(), b.Interface()
	if t, ok := x.(time.Time); ok {
		u, ok := y.(time.Time)
		return ok && t.Equal(u)
	}
	if a.CanFloat() && math.IsNaN(a.Float()) { // .nan in a file does not change with each load
		return math.IsNaN(b.Float())
	}
	return reflect.DeepEqual(x, y)
}

// copyOf returns a pointer to a copy of v, for methods with a pointer receiver.
func copyOf(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c
}
