package sealcfg

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// kindName is the name in files of the field that says which variant of a union
// is meant.
const kindName = "kind"

// A union is what a struct has beyond its fields if it holds one of several
// structs: the entries of the variant that kind names stand beside it.
type union struct {
	kind     int // position of the field among those of the struct
	variants []variant
}

type variant struct {
	kind  string
	index []int // of the pointer
	plan  *plan // of the pointer
	field string
}

func (u *union) of(kind string) *variant {
	for i := range u.variants {
		if u.variants[i].kind == kind {
			return &u.variants[i]
		}
	}
	return nil
}

func (u *union) kinds() string {
	var kinds []string
	for _, v := range u.variants {
		kinds = append(kinds, v.kind)
	}
	return strings.Join(kinds, ", ")
}

// addVariant adds a field with a kind tag.
func (b *planner) addVariant(p *plan, f reflect.StructField, index []int, tg *tag) error {
	switch {
	case !f.IsExported():
		return errors.New("it has a kind tag but is not exported")
	case f.Type.Kind() != reflect.Pointer || !isGroup(f.Type.Elem()):
		return errors.New("the variant of a union must be a pointer to a struct")
	case tg.named || tg.inline || tg.optional || tg.def != nil || tg.limits != nil || len(tg.aliases)+len(tg.explicit) > 0:
		return errors.New("the variant of a union cannot have a name, a default or checks; its fields can")
	}
	if p.union == nil {
		p.union = &union{}
	}
	if p.union.of(tg.kind) != nil {
		return fmt.Errorf("variant %q already exists", tg.kind)
	}
	vp, err := b.plan(f.Type)
	if err != nil {
		return err
	}
	p.union.variants = append(p.union.variants, variant{kind: tg.kind, index: index, plan: vp, field: f.Name})
	return nil
}

// join lists all fields of a struct, those of variants included, and finds
// variants that cannot stand beside one another.
func (p *plan) join() error {
	for i := range p.fields {
		p.every = append(p.every, &p.fields[i])
	}
	if p.union == nil {
		return nil
	}
	kind, ok := p.byName[kindName]
	if !ok || p.fields[kind].name != kindName || p.fields[kind].plan.shape != shapeScalar || p.fields[kind].plan.typ.Kind() != reflect.String {
		return errors.New("fields with a kind tag require a string field named kind in the same struct")
	}
	p.union.kind = kind
	others := make(map[string]*field)
	for i := range p.union.variants {
		v := &p.union.variants[i]
		if v.plan.elem.union != nil {
			return fmt.Errorf("variant %q is a union itself: put it into a field of a struct", v.kind)
		}
		for j := range v.plan.elem.fields {
			f := &v.plan.elem.fields[j]
			for _, name := range append([]string{f.name}, f.aliases...) {
				if _, taken := p.byName[name]; taken {
					return fmt.Errorf("variant %q: the name %q is taken by a field of the union", v.kind, name)
				}
			}
			other := others[f.name]
			if other == nil {
				others[f.name] = f
				p.every = append(p.every, f)
				continue
			}
			if !slices.Equal(f.explicit, other.explicit) { // a variable is for a path, and they have one path
				return fmt.Errorf("variant %q: %q has a different env tag in another variant", v.kind, f.name)
			}
			if f.plan.isSecret() { // what is a secret in one variant has no flag
				p.every[slices.Index(p.every, other)], others[f.name] = f, f
			}
			// Texts are read before the kind is known.
			if other.plan != f.plan && (other.plan.core().shape != shapeScalar || f.plan.core().shape != shapeScalar) {
				return fmt.Errorf("variant %q: %q has a different type in another variant", v.kind, f.name)
			}
		}
	}
	return nil
}

// fieldFor returns the field of a struct that an entry of n with this name is
// for, nil if there is none. In a union it may be one of the variant that n
// names, or of any if n names none.
func (p *plan) fieldFor(n *node, name string) *field {
	if i, ok := p.byName[name]; ok {
		return &p.fields[i]
	}
	if p.union == nil {
		return nil
	}
	if kind := n.get(kindName); kind != nil {
		if v := p.union.of(kind.text); v != nil {
			return v.plan.elem.named(name)
		}
	}
	for _, v := range p.union.variants {
		if f := v.plan.elem.named(name); f != nil {
			return f
		}
	}
	return nil
}

// bindVariant binds the entries that the fields of a union leave over to the
// variant that its kind names. It returns those that are unknown: all, if no kind
// is named, and without a valid kind those that no variant has.
func (b *binder) bindVariant(p *plan, v reflect.Value, n *node, rest []*node, kindOK bool, at *place) (unknown []*node) {
	kind := v.FieldByIndex(p.fields[p.union.kind].index).String()
	chosen := p.union.of(kind)
	if kindOK && chosen == nil && n.get(kindName) == nil && kind == "" {
		return rest
	}
	if chosen != nil && kindOK {
		target := reflect.New(chosen.plan.elem.typ)
		var entries *node
		if n != nil {
			entries = &node{kind: nodeMap, origin: n.origin, entries: rest}
		}
		b.bindFields(chosen.plan.elem, target.Elem(), entries, at, p.names())
		v.FieldByIndex(chosen.index).Set(target)
		return nil
	}
	if kindOK {
		f := &p.fields[p.union.kind]
		var given Origin
		if e := n.get(kindName); e != nil {
			given = e.origin
		} else {
			given.Default = true
		}
		b.report(&flaw{kind: KindInvalid, reason: "must be one of " + p.union.kinds()}, at.key(f.name, f.variable), given)
	}
	for _, e := range rest {
		if p.named(e.key) == nil {
			unknown = append(unknown, e)
		}
	}
	return unknown
}
