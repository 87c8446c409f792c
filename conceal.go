package sealcfg

import (
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/internal/errchain"
	"github.com/sealcfg/sealcfg/internal/privatekey"
)

// A hidden error is kept out of every chain, because it or an error that it wraps may
// quote a value. errors.Is compares with it, and errors.As finds it by its concrete type
// if its text is harmless. A reporter that walks the chain, or that looks for an
// interface, does not get it.
type hidden struct {
	err      error
	harmless func(text string) bool
}

func (h *hidden) is(target error) bool { return h != nil && errors.Is(h.err, target) }

func (h *hidden) as(target any) bool {
	t := reflect.TypeOf(target)
	if h == nil || t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() == reflect.Interface {
		return false
	}
	found := reflect.New(t.Elem())
	if !errors.As(h.err, found.Interface()) || !h.harmless(found.Elem().Interface().(error).Error()) {
		return false
	}
	reflect.ValueOf(target).Elem().Set(found.Elem())
	return true
}

// unquoted returns the error of a decoder, which must not quote the value.
func unquoted(err error, value string) *hidden {
	return &hidden{err, func(text string) bool {
		const ambiguous = 4 // a shorter value may be a part of a word
		return !strings.Contains(text, strconv.Quote(value)) && (len(value) < ambiguous || !strings.Contains(text, value))
	}}
}

// shown returns the error of a validator or resolver. Its text is printed, so an error
// with a part of that text is harmless.
func shown(err error) *hidden {
	text := err.Error()
	return &hidden{err, func(part string) bool { return strings.Contains(text, part) }}
}

// keyless returns err, or an error without keys if err or its chain quotes a private
// key or a variable that names or holds one. This is the last line of defense, since
// programs log their errors.
func (o *options) keyless(err error) error {
	h := &hidden{err, func(text string) bool { return o.withoutKeys(text) == text }}
	for e := range errchain.All(err) {
		if !h.harmless(e.Error()) {
			return &concealed{o.withoutKeys(err.Error()), func() *hidden { return h }}
		}
	}
	return err
}

func (o *options) withoutKeys(text string) string {
	return privatekey.Hide(privatekey.HideVariables(text, o.lookupEnv, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}))
}

// A concealed error replaces one that quotes a key.
type concealed struct {
	text  string
	cause func() *hidden // a closure, into which no printer looks
}

// Error returns the text without the key.
func (c *concealed) Error() string { return c.text }

// Is reports whether the replaced error is target.
func (c *concealed) Is(target error) bool { return c.cause().is(target) }

// As finds an error by its concrete type if it does not quote a key.
func (c *concealed) As(target any) bool { return c.cause().as(target) }
