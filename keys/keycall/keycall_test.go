package keycall_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys/keycall"
)

func TestDoReturnsWhatTheCallReturns(t *testing.T) {
	got, err := keycall.Do(t.Context(), nil, nil, func(context.Context) (string, error) { return "answer", nil })
	require.NoError(t, err)
	assert.Equal(t, "answer", got)

	refused := errors.New("first line\n-----\n  second line")
	_, err = keycall.Do(t.Context(), nil, nil, func(context.Context) (string, error) { return "half", refused })
	require.EqualError(t, err, "first line second line")
	require.NotErrorIs(t, err, refused, "what wraps an error can be unwrapped and printed")
}

func TestDoSurvivesAPanic(t *testing.T) {
	_, err := keycall.Do(t.Context(), nil, nil, func(context.Context) (string, error) { panic(errors.New("no project")) })
	require.EqualError(t, err, "no project")
}

// A library that looks at no context, as some do.
func deaf(context.Context) (string, error) {
	time.Sleep(time.Hour)
	return "late", nil
}

func TestDoLeavesACallBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := keycall.Do(t.Context(), nil, nil, deaf)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "no answer within 30s: context deadline exceeded")
		assert.Equal(t, keycall.Limit, time.Since(begin))
		time.Sleep(2 * time.Hour) // the abandoned call ends, and no code waits for it
	})
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		stop := errors.New("the user pressed Ctrl-C")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		_, err := keycall.Do(ctx, nil, nil, deaf)
		require.ErrorIs(t, err, stop)
		assert.Equal(t, time.Second, time.Since(begin))
		time.Sleep(2 * time.Hour)
	})
}

func TestDoAsksNobodyOnceTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	asked := false
	_, err := keycall.Do(ctx, nil, nil, func(context.Context) (string, error) { asked = true; return "", nil })
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, asked)
}

// A library may return its own error for "deadline exceeded". Do returns the error
// of the context.
func TestDoNamesTheEndOfTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := keycall.Do(ctx, nil, nil, func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", errors.New("rpc error: code = DeadlineExceeded")
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestText(t *testing.T) {
	assert.Equal(t, "a b", keycall.Text(errors.New("a\r\n=====\n\tb\x1b"), nil, nil))
	refused := func(error) string { return "403 Forbidden:\nno" }
	assert.Equal(t, "403 Forbidden: no", keycall.Text(errors.New("paragraphs"), refused, nil))
	unknown := func(error) string { return "" }
	assert.Equal(t, "paragraphs", keycall.Text(errors.New("paragraphs"), unknown, nil))
}

func TestTextQuotesNoSecret(t *testing.T) {
	secret := []byte("canary\xfb\xff of thirty-two bytes.....")
	known := func(error) string { return "refused" }
	for _, form := range []string{
		string(secret), hex.EncodeToString(secret),
		base64.StdEncoding.EncodeToString(secret), base64.URLEncoding.EncodeToString(secret),
	} {
		err := fmt.Errorf("cannot encrypt %s with this key", form)
		got := keycall.Text(err, nil, [][]byte{[]byte("another"), secret})
		assert.Equal(t, "failed; the response is not shown, because it contains the key", got)
		assert.Equal(t, got, keycall.Text(err, known, [][]byte{secret}))
		assert.Equal(t, "refused", keycall.Text(err, known, [][]byte{nil, []byte("another")}))
	}
}
