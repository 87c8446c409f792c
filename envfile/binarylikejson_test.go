package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A plaintext file may have any bytes, including JSON that resembles an encrypted file.
func TestBinaryLikeJSON(t *testing.T) {
	for _, text := range []string{
		`{"a": 1e400, "sops": 1}`, `{ // c` + "\n" + `"sops": 1}`, `{"data": "x", "sops":`, `{"sops": 1} {"sops": 2}`,
		`{"sops": 1, "sops": 2}`, `{"data": "\ud800", "sops": {}}`, "{\"sops\": \xff}", `{"data": 1, "other": 2, "sops": {}}`, `{"data": "x", "sops": {"mac": "y"}}`,
	} {
		requireSameBytes(t, envfile.Binary, text, envfile.Rules{})
	}
	// A broken encrypted file is not encrypted again.
	d, err := envfile.Parse(envfile.Binary, []byte("x"))
	require.NoError(t, err)
	s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	broken := s.Bytes()[:len(s.Bytes())-4]
	_, err = envfile.Parse(envfile.Binary, broken)
	require.ErrorIs(t, err, envfile.ErrAlreadySealed)
	_, err = envfile.ParseSealed(envfile.Binary, broken)
	var syntax *envfile.SyntaxError
	require.ErrorAs(t, err, &syntax)
}
