package plan

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// HoldsSecret reports whether a value is a secret or contains one at any depth.
func (p *Plan) HoldsSecret() bool { return holdsSecret(p, make(map[*Plan]bool)) }

func holdsSecret(p *Plan, seen map[*Plan]bool) bool {
	if p == nil || seen[p] {
		return false
	}
	seen[p] = true
	if p.Shape == ShapeSecret || holdsSecret(p.Elem, seen) {
		return true
	}
	if p.Union != nil && slices.ContainsFunc(p.Union.Variants, func(v variant) bool { return holdsSecret(v.Plan, seen) }) {
		return true
	}
	return slices.ContainsFunc(p.Fields, func(f Field) bool { return holdsSecret(f.Plan, seen) })
}

// EachField calls visit for each field with a fixed path: fields of nested structs and of union
// variants (one per name), but not fields in lists and maps. path is valid only during the call.
// EachField follows a type that contains itself once.
func (p *Plan) EachField(visit func(path envfile.Path, f *Field)) { p.walk(nil, nil, visit) }

func (p *Plan) walk(path envfile.Path, above []*Plan, visit func(envfile.Path, *Field)) {
	if slices.Contains(above, p) {
		return
	}
	above = append(above, p)
	for _, f := range p.Every {
		at := append(path, envfile.Step{Key: f.Name})
		visit(at, f)
		if inner := f.Plan.Core(); inner.Shape == ShapeStruct {
			inner.walk(at, above, visit)
		}
	}
}

// Variables returns the names of the variables that can set the fields, without the prefix.
func (p *Plan) Variables() []string {
	var names []string
	p.EachField(func(path envfile.Path, _ *Field) { names = append(names, VariableOf(path)) })
	return names
}

// ExplicitVariables returns the variables from env tags.
func (p *Plan) ExplicitVariables() []string {
	p.explicitOnce.Do(func() {
		p.EachField(func(_ envfile.Path, f *Field) { p.explicit = append(p.explicit, f.Explicit...) })
	})
	return p.explicit
}

// VariableOf returns the name of the variable for a path, without the prefix.
func VariableOf(path envfile.Path) string {
	names := make([]string, len(path))
	for i, s := range path {
		names[i] = VariableName(s.Key)
	}
	return strings.Join(names, tree.LevelSeparator)
}

// ExplicitFor returns the variables from the env tag of the field at path.
func (p *Plan) ExplicitFor(path string) (names []string) {
	if p == nil || len(p.ExplicitVariables()) == 0 {
		return nil
	}
	p.EachField(func(at envfile.Path, f *Field) {
		if len(f.Explicit) > 0 && at.String() == path {
			names = f.Explicit
		}
	})
	return names
}

// Renames reports whether p contains an old or deprecated name. It walks each type only once.
func (p *Plan) Renames() bool {
	p.renamesOnce.Do(func() { p.hasRenames = renamesIn(p, make(map[reflect.Type]bool)) })
	return p.hasRenames
}

func renamesIn(p *Plan, seen map[reflect.Type]bool) bool {
	if p == nil || seen[p.Type] {
		return false
	}
	seen[p.Type] = true
	for i := range p.Fields {
		if f := &p.Fields[i]; len(f.Aliases) > 0 || f.Deprecated != "" || renamesIn(f.Plan, seen) {
			return true
		}
	}
	if p.Union != nil {
		for _, v := range p.Union.Variants {
			if renamesIn(v.Plan, seen) {
				return true
			}
		}
	}
	return renamesIn(p.Elem, seen)
}

// DefaultReferences returns an error if a default tag holds a reference, because references in
// defaults are not resolved.
func (p *Plan) DefaultReferences() (err error) {
	if p == nil {
		return nil
	}
	p.EachField(func(path envfile.Path, f *Field) {
		if f.Def != nil && tree.IsReference(*f.Def) {
			err = errors.Join(err, fmt.Errorf("settings type %s: %s: a default tag cannot hold a reference", p.Type, path))
		}
	})
	return err
}

// IsRequired reports whether a source must set the field. A struct is required if any of its fields
// is.
func (f *Field) IsRequired() bool {
	if f.Def != nil || f.Optional || f.Plan.Nilable() {
		return false
	}
	if f.Plan.Shape != ShapeStruct {
		return true
	}
	for i := range f.Plan.Fields {
		if f.Plan.Fields[i].IsRequired() {
			return true
		}
	}
	return false
}

// HoldsUnion reports whether p contains a union. It walks each type only once.
func (p *Plan) HoldsUnion() bool {
	p.unionsOnce.Do(func() { p.hasUnions = unionsIn(p, make(map[*Plan]bool)) })
	return p.hasUnions
}

func unionsIn(p *Plan, seen map[*Plan]bool) bool {
	if p == nil || seen[p] {
		return false
	}
	seen[p] = true
	return p.Union != nil || unionsIn(p.Elem, seen) || slices.ContainsFunc(p.Fields, func(f Field) bool { return unionsIn(f.Plan, seen) })
}
