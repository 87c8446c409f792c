package plan

import (
	"encoding"
	"math/big"
	"reflect"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// The numbers of math/big are made by reflection and read by UnmarshalText: whoever
// has none in the settings should not link how they are parsed and printed.

// MathBigName returns Int, Float or Rat for a type of math/big, "" for others.
func MathBigName(t reflect.Type) string {
	if t.PkgPath() == "math/big" && reflect.PointerTo(t).Implements(TextUnmarshalerType) {
		return t.Name()
	}
	return ""
}

// mathBigDecoder takes texts too, for numbers that no file can have.
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
		if v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil { // quotes the text
			v.SetZero()
			return badText(want)
		}
		return nil
	}
}

// decimal takes leading zeros off, which to math/big mean octal.
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

// mathBigScale compares numbers behind pointers.
func mathBigScale(p *Plan) *scale {
	return &scale{want: "number", parse: func(text string) (reflect.Value, bool) {
		v := reflect.New(p.Type).Elem()
		return v, p.Decode(v, "", text) == nil
	}}
}

// compareMathBig asks interfaces, so that who has no such number does not link how they
// are compared.
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
