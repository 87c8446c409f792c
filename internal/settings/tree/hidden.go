package tree

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// A Hidden error is kept out of every chain, because it or an error that it wraps may
// quote a value. errors.Is compares with it, and errors.As finds it by its concrete type
// if its text is harmless. A reporter that walks the chain, or that looks for an
// interface, does not get it.
type Hidden struct {
	Err      error
	Harmless func(text string) bool
}

func (h *Hidden) Is(target error) bool { return h != nil && errors.Is(h.Err, target) }

func (h *Hidden) As(target any) bool {
	t := reflect.TypeOf(target)
	if h == nil || t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() == reflect.Interface {
		return false
	}
	found := reflect.New(t.Elem())
	if !errors.As(h.Err, found.Interface()) || !h.Harmless(found.Elem().Interface().(error).Error()) {
		return false
	}
	reflect.ValueOf(target).Elem().Set(found.Elem())
	return true
}

// UnquotedError returns the error of a decoder, which must not quote the value.
func UnquotedError(err error, value string) *Hidden {
	return &Hidden{err, func(text string) bool {
		const ambiguous = 4 // a shorter value may be a part of a word
		return !strings.Contains(text, strconv.Quote(value)) && (len(value) < ambiguous || !strings.Contains(text, value))
	}}
}

// ShownError returns the error of a validator or resolver. Its text is printed, so an error
// with a part of that text is harmless.
func ShownError(err error) *Hidden {
	text := err.Error()
	return &Hidden{err, func(part string) bool { return strings.Contains(text, part) }}
}
