package plan

import (
	"encoding"
	"math/big"
	"reflect"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// Numbers of math/big are created by reflection and parsed by UnmarshalText, so that programs
// without such settings do not link the code that parses and prints them.

// MathBigName returns Int, Float or Rat for a type of math/big, and "" for other types.
func MathBigName(t reflect.Type) string {
	if t.PkgPath() == "math/big" && reflect.PointerTo(t).Implements(TextUnmarshalerType) {
		return t.Name()
	}
	return ""
}

// mathBigDecoder returns the decoder of a math/big type. It also accepts strings, because a file
// cannot hold every number as a number.
func mathBigDecoder(name string) decoder {
	want, allowed := "a number", []crypto.Type{crypto.Int, crypto.Str, crypto.Float}
	switch name {
	case "Int":
		want, allowed = "a whole number", allowed[:2]
	case "Rat":
		want = "a number or a fraction such as 3/4"
	}
	return func(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
		if flaw := wantNumber(v.Type(), typ, allowed...); flaw != nil {
			if name == "Int" {
				flaw.Hint = "add quotes if it needs more than 64 bits"
			}
			return flaw
		}
		text, flaw := integerText(v.Type(), typ, text)
		if flaw != nil {
			return flaw
		}
		if name == "Int" {
			var ok bool
			if text, ok = decimal(text); !ok {
				return badText(want)
			}
		}
		if v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil { // the error quotes the text
			v.SetZero()
			return badText(want)
		}
		return nil
	}
}

// decimal removes leading zeros, which mean octal to math/big. It returns false if text is not a
// decimal integer.
func decimal(text string) (string, bool) {
	digits := strings.TrimLeft(text, "+-")
	sign := text[:len(text)-len(digits)]
	if digits == "" || len(sign) > 1 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		digits = "0"
	}
	return sign + digits, true
}

// mathBigScale returns the scale of a math/big type.
func mathBigScale(p *Plan) *scale {
	return &scale{want: "number", parse: func(text string) (reflect.Value, bool) {
		v := reflect.New(p.Type).Elem()
		return v, p.Decode(v, "", text) == nil
	}}
}

// compareMathBig compares two pointers to math/big numbers. It uses interfaces, so that programs
// without such settings do not link the Cmp methods.
func compareMathBig(a, b reflect.Value) int {
	switch a := a.Interface().(type) {
	case interface{ Cmp(*big.Int) int }:
		return a.Cmp(b.Interface().(*big.Int))
	case interface{ Cmp(*big.Float) int }:
		return a.Cmp(b.Interface().(*big.Float))
	case interface{ Cmp(*big.Rat) int }:
		return a.Cmp(b.Interface().(*big.Rat))
	}
	return 0
}
