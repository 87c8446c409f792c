package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

func TestRepeats(t *testing.T) {
	for text, want := range map[string]string{
		"A=1\nB=2\nA=3\n":            "line 3: A occurs on lines 1 and 3, but may occur once",
		"A=1\nA=2\n# c\nA=3\n":       "line 2: A occurs on lines 1, 2 and 4, but may occur once",
		"\"x y\"=1\n\"x y\"=2\n":     `line 2: ["\"x y\""] occurs on lines 1 and 2, but may occur once`,
		"A=1\na=2\n":                 "",
		"K=\"abc\nA=1\nA=2\"\nB=3\n": "line 3: the same name occurs on lines 2 and 3, but may occur once", // A may be a part of the value
	} {
		d, err := envfile.Parse(envfile.Dotenv, []byte(text))
		require.NoError(t, err)
		if err = d.Once(); want == "" {
			assert.NoError(t, err, text)
		} else {
			assert.EqualError(t, err, want, text)
		}
	}
	d, err := envfile.Parse(envfile.INI, []byte("[s]\na=1\n[t]\na=2\n[s]\nb=3\n"))
	require.NoError(t, err)
	assert.EqualError(t, d.Once(), "line 5: s occurs on lines 1 and 5, but may occur once")
	assert.Equal(t, "3", d.Roots()[0].At(envfile.Path{{Key: "s"}, {Key: "b"}}).Text)
	removed, err := d.Apply(envfile.Unset(envfile.Path{{Key: "s"}}))
	require.NoError(t, err)
	assert.Equal(t, "[t]\na=2\n", string(removed.Bytes()))

	d, err = envfile.Parse(envfile.Dotenv, []byte("A=1\nB=x\nA=2\nA=3\n"))
	require.NoError(t, err)
	assert.Equal(t, "3", d.Roots()[0].Get("A").Text)
	removed, err = d.Apply(envfile.Unset(envfile.Path{{Key: "A"}}))
	require.NoError(t, err)
	assert.Equal(t, "B=x\n", string(removed.Bytes()))
	_, err = d.Apply(envfile.Unset(envfile.Path{{Key: "B"}}))
	require.ErrorContains(t, err, "A occurs on lines 1, 2 and 3")

	for _, text := range []string{`{"a": 1, "a": 2}`, `{"a": [{"b": 1, "b": 1}]}`} {
		_, err = envfile.Parse(envfile.JSON, []byte(text))
		require.ErrorContains(t, err, "duplicate key")
		_, err = envfile.Values(envfile.JSON, []byte(text))
		require.ErrorContains(t, err, "duplicate key")
	}
	for _, text := range []string{`{"a": 1, "sops": {}, "sops": {}}`, `{"sops": {"mac": "x", "mac": "y"}}`, `{"sops": {"age": [{"enc": "x", "enc": "y"}]}, "a": 1}`} {
		_, err = envfile.ParseSealed(envfile.JSON, []byte(text))
		require.ErrorContains(t, err, "duplicate key", text)
	}
}
