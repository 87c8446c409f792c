// Package errchain walks the errors that an error wraps, as an error reporter does.
package errchain

import (
	"errors"
	"iter"
)

// All yields err, unless it is nil, and every error that it wraps.
func All(err error) iter.Seq[error] {
	return func(yield func(error) bool) { walk(err, yield) }
}

func walk(err error, yield func(error) bool) bool {
	if err == nil {
		return true
	}
	if !yield(err) {
		return false
	}
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return walk(errors.Unwrap(err), yield)
	}
	for _, e := range several.Unwrap() {
		if !walk(e, yield) {
			return false
		}
	}
	return true
}
