package sealcfg

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
)

// An Optional holds a T that need not be set. Unlike a pointer it tells "nobody
// said anything" from "somebody said null", and cannot be dereferenced by mistake.
// The zero value is unset. A field of this type is not required; what holds for a
// T holds for the value: types, checks, Validate.
//
// It prints like its value, and as <unset> or <null> without one. An
// Optional[Secret[T]] prints as [secret]. JSON and YAML have null for both; with
// the option omitzero, encoding/json leaves out what is unset.
type Optional[T any] struct {
	value T
	state plan.OptionalState
}

// NewOptional returns an Optional that is set to v.
func NewOptional[T any](v T) Optional[T] { return Optional[T]{value: v, state: plan.OptionalSet} }

// Get returns the value, and false with the zero T if there is none.
func (o Optional[T]) Get() (T, bool) { return o.value, o.state == plan.OptionalSet }

// Or returns the value, or another one if there is none.
func (o Optional[T]) Or(other T) T {
	if o.state == plan.OptionalSet {
		return o.value
	}
	return other
}

// IsNull reports whether a source set it to null, so that there is no value
// because somebody wants none.
func (o Optional[T]) IsNull() bool { return o.state == plan.OptionalNull }

// IsZero reports whether it is unset: neither a value nor null.
func (o Optional[T]) IsZero() bool { return o.state == plan.OptionalUnset }

// shown is what printers print.
func (o Optional[T]) shown() any {
	switch o.state {
	case plan.OptionalSet:
		return o.value
	case plan.OptionalNull:
		return "<null>"
	}
	return "<unset>"
}

// Format prints the value with the same verb and flags.
func (o Optional[T]) Format(f fmt.State, verb rune) {
	if o.state != plan.OptionalSet {
		verb = 's'
	}
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), o.shown()) // fmt.State never fails
}

// MarshalJSON returns the value in JSON, or null.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if o.state != plan.OptionalSet {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON sets it to a value, or to null.
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

// MarshalYAML returns the value, or null, for the common YAML packages.
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

// optionalTypes returns the type itself too, as [Secret] does.
func (o *Optional[T]) optionalTypes() (self, elem reflect.Type) {
	return reflect.TypeFor[Optional[T]](), reflect.TypeFor[T]()
}

// hold is only called with a v of type T.
func (o *Optional[T]) hold(v reflect.Value) {
	reflect.ValueOf(&o.value).Elem().Set(v)
	o.state = plan.OptionalSet
}

func (o *Optional[T]) holdNull() { *o = Optional[T]{state: plan.OptionalNull} }

func (o *Optional[T]) held() (reflect.Value, plan.OptionalState) {
	return reflect.ValueOf(&o.value).Elem(), o.state
}
