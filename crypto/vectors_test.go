package crypto_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

// vectors is a file that sops 3.13.3 encrypted, split into its parts by sops's code: its data key
// (created for this test), each value with additional data, type and plaintext, and the plaintexts in
// the order of the MAC.
type vectors struct {
	DataKey, LastModified, MAC string
	MACOnlyEncrypted           bool
	Values                     []struct {
		AAD, Text, Sealed string
		Type              crypto.Type
	}
	Digest []string
}

func sopsVectors(t testing.TB) []vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/sops-vectors.json")
	require.NoError(t, err)
	var files []vectors
	require.NoError(t, json.Unmarshal(text, &files))
	require.Len(t, files, 2)
	return files
}

func (v vectors) cipher(t testing.TB) *crypto.ValueCipher {
	t.Helper()
	b, err := hex.DecodeString(v.DataKey)
	require.NoError(t, err)
	key, err := crypto.ParseDataKey(b)
	require.NoError(t, err)
	return crypto.NewValueCipher(key)
}

func TestOpenValuesOfSops(t *testing.T) {
	for _, file := range sopsVectors(t) {
		c := file.cipher(t)
		types := map[crypto.Type]int{}
		for _, v := range file.Values {
			typ, text, err := c.Open(v.Sealed, v.AAD)
			require.NoError(t, err, v.Text)
			assert.Equal(t, v.Type, typ)
			assert.Equal(t, v.Text, text)
			types[typ]++

			if v.Sealed == "" {
				assert.False(t, crypto.IsSealed(v.Sealed))
				continue
			}
			assert.True(t, crypto.IsSealed(v.Sealed))
			typ, length, err := crypto.SealedType(v.Sealed)
			require.NoError(t, err)
			assert.Equal(t, v.Type, typ)
			assert.Equal(t, len(v.Text), length)

			_, _, err = c.Open(v.Sealed, v.AAD+"x:")
			require.ErrorIs(t, err, crypto.ErrTampered, "at another place")
		}
		assert.Len(t, types, 6, "every type of the format")
	}
}

func TestMACOfSops(t *testing.T) {
	for _, file := range sopsVectors(t) {
		c := file.cipher(t)
		digest := func(onlySealed bool, texts []string) *crypto.MAC {
			m := crypto.NewMAC(onlySealed)
			for _, text := range texts {
				m.Add(text)
			}
			return m
		}
		require.NoError(t, digest(file.MACOnlyEncrypted, file.Digest).Verify(c, file.MAC, file.LastModified))

		wrong := digest(!file.MACOnlyEncrypted, file.Digest)
		require.ErrorIs(t, wrong.Verify(c, file.MAC, file.LastModified), crypto.ErrTampered, "the other kind of MAC")
		require.ErrorIs(t, digest(file.MACOnlyEncrypted, file.Digest[1:]).Verify(c, file.MAC, file.LastModified), crypto.ErrTampered)
		require.ErrorIs(t, digest(file.MACOnlyEncrypted, append(file.Digest[:len(file.Digest):len(file.Digest)], "x")).
			Verify(c, file.MAC, file.LastModified), crypto.ErrTampered)
		require.ErrorIs(t, digest(file.MACOnlyEncrypted, file.Digest).Verify(c, file.MAC, "2026-01-01T00:00:00Z"), crypto.ErrTampered)
		require.ErrorIs(t, digest(file.MACOnlyEncrypted, file.Digest).Verify(c, "", file.LastModified), crypto.ErrTampered)
		require.ErrorIs(t, digest(file.MACOnlyEncrypted, file.Digest).Verify(c, "x", file.LastModified), crypto.ErrMalformed)

		sealed := digest(file.MACOnlyEncrypted, file.Digest).Seal(c, file.LastModified)
		require.NoError(t, digest(file.MACOnlyEncrypted, file.Digest).Verify(c, sealed, file.LastModified))
		_, text, err := c.Open(sealed, file.LastModified)
		require.NoError(t, err)
		assert.Regexp(t, `^[0-9A-F]{128}$`, text)
	}
}
