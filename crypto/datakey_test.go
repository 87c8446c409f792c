package crypto_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

func TestDataKeyPrintsNothing(t *testing.T) {
	raw := bytes.Repeat([]byte("K3y!"), 8)
	key, err := crypto.ParseDataKey(raw)
	require.NoError(t, err)
	holder := struct {
		Key  crypto.DataKey
		key  crypto.DataKey
		Ptr  *crypto.DataKey
		List []crypto.DataKey
	}{key, key, &key, []crypto.DataKey{key}}

	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%c", "%U", "%p", "%t", "%e", "%10.3v", "%T"} {
		out = append(out, fmt.Sprintf(verb, key), fmt.Sprintf(verb, holder), fmt.Sprintf(verb, &holder))
		if verb != "%T" && verb != "%p" {
			assert.Equal(t, "[data key]", fmt.Sprintf(verb, key), verb)
		}
	}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("m", "key", key, "holder", holder, slog.Any("any", &key))
		assert.Contains(t, b.String(), "[data key]")
		out = append(out, b.String())
	}
	c := crypto.NewValueCipher(key)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%t"} {
		assert.Equal(t, "[value cipher]", fmt.Sprintf(verb, c))
		out = append(out, fmt.Sprintf(verb, struct{ c *crypto.ValueCipher }{c}))
	}
	text, err := json.Marshal(holder)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Key":"[data key]","Ptr":"[data key]","List":["[data key]"]}`, string(text))
	out = append(out, string(text), fmt.Sprint(fmt.Errorf("wrapped: %v", key)))

	for _, s := range out {
		for _, secret := range []string{"K3y!", hex.EncodeToString([]byte("K3y!")), "4B337921", "75 51 121 33", "SzN5I"} {
			assert.NotContains(t, s, secret)
		}
	}
}

func TestDataKey(t *testing.T) {
	a, b := crypto.NewDataKey(), crypto.NewDataKey()
	assert.NotEqual(t, a.Bytes(), b.Bytes())
	assert.Len(t, a.Bytes(), crypto.DataKeySize)
	assert.False(t, a.IsZero())
	assert.True(t, crypto.DataKey{}.IsZero())

	raw := a.Bytes()
	c, err := crypto.ParseDataKey(raw)
	require.NoError(t, err)
	raw[0] ^= 1
	assert.Equal(t, a.Bytes(), c.Bytes(), "the key is a copy")
	c.Bytes()[0] ^= 1
	assert.Equal(t, a.Bytes(), c.Bytes(), "what it hands out is a copy")

	for _, n := range []int{0, 16, 31, 33} {
		_, err := crypto.ParseDataKey(make([]byte, n))
		require.ErrorIs(t, err, crypto.ErrDataKeySize)
	}
}
