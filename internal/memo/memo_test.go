package memo_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/memo"
)

func TestOnceForAll(t *testing.T) {
	var v memo.Value[int]
	_, ok := v.Got()
	assert.False(t, ok)
	calls := 0 // the race detector reports two concurrent calls
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			got, err := v.Get(t.Context(), func(context.Context) (int, error) { calls++; return 7, nil })
			assert.NoError(t, err)
			assert.Equal(t, 7, got)
		})
	}
	all.Wait()
	assert.Equal(t, 1, calls)
	got, ok := v.Got()
	assert.True(t, ok)
	assert.Equal(t, 7, got)
}

func TestFailureIsKept(t *testing.T) {
	var v memo.Value[int]
	wrong, calls := errors.New("wrong"), 0
	for range 3 {
		_, err := v.Get(t.Context(), func(context.Context) (int, error) { calls++; return 0, wrong })
		require.ErrorIs(t, err, wrong)
	}
	assert.Equal(t, 1, calls)
	_, ok := v.Got()
	assert.False(t, ok)
}

func TestInterruptionIsNotKept(t *testing.T) {
	var v memo.Value[int]
	ctx, cancel := context.WithCancel(t.Context())
	_, err := v.Get(ctx, func(ctx context.Context) (int, error) { cancel(); return 0, ctx.Err() })
	require.ErrorIs(t, err, context.Canceled)
	_, err = v.Get(ctx, func(context.Context) (int, error) { t.Error("asked with an ended context"); return 0, nil })
	require.ErrorIs(t, err, context.Canceled)
	got, err := v.Get(t.Context(), func(context.Context) (int, error) { return 3, nil })
	require.NoError(t, err)
	assert.Equal(t, 3, got)
}

func TestWhoWaitsMayLeave(t *testing.T) {
	var v memo.Value[int]
	inside, leave := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, err := v.Get(t.Context(), func(context.Context) (int, error) { close(inside); <-leave; return 1, nil })
		assert.NoError(t, err)
	})
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Get(ctx, func(context.Context) (int, error) { return 2, nil })
	require.ErrorIs(t, err, context.Canceled)
	_, ok := v.Got()
	assert.False(t, ok, "not yet")
	close(leave)
	all.Wait()
}
