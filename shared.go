package sealcfg

import (
	"context"
	"sync"
)

// A share holds what the sources and resolvers of one load have in common.
type share struct {
	load context.Context

	mu   sync.Mutex
	held map[any]any
}

type shareKey struct{}

// withShare returns a context for one load, which ends with it.
func withShare(ctx context.Context) (load context.Context, end func()) {
	s := &share{held: make(map[any]any)}
	load, end = context.WithCancel(context.WithValue(ctx, shareKey{}, s))
	s.load = load
	return load, end
}

// Shared returns what a [Source] or [Resolver] needs more than once in a load and
// what costs something to make, such as a client. key is compared like that of
// [context.Context.Value]; errors are not kept. The context that produce gets ends
// with the load: [context.AfterFunc] closes there what has to be closed. Where ctx is
// not that of a load, produce is called each time, with ctx.
func Shared[T any](ctx context.Context, key any, produce func(context.Context) (T, error)) (T, error) {
	s, ok := ctx.Value(shareKey{}).(*share)
	if !ok {
		return produce(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.held[key].(T); ok {
		return v, nil
	}
	v, err := produce(s.load)
	if err == nil {
		s.held[key] = v
	}
	return v, err
}
