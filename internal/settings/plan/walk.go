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

// HoldsSecret says that there is a secret in a value: it is one, or one lies in it
// at any depth.
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

// EachField calls visit for each field that has a path of its own: those of
// structs in structs and of variants of unions (one of each name), but not of what
// lists and maps hold. path is valid during the call. A type that contains itself is
// followed once.
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

// Variables returns the names that variables of the process environment can
// have, without prefix.
func (p *Plan) Variables() []string {
	var names []string
	p.EachField(func(path envfile.Path, _ *Field) { names = append(names, VariableOf(path)) })
	return names
}

// ExplicitVariables returns the names that env tags give.
func (p *Plan) ExplicitVariables() []string {
	p.explicitOnce.Do(func() {
		p.EachField(func(_ envfile.Path, f *Field) { p.explicit = append(p.explicit, f.Explicit...) })
	})
	return p.explicit
}

// VariableOf spells a path as a variable, without prefix.
func VariableOf(path envfile.Path) string {
	names := make([]string, len(path))
	for i, s := range path {
		names[i] = VariableName(s.Key)
	}
	return strings.Join(names, tree.LevelSeparator)
}

// ExplicitFor returns the variables that the env tag of the field under path names.
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

// Renames says whether there is an old or deprecated name anywhere below p. It
// is asked once a type: most types have none, and are not walked.
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

// DefaultReferences is an error if a default tag holds a reference: a default is
// for when nothing else is known, and it is not resolved.
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

// IsRequired says that something has to set the field itself. What a struct needs
// is asked of its fields.
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

// HoldsUnion says whether there is a union anywhere below p. It is asked once a
// type: most have none, and are not walked.
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
