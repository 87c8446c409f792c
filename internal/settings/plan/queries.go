package plan

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// Core returns the plan of the value inside pointers, Secrets and Optionals.
func (p *Plan) Core() *Plan {
	for p.Shape == ShapePointer || p.Shape == ShapeSecret || p.Shape == ShapeOptional {
		p = p.Elem
	}
	return p
}

// CoreOrNil is Core for a plan that may be nil.
func (p *Plan) CoreOrNil() *Plan {
	if p == nil {
		return nil
	}
	return p.Core()
}

// Nilable reports whether a value may stay unset: a pointer or an Optional holds it, possibly
// inside a Secret.
func (p *Plan) Nilable() bool {
	for p.Shape == ShapeSecret {
		p = p.Elem
	}
	return p.Shape == ShapePointer || p.Shape == ShapeOptional || p.IsPointerScalar()
}

// IsPointerScalar reports whether the decoder sets a pointer.
func (p *Plan) IsPointerScalar() bool {
	return p.Shape == ShapeScalar && p.Type.Kind() == reflect.Pointer
}

// IsSecret reports whether a Secret holds the value, also behind pointers and Optional. It is false
// for a nil plan.
func (p *Plan) IsSecret() bool {
	for p != nil && (p.Shape == ShapePointer || p.Shape == ShapeOptional) {
		p = p.Elem
	}
	return p != nil && p.Shape == ShapeSecret
}

// ItemsAreSecret reports whether a list or map holds only secrets.
func (p *Plan) ItemsAreSecret() bool {
	p = p.Core()
	if p.Shape != ShapeList && p.Shape != ShapeMap {
		return false
	}
	return p.Elem.IsSecret() || p.Elem.ItemsAreSecret()
}

func (p *Plan) IsBool() bool { return p.Shape == ShapeScalar && p.Type.Kind() == reflect.Bool }

// TakesText reports whether a string that is not JSON can set the value.
func (p *Plan) TakesText() bool {
	switch p.Shape {
	case ShapeScalar, ShapeAny:
		return true
	case ShapeList, ShapeMap:
		return p.Elem.Core().Shape == ShapeScalar && !p.Elem.IsSecret()
	}
	return false
}

// TypeName returns the name of the type for messages, without pointers, Optionals and Secrets.
func (p *Plan) TypeName() string {
	switch p = p.Core(); {
	case p.Shape == ShapeAny:
		return "any"
	case p.Shape == ShapeList && p.Type.Kind() == reflect.Array:
		return "[" + strconv.Itoa(p.Type.Len()) + "]" + p.Elem.TypeName()
	case p.Shape == ShapeList:
		return "[]" + p.Elem.TypeName()
	case p.Shape == ShapeMap:
		return "map[" + TypeName(p.Type.Key()) + "]" + p.Elem.TypeName()
	}
	return TypeName(p.Type)
}

// TypeName returns the name of a type. It omits the fields of an anonymous struct, because their
// tags may contain the default of a secret.
func TypeName(t reflect.Type) string {
	const anonymous = "struct {"
	name, _, cut := strings.Cut(t.String(), anonymous)
	if cut {
		name += "struct"
	}
	return name
}

// Named returns the field of a struct with the given current or old name, or nil. In a union, it
// may be a field of a variant.
func (p *Plan) Named(name string) *Field { return p.FieldFor(nil, name) }

// Names returns the names of a struct's fields.
func (p *Plan) Names() []string {
	names := make([]string, len(p.Fields))
	for i, f := range p.Fields {
		names[i] = f.Name
	}
	return names
}

// Below returns the plan of the value at step s, or nil if the type has no such value.
func (p *Plan) Below(s envfile.Step) *Plan {
	if p == nil {
		return nil
	}
	p = p.Core()
	switch {
	case s.IsIndex && p.Shape == ShapeList, !s.IsIndex && p.Shape == ShapeMap:
		return p.Elem
	case !s.IsIndex && p.Shape == ShapeStruct:
		if f := p.Named(s.Key); f != nil {
			return f.Plan
		}
	}
	return nil
}
