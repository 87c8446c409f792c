package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A new file gets the requested indentation, and a changed file keeps its own.
func TestBinaryIndent(t *testing.T) {
	const head = "^\\{\n  \"data\": \"ENC\\[[^\n]*\",\n  \"sops\": \\{\n    \"age\": \\[\n      \\{\n        \"enc\""
	d, err := envfile.Parse(envfile.Binary, []byte("one"))
	require.NoError(t, err)
	s, o, err := envfile.Seal(t.Context(), d.WithMetadataIndent(2), envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	assert.Regexp(t, head, string(s.Bytes()))

	d, err = envfile.Parse(envfile.Binary, []byte("two"))
	require.NoError(t, err)
	s, err = o.Reseal(d)
	require.NoError(t, err)
	assert.Regexp(t, head, string(s.Bytes()))

	o, err = s.Open(t.Context(), alice)
	require.NoError(t, err)
	text, err := o.Text()
	require.NoError(t, err)
	assert.Equal(t, "two", string(text))
	s, err = o.Rewrap(t.Context(), sealedTo(bob))
	require.NoError(t, err)
	assert.Regexp(t, head, string(s.Bytes()))
	s, err = o.Rotate(t.Context(), envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	assert.Regexp(t, head, string(s.Bytes()))

	// The empty file has no ciphertext to replace.
	for _, text := range []string{"", "three"} {
		d, err = envfile.Parse(envfile.Binary, []byte(text))
		require.NoError(t, err)
		s, err = o.Reseal(d)
		require.NoError(t, err)
		assert.Regexp(t, "^\\{\n  \"data\": \"[^\n]*\",\n  \"sops\": \\{\n    \"age\"", string(s.Bytes()))
		o, err = s.Open(t.Context(), alice)
		require.NoError(t, err)
	}
}
