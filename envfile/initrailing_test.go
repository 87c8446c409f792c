package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// In the encrypted file, a comment at the end comes before [sops]. It still belongs to the previous
// section and is encrypted with it. sops drops it.
func TestINITrailingComment(t *testing.T) {
	for _, text := range []string{"[a]\nk = v\n# trailing\n", "# only\n", "k = v\n# end", "#", "[a]\nk = v", "[a]\n\n; x\n; y\n\n# z\n", "[a]\r\nk = v\r\n; c\r\n"} {
		for _, r := range []envfile.Rules{{}, {EncryptedRegex: "^k$"}} {
			d, err := envfile.Parse(envfile.INI, []byte(text))
			require.NoError(t, err)
			s, _, err := envfile.Seal(t.Context(), d, r, sealedTo(alice))
			require.NoError(t, err, "%q", text)
			s, err = envfile.ParseSealed(envfile.INI, s.Bytes())
			require.NoError(t, err)
			o, err := s.Open(t.Context(), alice)
			require.NoError(t, err)
			back, err := o.Document()
			require.NoError(t, err)
			assert.Equal(t, text, string(back.Bytes()))
			if r == (envfile.Rules{}) {
				assert.NotContains(t, string(s.Bytes()), "trailing")
			}
			again, err := o.Reseal(back)
			require.NoError(t, err)
			rotated, err := o.Rotate(t.Context(), r, sealedTo(alice))
			require.NoError(t, err)
			for _, s := range []*envfile.Sealed{again, rotated} {
				o, err := s.Open(t.Context(), alice)
				require.NoError(t, err)
				plain, err := o.Text()
				require.NoError(t, err)
				assert.Equal(t, text, string(plain))
			}
		}
	}
}
