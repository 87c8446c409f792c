package keys_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

// countingService unwraps every stanza, and counts its calls.
type countingService struct{ asked *int }

func (countingService) Type() string { return "hc_vault" }

func (countingService) Wrap(context.Context, *keys.Stanza, []byte) (*keys.Stanza, error) {
	return nil, errors.New("not asked for")
}

func (s countingService) Unwrap(context.Context, *keys.Stanza) ([]byte, error) {
	*s.asked++
	return []byte("s"), nil
}

func TestWithPermit(t *testing.T) {
	asked := 0
	services, err := keys.ServiceProvider(countingService{&asked}).Identities(t.Context(), keys.Source{})
	require.NoError(t, err)
	own := identity(t, aliceKey)
	ids := append(services, own)
	stanzas := []*keys.Stanza{{Type: "hc_vault", Fields: []keys.Field{{Name: "vault_address", Value: "a"}}}}

	_, err = keys.Unwrap(t.Context(), stanzas, ids)
	var forbidden *keys.NotPermittedError
	require.ErrorAs(t, err, &forbidden, "without a word, nothing is permitted")
	assert.Equal(t, keys.NotPermittedError{Type: "hc_vault", Recipient: "a"}, *forbidden)

	var shown *keys.Stanza
	permitted := keys.WithPermit(ids, func(s *keys.Stanza) error {
		shown = s
		return nil
	})
	assert.Equal(t, own, permitted[1])
	got, err := keys.Unwrap(t.Context(), stanzas, permitted)
	require.NoError(t, err)
	assert.Equal(t, "s", string(got))
	assert.Equal(t, stanzas[0], shown)
	assert.Equal(t, 1, asked)

	_, err = keys.Unwrap(t.Context(), stanzas, ids)
	require.Error(t, err, "the identities that were given are as they were")
	broken := errors.New("the policy is broken")
	_, err = keys.Unwrap(t.Context(), stanzas, keys.WithPermit(ids, func(s *keys.Stanza) error {
		return &keys.NotPermittedError{Type: s.Type, Recipient: "a", Cause: broken}
	}))
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.ErrorContains(t, err, "hc_vault a: not contacted, because only the file lists it: the policy is broken")
	assert.Equal(t, 1, asked)
}

// Every user has access to a service, so its identity does not count as an identity
// of the user.
func TestServicesDoNotCountAsIdentities(t *testing.T) {
	asked := 0
	services, err := keys.ServiceProvider(countingService{&asked}).Identities(t.Context(), keys.Source{})
	require.NoError(t, err)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, alicePublic)}, services)
	require.EqualError(t, err, "no identity available; encrypted for "+alicePublic)
}
