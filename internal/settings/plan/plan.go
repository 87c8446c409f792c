// Package plan analyzes a settings type once: its fields, how to parse their values, and the checks
// in its tags.
package plan

import (
	"fmt"
	"reflect"
	"sync"
)

// A shape determines how values of a type are bound.
type shape uint8

const (
	ShapeScalar shape = iota + 1
	ShapeStruct
	ShapeList
	ShapeMap
	ShapePointer
	ShapeSecret
	ShapeOptional
	ShapeAny  // interface{}
	ShapeJSON // json.RawMessage
)

// A Plan holds all information about a type that binding requires. It is created once per type and
// not changed afterwards.
type Plan struct {
	Type      reflect.Type
	Shape     shape
	Elem      *Plan   // of a list (or array), map, pointer, Secret or Optional
	Decode    decoder // of a scalar
	Key       decoder // of the keys of a map
	Validates bool    // *Type has a Validate method

	Fields  []Field         // of a struct, including fields of inlined structs
	ByName  map[string]int  // positions in Fields, also by old names
	Inlined []InlinedStruct // innermost first
	Union   *union          // nil if the type is not a union
	Every   []*Field        // Fields and the fields of all variants, one per name

	renamesOnce  sync.Once
	hasRenames   bool
	unionsOnce   sync.Once
	hasUnions    bool
	explicitOnce sync.Once
	explicit     []string // variables from env tags
	DefaultsOnce sync.Once
	DefaultsErr  error // result of DefaultReferences
}

type Field struct {
	Name       string   // in files
	Variable   string   // name of its variable, without the prefix
	Aliases    []string // old names in files
	Explicit   []string // variables from its env tag, used without a prefix; the first one that is set wins
	Deprecated string   // what replaces it, "" if it is not deprecated
	Desc       string
	Index      []int
	Plan       *Plan
	Optional   bool
	Def        *string
	Limits     *Constraints // nil if its tags contain no checks
}

// An InlinedStruct is a struct whose fields belong to the struct around it. Its Validate method is
// called separately.
type InlinedStruct struct {
	Index     []int
	Validates bool
}

type Validator interface{ Validate() error }

var validatorType = reflect.TypeFor[Validator]()

// NewPlan returns the plan of any type. It calls settle for each field after all plans are
// complete.
func NewPlan(t reflect.Type, settle func(*Field) error) (*Plan, error) {
	b := planner{begun: make(map[reflect.Type]*Plan)}
	p, err := b.plan(t)
	if err != nil {
		return nil, err
	}
	return p, b.finish(settle)
}

// A planner holds the plans started so far, because a type may contain itself.
type planner struct {
	begun map[reflect.Type]*Plan
	order []*Plan
}

func (b *planner) plan(t reflect.Type) (*Plan, error) {
	if p, ok := b.begun[t]; ok {
		return p, nil
	}
	p := &Plan{Type: t}
	b.begun[t], b.order = p, append(b.order, p)
	p.Validates = t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(validatorType)
	if elem, ok := secretElem(t); ok {
		p.Shape = ShapeSecret
		return p, b.planElem(p, elem)
	}
	if elem, ok := optionalElem(t); ok {
		p.Shape = ShapeOptional
		return p, b.planElem(p, elem)
	}
	switch t {
	case anyType:
		p.Shape = ShapeAny
		return p, nil
	case rawJSONType:
		p.Shape = ShapeJSON
		return p, nil
	}
	if d := decoderOf(t); d != nil {
		p.Shape, p.Decode = ShapeScalar, d
		return p, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		p.Shape = ShapePointer
		return p, b.planElem(p, t.Elem())
	case reflect.Slice, reflect.Array:
		p.Shape = ShapeList
		return p, b.planElem(p, t.Elem())
	case reflect.Map:
		p.Shape, p.Key = ShapeMap, keyDecoderOf(t.Key())
		if p.Key == nil {
			return nil, fmt.Errorf("%s cannot be bound: its keys are neither strings nor integers", TypeName(t))
		}
		return p, b.planElem(p, t.Elem())
	case reflect.Struct:
		p.Shape, p.ByName = ShapeStruct, make(map[string]int)
		return p, b.addFields(p, t, nil)
	}
	return nil, fmt.Errorf("%s cannot be bound (tag the field `cfg:\"-\"` to leave it alone)", TypeName(t))
}

