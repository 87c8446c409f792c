package sealcfg

import (
	"errors"
	"reflect"
	"strings"
)

// WithValidation has f judge the settings as a whole, after all checks and
// Validate methods have passed. settings is the *T. Its error may be, join or wrap
// any number of [FieldError], each of which becomes a [Problem] of its setting. f
// must not change the settings or keep them; its errors are shown, so they must
// not quote values. Several are asked one after the other, and all of them.
func WithValidation(f func(settings any) error) Option {
	return func(o *options) {
		if f != nil {
			o.validations = append(o.validations, f)
		}
	}
}

// A FieldError is what a validator says of one field. A Validate method may
// return it too; the field is one of its own type then.
type FieldError struct {
	Field  string // path of Go names: DB.Port, Hosts[0].Name, Labels[team]
	Reason string // what the value must be; it must not quote the value
}

// Error returns field and reason.
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// validate calls the Validate method of v, which g is about, and reports whether
// it is content.
func (b *binder) validate(g group, v reflect.Value, at *place, origin Origin) bool {
	if b.planning {
		return true
	}
	err := safely("Validate of "+v.Type().String(), v.Addr().Interface().(validator).Validate)
	if err != nil {
		b.refused(err, g, at, origin)
	}
	return err == nil
}

// validateAll asks validators of the settings as a whole, which stand
// in the environment's own file, or have an origin without one.
func (b *binder) validateAll(validators []func(any) error, p *plan, v reflect.Value, origin Origin) {
	if b.count() > 0 {
		return
	}
	if b.file != "" {
		origin = Origin{File: b.file}
	}
	for _, f := range validators {
		if err := safely("a function of WithValidation", func() error { return f(v.Interface()) }); err != nil {
			b.refused(err, group{plan: p}, &place{}, origin)
		}
	}
}

// refused reports the error of a validator: a problem for each FieldError in it,
// and for each error joined with them; else one with its whole text.
func (b *binder) refused(err error, g group, at *place, origin Origin) {
	var of *FieldError
	if !errors.As(err, &of) {
		b.report(&flaw{kind: KindInvalid, reason: err.Error(), cause: shown(err)}, at, origin)
		return
	}
	switch e := err.(type) { // not errors.As: which of them is at the top
	case *FieldError:
		b.refusedField(e, g, at, origin)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if inner != nil {
				b.refused(inner, g, at, origin)
			}
		}
	case interface{ Unwrap() error }:
		b.refused(e.Unwrap(), g, at, origin)
	default: // its own As method knows of one
		b.refusedField(of, g, at, origin)
	}
}

func (b *binder) refusedField(e *FieldError, g group, at *place, origin Origin) {
	f := &flaw{kind: KindInvalid, reason: e.Reason, cause: shown(e)}
	field, ok := g.place(e.Field, at)
	if !ok {
		f.reason = e.Error()
		b.report(f, at, origin)
		return
	}
	if field != at {
		origin = b.originOf(field)
	}
	b.report(f, field, origin)
}

// originOf returns the origin of what was bound at a place: of a group, that of
// its first setting.
func (b *binder) originOf(at *place) Origin {
	path := at.realPath()
	for _, p := range b.origins {
		if rest, ok := strings.CutPrefix(p.at.realPath(), path); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return p.origin
		}
	}
	return Origin{}
}
