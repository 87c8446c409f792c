package crypto

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A Type is the type of an encrypted value, as written after "type:" in the file.
type Type string

// The types of the SOPS format.
const (
	Str     Type = "str"
	Int     Type = "int"
	Float   Type = "float"
	Bool    Type = "bool"
	Time    Type = "time"
	Comment Type = "comment"
)

// ErrBadValue is returned when a text is not a value of its type. The error contains no part of the
// text.
var ErrBadValue = errors.New("not a value of its type")

// Canonical returns the canonical text for type t, which the format stores: decimal integers,
// floats without exponent ('f', shortest), True and False, RFC 3339 times. It returns strings and
// comments unchanged.
//
// Encrypting any other text is unsafe: sops compares parsed values and would encrypt the canonical
// text under the old nonce.
func Canonical(t Type, text string) (string, error) {
	switch t {
	case Str, Comment:
		return text, nil
	case Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", badValue(t)
		}
		return strconv.FormatInt(n, 10), nil
	case Float:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "", badValue(t)
		}
		return FormatFloat(f), nil
	case Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return "", badValue(t)
		}
		return FormatBool(b), nil
	case Time:
		var v time.Time
		if err := v.UnmarshalText([]byte(text)); err != nil {
			return "", badValue(t)
		}
		return FormatTime(v)
	}
	return "", fmt.Errorf("unknown type %q", string(t))
}

func badValue(t Type) error { return fmt.Errorf("%w %s", ErrBadValue, t) }

// FormatFloat returns the canonical text of f.
func FormatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// FormatBool returns the canonical text of b: True or False.
func FormatBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// FormatTime returns the canonical text of t: RFC 3339 with as many fractional digits as necessary.
func FormatTime(t time.Time) (string, error) {
	b, err := t.MarshalText()
	if err != nil {
		return "", badValue(Time) // year outside 0..9999; the library's message would quote it
	}
	return string(b), nil
}
