package sealcfg

import (
	"reflect"
	"strconv"
	"strings"
)

// core returns the plan behind pointers, secrets and optionals.
func (p *plan) core() *plan {
	for p.shape == shapePointer || p.shape == shapeSecret || p.shape == shapeOptional {
		p = p.elem
	}
	return p
}

// hides reports whether a Secret holds the value.
func (p *plan) hides() bool {
	for ; p != nil; p = p.elem {
		switch p.shape {
		case shapeSecret:
			return true
		case shapePointer, shapeOptional:
		default:
			return false
		}
	}
	return false
}

// coreOrNil is core for a plan that may be nil.
func (p *plan) coreOrNil() *plan {
	if p == nil {
		return nil
	}
	return p.core()
}

// nilable says that a value may stay unset: there is a pointer or an Optional
// outside of whatever holds the value.
func (p *plan) nilable() bool {
	for p.shape == shapeSecret {
		p = p.elem
	}
	return p.shape == shapePointer || p.shape == shapeOptional || p.isPointerScalar()
}

// isPointerScalar says that the pointer itself is what is decoded.
func (p *plan) isPointerScalar() bool {
	return p.shape == shapeScalar && p.typ.Kind() == reflect.Pointer
}

// isSecret says that a Secret stands between p and its value.
func (p *plan) isSecret() bool {
	for p.shape == shapePointer || p.shape == shapeOptional {
		p = p.elem
	}
	return p.shape == shapeSecret
}

// itemsAreSecret says that a list or map holds nothing but secrets.
func (p *plan) itemsAreSecret() bool {
	p = p.core()
	if p.shape != shapeList && p.shape != shapeMap {
		return false
	}
	return p.elem.isSecret() || p.elem.itemsAreSecret()
}

func (p *plan) isBool() bool { return p.shape == shapeScalar && p.typ.Kind() == reflect.Bool }

// takesText says that one text can set it without being JSON.
func (p *plan) takesText() bool {
	switch p.shape {
	case shapeScalar, shapeAny:
		return true
	case shapeList, shapeMap:
		return p.elem.core().shape == shapeScalar && !p.elem.isSecret()
	}
	return false
}

// typeName is the type for people: that behind pointers, optionals and secrets.
func (p *plan) typeName() string {
	switch p = p.core(); {
	case p.shape == shapeAny:
		return "any"
	case p.shape == shapeList && p.typ.Kind() == reflect.Array:
		return "[" + strconv.Itoa(p.typ.Len()) + "]" + p.elem.typeName()
	case p.shape == shapeList:
		return "[]" + p.elem.typeName()
	case p.shape == shapeMap:
		return "map[" + typeName(p.typ.Key()) + "]" + p.elem.typeName()
	}
	return typeName(p.typ)
}

// typeName spells a type, but for the fields of a struct without a name: their tags
// stand there too, and with them the default of a secret.
func typeName(t reflect.Type) string {
	const anonymous = "struct {"
	name, _, cut := strings.Cut(t.String(), anonymous)
	if cut {
		name += "struct"
	}
	return name
}

// named returns the field of a struct that has a name now or had it once, nil if
// none has. In a union it may be one of a variant.
func (p *plan) named(name string) *field { return p.fieldFor(nil, name) }

// names returns the names of a struct's fields.
func (p *plan) names() []string {
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = f.name
	}
	return names
}
