package plan

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// KindName is the name, in files, of the field that selects the variant of a union.
const KindName = "kind"

// A union describes a struct that holds one of several other structs. The entries of the selected
// variant are in the same map as the fields of the struct itself.
type union struct {
	Kind     int // position of the kind field in Fields
	Variants []variant
}

type variant struct {
	Kind  string
	Index []int // of the pointer to the variant
	Plan  *Plan // of the pointer to the variant
	field string
}

func (u *union) Of(kind string) *variant {
	for i := range u.Variants {
		if u.Variants[i].Kind == kind {
			return &u.Variants[i]
		}
	}
	return nil
}

func (u *union) Kinds() string {
	var kinds []string
	for _, v := range u.Variants {
		kinds = append(kinds, v.Kind)
	}
	return strings.Join(kinds, ", ")
}

// addVariant adds a field with a kind tag.
func (b *planner) addVariant(p *Plan, f reflect.StructField, index []int, tg *tag) error {
	switch {
	case !f.IsExported():
		return errors.New("it has a kind tag but is not exported")
	case f.Type.Kind() != reflect.Pointer || !isGroup(f.Type.Elem()):
		return errors.New("the variant of a union must be a pointer to a struct")
	case tg.named || tg.inline || tg.optional || tg.def != nil || tg.limits != nil || len(tg.aliases)+len(tg.explicit) > 0:
		return errors.New("the variant of a union cannot have a name, a default or checks; its fields can")
	}
	if p.Union == nil {
		p.Union = &union{}
	}
	if p.Union.Of(tg.kind) != nil {
		return fmt.Errorf("variant %q already exists", tg.kind)
	}
	vp, err := b.plan(f.Type)
	if err != nil {
		return err
	}
	p.Union.Variants = append(p.Union.Variants, variant{Kind: tg.kind, Index: index, Plan: vp, field: f.Name})
	return nil
}

// join lists all fields of a struct, including fields of variants. It returns an error if two
// variants conflict.
func (p *Plan) join() error {
	for i := range p.Fields {
		p.Every = append(p.Every, &p.Fields[i])
	}
	if p.Union == nil {
		return nil
	}
	kind, ok := p.ByName[KindName]
	if !ok || p.Fields[kind].Name != KindName || p.Fields[kind].Plan.Shape != ShapeScalar || p.Fields[kind].Plan.Type.Kind() != reflect.String {
		return errors.New("fields with a kind tag require a string field named kind in the same struct")
	}
	p.Union.Kind = kind
	others := make(map[string]*Field)
	for i := range p.Union.Variants {
		v := &p.Union.Variants[i]
		if v.Plan.Elem.Union != nil {
			return fmt.Errorf("variant %q is a union itself: put it into a field of a struct", v.Kind)
		}
		for j := range v.Plan.Elem.Fields {
			f := &v.Plan.Elem.Fields[j]
			for _, name := range append([]string{f.Name}, f.Aliases...) {
				if _, taken := p.ByName[name]; taken {
					return fmt.Errorf("variant %q: the name %q is taken by a field of the union", v.Kind, name)
				}
			}
			other := others[f.Name]
			if other == nil {
				others[f.Name] = f
				p.Every = append(p.Every, f)
				continue
			}
			if !slices.Equal(f.Explicit, other.Explicit) { // both have the same path, and a variable sets a path
				return fmt.Errorf("variant %q: %q has a different env tag in another variant", v.Kind, f.Name)
			}
			if f.Plan.IsSecret() { // a secret in any variant must not have a flag
				p.Every[slices.Index(p.Every, other)], others[f.Name] = f, f
			}
			// Values of variables are parsed before the kind is known.
			if other.Plan != f.Plan && (other.Plan.Core().Shape != ShapeScalar || f.Plan.Core().Shape != ShapeScalar) {
				return fmt.Errorf("variant %q: %q has a different type in another variant", v.Kind, f.Name)
			}
		}
	}
	return nil
}

// FieldFor returns the field that an entry of n with this name sets, or nil. In a union, it also
// searches the variant that n selects, or all variants if n selects none.
func (p *Plan) FieldFor(n *tree.Node, name string) *Field {
	if i, ok := p.ByName[name]; ok {
		return &p.Fields[i]
	}
	if p.Union == nil {
		return nil
	}
	if kind := n.Get(KindName); kind != nil {
		if v := p.Union.Of(kind.Text); v != nil {
			return v.Plan.Elem.Named(name)
		}
	}
	for _, v := range p.Union.Variants {
		if f := v.Plan.Elem.Named(name); f != nil {
			return f
		}
	}
	return nil
}
