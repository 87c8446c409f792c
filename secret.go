package sealcfg

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"

	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Secret holds a T that must not be shown. It prints as [secret], or as [unset] without a
// value, with every verb of fmt, with log/slog, and with encoders for JSON, YAML, XML and
// text. In an unexported field of a struct, fmt prints an address in its place.
// encoding/gob rejects it. [Load] fills a Secret[T] like a T. The zero value is unset and
// exposes the zero T.
//
// A Secret does not keep the value out of the memory of the process: see docs/security.md.
//
// Copies share one value. == and [reflect.DeepEqual] report whether two secrets are copies
// of each other; Equal reports whether they hold equal values.
//
// All methods except UnmarshalText and UnmarshalJSON are safe for concurrent use, as far as
// T is.
type Secret[T any] struct {
	// fmt and the diffs of test libraries walk unexported fields instead of calling their
	// methods, and the diffs follow pointers, too. Neither looks into a closure. The
	// pointer keeps Secret comparable, which a func is not.
	box *func(request) (T, bool)

	// An interface stores a struct of one pointer as that pointer. In spew v1.1.1, which
	// most programs use, this leads to method calls on garbage. A second field prevents it.
	_ uint8
}

// A request selects what the closure of a secret does.
type request uint8

const (
	expose request = iota + 1
	whether
	destroy
)

// held is the value that the closure of a secret shares.
type held[T any] struct {
	mu    sync.Mutex
	value T
	gone  bool
}

// NewSecret returns a secret that holds v. It does not copy what v refers to. If v is a
// slice of bytes, Destroy overwrites the bytes.
func NewSecret[T any](v T) Secret[T] {
	box := (&held[T]{value: v}).ask
	return Secret[T]{box: &box}
}

// ask is the closure of a secret.
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

// bytesOf returns the value that v points to, and whether it is a slice of bytes.
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

// Expose returns the value, or the zero T if there is none. A slice of bytes is a copy,
// which Destroy does not overwrite. Any other slice, map or pointer is shared with the
// secret.
func (s Secret[T]) Expose() T {
	value, _ := s.ask(expose)
	return value
}

// IsSet reports whether the secret holds a value, which can be an empty one. The zero
// Secret and a destroyed one hold none.
func (s Secret[T]) IsSet() bool {
	_, set := s.ask(whether)
	return set
}

// Equal reports whether two secrets hold equal values. An unset secret equals only another
// unset secret, so it is safe to check a token from a request:
//
//	token.Equal(sealcfg.NewSecret(given))
//
// returns false if token is unset. For strings and slices of bytes, the time depends only
// on the lengths, not on the position of a difference. Other types are compared as by
// [reflect.DeepEqual], and the time depends on the values.
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

// sameBytes compares digests, because ConstantTimeCompare returns early if the lengths
// differ.
func sameBytes(a, b []byte) bool {
	x, y := sha256.Sum256(a), sha256.Sum256(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// Destroy makes the secret and all of its copies unset. It overwrites a slice of bytes, an
// array and a number with zeros. For other types, it only drops the reference: Go strings
// cannot be overwritten, so a string stays in memory until the garbage collector frees it
// and the memory is reused. Destroy does not reach values that Expose returned, or copies
// that were made while the file was loaded.
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
	_, _ = io.WriteString(f, s.String()) // fmt.State never fails
}

// GoString returns [secret] or [unset].
func (s Secret[T]) GoString() string { return s.String() }

// MarshalText returns [secret] or [unset], for example for XML.
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

// secretTypes returns the type itself as well, because a struct that embeds a Secret has
// these methods, too, but is not a Secret.
func (s *Secret[T]) secretTypes() (self, elem reflect.Type) {
	return reflect.TypeFor[Secret[T]](), reflect.TypeFor[T]()
}

// fill sets the value. v must be of type T.
func (s *Secret[T]) fill(v reflect.Value) {
	var value T
	reflect.ValueOf(&value).Elem().Set(v)
	*s = NewSecret(value)
}

func (s *Secret[T]) exposed() reflect.Value {
	value := s.Expose()
	return reflect.ValueOf(&value).Elem()
}

// errPlaceholder is returned when the input is the text that a Secret prints: someone
// copied printed settings.
var errPlaceholder = errors.New("read a secret: the value is a placeholder such as [secret]")

// UnmarshalText reads text as [Load] reads a variable of the process environment. Other
// libraries use it to decode variables, flags (flag.TextVar) and files. It rejects the text
// that a Secret prints. Errors contain no value.
func (s *Secret[T]) UnmarshalText(text []byte) error {
	v := reflect.New(reflect.TypeFor[T]()).Elem()
	if err := bindText(v, string(text)); err != nil {
		return err
	}
	s.fill(v)
	return nil
}

func bindText(v reflect.Value, text string) error {
	if text == tree.Redacted || text == tree.Unset {
		return errPlaceholder
	}
	p, err := bind.PlanFor(v.Type())
	if err != nil {
		return fmt.Errorf("read a secret: %w", err)
	}
	var b bind.Binder
	b.Bind(p, v, plan.FromText(p, text, Origin{}), &tree.FieldPath{})
	if problems := b.All(); len(problems) > 0 {
		return fmt.Errorf("read a secret: %s", problemOf(problems[0]).text())
	}
	return nil
}

// UnmarshalJSON reads the JSON of a T, as encoding/json does. It ignores null and rejects
// the text that a Secret prints. Errors contain no value.
func (s *Secret[T]) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "null":
		return nil
	case `"` + tree.Redacted + `"`, `"` + tree.Unset + `"`:
		return errPlaceholder
	}
	var v T
	if json.Unmarshal(data, &v) != nil { // its error quotes numbers
		return fmt.Errorf("read a secret: expected JSON for %s", plan.TypeName(reflect.TypeFor[T]()))
	}
	*s = NewSecret(v)
	return nil
}
