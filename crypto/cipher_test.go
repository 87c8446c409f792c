package crypto_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

func TestSealOpen(t *testing.T) {
	c := crypto.NewValueCipher(crypto.NewDataKey())
	for _, v := range []struct {
		typ  crypto.Type
		text string
	}{
		{crypto.Str, "hunter2"}, {crypto.Str, "größe\n\x00\xff"}, {crypto.Int, "-5"}, {crypto.Float, "1.5"},
		{crypto.Bool, "True"}, {crypto.Time, "2024-01-31T00:00:00Z"}, {crypto.Comment, " c"},
	} {
		sealed := c.Seal(v.typ, v.text, "a:b:")
		assert.Regexp(t, `^ENC\[AES256_GCM,data:[A-Za-z0-9+/]+=*,iv:[A-Za-z0-9+/]{43}=,tag:[A-Za-z0-9+/]{22}==,type:`+string(v.typ)+`\]$`, sealed)
		assert.NotEqual(t, sealed, c.Seal(v.typ, v.text, "a:b:"), "a fresh nonce each time")
		typ, text, err := c.Open(sealed, "a:b:")
		require.NoError(t, err)
		assert.Equal(t, v.typ, typ)
		assert.Equal(t, v.text, text)

		_, _, err = c.Open(sealed, "a:c:")
		require.ErrorIs(t, err, crypto.ErrTampered)
		_, _, err = crypto.NewValueCipher(crypto.NewDataKey()).Open(sealed, "a:b:")
		require.ErrorIs(t, err, crypto.ErrTampered)
	}
	assert.Empty(t, c.Seal(crypto.Str, "", "a:"))
	typ, text, err := c.Open("", "a:")
	require.NoError(t, err)
	assert.Equal(t, crypto.Str, typ)
	assert.Empty(t, text)
}

// parts splits an encrypted value, so that tests can assemble invalid ones.
func parts(t *testing.T, sealed string) (data, iv, tag, typ string) {
	t.Helper()
	rest := strings.TrimSuffix(strings.TrimPrefix(sealed, "ENC[AES256_GCM,data:"), "]")
	data, rest, _ = strings.Cut(rest, ",iv:")
	iv, rest, _ = strings.Cut(rest, ",tag:")
	tag, typ, ok := strings.Cut(rest, ",type:")
	require.True(t, ok)
	return data, iv, tag, typ
}

func TestOpenMalformed(t *testing.T) {
	c := crypto.NewValueCipher(crypto.NewDataKey())
	sealed := c.Seal(crypto.Str, "hunter2", "a:") // 7 bytes: two bits of the base64 are unused
	data, iv, tag, typ := parts(t, sealed)
	form := func(data, iv, tag, typ string) string {
		return "ENC[AES256_GCM,data:" + data + ",iv:" + iv + ",tag:" + tag + ",type:" + typ + "]"
	}
	require.Equal(t, sealed, form(data, iv, tag, typ))
	short := base64.StdEncoding.EncodeToString(make([]byte, 12))

	for name, text := range map[string]string{
		"text":                  "hunter2",
		"text before":           "x" + sealed,
		"blank before":          " " + sealed,
		"text behind":           sealed + "x",
		"line feed behind":      sealed + "\n",
		"bracket twice":         sealed + "]",
		"no bracket":            strings.TrimSuffix(sealed, "]"),
		"lower case":            strings.ToLower(sealed),
		"other cipher":          strings.Replace(sealed, "AES256_GCM", "AES128_GCM", 1),
		"no data":               form("", iv, tag, typ),
		"no nonce":              form(data, "", tag, typ),
		"nonce of 12 bytes":     form(data, short, tag, typ),
		"nonce of 33 bytes":     form(data, base64.StdEncoding.EncodeToString(make([]byte, 33)), tag, typ),
		"tag of 12 bytes":       form(data, iv, short, typ),
		"no tag":                form(data, iv, "", typ),
		"type bytes":            form(data, iv, tag, "bytes"),
		"no type":               form(data, iv, tag, ""),
		"type with a blank":     form(data, iv, tag, "str "),
		"type twice":            form(data, iv, tag, "str,type:str"),
		"fields in other order": "ENC[AES256_GCM,iv:" + iv + ",data:" + data + ",tag:" + tag + ",type:str]",
		"field missing":         "ENC[AES256_GCM,data:" + data + ",iv:" + iv + ",type:str]",
		"base64 without pad":    form(strings.TrimRight(data, "="), iv, tag, typ),
		"base64 for urls":       form("_-__", iv, tag, typ),
		"base64 with blank":     form(data[:4]+" "+data[4:], iv, tag, typ),
		"base64 with line":      form(data[:4]+"\n"+data[4:], iv, tag, typ),
		"nonce with line":       form(data, iv[:4]+"\r\n"+iv[4:], tag, typ),
		"unused bits of data":   form(unusedBit(data), iv, tag, typ),
		"unused bits of nonce":  form(data, unusedBit(iv), tag, typ),
		"unused bits of tag":    form(data, iv, unusedBit(tag), typ),
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, sealed, text)
			_, _, err := c.Open(text, "a:")
			require.ErrorIs(t, err, crypto.ErrMalformed)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.False(t, crypto.IsSealed(text))
			_, _, err = crypto.SealedType(text)
			require.ErrorIs(t, err, crypto.ErrMalformed)
		})
	}
}

