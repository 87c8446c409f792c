package sealcfg

import (
	"fmt"
	"reflect"
	"sync"
)

// A shape is how a type takes values.
type shape uint8

const (
	shapeScalar shape = iota + 1
	shapeStruct
	shapeList
	shapeMap
	shapePointer
	shapeSecret
	shapeOptional
	shapeAny  // interface{}
	shapeJSON // json.RawMessage
)

// A plan is all that binding needs to know of a type. It is made once for each
// type and never changed after that.
type plan struct {
	typ       reflect.Type
	shape     shape
	elem      *plan   // of a list (or array), map, pointer, secret or optional
	decode    decoder // of a scalar
	key       decoder // of the keys of a map
	validates bool    // *typ has a Validate method

	fields  []field         // of a struct, those of inlined structs included
	byName  map[string]int  // position in fields, old names included
	inlined []inlinedStruct // innermost first
	union   *union          // nil for all but unions
	every   []*field        // fields, and those of the variants of a union: one of each name

	renamesOnce  sync.Once
	hasRenames   bool
	unionsOnce   sync.Once
	hasUnions    bool
	explicitOnce sync.Once
	explicit     []string // variables that env tags name
	defaultsOnce sync.Once
	defaultsErr  error // what defaultReferences says
}

type field struct {
	name       string   // in files
	variable   string   // in the process environment, without prefix
	aliases    []string // old names in files
	explicit   []string // variables that set it whatever the prefix, the first one found
	deprecated string   // what to use instead, "" if it is not
	desc       string
	index      []int
	plan       *plan
	optional   bool
	def        *string
	limits     *constraints // nil if its tags ask for nothing
}

// An inlinedStruct is a struct whose fields belong to the one around it, but
// whose Validate method is its own.
type inlinedStruct struct {
	index     []int
	validates bool
}

type validator interface{ Validate() error }

var (
	validatorType = reflect.TypeFor[validator]()
	boxedType     = reflect.TypeFor[boxed]()
)

var plans sync.Map // reflect.Type → *plan

// planOf returns the plan of a settings type. Errors are mistakes in the type.
func planOf(t reflect.Type) (*plan, error) {
	if p, ok := plans.Load(t); ok {
		return p.(*plan), nil
	}
	p, err := planFor(t)
	if err != nil {
		return nil, fmt.Errorf("settings type %s: %w", typeName(t), err)
	}
	if p.shape != shapeStruct {
		return nil, fmt.Errorf("settings type %s: expected a struct", typeName(t))
	}
	stored, _ := plans.LoadOrStore(t, p)
	return stored.(*plan), nil
}

// planFor makes the plan of any type.
func planFor(t reflect.Type) (*plan, error) {
	b := planner{begun: make(map[reflect.Type]*plan)}
	p, err := b.plan(t)
	if err != nil {
		return nil, err
	}
	return p, b.finish()
}

// A planner holds the plans begun so far: a type may contain itself.
type planner struct {
	begun map[reflect.Type]*plan
	order []*plan
}

func (b *planner) plan(t reflect.Type) (*plan, error) {
	if p, ok := b.begun[t]; ok {
		return p, nil
	}
	p := &plan{typ: t}
	b.begun[t], b.order = p, append(b.order, p)
	p.validates = t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(validatorType)
	if elem, ok := secretElem(t); ok {
		p.shape = shapeSecret
		return p, b.planElem(p, elem)
	}
	if elem, ok := optionalElem(t); ok {
		p.shape = shapeOptional
		return p, b.planElem(p, elem)
	}
	switch t {
	case anyType:
		p.shape = shapeAny
		return p, nil
	case rawJSONType:
		p.shape = shapeJSON
		return p, nil
	}
	if d := decoderOf(t); d != nil {
		p.shape, p.decode = shapeScalar, d
		return p, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		p.shape = shapePointer
		return p, b.planElem(p, t.Elem())
	case reflect.Slice, reflect.Array:
		p.shape = shapeList
		return p, b.planElem(p, t.Elem())
	case reflect.Map:
		p.shape, p.key = shapeMap, keyDecoderOf(t.Key())
		if p.key == nil {
			return nil, fmt.Errorf("%s cannot be bound: its keys are neither strings nor integers", typeName(t))
		}
		return p, b.planElem(p, t.Elem())
	case reflect.Struct:
		p.shape, p.byName = shapeStruct, make(map[string]int)
		return p, b.addFields(p, t, nil)
	}
	return nil, fmt.Errorf("%s cannot be bound (tag the field `cfg:\"-\"` to leave it alone)", typeName(t))
}

// finish does what takes complete plans.
func (b *planner) finish() error {
	for _, p := range b.order {
		if p.shape != shapeStruct {
			continue
		}
		if err := p.join(); err != nil {
			return fmt.Errorf("%s: %w", typeName(p.typ), err)
		}
	}
	for _, p := range b.order {
		for i := range p.fields {
			if err := p.fields[i].settle(); err != nil {
				return fmt.Errorf("field %s: %w", p.typ.FieldByIndex(p.fields[i].index).Name, err)
			}
		}
	}
	return nil
}

func (b *planner) planElem(p *plan, elem reflect.Type) (err error) {
	p.elem, err = b.plan(elem)
	return err
}

func secretElem(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct || !reflect.PointerTo(t).Implements(boxedType) {
		return nil, false
	}
	self, elem := reflect.New(t).Interface().(boxed).secretTypes()
	return elem, self == t
}

// addFields adds the fields of t, which stands at index within p.typ.
func (b *planner) addFields(p *plan, t reflect.Type, index []int) error {
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
		err = p.add(field{
			name: tg.name, variable: variableName(tg.name), aliases: tg.aliases, explicit: tg.explicit, deprecated: tg.deprecated,
			desc: tg.desc, index: at, plan: fp, optional: tg.optional, def: tg.def, limits: tg.limits,
		})
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

// add adds a field under its name and its old names.
func (p *plan) add(f field) error {
	for _, name := range append([]string{f.name}, f.aliases...) {
		if _, ok := p.byName[name]; ok {
			return fmt.Errorf("the name %q is taken by another field", name)
		}
		p.byName[name] = len(p.fields)
	}
	p.fields = append(p.fields, f)
	return nil
}

// inline adds the fields of a struct-typed field to p. It reports false if the
// field's type is bound as one value.
func (b *planner) inline(p *plan, f reflect.StructField, index []int) (bool, error) {
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
	p.inlined = append(p.inlined, inlinedStruct{
		index: index,
		// reflect lets nobody call methods of an embedded type that is not exported.
		validates: f.IsExported() && reflect.PointerTo(t).Implements(validatorType),
	})
	return true, nil
}

// isGroup says that a type is bound field by field.
func isGroup(t reflect.Type) bool {
	_, secret := secretElem(t)
	_, optional := optionalElem(t)
	return t.Kind() == reflect.Struct && !secret && !optional && decoderOf(t) == nil
}
