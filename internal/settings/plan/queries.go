package plan

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// Core returns the plan behind pointers, secrets and optionals.
func (p *Plan) Core() *Plan {
	for p.Shape == ShapePointer || p.Shape == ShapeSecret || p.Shape == ShapeOptional {
		p = p.Elem
	}
	return p
}

// Hides reports whether a Secret holds the value.
func (p *Plan) Hides() bool {
	for ; p != nil; p = p.Elem {
		switch p.Shape {
		case ShapeSecret:
			return true
		case ShapePointer, ShapeOptional:
		default:
			return false
		}
	}
	return false
}

// CoreOrNil is core for a plan that may be nil.
func (p *Plan) CoreOrNil() *Plan {
	if p == nil {
		return nil
	}
	return p.Core()
}

// Nilable says that a value may stay unset: there is a pointer or an Optional
// outside of whatever holds the value.
func (p *Plan) Nilable() bool {
	for p.Shape == ShapeSecret {
		p = p.Elem
	}
	return p.Shape == ShapePointer || p.Shape == ShapeOptional || p.IsPointerScalar()
}

// IsPointerScalar says that the pointer itself is what is decoded.
func (p *Plan) IsPointerScalar() bool {
	return p.Shape == ShapeScalar && p.Type.Kind() == reflect.Pointer
}

// IsSecret says that a Secret stands between p and its value.
func (p *Plan) IsSecret() bool {
	for p.Shape == ShapePointer || p.Shape == ShapeOptional {
		p = p.Elem
	}
	return p.Shape == ShapeSecret
}

// ItemsAreSecret says that a list or map holds nothing but secrets.
func (p *Plan) ItemsAreSecret() bool {
	p = p.Core()
	if p.Shape != ShapeList && p.Shape != ShapeMap {
		return false
	}
	return p.Elem.IsSecret() || p.Elem.ItemsAreSecret()
}

func (p *Plan) IsBool() bool { return p.Shape == ShapeScalar && p.Type.Kind() == reflect.Bool }

// TakesText says that one text can set it without being JSON.
func (p *Plan) TakesText() bool {
	switch p.Shape {
	case ShapeScalar, ShapeAny:
		return true
	case ShapeList, ShapeMap:
		return p.Elem.Core().Shape == ShapeScalar && !p.Elem.IsSecret()
	}
	return false
}

// TypeName is the type for people: that behind pointers, optionals and secrets.
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

// TypeName spells a type, but for the fields of a struct without a name: their tags
// stand there too, and with them the default of a secret.
func TypeName(t reflect.Type) string {
	const anonymous = "struct {"
	name, _, cut := strings.Cut(t.String(), anonymous)
	if cut {
		name += "struct"
	}
	return name
}

// Named returns the field of a struct that has a name now or had it once, nil if
// none has. In a union it may be one of a variant.
func (p *Plan) Named(name string) *Field { return p.FieldFor(nil, name) }

// Names returns the names of a struct's fields.
func (p *Plan) Names() []string {
	names := make([]string, len(p.Fields))
	for i, f := range p.Fields {
		names[i] = f.Name
	}
	return names
}

// Below returns the plan one step further down, nil if there is none.
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
