package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// sops reads -0 as the integer 0. If sealcfg read it as the float -0, sops would reject the MAC of
// a file with an unencrypted -0.
func TestJSONMinusZero(t *testing.T) {
	d, err := envfile.Parse(envfile.JSON, []byte(`{"a": -0, "b": -0.0, "c": 0}`))
	require.NoError(t, err)
	root := d.Roots()[0]
	for key, want := range map[string]struct {
		typ  crypto.Type
		text string
	}{"a": {crypto.Int, "0"}, "b": {crypto.Float, "-0"}, "c": {crypto.Int, "0"}} {
		assert.Equal(t, want.typ, root.Get(key).Type, key)
		assert.Equal(t, want.text, root.Get(key).Text, key)
	}
	s, o, err := envfile.Seal(t.Context(), d, envfile.Rules{UnencryptedRegex: "^a$"}, sealedTo(alice))
	require.NoError(t, err)
	assert.Contains(t, string(s.Bytes()), `"a": -0,`)
	text, err := o.Text()
	require.NoError(t, err)
	assert.Equal(t, `{"a": -0, "b": -0.0, "c": 0}`, string(text))
}

// Half a surrogate pair reads as U+FFFD, in a name as in a value.
func TestJSONHalfASurrogateInAName(t *testing.T) {
	for _, text := range []string{`{"\ud800": 1}`, `{"a": {"x\udfff": 1}}`, `{"\ufffd\ud800": 1}`, `{"a": "\\\\ufffd\ud800"}`} {
		_, err := envfile.Parse(envfile.JSON, []byte(text))
		var refused *envfile.SyntaxError
		require.ErrorAs(t, err, &refused, text)
		assert.Contains(t, refused.Reason, "half a surrogate pair")
	}
	for _, text := range []string{`{"\ud83d\ude00": 1}`, `{"\uFFFD": "\\\\ufffd\uFFfd"}`, "{\"\ufffd\": 1}"} {
		_, err := envfile.Parse(envfile.JSON, []byte(text))
		require.NoError(t, err, text)
	}
}
