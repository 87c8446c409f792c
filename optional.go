package sealcfg

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
)

// An Optional holds a T that need not be set. Unlike a pointer, it distinguishes an unset
// value from null and cannot be nil. The zero value is unset. A field of this type is not
// required. Types, checks and Validate methods apply to the value inside.
//
// An Optional prints like its value, and as <unset> or <null> without one. An
// Optional[Secret[T]] with a value prints as [secret]. In JSON and YAML, both unset and
// null are null; with the option omitzero, encoding/json omits an unset value.
type Optional[T any] struct {
	value T
	state plan.OptionalState
}

// NewOptional returns an Optional that is set to v.
func NewOptional[T any](v T) Optional[T] { return Optional[T]{value: v, state: plan.OptionalSet} }

// Get returns the value, and false with the zero T if there is none.
func (o Optional[T]) Get() (T, bool) { return o.value, o.state == plan.OptionalSet }

// Or returns the value, or other if there is none.
func (o Optional[T]) Or(other T) T {
	if o.state == plan.OptionalSet {
		return o.value
	}
	return other
}

// IsNull reports whether a source set the Optional to null.
func (o Optional[T]) IsNull() bool { return o.state == plan.OptionalNull }

// IsZero reports whether the Optional is unset, which means neither a value nor null.
func (o Optional[T]) IsZero() bool { return o.state == plan.OptionalUnset }

// shown returns the value to print.
func (o Optional[T]) shown() any {
	switch o.state {
	case plan.OptionalSet:
		return o.value
	case plan.OptionalNull:
		return "<null>"
	}
	return "<unset>"
}

// Format prints the value with the same verb and flags, or <unset> or <null>.
func (o Optional[T]) Format(f fmt.State, verb rune) {
	if o.state != plan.OptionalSet {
		verb = 's'
	}
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), o.shown()) // fmt.State never fails
}

// MarshalJSON returns the value in JSON, or null if there is none.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if o.state != plan.OptionalSet {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON sets the Optional to a value or to null. After an error of encoding/json,
// it is unchanged.
func (o *Optional[T]) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*o = Optional[T]{state: plan.OptionalNull}
		return nil
	}
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*o = NewOptional(v)
	return nil
}

// MarshalYAML returns the value, or nil if there is none, for the common YAML packages.
func (o Optional[T]) MarshalYAML() (any, error) {
	if o.state != plan.OptionalSet {
		return nil, nil
	}
	return o.value, nil
}

// optional is implemented by a pointer to an Optional of any type.
type optional interface {
	optionalTypes() (self, elem reflect.Type)
	hold(v reflect.Value)
	holdNull()
	held() (v reflect.Value, state plan.OptionalState)
}

// An optionalAccess lets the binder read and fill an Optional.
type optionalAccess struct{ optional }

func (a optionalAccess) Types() (self, elem reflect.Type) { return a.optionalTypes() }

func (a optionalAccess) Fill(v reflect.Value) { a.hold(v) }

func (a optionalAccess) FillNull() { a.holdNull() }

func (a optionalAccess) Held() (v reflect.Value, state plan.OptionalState) { return a.held() }

func (publicTypes) Optional(pointer any) plan.OptionalValue {
	if o, ok := pointer.(optional); ok {
		return optionalAccess{o}
	}
	return nil
}

// optionalTypes returns the type itself as well, for the same reason as secretTypes.
func (o *Optional[T]) optionalTypes() (self, elem reflect.Type) {
	return reflect.TypeFor[Optional[T]](), reflect.TypeFor[T]()
}

// hold sets the value. v must be of type T.
func (o *Optional[T]) hold(v reflect.Value) {
	reflect.ValueOf(&o.value).Elem().Set(v)
	o.state = plan.OptionalSet
}

func (o *Optional[T]) holdNull() { *o = Optional[T]{state: plan.OptionalNull} }

func (o *Optional[T]) held() (reflect.Value, plan.OptionalState) {
	return reflect.ValueOf(&o.value).Elem(), o.state
}
