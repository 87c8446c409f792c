package tree

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// A Hidden holds an error that is kept out of error chains, because its text or the text of an
// error that it wraps may quote a value. errors.Is compares the target with it. errors.As finds it
// only by its concrete type, and only if Harmless accepts its text. Code that unwraps errors or
// looks for an interface does not find it.
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

// UnquotedError hides err, the error of a decoder. An error in its chain is harmless if its text
// does not contain value. For a very short value, only the quoted form counts.
func UnquotedError(err error, value string) *Hidden {
	return &Hidden{err, func(text string) bool {
		const ambiguous = 4 // shorter values also occur within words
		return !strings.Contains(text, strconv.Quote(value)) && (len(value) < ambiguous || !strings.Contains(text, value))
	}}
}

// ShownError hides err, the error of a validator or resolver. The text of err is printed, so an
// error in its chain is harmless if the printed text contains its text.
func ShownError(err error) *Hidden {
	text := err.Error()
	return &Hidden{err, func(part string) bool { return strings.Contains(text, part) }}
}
