package crypto

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A Type is the kind of a sealed value, as it stands behind "type:" in the file.
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

// ErrBadValue says that a text is not a value of its type. It carries no part of the text.
var ErrBadValue = errors.New("not a value of its type")

// Canonical returns the one spelling of text that the format stores for type t:
// decimal integers, floats without exponent ('f', shortest), True and False,
// RFC 3339 times. Strings and comments are returned as they are.
//
// Sealing anything but the canonical spelling is unsafe: sops compares parsed
// values and would seal the canonical spelling under the old nonce.
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

// FormatFloat spells f as the format stores it.
func FormatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// FormatBool spells b as the format stores it: True or False.
func FormatBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// FormatTime spells t as the format stores it: RFC 3339 with as many digits of
// a second as needed.
func FormatTime(t time.Time) (string, error) {
	b, err := t.MarshalText()
	if err != nil {
		return "", badValue(Time) // year outside 0..9999; the library's text would quote it
	}
	return string(b), nil
}
