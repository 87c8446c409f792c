package settings_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// sourceFunc is a source that a function implements.
type sourceFunc func(context.Context, *sealcfg.Reading) error

func (sourceFunc) Name() string { return "func" }

func (f sourceFunc) Read(ctx context.Context, r *sealcfg.Reading) error { return f(ctx, r) }

func TestShared(t *testing.T) {
	type key struct{ of string }
	var made, closed atomic.Int32
	shared := func(ctx context.Context, of string) (string, error) {
		return sealcfg.Shared(ctx, key{of}, func(ctx context.Context) (string, error) {
			if made.Add(1) == 1 {
				return "", errors.New("not yet")
			}
			context.AfterFunc(ctx, func() { closed.Add(1) })
			return "made for " + of, nil
		})
	}
	s := newSafe()
	s.resolve = func(ctx context.Context, ref sealcfg.Reference) (string, error) {
		return shared(ctx, ref.Query.Get("of"))
	}
	source := sourceFunc(func(ctx context.Context, _ *sealcfg.Reading) error {
		_, err := shared(ctx, "a")
		assert.EqualError(t, err, "not yet")
		for range 2 {
			got, err := shared(ctx, "a")
			assert.NoError(t, err)
			assert.Equal(t, "made for a", got)
		}
		assert.EqualValues(t, 2, made.Load(), "what failed is tried again, what did not is kept")
		return nil
	})
	type settings struct{ A, B, C string }
	v, err := sealcfg.Load[settings](t.Context(), append(options(t, files(t, "prod", "a: ref+safe://a?of=a\nb: ref+safe://b?of=a\nc: ref+safe://c?of=c")),
		sealcfg.WithResolver(s), sealcfg.WithSource(source))...)
	require.NoError(t, err)
	assert.Equal(t, &settings{"made for a", "made for a", "made for c"}, v)
	assert.EqualValues(t, 3, made.Load(), "each key has its own")
	assert.Eventually(t, func() bool { return closed.Load() == 2 }, 5*time.Second, time.Millisecond, "the load has ended")

	for range 2 {
		_, err = shared(t.Context(), "a")
		require.NoError(t, err)
	}
	assert.EqualValues(t, 5, made.Load(), "nothing is kept outside of a load")
}
