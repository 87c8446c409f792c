package crypto_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

// FuzzOpen decrypts arbitrary strings, which must not panic. Only the vectors may authenticate,
// each with its additional data.
func FuzzOpen(f *testing.F) {
	file := sopsVectors(f)[0]
	c := file.cipher(f)
	known := map[string]bool{}
	for _, v := range file.Values {
		f.Add(v.Sealed, v.AAD)
		f.Add(v.Sealed+"x", v.AAD)
		known[v.AAD+"\x00"+v.Sealed] = true
	}
	f.Add(file.MAC, file.LastModified)
	known[file.LastModified+"\x00"+file.MAC] = true
	f.Add("ENC[AES256_GCM,data:,iv:,tag:,type:]", "")
	f.Fuzz(func(t *testing.T, text, aad string) {
		typ, length, err := crypto.SealedType(text)
		require.Equal(t, err == nil, crypto.IsSealed(text))
		opened, plain, openErr := c.Open(text, aad)
		if openErr == nil && text != "" {
			// The format authenticates everything except the type (see docs/format.md).
			untyped := text[:strings.LastIndex(text, ",type:")]
			found := false
			for k := range known {
				found = found || strings.HasPrefix(k, aad+"\x00"+untyped+",type:")
			}
			require.True(t, found, "forged: %q at %q", text, aad)
			require.NoError(t, err)
			require.Equal(t, typ, opened)
			if typ == crypto.Str {
				require.Len(t, plain, length)
			}
		}
	})
}

// FuzzSealOpen checks that decryption returns the encrypted text and type.
func FuzzSealOpen(f *testing.F) {
	f.Add("hunter2", "a:b:", uint8(0))
	f.Add("-5", ":", uint8(1))
	f.Add("1e3", "", uint8(2))
	f.Add("2024-01-31T12:00:00.5+02:00", "t:", uint8(4))
	c := crypto.NewValueCipher(crypto.NewDataKey())
	types := []crypto.Type{crypto.Str, crypto.Int, crypto.Float, crypto.Bool, crypto.Time, crypto.Comment}
	f.Fuzz(func(t *testing.T, text, aad string, n uint8) {
		typ := types[int(n)%len(types)]
		want, err := crypto.Canonical(typ, text)
		if err != nil {
			if len(text) > 12 {
				require.NotContains(t, err.Error(), text)
			}
			return
		}
		sealed := c.Seal(typ, want, aad)
		got, plain, err := c.Open(sealed, aad)
		require.NoError(t, err)
		require.Equal(t, want, plain)
		if sealed != "" {
			require.Equal(t, typ, got)
		}
	})
}
