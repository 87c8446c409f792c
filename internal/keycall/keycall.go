// Package keycall asks a key service through a library that was written for
// programs: one that may ignore the context, panic, retry for minutes, and
// explain itself in paragraphs.
package keycall

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limit is how long a service may take to answer, logging in included, when the
// caller's context sets no earlier end.
const Limit = 30 * time.Second

// Do runs call and returns when it does, when the context ends, or after [Limit].
// A call that is left behind runs on until its library gives up; so it must
// touch nothing that the caller owns.
//
// The error is one line. It is neither what the library returned nor does it
// wrap that: see [Text]. describe may know better what an error of the library
// says; it returns "" for one that it does not know, and may be nil. quotable
// are secrets that the service is given: no error text holds one of them.
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
	done := make(chan outcome, 1) // nobody may be listening any more
	go func() {
		var o outcome
		defer func() {
			// A library that panics must not take the program with it.
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

// ended says why a context ended, nil if it did not.
func ended(ctx, limited context.Context) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case limited.Err() != nil:
		return fmt.Errorf("no answer within %v: %w", Limit, context.DeadlineExceeded)
	}
	return nil
}
