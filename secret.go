package sealcfg

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"reflect"
	"sync"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Secret holds a T that must not be shown. It prints as [secret], or as [unset]
// if it holds none, through every verb of fmt, log/slog, and the JSON, YAML, XML
// and text encoders, also when it stands in an unexported field of a struct that
// is printed; encoding/gob refuses it. [Load] fills a Secret[T] like a T. The zero
// value is unset and exposes the zero T.
//
// What it does not do is keep the value from the memory of the process: see
// docs/security.md.
//
// Copies share one value. == and [reflect.DeepEqual] tell whether two secrets
// are copies of one another, Equal whether they hold equal values.
//
// All methods but the two that decode are safe for concurrent use, as far as T is.
type Secret[T any] struct {
	// fmt does not call methods on unexported fields, it walks them; so do the
	// diffs of test libraries, which follow pointers too. Neither looks into a
	// closure. The pointer keeps Secret comparable, which a func is not.
	box *func(request) (T, bool)

	// A struct of one pointer stands in an interface as that pointer. spew v1.1.1,
	// which is the one that most programs have, then calls methods on garbage.
	_ uint8
}

// A request is what the closure of a secret can be asked.
type request uint8

const (
	expose request = iota + 1
	whether
	destroy
)

// held is what the closure of a secret closes over.
type held[T any] struct {
	mu    sync.Mutex
	value T
	gone  bool
}

// NewSecret returns a secret that holds v. It takes v over: what v points to is
// not copied, and Destroy overwrites the bytes of a slice of them.
func NewSecret[T any](v T) Secret[T] {
	box := (&held[T]{value: v}).ask
	return Secret[T]{box: &box}
}

func (h *held[T]) ask(r request) (value T, set bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch r {
	case expose:
		value = h.value
		if b, ok := bytesOf(&value); ok {
			b.SetBytes(bytes.Clone(b.Bytes()))
		}
	case destroy:
		if b, ok := bytesOf(&h.value); ok {
			clear(b.Bytes())
		}
		var none T
		h.value, h.gone = none, true
	}
	return value, !h.gone
}

// bytesOf returns what v points to if that is a slice of bytes.
func bytesOf[T any](v *T) (reflect.Value, bool) {
	b := reflect.ValueOf(v).Elem()
	return b, b.Kind() == reflect.Slice && b.Type().Elem().Kind() == reflect.Uint8
}

func (s Secret[T]) ask(r request) (value T, set bool) {
	if s.box == nil {
		return value, false
	}
	return (*s.box)(r)
}

// Expose returns the value, and the zero T if there is none. A slice of bytes is a
// copy, which Destroy does not reach; any other slice, map or pointer is shared
// with the secret.
func (s Secret[T]) Expose() T {
	value, _ := s.ask(expose)
	return value
}

// IsSet reports whether the secret holds a value, be it an empty one: that
// NewSecret made it, or that a source set it, and that it was not destroyed.
func (s Secret[T]) IsSet() bool {
	_, set := s.ask(whether)
	return set
}

// Equal reports whether two secrets hold equal values. An unset one equals only
// another that is unset, so it is safe to compare what a caller sends:
//
//	token.Equal(sealcfg.NewSecret(given))
//
// is false if token is unset. For strings and slices of bytes the time that it takes depends on
// the lengths alone, not on where the values differ; for all else it is that of
// [reflect.DeepEqual].
func (s Secret[T]) Equal(other Secret[T]) bool {
	a, aSet := s.ask(expose)
	b, bSet := other.ask(expose)
	if !aSet || !bSet {
		return aSet == bSet
	}
	x, isBytes := bytesOf(&a)
	y, _ := bytesOf(&b)
	switch {
	case isBytes:
		return sameBytes(x.Bytes(), y.Bytes())
	case x.Kind() == reflect.String:
		return sameBytes([]byte(x.String()), []byte(y.String()))
	}
	return plan.Equal(x, y)
}

// sameBytes compares digests, for the comparison in constant time ends at once if
// the lengths differ.
func sameBytes(a, b []byte) bool {
	x, y := sha256.Sum256(a), sha256.Sum256(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// Destroy makes the secret and all of its copies unset. It overwrites a slice of
// bytes, an array and a number with zeros, and lets go of all else: a string is
// gone when the garbage collector has freed it and something else has been written
// in its place, for Go lets nobody overwrite a string. What Expose has returned,
// and copies that were made on the way from the file to here, are not reached.
func (s Secret[T]) Destroy() { s.ask(destroy) }

// String returns [secret] or [unset].
func (s Secret[T]) String() string {
	if s.IsSet() {
		return tree.Redacted
	}
	return tree.Unset
}

// Format writes [secret] or [unset] for every verb and flag.
func (s Secret[T]) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.String()) // fmt.State never fails, and Format cannot say so
}

// GoString returns [secret] or [unset].
func (s Secret[T]) GoString() string { return s.String() }

// MarshalText returns [secret] or [unset], for XML among others.
func (s Secret[T]) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns "[secret]" or "[unset]".
func (s Secret[T]) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML returns [secret] or [unset], for the common YAML packages.
func (s Secret[T]) MarshalYAML() (any, error) { return s.String(), nil }

// boxed is implemented by a pointer to a Secret of any type.
type boxed interface {
	secretTypes() (self, elem reflect.Type)
	fill(v reflect.Value)
	exposed() reflect.Value
	IsSet() bool
}

// A secretAccess lets the binder read and fill a Secret.
type secretAccess struct{ boxed }

func (a secretAccess) Types() (self, elem reflect.Type) { return a.secretTypes() }

func (a secretAccess) Fill(v reflect.Value) { a.fill(v) }

func (a secretAccess) Exposed() reflect.Value { return a.exposed() }

// publicTypes lets the binder recognize the types of this package.
type publicTypes struct{}

func init() { plan.Root.Register(publicTypes{}) }

func (publicTypes) Secret(pointer any) plan.SecretValue {
	if b, ok := pointer.(boxed); ok {
		return secretAccess{b}
	}
	return nil
}

// secretTypes returns the type itself too, for a struct that embeds a Secret
// has these methods as well and is none.
func (s *Secret[T]) secretTypes() (self, elem reflect.Type) {
	return reflect.TypeFor[Secret[T]](), reflect.TypeFor[T]()
}

// fill is only called with a v of type T.
func (s *Secret[T]) fill(v reflect.Value) {
	var value T
	reflect.ValueOf(&value).Elem().Set(v)
	*s = NewSecret(value)
}

func (s *Secret[T]) exposed() reflect.Value {
	value := s.Expose()
	return reflect.ValueOf(&value).Elem()
}
