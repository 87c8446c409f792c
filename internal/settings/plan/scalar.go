package plan

import (
	"encoding"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A decoder sets v to a scalar. typ is "" if text is not parsed yet.
type decoder func(v reflect.Value, typ crypto.Type, text string) *tree.Flaw

var (
	DurationType        = reflect.TypeFor[time.Duration]()
	TimeType            = reflect.TypeFor[time.Time]()
	LocationType        = reflect.TypeFor[*time.Location]()
	TextUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// decoderOf returns the decoder of a type, and nil if the type is not a scalar.
func decoderOf(t reflect.Type) decoder {
	switch {
	case t == DurationType:
		return decodeDuration
	case t == TimeType:
		return decodeTime
	}
	if d := StdDecoder(t); d != nil {
		return d
	}
	if name := MathBigName(t); name != "" {
		return mathBigDecoder(name)
	}
	switch {
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(TextUnmarshalerType) && !embedsSecret(t):
		return decodeUnmarshaler
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return decodeBytes
	}
	switch t.Kind() {
	case reflect.String:
		return decodeString
	case reflect.Bool:
		return decodeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return decodeUint
	case reflect.Float32, reflect.Float64:
		return decodeFloat
	case reflect.Complex64, reflect.Complex128:
		return decodeComplex
	}
	return nil
}

// keyDecoderOf returns the decoder for the keys of a map, and nil for types that cannot be keys.
func keyDecoderOf(t reflect.Type) decoder {
	if embedsSecret(t) { // keys are public: files and errors show them
		return nil
	}
	if t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(TextUnmarshalerType) {
		return decodeUnmarshaler
	}
	switch t.Kind() {
	case reflect.String:
		return decodeString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return decodeUint
	}
	return nil
}

// wrongType returns the flaw of a value that has the wrong type in its file. advice may be "".
func wrongType(want string, typ crypto.Type, advice string) *tree.Flaw {
	return &tree.Flaw{Kind: tree.KindType, Reason: "expected " + want, Got: (&tree.Node{Kind: tree.NodeScalar, Type: typ}).What(), Hint: advice}
}

func badText(want string) *tree.Flaw {
	return &tree.Flaw{Kind: tree.KindFormat, Reason: "expected " + want}
}

const quoteIt = "add quotes if it is a string"

func decodeString(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if typ != "" && typ != crypto.Str {
		return wrongType(v.Type().String(), typ, quoteIt)
	}
	v.SetString(text)
	return nil
}

func decodeBytes(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if typ != "" && typ != crypto.Str {
		return wrongType("a string", typ, quoteIt)
	}
	v.SetBytes([]byte(text))
	return nil
}

func decodeBool(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	switch typ {
	case "", crypto.Bool:
	case crypto.Str:
		return wrongType(v.Type().String(), typ, "write true or false without quotes (yes, no, on and off are strings)")
	default:
		return wrongType(v.Type().String(), typ, "write true or false")
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return badText("true or false")
	}
	v.SetBool(b)
	return nil
}

func decodeInt(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if flaw := wantNumber(v.Type(), typ, crypto.Int); flaw != nil {
		return flaw
	}
	text, flaw := integerText(v.Type(), typ, text)
	if flaw != nil {
		return flaw
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && v.OverflowInt(n):
		limit := int64(1) << (v.Type().Bits() - 1) // 64 bits overflow here, but -limit and limit-1 are still correct
		return outOfRange(v.Type(), fmt.Sprintf("%d to %d", -limit, limit-1))
	case err != nil:
		return badText(v.Type().String())
	}
	v.SetInt(n)
	return nil
}

func decodeUint(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if flaw := wantNumber(v.Type(), typ, crypto.Int); flaw != nil {
		return flaw
	}
	text, flaw := integerText(v.Type(), typ, text)
	if flaw != nil {
		return flaw
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		if _, signed := strconv.ParseInt(text, 10, 64); signed != nil && !errors.Is(signed, strconv.ErrRange) {
			return badText(v.Type().String())
		}
	}
	if err != nil || v.OverflowUint(n) { // the error means below zero or above 64 bits
		return outOfRange(v.Type(), fmt.Sprintf("0 to %d", ^uint64(0)>>(64-v.Type().Bits())))
	}
	v.SetUint(n)
	return nil
}

func decodeFloat(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if flaw := wantNumber(v.Type(), typ, crypto.Int, crypto.Float); flaw != nil {
		return flaw
	}
	text, flaw := integerText(v.Type(), typ, text)
	if flaw != nil {
		return flaw
	}
	f, err := strconv.ParseFloat(text, v.Type().Bits())
	switch {
	case errors.Is(err, strconv.ErrRange):
		return outOfRange(v.Type(), "")
	case err != nil:
		return badText(v.Type().String())
	}
	v.SetFloat(f)
	return nil
}

var fileModeType = reflect.TypeFor[fs.FileMode]()

// integerText returns a number without a leading zero. In an unparsed value, such as a variable or
// a default, 0640 is octal for a file mode. For other types it is a flaw, because YAML reads it as
// octal and most programs as decimal.
func integerText(t reflect.Type, typ crypto.Type, text string) (string, *tree.Flaw) {
	digits := strings.TrimLeft(text, "+-")
	if typ != "" || len(digits) < 2 || digits[0] != '0' {
		return text, nil
	}
	octal, err := strconv.ParseUint(digits, 8, 64)
	if t == fileModeType && digits == text {
		if err != nil {
			octal, err = strconv.ParseUint(strings.TrimPrefix(digits, "0o"), 8, 64)
		}
		if err != nil {
			return "", badText("a file mode in octal digits")
		}
		return strconv.FormatUint(octal, 10), nil
	}
	if decimal, notDecimal := strconv.ParseUint(digits, 10, 64); err == nil && notDecimal == nil && decimal != octal {
		return "", &tree.Flaw{Kind: tree.KindFormat, Reason: "expected " + t.String() + ", got a leading zero, which some programs read as octal",
			Hint: "write the number in decimal, without the zero"}
	}
	return text, nil
}

func wantNumber(t reflect.Type, typ crypto.Type, allowed ...crypto.Type) *tree.Flaw {
	if typ == "" {
		return nil
	}
	for _, a := range allowed {
		if typ == a {
			return nil
		}
	}
	if typ == crypto.Str {
		return wrongType(t.String(), typ, "remove the quotes")
	}
	if typ == crypto.Float {
		return wrongType(t.String(), typ, "write a whole number; sops set stores every number as a float")
	}
	return wrongType(t.String(), typ, "")
}

func outOfRange(t reflect.Type, limits string) *tree.Flaw {
	reason := "out of range for " + t.String()
	if limits != "" {
		reason += " (" + limits + ")"
	}
	return &tree.Flaw{Kind: tree.KindRange, Reason: reason}
}

func decodeDuration(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if typ != "" && typ != crypto.Str {
		return wrongType("a duration", typ, "write it with its unit, such as 5s or 1h30m")
	}
	d, err := time.ParseDuration(text)
	if err != nil { // the library's error quotes the text
		return badText("a duration such as 5s or 1h30m")
	}
	v.SetInt(int64(d))
	return nil
}

func decodeTime(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if typ != "" && typ != crypto.Str && typ != crypto.Time {
		return wrongType("a time", typ, "write it as 2006-01-02T15:04:05Z")
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil { // the library's error quotes the text
		return badText("a time such as 2006-01-02T15:04:05Z")
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

// decodeUnmarshaler accepts only strings. An int or a date in a file has lost its original form, so
// UnmarshalText would receive a different text from the one in the file.
func decodeUnmarshaler(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if typ != "" && typ != crypto.Str {
		return wrongType("a string for "+v.Type().String(), typ, "add quotes")
	}
	err, panicked := recovered("UnmarshalText of "+v.Type().String(), func() error {
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	})
	if panicked != nil {
		return &tree.Flaw{Kind: tree.KindInvalid, Reason: panicked.Error()}
	}
	if err != nil {
		f := badText(v.Type().String())
		f.Cause = tree.UnquotedError(err, text)
		return f
	}
	return nil
}