// finish runs the steps that need complete plans.
func (b *planner) finish(settle func(*Field) error) error {
	for _, p := range b.order {
		if p.Shape != ShapeStruct {
			continue
		}
		if err := p.join(); err != nil {
			return fmt.Errorf("%s: %w", TypeName(p.Type), err)
		}
	}
	for _, p := range b.order {
		for i := range p.Fields {
			if err := settle(&p.Fields[i]); err != nil {
				return fmt.Errorf("field %s: %w", p.Type.FieldByIndex(p.Fields[i].Index).Name, err)
			}
		}
	}
	return nil
}

func (b *planner) planElem(p *Plan, elem reflect.Type) (err error) {
	p.Elem, err = b.plan(elem)
	return err
}

// addFields adds the fields of t, the struct at index in p.Type.
func (b *planner) addFields(p *Plan, t reflect.Type, index []int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(append([]int(nil), index...), i)
		tg, err := readTag(f)
		if err != nil {
			return err
		}
		if tg.skip {
			continue
		}
		if tg.kind != "" {
			if err := b.addVariant(p, f, at, &tg); err != nil {
				return fmt.Errorf("field %s: %w", f.Name, err)
			}
			continue
		}
		if tg.inline || f.Anonymous && !tg.named {
			inlined, err := b.inline(p, f, at)
			switch {
			case err != nil:
				return err
			case inlined && (tg.optional || tg.def != nil || tg.limits != nil):
				return fmt.Errorf("field %s: an inlined struct cannot be optional or have a default or checks; its fields can", f.Name)
			case inlined:
				continue
			case tg.inline:
				return fmt.Errorf("field %s: only a struct can be inlined", f.Name)
			}
		}
		if !f.IsExported() {
			if tg.named {
				return fmt.Errorf("field %s has a name in a tag but is not exported", f.Name)
			}
			continue
		}
		fp, err := b.plan(f.Type)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		err = p.add(Field{
			Name: tg.name, Variable: VariableName(tg.name), Aliases: tg.aliases, Explicit: tg.explicit, Deprecated: tg.deprecated,
			Desc: tg.desc, Index: at, Plan: fp, Optional: tg.optional, Def: tg.def, Limits: tg.limits,
		})
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

// add adds a field under its name and its old names.
func (p *Plan) add(f Field) error {
	for _, name := range append([]string{f.Name}, f.Aliases...) {
		if _, ok := p.ByName[name]; ok {
			return fmt.Errorf("the name %q is taken by another field", name)
		}
		p.ByName[name] = len(p.Fields)
	}
	p.Fields = append(p.Fields, f)
	return nil
}

// inline adds the fields of a struct-typed field to p. It returns false if the field's type is
// bound as one value.
func (b *planner) inline(p *Plan, f reflect.StructField, index []int) (bool, error) {
	t := f.Type
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		return false, fmt.Errorf("field %s: a pointer cannot be inlined; embed the struct itself, or name it in a cfg tag", f.Name)
	}
	if !isGroup(t) {
		return false, nil
	}
	if err := b.addFields(p, t, index); err != nil {
		return false, fmt.Errorf("field %s: %w", f.Name, err)
	}
	p.Inlined = append(p.Inlined, InlinedStruct{
		Index: index,
		// reflect cannot call the methods of an unexported embedded type.
		Validates: f.IsExported() && reflect.PointerTo(t).Implements(validatorType),
	})
	return true, nil
}

// isGroup reports whether a type is bound field by field.
func isGroup(t reflect.Type) bool {
	_, secret := secretElem(t)
	_, optional := optionalElem(t)
	return t.Kind() == reflect.Struct && !secret && !optional && decoderOf(t) == nil
}
