package plan

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"time"
)

// KeyText returns the text of a map key in a file.
func KeyText(k reflect.Value) string {
	if m, ok := k.Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	if k.Kind() == reflect.String { // its String method may return another text
		return k.String()
	}
	return fmt.Sprint(k.Interface())
}

// Equal reports whether two scalars are equal.
func Equal(a, b reflect.Value) bool {
	x, y := a.Interface(), b.Interface()
	if t, ok := x.(time.Time); ok {
		u, ok := y.(time.Time)
		return ok && t.Equal(u)
	}
	if a.CanFloat() && math.IsNaN(a.Float()) { // NaN equals NaN, so that .nan in a file does not count as changed at each load
		return math.IsNaN(b.Float())
	}
	return reflect.DeepEqual(x, y)
}

// Copy returns a pointer to a copy of v, for methods with a pointer receiver.
func Copy(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c
}
