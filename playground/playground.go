// Package playground checks settings against the validate tags of
// github.com/go-playground/validator. Use it for checks that sealcfg's own tags do not
// support:
//
//	type Settings struct {
//		Start, End time.Time                `validate:"required"`
//		Image      string                   `validate:"startswith=registry.example.com/"`
//		Token      sealcfg.Secret[string]   `validate:"jwt"`
//	}
//
//	sealcfg.Load[Settings](ctx, playground.Validate(nil))
package playground

import (
	"errors"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"

	"github.com/sealcfg/sealcfg"
)

// Validate checks the settings with v, after they are bound and all other checks
// have passed. If v is nil, it uses a new validator with required structs enabled.
// A failed check becomes a [sealcfg.Problem] of its setting, with the tag and its
// parameter but without the value. Tags apply to the value inside a
// [sealcfg.Secret] or [sealcfg.Optional].
//
// v must not be in use elsewhere before the first load, because that load registers
// the secrets in the settings with v. v panics if it does not know a tag.
func Validate(v *validator.Validate) sealcfg.Option {
	if v == nil {
		v = validator.New(validator.WithRequiredStructEnabled())
	}
	a := &adapter{v: v, seen: make(map[reflect.Type]bool)}
	return sealcfg.WithValidation(a.validate)
}

// An adapter records the types that it has registered with the validator.
type adapter struct {
	mu   sync.Mutex // types must not be registered during a validation
	v    *validator.Validate
	seen map[reflect.Type]bool
}

func (a *adapter) validate(settings any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := reflect.TypeOf(settings).Elem()
	a.learn(t)
	err := a.v.Struct(settings)
	if err == nil {
		return nil
	}
	var failed validator.ValidationErrors
	if !errors.As(err, &failed) {
		return errors.New("the validator rejects the type of the settings")
	}
	var all []error
	for _, f := range failed {
		path := f.StructNamespace()
		if t.Name() != "" { // the name of a generic type can contain dots
			path = strings.TrimPrefix(path, t.Name()+".")
		}
		rule := f.Tag()
		if f.Param() != "" {
			rule += "=" + f.Param()
		}
		all = append(all, &sealcfg.FieldError{Field: path, Reason: "must satisfy " + rule})
	}
	return errors.Join(all...)
}

// learn registers the secrets and optionals within a type.
func (a *adapter) learn(t reflect.Type) {
	if a.seen[t] {
		return
	}
	a.seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		a.learn(t.Elem())
	case reflect.Struct:
		if held, inside := holder(t); inside != nil {
			a.v.RegisterCustomTypeFunc(inside, reflect.Zero(t).Interface())
			a.learn(held)
			return
		}
		for i := range t.NumField() {
			a.learn(t.Field(i).Type)
		}
	}
}

// holder returns the type of the value inside a Secret or an Optional, and a
// function that returns that value.
func holder(t reflect.Type) (held reflect.Type, inside validator.CustomTypeFunc) {
	if t.PkgPath() != reflect.TypeFor[sealcfg.FieldError]().PkgPath() {
		return nil, nil
	}
	switch name, _, _ := strings.Cut(t.Name(), "["); name {
	case "Secret":
		m, _ := t.MethodByName("Expose")
		return m.Type.Out(0), func(v reflect.Value) any { return v.MethodByName("Expose").Call(nil)[0].Interface() }
	case "Optional":
		m, _ := t.MethodByName("Get")
		return m.Type.Out(0), func(v reflect.Value) any {
			if out := v.MethodByName("Get").Call(nil); out[1].Bool() {
				return out[0].Interface()
			}
			return nil
		}
	}
	return nil, nil
}
