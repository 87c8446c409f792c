package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// sops quotes a key that contains a quote or a delimiter.
func TestINIQuotedKeys(t *testing.T) {
	const text = "[a]\n`x=y` = 1\n\"c:d\" : 2\n\"\"\"q`\"z\"\"\"=3\n` blank ` = 4\nsay \"hi\" = 5\n"
	d, err := envfile.Parse(envfile.INI, []byte(text))
	require.NoError(t, err)
	var names []string
	for e := range d.Roots()[0].Get("a").Entries() {
		names = append(names, e.Key+" "+e.Text)
	}
	assert.Equal(t, []string{"x=y 1", "c:d 2", "q`\"z 3", "blank 4", `say "hi" 5`}, names)

	s, o, err := envfile.Seal(t.Context(), d, envfile.Rules{EncryptedRegex: "=y|hi"}, sealedTo(alice))
	require.NoError(t, err)
	assert.Contains(t, string(s.Bytes()), "`x=y` = ENC[")
	assert.Contains(t, string(s.Bytes()), `say "hi" = ENC[`)
	back, err := o.Text()
	require.NoError(t, err)
	assert.Equal(t, text, string(back))

	for _, bad := range []string{"`x = 1\n", "`x` y = 1\n", "`x`\n", "`` = 1\n", "`-` = 1\n", "\"\"\"x\" = 1\n", "`a` = 1\na = 2\n"} {
		_, err := envfile.Parse(envfile.INI, []byte(bad))
		var refused *envfile.SyntaxError
		require.ErrorAs(t, err, &refused, "%q", bad)
	}
}

// sops rejects a file with two sections of metadata, so sealcfg must neither read nor write one.
func TestINIMetadataTwice(t *testing.T) {
	d, err := envfile.Parse(envfile.INI, []byte("[a]\nb = c\n"))
	require.NoError(t, err)
	s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	const second = "[sops]\nx =\n"
	for _, text := range []string{second + string(s.Bytes()), string(s.Bytes()) + second} {
		_, err = envfile.ParseSealed(envfile.INI, []byte(text))
		var refused *envfile.SyntaxError
		require.ErrorAs(t, err, &refused)
		assert.Contains(t, refused.Reason, "duplicate section [sops]")
	}
}
