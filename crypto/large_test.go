package crypto_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

// Values are processed in blocks. Values of every length must round-trip.
func TestSealOpenEveryLength(t *testing.T) {
	c := crypto.NewValueCipher(crypto.NewDataKey())
	all := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz-", 100)
	for n := 1; n < len(all); n++ {
		text := all[:n]
		sealed := c.Seal(crypto.Str, text, "a:")
		data, iv, tag, typ := parts(t, sealed)
		raw, err := base64.StdEncoding.Strict().DecodeString(data)
		require.NoError(t, err)
		require.Len(t, raw, n)
		require.Len(t, iv, base64.StdEncoding.EncodedLen(32))
		require.Len(t, tag, base64.StdEncoding.EncodedLen(16))
		require.Equal(t, "str", typ)

		_, got, err := c.Open(sealed, "a:")
		require.NoError(t, err)
		require.Equal(t, text, got)
		_, length, err := crypto.SealedType(sealed)
		require.NoError(t, err)
		require.Equal(t, n, length)
	}
}

// A long value is rejected wherever it is malformed.
func TestOpenMalformedLong(t *testing.T) {
	c := crypto.NewValueCipher(crypto.NewDataKey())
	sealed := c.Seal(crypto.Str, strings.Repeat("x", 3000), "a:")
	data, _, _, _ := parts(t, sealed)
	for i := range len(data) - 1 { // one = at the end may be right
		for _, wrong := range []string{data[:i] + "\n" + data[i:], data[:i] + "=" + data[i+1:], data[:i] + data[i+1:]} {
			text := strings.Replace(sealed, data, wrong, 1)
			_, _, err := c.Open(text, "a:")
			require.ErrorIs(t, err, crypto.ErrMalformed, "at %d", i)
			require.False(t, crypto.IsSealed(text), "at %d", i)
		}
	}
}

// The MAC hashes values without separators, so a long value has the same MAC as its pieces.
func TestMACLong(t *testing.T) {
	c := crypto.NewValueCipher(crypto.NewDataKey())
	text := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz-", 100)
	whole := crypto.NewMAC(false)
	whole.Add(text)
	sealed := whole.Seal(c, "now")

	pieces, other := crypto.NewMAC(false), crypto.NewMAC(false)
	for i := range text {
		pieces.Add(text[i : i+1])
	}
	require.NoError(t, pieces.Verify(c, sealed, "now"))
	other.Add(text[:len(text)-1] + "+")
	assert.ErrorIs(t, other.Verify(c, sealed, "now"), crypto.ErrTampered)
}
