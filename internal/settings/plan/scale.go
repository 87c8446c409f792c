package plan

import (
	"cmp"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// A scale compares values of one type with the bounds of tags: numbers by value,
// texts by their runes, lists and maps by their entries.
type scale struct {
	want string // what a bound has to be
	Unit string // what is counted, "" for values
	// bound returns how a value compares with a bound; comparable is false for
	// NaN. ok is false for a text that is no bound.
	bound func(text string) (compare func(v reflect.Value) (order int, comparable bool), ok bool)
	above func(a, b string) bool // of two bounds
}

// say says what a value must be.
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

// newScale makes a scale on which of places values, parse bounds, and compare both.
func newScale[N any](want, unit string, parse func(string) (N, bool), of func(reflect.Value) N, compare func(a, b N) int) *scale {
	return &scale{
		want: want, Unit: unit,
		bound: func(text string) (func(reflect.Value) (int, bool), bool) {
			bound, ok := parse(text)
			return func(v reflect.Value) (int, bool) {
				comparable := !v.CanFloat() || !math.IsNaN(v.Float())
				return compare(of(v), bound), comparable
			}, ok
		},
		above: func(a, b string) bool {
			x, _ := parse(a)
			y, _ := parse(b)
			return compare(x, y) > 0
		},
	}
}

// counted is the scale of what has a length.
func counted(unit string, of func(reflect.Value) int) *scale {
	parse := func(text string) (int, bool) {
		n, err := strconv.Atoi(text)
		return n, err == nil && n >= 0
	}
	return newScale("count", unit, parse, of, cmp.Compare[int])
}

// ScaleOf returns nil for types that have none.
func ScaleOf(p *Plan) *scale {
	switch {
	case p.Shape == ShapeList && p.Type.Kind() == reflect.Slice, p.Shape == ShapeMap:
		return counted("entry", reflect.Value.Len)
	case p.Shape != ShapeScalar:
		return nil
	}
	switch p.Type {
	case DurationType:
		parse := func(text string) (time.Duration, bool) { d, err := time.ParseDuration(text); return d, err == nil }
		return newScale("duration", "", parse, func(v reflect.Value) time.Duration { return time.Duration(v.Int()) }, cmp.Compare[time.Duration])
	case TimeType:
		parse := func(text string) (time.Time, bool) { t, err := time.Parse(time.RFC3339, text); return t, err == nil }
		return newScale("time", "", parse, func(v reflect.Value) time.Time { return v.Interface().(time.Time) }, time.Time.Compare)
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
		parse := func(text string) (int64, bool) {
			text, flaw := integerText(p.Type, "", text)
			if flaw != nil {
				return 0, false
			}
			n, err := strconv.ParseInt(text, 10, 64)
			return n, err == nil
		}
		return newScale("whole number", "", parse, reflect.Value.Int, cmp.Compare[int64])
	case v.CanUint():
		parse := func(text string) (uint64, bool) {
			text, flaw := integerText(p.Type, "", text)
			if flaw != nil {
				return 0, false
			}
			n, err := strconv.ParseUint(text, 10, 64)
			return n, err == nil
		}
		return newScale("whole number from 0", "", parse, reflect.Value.Uint, cmp.Compare[uint64])
	case v.CanFloat():
		parse := func(text string) (float64, bool) { f, err := strconv.ParseFloat(text, 64); return f, err == nil }
		return newScale("number", "", parse, reflect.Value.Float, cmp.Compare[float64])
	}
	return nil
}
