package sealcfg

import (
	"context"
	"sync"
)

// A share holds what the sources and resolvers of one load have in common.
type share struct {
	ctx context.Context // of the load

	mu   sync.Mutex
	held map[any]any

	within sync.Mutex      // of what is below
	load   context.Context // ends with the load, nil as long as nobody needs it
	cancel func()
	over   bool
}

type shareKey struct{}

// withShare returns a context for one load, and what tells the share its end.
func withShare(ctx context.Context) (load context.Context, end func()) {
	s := &share{}
	s.ctx = context.WithValue(ctx, shareKey{}, s)
	return s.ctx, s.end
}

// context returns a context that ends with the load. It is made when it is needed
// for the first time: few programs do, and others do not link how.
func (s *share) context() context.Context {
	s.within.Lock()
	defer s.within.Unlock()
	if s.load == nil {
		s.load, s.cancel = context.WithCancel(s.ctx)
		if s.over {
			s.cancel()
		}
	}
	return s.load
}

func (s *share) end() {
	s.within.Lock()
	defer s.within.Unlock()
	s.over = true
	if s.cancel != nil {
		s.cancel()
	}
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
	v, err := produce(s.context())
	if err == nil {
		if s.held == nil {
			s.held = make(map[any]any)
		}
		s.held[key] = v
	}
	return v, err
}
