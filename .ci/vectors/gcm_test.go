package vectors_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

// unhex is a string of bytes in hexadecimal.
type unhex []byte

func (b *unhex) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

type gcmCase struct {
	ID                         int `json:"tcId"`
	Key, IV, AAD, Msg, CT, Tag unhex
	Result                     string
}

// gcmCases are the cases of Wycheproof for AES-GCM with keys of 256 bits, which are
// the only ones that a data key can have, and tags of 128.
func gcmCases(t *testing.T) []gcmCase {
	t.Helper()
	text, err := fs.ReadFile(wycheproof.TestVectors, "aes_gcm_test.json")
	require.NoError(t, err)
	var file struct {
		TestGroups []struct {
			KeySize, TagSize int
			Tests            []gcmCase
		}
	}
	require.NoError(t, json.Unmarshal(text, &file))
	var all []gcmCase
	for _, g := range file.TestGroups {
		if g.KeySize == 256 && g.TagSize == 128 {
			all = append(all, g.Tests...)
		}
	}
	return all
}

// sealed spells a case as a value of a SOPS file.
func (c *gcmCase) sealed() string {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("ENC[AES256_GCM,data:%s,iv:%s,tag:%s,type:str]", b64(c.CT), b64(c.IV), b64(c.Tag))
}

// Values with a nonce of 32 bytes, as in the format, decrypt to the plaintext in Wycheproof.
// Values with a nonce of another length, which sops decrypts, are rejected before any key is used.
func TestWycheproofValues(t *testing.T) {
	opened, refused := 0, 0
	for _, c := range gcmCases(t) {
		key, err := crypto.ParseDataKey(c.Key)
		require.NoError(t, err)
		value := crypto.NewValueCipher(key)
		typ, text, err := value.Open(c.sealed(), string(c.AAD))
		if len(c.IV) != 32 || len(c.Msg) == 0 {
			refused++
			assert.ErrorIs(t, err, crypto.ErrMalformed, "case %d", c.ID)
			assert.False(t, crypto.IsSealed(c.sealed()), "case %d", c.ID)
			assert.Empty(t, text)
			continue
		}
		opened++
		require.Equal(t, "valid", c.Result, "case %d", c.ID)
		require.NoError(t, err, "case %d", c.ID)
		assert.Equal(t, crypto.Str, typ)
		assert.Equal(t, string(c.Msg), text, "case %d", c.ID)

		_, _, err = value.Open(c.sealed(), string(c.AAD)+"x")
		assert.ErrorIs(t, err, crypto.ErrTampered)
		c.Tag[15] ^= 1
		_, _, err = value.Open(c.sealed(), string(c.AAD))
		assert.ErrorIs(t, err, crypto.ErrTampered)
	}
	assert.Equal(t, 1, opened)
	assert.Equal(t, 104, refused)
}

// The construction of the value cipher, with nonces of every length. A nonce that is
// not 12 bytes long is hashed; the format uses 32 bytes.
func TestWycheproofPrimitive(t *testing.T) {
	count := map[string]int{}
	for _, c := range gcmCases(t) {
		count[c.Result]++
		block, err := aes.NewCipher(c.Key)
		require.NoError(t, err)
		gcm, err := cipher.NewGCMWithNonceSize(block, len(c.IV))
		if len(c.IV) == 0 {
			require.Equal(t, "invalid", c.Result)
			require.Error(t, err, "case %d", c.ID)
			continue
		}
		require.NoError(t, err)
		plain, err := gcm.Open(nil, c.IV, append(c.CT[:len(c.CT):len(c.CT)], c.Tag...), c.AAD)
		if c.Result == "invalid" {
			require.Error(t, err, "case %d", c.ID)
			continue
		}
		require.NoError(t, err, "case %d", c.ID)
		assert.Equal(t, string(c.Msg), string(plain), "case %d", c.ID)
		assert.Equal(t, append(c.CT[:len(c.CT):len(c.CT)], c.Tag...), unhex(gcm.Seal(nil, c.IV, c.Msg, c.AAD)), "case %d", c.ID)
	}
	assert.Equal(t, map[string]int{"valid": 76, "invalid": 29}, count)
}
