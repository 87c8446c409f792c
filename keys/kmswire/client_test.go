package kmswire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keystest"
)

const patient = time.Minute

var dataKey = []byte("0123456789abcdef0123456789abcdef")

// A key service of the helper passes the test suite for key providers.
func TestServicePassesTheSuite(t *testing.T) {
	h, log := startAs(t, "good", patient)
	keystest.Test(t, keystest.Setup{
		Provider: keys.ServiceProvider(h.Service("kms")),
		Key: &keys.Stanza{Type: "kms", Fields: []keys.Field{
			{Name: "arn", Value: "arn:aws:kms:eu-west-1:111122223333:key/demo"}, {Name: "aws_profile", Value: ""},
		}},
	})
	assert.Equal(t, 1, strings.Count(log(), "started"))
}

func TestOneProcessForAll(t *testing.T) {
	h, log := startAs(t, "good", patient)
	assert.Empty(t, log(), "not started before the first request")
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			typ := []string{"kms", "hc_vault"}[i%2]
			k := key(fmt.Sprintf("key-%d", i))
			if typ == "hc_vault" {
				k = &keys.Stanza{Type: typ, Fields: []keys.Field{{Name: "vault_address", Value: k.Field("arn")}}}
			}
			s, err := h.Service(typ).Wrap(t.Context(), k, dataKey)
			if !assert.NoError(t, err) {
				return
			}
			assert.Equal(t, k.Fields, s.Fields)
			got, err := h.Service(typ).Unwrap(t.Context(), s)
			assert.NoError(t, err)
			assert.Equal(t, dataKey, got)
		})
	}
	all.Wait()
	h.Close()
	assert.Equal(t, 1, strings.Count(log(), "started"))
	assert.Equal(t, 40, strings.Count(log(), "unwrap"))
	assert.Contains(t, log(), "ended", "Close waits until the helper has ended")
	_, err := h.Service("kms").Wrap(t.Context(), key("x"), dataKey)
	require.ErrorIs(t, err, errClosed)
}

func TestClosedHelperIsNotStarted(t *testing.T) {
	h, log := startAs(t, "good", patient)
	h.Close()
	_, err := h.Service("kms").Unwrap(t.Context(), key("x"))
	require.ErrorIs(t, err, errClosed)
	assert.Empty(t, log())
}

// The error of a key service arrives unchanged, with its kind.
func TestServiceErrors(t *testing.T) {
	h, _ := startAs(t, "good", patient)
	s, err := h.Service("kms").Wrap(t.Context(), key("denied"), dataKey)
	require.NoError(t, err)
	_, err = h.Service("kms").Unwrap(t.Context(), s)
	var service *ServiceError
	require.ErrorAs(t, err, &service)
	assert.Equal(t, ServiceError{Type: "kms", Op: OpUnwrap, Kind: Failed, Text: "the login was refused"}, *service)

	_, err = h.Service("kms").Wrap(t.Context(), key("crashes"), dataKey)
	require.ErrorAs(t, err, &service)
	assert.Equal(t, "the library of the key service crashed", service.Text, "without the value of the panic")

	_, err = h.Service("pgp").Wrap(t.Context(), &keys.Stanza{Type: "pgp"}, dataKey)
	require.ErrorAs(t, err, &service)
	assert.Equal(t, Unsupported, service.Kind)
	assert.Contains(t, service.Text, "does not support gpg")

	s.Wrapped = strings.Repeat("x", MaxLine)
	_, err = h.Service("kms").Unwrap(t.Context(), s)
	require.ErrorAs(t, err, &service)
	assert.Contains(t, service.Text, "line longer than")
	_, err = h.Service("kms").Wrap(t.Context(), key("after that"), dataKey)
	require.NoError(t, err, "the helper has received no part of it")
}

func TestHelperFails(t *testing.T) {
	as := func(target any) func(error) bool { return func(err error) bool { return errors.As(err, target) } }
	const notAMessage = "violated the protocol: not a message of the protocol"
	for role, c := range map[string]struct {
		is   func(error) bool
		text string
	}{
		"other version":       {as(new(*VersionError)), "uses version 2 of the protocol, sealcfg uses version 1"},
		"dies":                {as(new(*EndedError)), "failed: exit status 7"},
		"dies after hello":    {as(new(*EndedError)), "failed: exit status 7"},
		"garbage":             {as(new(*BrokenError)), notAMessage},
		"garbage after hello": {as(new(*BrokenError)), notAMessage},
		"wrong id":            {as(new(*BrokenError)), "the response has an unknown id"},
		"other answer":        {as(new(*BrokenError)), "the response does not fit the request"},
		"huge line":           {as(new(*BrokenError)), "line longer than 1048576 bytes"},
	} {
		t.Run(role, func(t *testing.T) {
			h, log := startAs(t, role, patient)
			for range 2 { // the helper is not started again
				_, err := h.Service("kms").Wrap(t.Context(), key("k"), dataKey)
				require.Error(t, err)
				assert.True(t, c.is(err), "%T", err)
				assert.Contains(t, err.Error(), c.text)
				assert.NotContains(t, err.Error(), "canary")
			}
			h.Close()
			assert.Equal(t, 1, strings.Count(log(), "started"))
			<-h.proc.exited // the process has ended
		})
	}
}

