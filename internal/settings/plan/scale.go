package plan

import (
	"cmp"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// A scale compares values of one type with the bounds in tags: numbers by value, strings by their
// number of characters, lists and maps by their number of entries.
type scale struct {
	want string // the kind of bound that the type requires
	Unit string // unit of a length, "" for values
	// parse returns a bound, and false if text is not a bound.
	parse func(text string) (reflect.Value, bool)
	count func(v reflect.Value) int // nil for values
}

// bound returns a function that compares values with a bound, and false if the text is not
// a bound. comparable is false for NaN.
func (s *scale) bound(text string) (compare func(v reflect.Value) (order int, comparable bool), ok bool) {
	bound, ok := s.parse(text)
	return func(v reflect.Value) (int, bool) {
		if s.count != nil {
			v = reflect.ValueOf(s.count(v))
		}
		return compareValues(v, bound), !v.CanFloat() || !math.IsNaN(v.Float())
	}, ok
}

// above reports whether bound a is above bound b.
func (s *scale) above(a, b string) bool {
	x, ok := s.parse(a)
	y, _ := s.parse(b)
	return ok && compareValues(x, y) > 0
}

// compareValues compares two numbers or times of the same kind.
func compareValues(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	if t, ok := a.Interface().(time.Time); ok {
		return t.Compare(b.Interface().(time.Time))
	}
	return compareMathBig(Copy(a), Copy(b))
}

// say returns the requirement that a bound sets: "be at least 5".
func (s *scale) say(word, bound string) string {
	switch {
	case s.Unit == "":
		return "be " + word + bound
	case s.Unit == "entry" && bound == "1":
		return "have " + word + "1 entry"
	case s.Unit == "entry":
		return "have " + word + bound + " entries"
	case bound == "1":
		return "be " + word + "1 " + s.Unit + " long"
	}
	return "be " + word + bound + " " + s.Unit + "s long"
}

// counted returns the scale of values that have a length.
func counted(unit string, count func(reflect.Value) int) *scale {
	return &scale{want: "count", Unit: unit, count: count, parse: func(text string) (reflect.Value, bool) {
		n, err := strconv.Atoi(text)
		return reflect.ValueOf(n), err == nil && n >= 0
	}}
}

// ScaleOf returns the scale of a type, and nil for types without one.
func ScaleOf(p *Plan) *scale {
	switch {
	case p.Shape == ShapeList && p.Type.Kind() == reflect.Slice, p.Shape == ShapeMap:
		return counted("entry", reflect.Value.Len)
	case p.Shape != ShapeScalar:
		return nil
	}
	switch p.Type {
	case DurationType:
		return &scale{want: "duration", parse: func(text string) (reflect.Value, bool) {
			d, err := time.ParseDuration(text)
			return reflect.ValueOf(d), err == nil
		}}
	case TimeType:
		return &scale{want: "time", parse: func(text string) (reflect.Value, bool) {
			t, err := time.Parse(time.RFC3339, text)
			return reflect.ValueOf(t), err == nil
		}}
	}
	if MathBigName(p.Type) != "" {
		return mathBigScale(p)
	}
	switch v := reflect.Zero(p.Type); {
	case v.Kind() == reflect.String:
		return counted("character", func(v reflect.Value) int { return utf8.RuneCountInString(v.String()) })
	case v.Kind() == reflect.Slice: // of bytes
		return counted("byte", reflect.Value.Len)
	case v.CanInt():
		return &scale{want: "whole number", parse: func(text string) (reflect.Value, bool) {
			text, flaw := integerText(p.Type, "", text)
			if flaw != nil {
				return reflect.Value{}, false
			}
			n, err := strconv.ParseInt(text, 10, 64)
			return reflect.ValueOf(n), err == nil
		}}
	case v.CanUint():
		return &scale{want: "whole number from 0", parse: func(text string) (reflect.Value, bool) {
			text, flaw := integerText(p.Type, "", text)
			if flaw != nil {
				return reflect.Value{}, false
			}
			n, err := strconv.ParseUint(text, 10, 64)
			return reflect.ValueOf(n), err == nil
		}}
	case v.CanFloat():
		return &scale{want: "number", parse: func(text string) (reflect.Value, bool) {
			f, err := strconv.ParseFloat(text, 64)
			return reflect.ValueOf(f), err == nil
		}}
	}
	return nil
}
