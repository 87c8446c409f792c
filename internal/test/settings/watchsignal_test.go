//go:build unix

package settings_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

func TestWatchOnSignal(t *testing.T) {
	env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
	h, err := sealcfg.New[watchable](env.Options()...).Load(t.Context())
	require.NoError(t, err)
	env.Write(t, "prod", "a: 2\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes, ended := make(chan []string), make(chan error)
	go func() {
		ended <- h.Watch(ctx, func(changed []string, _ error) { changes <- changed },
			sealcfg.OnSignal(syscall.SIGHUP), sealcfg.PollInterval(time.Hour))
	}()
	next := func() []string {
		select {
		case changed := <-changes:
			return changed
		case <-time.After(time.Minute):
			t.Fatal("nothing was reloaded")
			return nil
		}
	}
	assert.Equal(t, []string{"a"}, next()) // Watch has begun, so it receives the signal
	env.Write(t, "prod", "a: 3\nb: 1\n")
	require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGHUP))
	assert.Equal(t, []string{"a", "b"}, next())
	assert.Equal(t, 3, h.Get().A)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}