// unusedBit changes an unused bit of a base64 string with padding. A lenient decoder returns the
// same bytes.
func unusedBit(b64 string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := strings.IndexByte(b64, '=') - 1
	next := strings.IndexByte(alphabet, b64[i]) ^ 1
	return b64[:i] + alphabet[next:next+1] + b64[i+1:]
}

// A value that was encrypted in non-canonical form is decrypted to its canonical text. A value that
// is not of its type is rejected.
func TestOpenCanonical(t *testing.T) {
	c := crypto.NewValueCipher(crypto.NewDataKey())
	for _, v := range []struct {
		typ          crypto.Type
		sealed, want string
	}{
		{crypto.Int, "+7", "7"}, {crypto.Int, "0123", "123"}, {crypto.Float, "1.50", "1.5"}, {crypto.Float, "1e3", "1000"},
		{crypto.Bool, "true", "True"}, {crypto.Bool, "0", "False"},
	} {
		_, text, err := c.Open(c.Seal(v.typ, v.sealed, ":"), ":")
		require.NoError(t, err)
		assert.Equal(t, v.want, text)
	}
	for _, typ := range []crypto.Type{crypto.Int, crypto.Float, crypto.Bool, crypto.Time} {
		_, _, err := c.Open(c.Seal(typ, "hunter2", ":"), ":")
		require.ErrorIs(t, err, crypto.ErrMalformed)
		require.ErrorIs(t, err, crypto.ErrBadValue)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

// A value with any flipped bit in data, nonce or tag fails authentication.
func TestOpenEveryBit(t *testing.T) {
	c := crypto.NewValueCipher(crypto.NewDataKey())
	sealed := c.Seal(crypto.Str, "hunter2", "a:")
	data, iv, tag, _ := parts(t, sealed)
	for i, part := range []string{data, iv, tag} {
		raw, err := base64.StdEncoding.DecodeString(part)
		require.NoError(t, err)
		for bit := range len(raw) * 8 {
			changed := append([]byte(nil), raw...)
			changed[bit/8] ^= 1 << (bit % 8)
			p := []string{data, iv, tag}
			p[i] = base64.StdEncoding.EncodeToString(changed)
			_, _, err := c.Open("ENC[AES256_GCM,data:"+p[0]+",iv:"+p[1]+",tag:"+p[2]+",type:str]", "a:")
			require.ErrorIs(t, err, crypto.ErrTampered, "part %d, bit %d", i, bit)
		}
	}
	for i := range sealed { // also flip the bits of their encoding
		for bit := range 8 {
			b := []byte(sealed)
			b[i] ^= 1 << bit
			_, _, err := c.Open(string(b), "a:")
			require.Error(t, err, "%q", b)
		}
	}
}

func TestAAD(t *testing.T) {
	assert.Equal(t, ":", crypto.AAD(nil))
	assert.Equal(t, "a:", crypto.AAD([]string{"a"}))
	assert.Equal(t, "a:b:c:", crypto.AAD([]string{"a", "b:c"}), "names are not escaped")
}
