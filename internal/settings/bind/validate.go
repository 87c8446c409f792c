package bind

import (
	"reflect"
	"strings"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// validate calls the Validate method of v, which g describes, and reports whether v is valid.
func (b *Binder) validate(g group, v reflect.Value, at *tree.FieldPath, origin source.Origin) bool {
	if b.planning {
		return true
	}
	err := plan.Safely("Validate of "+v.Type().String(), v.Addr().Interface().(plan.Validator).Validate)
	if err != nil {
		b.refused(err, g, at, origin)
	}
	return err == nil
}

// ValidateAll calls the validators of the whole settings. The origin of their problems is b.File,
// or origin if b.File is empty.
func (b *Binder) ValidateAll(validators []func(any) error, p *plan.Plan, v reflect.Value, origin source.Origin) {
	if b.Count() > 0 {
		return
	}
	if b.File != "" {
		origin = source.Origin{File: b.File}
	}
	for _, f := range validators {
		if err := plan.Safely("a function of WithValidation", func() error { return f(v.Interface()) }); err != nil {
			b.refused(err, group{plan: p}, &tree.FieldPath{}, origin)
		}
	}
}

// refused reports the error of a validator. Each FieldError, and each error joined with it, becomes
// one problem. An error without a FieldError becomes one problem with its whole text.
func (b *Binder) refused(err error, g group, at *tree.FieldPath, origin source.Origin) {
	of, is := plan.FieldErrorIn(err)
	if of == nil {
		b.report(&tree.Flaw{Kind: tree.KindInvalid, Reason: err.Error(), Cause: tree.ShownError(err)}, at, origin)
		return
	}
	if is {
		b.refusedField(of, g, at, origin)
		return
	}
	switch e := err.(type) { // not errors.As: only the outermost error matters
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if inner != nil {
				b.refused(inner, g, at, origin)
			}
		}
	case interface{ Unwrap() error }:
		b.refused(e.Unwrap(), g, at, origin)
	default: // its As method returns a FieldError
		b.refusedField(of, g, at, origin)
	}
}

// refusedField reports a FieldError. Its path is the setting that the error names, or at if there
// is no such setting.
func (b *Binder) refusedField(e *plan.FieldError, g group, at *tree.FieldPath, origin source.Origin) {
	f := &tree.Flaw{Kind: tree.KindInvalid, Reason: e.Reason, Cause: tree.ShownError(e.Err)}
	field, ok := g.place(e.Path, at)
	if !ok {
		f.Reason = e.Err.Error()
		b.report(f, at, origin)
		return
	}
	if field != at {
		origin = b.originOf(field)
	}
	b.report(f, field, origin)
}

// originOf returns the origin of the setting at a path. The origin of a group is the origin of its
// first setting.
func (b *Binder) originOf(at *tree.FieldPath) source.Origin {
	path := at.Revealed()
	for _, p := range b.Origins {
		if rest, ok := strings.CutPrefix(p.at.Revealed(), path); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return p.origin
		}
	}
	return source.Origin{}
}
