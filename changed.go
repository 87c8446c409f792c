package sealcfg

import (
	"encoding"
	"fmt"
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
	case shapeOptional:
		x, before := copyOf(a).Interface().(optional).held()
		y, after := copyOf(b).Interface().(optional).held()
		switch {
		case before != after:
			d.differs(at)
		case before == optionalSet:
			d.diff(p.elem, x, y, at)
		}
	case shapeStruct:
		for i := range p.fields {
			f := &p.fields[i]
			d.diff(f.plan, a.FieldByIndex(f.index), b.FieldByIndex(f.index), at.key(f.name, f.variable))
		}
		if p.union != nil {
			d.diffVariants(p, a, b, at)
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

// diffVariants says of a union whose kind has changed that all fields of both
// variants have.
func (d *differ) diffVariants(p *plan, a, b reflect.Value, at *place) {
	said := make(map[string]bool)
	for _, v := range p.union.variants {
		x, y := a.FieldByIndex(v.index), b.FieldByIndex(v.index)
		switch {
		case !x.IsNil() && !y.IsNil():
			d.diff(v.plan.elem, x.Elem(), y.Elem(), at)
		case x.IsNil() != y.IsNil():
			for i := range v.plan.elem.fields {
				f := &v.plan.elem.fields[i]
				if !said[f.name] {
					said[f.name] = true
					d.differs(at.key(f.name, f.variable))
				}
			}
		}
	}
}

func (d *differ) diffMaps(p *plan, a, b reflect.Value, at *place) {
	keys := make(map[string]reflect.Value)
	for _, m := range []reflect.Value{a, b} {
		for _, k := range m.MapKeys() {
			keys[keyText(k)] = k
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

// keyText spells the key of a map as a file does.
func keyText(k reflect.Value) string {
	if m, ok := k.Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	if k.Kind() == reflect.String { // it may have a String method that says something else
		return k.String()
	}
	return fmt.Sprint(k.Interface())
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
