package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// These values are read as by ini.v1, and so by sops. Each was once read differently.
func TestINIReadsAsSops(t *testing.T) {
	for text, want := range map[string]string{
		"k = \"\"\"\nline\n\"\"\"\n":         "\nline\n",
		"k = \"\"\" \r\nline\"\"\"\n":        " \r\nline",
		"k = \"\"\"":                         `"""`, // the rest of the line is empty, so it is not an opening quote
		"k = `\nline`\n":                     "\nline",
		"k = \u00a0x \u00a0\n":               "x",
		"k = \u00a0\"\"\"two\nlines\"\"\"\n": "two\nlines",
		"k = \v`a # b`\n":                    "a # b",
		"k = x\u00a0 # behind\n":             "x",
		"\ufeffk = x\n":                      "x",
		"\ufeff# head\nk = x\n":              "x",
	} {
		d, err := envfile.Parse(envfile.INI, []byte(text))
		require.NoError(t, err, "%q", text)
		n := d.Roots()[0].Get("DEFAULT").Get("k")
		require.NotNil(t, n, "%q", text)
		assert.Equal(t, want, n.Text, "%q", text)

		s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
		require.NoError(t, err, "%q", text)
		o, err := s.Open(t.Context(), alice)
		require.NoError(t, err, "%q", text)
		_, err = o.Document()
		require.NoError(t, err, "%q", text)
	}
	for _, text := range []string{"[]\nk = x\n", "k = `", "k = \"\"\"\n", "k = \"\"\" "} {
		_, err := envfile.Parse(envfile.INI, []byte(text))
		var refused *envfile.SyntaxError
		require.ErrorAs(t, err, &refused, "%q", text)
	}
}
