package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// An empty file has no value to encrypt. sops writes {"data": "", "sops": …} for it.
func TestBinaryEmpty(t *testing.T) {
	d, err := envfile.Parse(envfile.Binary, nil)
	require.NoError(t, err)
	s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	assert.Contains(t, string(s.Bytes()), `"data": ""`)

	s, err = envfile.ParseSealed(envfile.Binary, s.Bytes())
	require.NoError(t, err)
	o, err := s.Open(t.Context(), alice)
	require.NoError(t, err)
	text, err := o.Text()
	require.NoError(t, err)
	assert.Empty(t, text)

	// Add contents, then remove them again.
	for _, to := range []string{"now there is something", ""} {
		d, err = envfile.Parse(envfile.Binary, []byte(to))
		require.NoError(t, err)
		s, err = o.Reseal(d)
		require.NoError(t, err)
		o, err = s.Open(t.Context(), alice)
		require.NoError(t, err)
		d, err = o.Document()
		require.NoError(t, err)
		assert.Equal(t, to, string(d.Bytes()))
		rotated, err := o.Rotate(t.Context(), envfile.Rules{}, sealedTo(alice))
		require.NoError(t, err)
		_, err = rotated.Open(t.Context(), alice)
		require.NoError(t, err)
	}
}
