package sealcfg

import (
	"slices"
	"strconv"
	"strings"
)

// A group is a value that Go code speaks of: that of a plan, or of a struct which
// is inlined into it.
type group struct {
	plan  *plan
	index []int // of the inlined struct
}

// place follows a path of Go names, such as DB.Hosts[0], from the value at a
// place. It reports false for a path that leads to no setting.
func (g group) place(path string, at *place) (*place, bool) {
	for path != "" {
		var name string
		if inner, ok := strings.CutPrefix(path, "["); ok {
			if name, path, ok = strings.Cut(inner, "]"); !ok {
				return nil, false
			}
			g, at = g.entry(name, at)
		} else {
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			name, path = path[:end], path[end:]
			g, at = g.field(name, at)
		}
		if at == nil {
			return nil, false
		}
		at.secret = at.secret || g.plan.hides()
		path = strings.TrimPrefix(path, ".")
	}
	return at, true
}

// entry returns an item of a list or an entry of a map, a nil place if it has none.
func (g group) entry(key string, at *place) (group, *place) {
	switch p := g.plan.core(); p.shape {
	case shapeList:
		if i, err := strconv.Atoi(key); err == nil {
			return group{plan: p.elem}, at.index(i, Origin{})
		}
	case shapeMap:
		return group{plan: p.elem}, at.entry(key, "")
	}
	return g, nil
}

// field returns a field of a struct, a nil place if it has none.
func (g group) field(name string, at *place) (group, *place) {
	p, t := g.plan.core(), g.plan.core().typ
	if p.shape != shapeStruct {
		return g, nil
	}
	if len(g.index) > 0 {
		t = t.FieldByIndex(g.index).Type
	}
	found, ok := t.FieldByName(name)
	if !ok {
		return g, nil
	}
	index := append(slices.Clone(g.index), found.Index...)
	is := func(other []int) bool { return slices.Equal(other, index) }
	for i := range p.fields {
		if f := &p.fields[i]; is(f.index) {
			return group{plan: f.plan}, at.key(f.name, f.variable)
		}
	}
	if slices.ContainsFunc(p.inlined, func(in inlinedStruct) bool { return is(in.index) }) {
		return group{plan: p, index: index}, at
	}
	if p.union != nil {
		for _, v := range p.union.variants {
			if is(v.index) {
				return group{plan: v.plan}, at
			}
		}
	}
	return g, nil
}
