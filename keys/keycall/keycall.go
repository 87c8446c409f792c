// Package keycall is for authors of key providers and secret managers. It calls a
// service through a library that may ignore the context, panic, retry for minutes,
// and return errors of several paragraphs, and it shortens such errors to one line.
package keycall

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limit is the maximum time for the answer of a service, including the login,
// unless the caller's context ends earlier.
const Limit = 30 * time.Second

// Do runs call and returns when it does, when the context ends, or after [Limit].
// An abandoned call runs on until its library gives up, so it must not touch data
// that the caller owns.
//
// The error is one line. It is not the error of the library and does not wrap it:
// see [Text]. describe may be nil. It returns a better description of an error of
// the library, or "" for an unknown error. quotable are secrets that the service
// receives: no error contains one of them.
func Do[T any](ctx context.Context, describe func(error) string, quotable [][]byte, call func(context.Context) (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1) // the caller may have returned
	go func() {
		var o outcome
		defer func() {
			// A panic of the library must not end the program.
			if p := recover(); p != nil {
				o.err = fmt.Errorf("%v", p)
			}
			done <- o
		}()
		o.value, o.err = call(limited)
	}()
	select {
	case o := <-done:
		if o.err == nil {
			return o.value, nil
		}
		if err := ended(ctx, limited); err != nil {
			return none, err
		}
		return none, errors.New(Text(o.err, describe, quotable))
	case <-limited.Done():
		return none, ended(ctx, limited)
	}
}

// ended returns the reason why a context ended, or nil if it has not ended.
func ended(ctx, limited context.Context) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case limited.Err() != nil:
		return fmt.Errorf("no answer within %v: %w", Limit, context.DeadlineExceeded)
	}
	return nil
}
