package plan

import (
	"reflect"
)

// A SecretValue gives access to a pointer to a Secret of any type. The root package
// implements it.
type SecretValue interface {
	// Types returns the type of the Secret and of its value.
	Types() (self, elem reflect.Type)
	// Fill sets the secret to v, which must have the type of its value.
	Fill(v reflect.Value)
	// Exposed returns the value.
	Exposed() reflect.Value
	// IsSet reports whether the secret holds a value.
	IsSet() bool
}

// An OptionalValue gives access to a pointer to an Optional of any type. The root
// package implements it.
type OptionalValue interface {
	// Types returns the type of the Optional and of its value.
	Types() (self, elem reflect.Type)
	// Fill sets the Optional to v, which must have the type of its value.
	Fill(v reflect.Value)
	// FillNull sets the Optional to null.
	FillNull()
	// Held returns the value, and whether the Optional is unset, null or set.
	Held() (v reflect.Value, state OptionalState)
}

// An OptionalState is the state of an Optional.
type OptionalState uint8

const (
	OptionalUnset OptionalState = iota
	OptionalNull
	OptionalSet
)

// A FieldError is an error of a validator about one field.
type FieldError struct {
	Path   string // of Go names
	Reason string
	Err    error
}

// RootTypes recognizes the exported types of the root package, which this package
// cannot import.
type RootTypes interface {
	// Secret returns access to a pointer to a Secret, and nil for other values.
	Secret(pointer any) SecretValue
	// Optional returns access to a pointer to an Optional, and nil for other values.
	Optional(pointer any) OptionalValue
	// FieldError returns the FieldError that err is or wraps, or nil. is reports whether err itself
	// is one.
	FieldError(err error) (field *FieldError, is bool)
}

// A rootTypes holds the RootTypes of the root package.
type rootTypes struct{ types RootTypes }

// Root is set by the root package's init function.
var Root rootTypes

// Register sets the types. Before that, no value is a Secret or an Optional.
func (r *rootTypes) Register(types RootTypes) { r.types = types }

// SecretIn returns access to a Secret, and nil for other values.
func SecretIn(pointer reflect.Value) SecretValue {
	if Root.types == nil {
		return nil
	}
	return Root.types.Secret(pointer.Interface())
}

// OptionalIn returns access to an Optional, and nil for other values.
func OptionalIn(pointer reflect.Value) OptionalValue {
	if Root.types == nil {
		return nil
	}
	return Root.types.Optional(pointer.Interface())
}

// FieldErrorIn returns the FieldError that err is or wraps, or nil. is reports whether err itself
// is one.
func FieldErrorIn(err error) (field *FieldError, is bool) {
	if Root.types == nil {
		return nil, false
	}
	return Root.types.FieldError(err)
}

// embedsSecret reports whether a type is a Secret or embeds one. A type that embeds one also has
// the decoding methods of the Secret, but they decode only the embedded field.
func embedsSecret(t reflect.Type) bool {
	return SecretIn(reflect.Zero(reflect.PointerTo(t))) != nil
}

// secretElem returns the type of the value of a Secret, and false for other types.
func secretElem(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	s := SecretIn(reflect.New(t)) // not a nil pointer: an embedded Secret may promote Types
	if s == nil {
		return nil, false
	}
	self, elem := s.Types()
	return elem, self == t
}

// optionalElem returns the type of the value of an Optional, and false for other types.
func optionalElem(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	o := OptionalIn(reflect.New(t))
	if o == nil {
		return nil, false
	}
	self, elem := o.Types()
	return elem, self == t
}
