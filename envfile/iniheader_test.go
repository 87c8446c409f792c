package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// ini.v1 ends a section's name at the last bracket of the line, and an encrypted comment ends in a
// bracket.
func TestINIHeaderComment(t *testing.T) {
	const text = "[a] ; why\nx = y\n"
	d, err := envfile.Parse(envfile.INI, []byte(text))
	require.NoError(t, err)
	_, _, err = envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
	var refused *envfile.SyntaxError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 1, refused.Line)
	assert.NotContains(t, err.Error(), "why")

	// An unencrypted comment is valid.
	s, o, err := envfile.Seal(t.Context(), d, envfile.Rules{EncryptedRegex: "^x$"}, sealedTo(alice))
	require.NoError(t, err)
	assert.Contains(t, string(s.Bytes()), "[a] ; why\n")
	back, err := o.Text()
	require.NoError(t, err)
	assert.Equal(t, text, string(back))
}

// sops crashes when it writes a comment with only comment marks on its first line. It could not
// decrypt such a file.
func TestINICommentOfMarks(t *testing.T) {
	for text, line := range map[string]int{
		"####\n# title\n[a]\nk = v\n":       1,
		"[a]\nk = v\n\n;\n; why\nm = n\n":   4,
		"; \r\nk = v ; c\r\n":               -1,
		"; \n; title\nk = v\n":              1,
		"# #  \n\n# title\nk = v\n":         1,
		"; \f\r\nk = v ; c\n":               -1,
		"####\n\n# title\nk = v\n":          1,
		"k = v\n[a] ; b\n#\n#\nx = y\n":     0, // the bracket's comment is rejected first
		"# title\n####\n[a]\nk = v\n":       -1,
		"[a]\nk = v\n####\n# the end\n":     -1, // belongs to the metadata, which sops does not write
		"[a]\r\n####\r\n# title\r\nk = v\n": -1,
	} {
		d, err := envfile.Parse(envfile.INI, []byte(text))
		require.NoError(t, err)
		_, _, err = envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
		if line < 0 {
			require.NoError(t, err, "%q", text)
			continue
		}
		var refused *envfile.SyntaxError
		require.ErrorAs(t, err, &refused, "%q", text)
		if line > 0 {
			assert.Equal(t, line, refused.Line)
			assert.ErrorContains(t, err, "only comment marks")
		}
	}
}
