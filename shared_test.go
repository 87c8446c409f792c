package sealcfg_test

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

func TestShared(t *testing.T) {
	type key struct{ of string }
	type settings struct{ A, B, C string }
	var made, closed atomic.Int32
	s := newSafe()
	s.resolve = func(ctx context.Context, ref sealcfg.Reference) (string, error) {
		return sealcfg.Shared(ctx, key{ref.Query.Get("of")}, func(ctx context.Context) (string, error) {
			if made.Add(1) == 1 {
				return "", errors.New("not yet")
			}
			context.AfterFunc(ctx, func() { closed.Add(1) })
			return "made for " + ref.Name, nil
		})
	}
	_, _, err := loadWith[settings](t, s, "a: ref+safe://a\nb: ref+safe://b\nc: ref+safe://c?of=c")
	require.Contains(t, problemsOf(t, err)[0], "not yet")
	assert.EqualValues(t, 3, made.Load(), "what failed is tried again, and each key has its own")

	made.Store(1)
	closed.Store(0)
	v, _, err := loadWith[settings](t, s, "a: ref+safe://a\nb: ref+safe://b\nc: ref+safe://c?of=c")
	require.NoError(t, err)
	assert.Equal(t, &settings{"made for a", "made for a", "made for c"}, v)
	assert.EqualValues(t, 3, made.Load())
	assert.Eventually(t, func() bool { return closed.Load() == 2 }, 5*time.Second, time.Millisecond, "the load has ended")

	made.Store(1)
	for range 2 {
		_, err = s.Resolve(t.Context(), sealcfg.Reference{Name: "alone"})
		require.NoError(t, err)
	}
	assert.EqualValues(t, 3, made.Load(), "nothing is kept outside of a load")
}
