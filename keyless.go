package sealcfg

import (
	"errors"
	"os"
	"reflect"

	"github.com/sealcfg/sealcfg/internal/privatekey"
)

// keyless returns err, or an error in its place if err or an error in its chain quotes
// a private key, or a variable that names or holds one. This is the last line of
// defense, since programs log their errors.
func (o *options) keyless(err error) error {
	if !anyInChain(err, func(e error) bool { return o.withoutKeys(e.Error()) != e.Error() }) {
		return err
	}
	return conceal(o.withoutKeys(err.Error()), err)
}

func (o *options) withoutKeys(text string) string {
	return privatekey.Hide(privatekey.HideVariables(text, o.lookupEnv, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}))
}

// anyInChain reports whether is holds for err or an error that it wraps.
func anyInChain(err error, is func(error) bool) bool {
	if err == nil {
		return false
	}
	if is(err) {
		return true
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			if anyInChain(e, is) {
				return true
			}
		}
		return false
	}
	return anyInChain(errors.Unwrap(err), is)
}

// A concealed error replaces one that quotes a value or a key, so that a reporter
// that walks the chain does not get the quote. errors.Is and, for concrete types,
// errors.As work as with the replaced error: a caller that names a type knows it.
type concealed struct {
	text  string
	cause func() error // a closure, into which no printer looks
}

func conceal(text string, err error) error { return &concealed{text, func() error { return err }} }

// Error returns the text without the value.
func (c *concealed) Error() string { return c.text }

// Is reports whether the concealed error is target.
func (c *concealed) Is(target error) bool { return errors.Is(c.cause(), target) }

// As finds the concealed error by its concrete type.
func (c *concealed) As(target any) bool { return asConcrete(c.cause(), target) }

// asConcrete is errors.As for targets that are not interfaces. One that takes any
// error, or any with a method that reporters look for, would get the text.
func asConcrete(err error, target any) bool {
	if t := reflect.TypeOf(target); t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() == reflect.Interface {
		return false
	}
	return errors.As(err, target)
}
