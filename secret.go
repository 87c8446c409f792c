package sealcfg

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
)

// redacted is what every printer shows of a Secret.
const redacted = "[secret]"

// A Secret holds a T that must not be shown. It prints as [secret] through every
// verb of fmt, log/slog, and the JSON, YAML, XML and text encoders, also when it
// stands in an unexported field of a struct that is printed; encoding/gob refuses
// it. [Load] fills a Secret[T] like a T. The zero value holds the zero T.
//
// Copies share one value. == and [reflect.DeepEqual] tell whether two secrets
// are copies of one another, not whether they hold equal values: compare what
// Expose returns.
//
// A Secret is read-only and safe for concurrent use as far as T is.
type Secret[T any] struct {
	// fmt does not call methods on unexported fields, it walks them; so do the
	// diffs of test libraries, which follow pointers too. Neither looks into a
	// closure. The pointer keeps Secret comparable, which a func is not.
	box *func() T
}

// NewSecret returns a secret that holds v. What v points to is not copied.
func NewSecret[T any](v T) Secret[T] {
	box := func() T { return v }
	return Secret[T]{box: &box}
}

// Expose returns the value. A slice, map or pointer is shared with the secret.
func (s Secret[T]) Expose() T {
	if s.box == nil {
		var zero T
		return zero
	}
	return (*s.box)()
}

// Format writes [secret] for every verb and flag.
func (s Secret[T]) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redacted) // fmt.State never fails, and Format cannot say so
}

// String returns [secret].
func (s Secret[T]) String() string { return redacted }

// GoString returns [secret].
func (s Secret[T]) GoString() string { return redacted }

// LogValue returns [secret] for log/slog.
func (s Secret[T]) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [secret], for XML among others.
func (s Secret[T]) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns "[secret]".
func (s Secret[T]) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalYAML returns [secret], for the common YAML packages.
func (s Secret[T]) MarshalYAML() (any, error) { return redacted, nil }

// boxed is how the binder fills a Secret of any T.
type boxed interface {
	secretTypes() (self, elem reflect.Type)
	fill(v reflect.Value)
	exposed() reflect.Value
	isSet() bool
}

// secretTypes returns the type itself too, for a struct that embeds a Secret
// has these methods as well and is none.
func (s *Secret[T]) secretTypes() (self, elem reflect.Type) {
	return reflect.TypeFor[Secret[T]](), reflect.TypeFor[T]()
}

// fill is only called with a v of type T.
func (s *Secret[T]) fill(v reflect.Value) {
	var held T
	reflect.ValueOf(&held).Elem().Set(v)
	*s = NewSecret(held)
}

func (s *Secret[T]) exposed() reflect.Value {
	held := s.Expose()
	return reflect.ValueOf(&held).Elem()
}

func (s *Secret[T]) isSet() bool { return s.box != nil }
