// Package memo keeps the result of a call that is expensive, such as a prompt. The
// call is made once, and concurrent callers wait for its result.
package memo

import (
	"context"
	"sync"
)

// A Value is fetched on demand, at most once. The zero Value is empty and ready
// to use. A Value is safe for concurrent use.
type Value[T any] struct {
	init sync.Once
	slot chan struct{} // holds a token while a caller fetches the value
	done bool
	v    T
	err  error
}

// Get calls get once and keeps its result, also if that is an error. Concurrent
// callers wait for the result, but no longer than their own contexts last. If the
// context of a call to get has ended, its error is not kept, and the next caller
// calls get again.
func (m *Value[T]) Get(ctx context.Context, get func(context.Context) (T, error)) (T, error) {
	var none T
	m.init.Do(func() { m.slot = make(chan struct{}, 1) })
	select {
	case m.slot <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	defer func() { <-m.slot }()
	if m.done {
		return m.v, m.err
	}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	v, err := get(ctx)
	if err != nil && ctx.Err() != nil {
		return none, err
	}
	m.v, m.err, m.done = v, err, true
	return v, err
}

// Got returns the value if Get has fetched it without an error. Got does not wait.
func (m *Value[T]) Got() (T, bool) {
	var none T
	m.init.Do(func() { m.slot = make(chan struct{}, 1) })
	select {
	case m.slot <- struct{}{}:
		defer func() { <-m.slot }()
	default:
		return none, false
	}
	return m.v, m.done && m.err == nil
}
