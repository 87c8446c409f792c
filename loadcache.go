package sealcfg

import (
	"context"
	"sync"
)

// A share holds the values that [Shared] returns in one load.
type share struct {
	ctx context.Context // of the load

	mu   sync.Mutex
	held map[any]any

	within sync.Mutex      // guards the fields below
	load   context.Context // ends with the load; nil until context is called
	cancel func()
	over   bool // whether the load has ended
}

type shareKey struct{}

// withShare returns the context of one load, and a function to call when the load ends.
func withShare(ctx context.Context) (load context.Context, end func()) {
	s := &share{}
	s.ctx = context.WithValue(ctx, shareKey{}, s)
	return s.ctx, s.end
}

// context returns a context that ends with the load. It creates the context on the first
// call, so that programs without Shared do not link the code for it.
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

// end ends the context.
func (s *share) end() {
	s.within.Lock()
	defer s.within.Unlock()
	s.over = true
	if s.cancel != nil {
		s.cancel()
	}
}

// Shared returns a value that a [Source] or [Resolver] needs several times in a load and
// that is expensive to create, such as a client. The first call with a key calls produce;
// later calls of the same load return the same value. Errors are not kept. Keys are
// compared as in [context.Context.Value]. The context that produce receives ends with the
// load; use [context.AfterFunc] to close the value. If ctx does not belong to a load, each
// call of Shared calls produce with ctx.
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
