package bind

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// A group is the start of a path of Go names: the value of a plan, or of a struct inlined into it.
type group struct {
	plan  *plan.Plan
	index []int // of the inlined struct
}

// place returns the path of the setting for a path of Go names, such as DB.Hosts[0], relative to
// at. It returns false if the setting does not exist.
func (g group) place(path string, at *tree.FieldPath) (*tree.FieldPath, bool) {
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
		at.Secret = at.Secret || g.plan.IsSecret()
		path = strings.TrimPrefix(path, ".")
	}
	return at, true
}

// entry returns a list item or a map entry. The returned path is nil if g is neither a list nor a
// map, or if key is not a list index.
func (g group) entry(key string, at *tree.FieldPath) (group, *tree.FieldPath) {
	switch p := g.plan.Core(); p.Shape {
	case plan.ShapeList:
		if i, err := strconv.Atoi(key); err == nil {
			return group{plan: p.Elem}, at.Index(i, source.Origin{})
		}
	case plan.ShapeMap:
		return group{plan: p.Elem}, at.Entry(key, "")
	}
	return g, nil
}

// field returns a field of a struct. The returned path is nil if there is no such field.
func (g group) field(name string, at *tree.FieldPath) (group, *tree.FieldPath) {
	p, t := g.plan.Core(), g.plan.Core().Type
	if p.Shape != plan.ShapeStruct {
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
	for i := range p.Fields {
		if f := &p.Fields[i]; is(f.Index) {
			return group{plan: f.Plan}, at.Key(f.Name, f.Variable)
		}
	}
	if slices.ContainsFunc(p.Inlined, func(in plan.InlinedStruct) bool { return is(in.Index) }) {
		return group{plan: p, index: index}, at
	}
	if p.Union != nil {
		for _, v := range p.Union.Variants {
			if is(v.Index) {
				return group{plan: v.Plan}, at
			}
		}
	}
	return g, nil
}