func TestHelperMissing(t *testing.T) {
	h := New(Options{
		Find:    func() (string, error) { return "", &MissingError{} },
		Timeout: func(string) (time.Duration, error) { return patient, nil },
	})
	defer h.Close()
	_, err := h.Service("kms").Unwrap(t.Context(), key("k"))
	require.EqualError(t, err, "sealcfg-kms is not installed")

	h = New(Options{
		Find:    func() (string, error) { return t.TempDir() + "/nothing", nil },
		Timeout: func(string) (time.Duration, error) { return patient, nil },
	})
	defer h.Close()
	_, err = h.Service("kms").Unwrap(t.Context(), key("k"))
	var ended *EndedError
	require.ErrorAs(t, err, &ended)
	assert.NotEmpty(t, ended.Reason)
}

func TestTimeout(t *testing.T) {
	t.Run("the helper", func(t *testing.T) {
		h, _ := startAs(t, "silent", 300*time.Millisecond)
		_, err := h.Service("kms").Unwrap(t.Context(), key("k"))
		var late *TimeoutError
		require.ErrorAs(t, err, &late)
		self, _ := os.Executable()
		assert.Equal(t, self, late.From)
		eventually(t, "the helper is killed", func() bool {
			select {
			case <-h.proc.exited:
				return true
			default:
				return false
			}
		})
		_, again := h.Service("kms").Unwrap(t.Context(), key("another"))
		assert.Equal(t, err, again, "later requests fail at once")
	})
	t.Run("a service", func(t *testing.T) {
		h, log := startAs(t, "good", 2*time.Second)
		_, err := h.Service("kms").Wrap(t.Context(), key("starts the helper"), dataKey)
		require.NoError(t, err)
		begin := time.Now()
		_, err = h.Service("kms").Unwrap(t.Context(), key("hangs"))
		require.EqualError(t, err, "no answer from AWS KMS within 2s")
		assert.GreaterOrEqual(t, time.Since(begin), 2*time.Second)
		eventually(t, "the helper cancels the request", func() bool { return strings.Contains(log(), "cancelled kms hangs") })
		begin = time.Now()
		_, err = h.Service("kms").Unwrap(t.Context(), key("hangs"))
		require.EqualError(t, err, "no answer from AWS KMS within 2s")
		assert.Less(t, time.Since(begin), time.Second, "the next request for the same key fails at once")
		_, err = h.Service("kms").Wrap(t.Context(), key("another"), dataKey)
		require.NoError(t, err, "other keys still work")
	})
}

func TestContextEnds(t *testing.T) {
	for _, role := range []string{"good", "silent", "mute after hello"} {
		t.Run(role, func(t *testing.T) {
			h, log := startAs(t, role, patient)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() {
				_, err := h.Service("kms").Unwrap(ctx, key("hangs"))
				done <- err
			}()
			eventually(t, "the request is on its way", func() bool {
				return strings.Contains(log(), "unwrap kms hangs") || role != "good" && log() != ""
			})
			cancel()
			require.ErrorIs(t, <-done, context.Canceled)
			if role == "good" {
				eventually(t, "the helper cancels the request", func() bool { return strings.Contains(log(), "cancelled kms hangs") })
				_, err := h.Service("kms").Wrap(t.Context(), key("k"), dataKey)
				require.NoError(t, err)
			}
			begin := time.Now()
			h.Close()
			assert.Less(t, time.Since(begin), 10*time.Second)
			<-h.proc.exited
		})
	}
}

// The helper cancels its requests and ends when sealcfg ends.
func TestHelperEndsWithItsStdin(t *testing.T) {
	h, log := startAs(t, "good", patient)
	go func() { _, _ = h.Service("kms").Unwrap(t.Context(), key("hangs")) }()
	eventually(t, "the request is on its way", func() bool { return strings.Contains(log(), "unwrap kms hangs") })
	require.NoError(t, h.proc.in.Close(), "as the system does when sealcfg is killed")
	eventually(t, "the helper ends", func() bool { return strings.Contains(log(), "ended") })
	assert.Contains(t, log(), "cancelled kms hangs")
}

// The caller owns the secret and may clear it as soon as the call has returned.
func TestSecretIsTheCallers(t *testing.T) {
	h, _ := startAs(t, "mute after hello", patient)
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		secret := []byte("0123456789abcdef0123456789abcdef")
		_, err := h.Service("kms").Wrap(ctx, key("k"), secret)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		clear(secret) // the race detector watches
		cancel()
	}
}
