// Package once holds a value that costs something to get, such as an answer of a
// person: it is got once, and everybody else waits for it.
package once

import (
	"context"
	"sync"
)

// A Value is got on demand, at most once. The zero value has not been got yet;
// it is safe for concurrent use.
type Value[T any] struct {
	init sync.Once
	slot chan struct{} // holds a token while somebody gets the value
	done bool
	v    T
	err  error
}

// Get returns what get returned when it was called first, an error included. Who
// comes meanwhile waits, no longer than its own context. What get returned after
// its context had ended is not kept: that was nobody's answer.
func (o *Value[T]) Get(ctx context.Context, get func(context.Context) (T, error)) (T, error) {
	var none T
	o.init.Do(func() { o.slot = make(chan struct{}, 1) })
	select {
	case o.slot <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	defer func() { <-o.slot }()
	if o.done {
		return o.v, o.err
	}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	v, err := get(ctx)
	if err != nil && ctx.Err() != nil {
		return none, err
	}
	o.v, o.err, o.done = v, err, true
	return v, err
}

// Got returns the value if it has been got without an error. It does not wait.
func (o *Value[T]) Got() (T, bool) {
	var none T
	o.init.Do(func() { o.slot = make(chan struct{}, 1) })
	select {
	case o.slot <- struct{}{}:
		defer func() { <-o.slot }()
	default:
		return none, false
	}
	return o.v, o.done && o.err == nil
}
