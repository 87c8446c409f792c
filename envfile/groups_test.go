package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// groupsOf creates a key group for each identity.
func groupsOf(threshold int, ids ...keys.Identity) envfile.Recipients {
	to := envfile.Recipients{Threshold: threshold}
	for _, id := range ids {
		to.Groups = append(to.Groups, sealedTo(id).Groups...)
	}
	return to
}

func TestKeyGroups(t *testing.T) {
	s, _, err := envfile.Seal(t.Context(), parse(t, "a: x\n"), envfile.Rules{}, groupsOf(2, alice, bob, carol))
	require.NoError(t, err)
	assert.Contains(t, string(s.Bytes()), "key_groups:")
	assert.Contains(t, string(s.Bytes()), "shamir_threshold: 2")

	s = parseSealed(t, string(s.Bytes()))
	assert.Len(t, s.Metadata().Groups, 3)
	assert.Equal(t, 2, s.Metadata().Threshold)
	for _, two := range [][]keys.Identity{{alice, bob}, {bob, carol}, {carol, alice}, {alice, bob, carol}} {
		o, err := s.Open(t.Context(), two...)
		require.NoError(t, err)
		assert.Equal(t, "x", o.Roots()[0].Get("a").Text)
	}
	for _, one := range []keys.Identity{alice, bob, carol} {
		_, err := s.Open(t.Context(), one)
		require.ErrorIs(t, err, keys.ErrNoIdentity)
		assert.ErrorContains(t, err, "2 of 3 key groups needed, your identities unwrap 1")
	}

	// Split the same data key differently, then a new data key, then return to one group.
	o, err := s.Open(t.Context(), alice, bob)
	require.NoError(t, err)
	rewrapped, err := o.Rewrap(t.Context(), groupsOf(2, alice, carol))
	require.NoError(t, err)
	_, err = rewrapped.Open(t.Context(), alice, bob)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	o, err = rewrapped.Open(t.Context(), alice, carol)
	require.NoError(t, err)
	rotated, err := o.Rotate(t.Context(), envfile.Rules{}, groupsOf(3, alice, bob, carol))
	require.NoError(t, err)
	o, err = rotated.Open(t.Context(), carol, bob, alice)
	require.NoError(t, err)
	whole, err := o.Rewrap(t.Context(), sealedTo(bob))
	require.NoError(t, err)
	assert.NotContains(t, string(whole.Bytes()), "shamir_threshold")
	_, err = whole.Open(t.Context(), bob)
	require.NoError(t, err)
}

func TestKeyGroupsRefused(t *testing.T) {
	for _, to := range []envfile.Recipients{groupsOf(1, alice, bob), groupsOf(3, alice, bob), groupsOf(0, alice, bob)} {
		_, _, err := envfile.Seal(t.Context(), parse(t, "a: x\n"), envfile.Rules{}, to)
		require.ErrorIs(t, err, crypto.ErrShares)
	}
	s, _, err := envfile.Seal(t.Context(), parse(t, "a: x\n"), envfile.Rules{}, groupsOf(2, alice, bob))
	require.NoError(t, err)
	for _, threshold := range []string{"1", "3", "-1"} {
		_, err := envfile.ParseSealed(envfile.YAML, []byte(strings.Replace(string(s.Bytes()), "shamir_threshold: 2", "shamir_threshold: "+threshold, 1)))
		var syntax *envfile.SyntaxError
		require.ErrorAs(t, err, &syntax)
	}
	// Without a threshold, sops requires all groups.
	all := parseSealed(t, strings.Replace(string(s.Bytes()), "    shamir_threshold: 2\n", "", 1))
	_, err = all.Open(t.Context(), alice)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	_, err = all.Open(t.Context(), alice, bob)
	require.NoError(t, err)
}
