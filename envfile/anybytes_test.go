package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// In dotenv and INI, values, names and comments may be any bytes, as in sops.
func TestAnyBytes(t *testing.T) {
	for text, f := range map[string]envfile.Format{
		"CITY=K\xf6ln\nB=2\n# caf\xe9\nN\xe4me=x\n": envfile.Dotenv,
		"A=\xff\x00\xfe": envfile.Dotenv,
		"0\x00=1\n":      envfile.Dotenv,
		"; gr\xfc\xdfe\n[s]\na=\xfcber\nb = \"\xe9\" ; \xe9\n": envfile.INI,
		"[\xe4]\n\xf6=1\n": envfile.INI,
	} {
		for _, r := range []envfile.Rules{{}, {EncryptedRegex: "^B$"}} {
			requireSameBytes(t, f, text, r)
		}
	}
	d, err := envfile.Parse(envfile.Dotenv, []byte("CITY=K\xf6ln\nB=2\n"))
	require.NoError(t, err)
	s, o, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	changed, err := d.Apply(envfile.Set(envfile.Path{{Key: "B"}}, "str", "\xe9"))
	require.NoError(t, err)
	again, err := o.Reseal(changed)
	require.NoError(t, err)
	assert.Equal(t, lines(string(s.Bytes()))[0], lines(string(again.Bytes()))[0], "the ciphertext of CITY")

	// JSON and YAML cannot hold all of these bytes.
	_, err = envfile.Convert(envfile.JSON, o.Roots(), envfile.DefaultIndent)
	require.ErrorIs(t, err, envfile.ErrConvert)
	require.ErrorContains(t, err, "line 1: CITY is not UTF-8")
	require.ErrorIs(t, envfile.UTF8(o.Roots()[0]), envfile.ErrConvert)
	text, err := envfile.Convert(envfile.YAML, o.Roots(), envfile.DefaultIndent)
	require.NoError(t, err)
	assert.Equal(t, "CITY: !!binary S/Zsbg==\nB: \"2\"\n", string(text))
	d, err = envfile.Parse(envfile.JSON, []byte(`{"a": "x"}`))
	require.NoError(t, err)
	_, err = d.Apply(envfile.Set(envfile.Path{{Key: "a"}}, "str", "K\xf6ln"))
	require.ErrorContains(t, err, "the value is not UTF-8")

	for _, text := range []string{"\xff\xfeA\x00=\x00x\x00", "A\x00=\x00x\x00\n\x00", "\xfe\xff\x00A\x00=", "\x00A\x00="} {
		for _, f := range []envfile.Format{envfile.Dotenv, envfile.INI} {
			_, err := envfile.Parse(f, []byte(text))
			require.ErrorContains(t, err, "the file is UTF-16, expected UTF-8")
		}
	}
}
