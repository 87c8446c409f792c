package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

func mustReopen(t *testing.T, format envfile.Format, s *envfile.Sealed) *envfile.Opened {
	t.Helper()
	s, err := envfile.ParseSealed(format, s.Bytes())
	require.NoError(t, err)
	o, err := s.Open(t.Context(), alice)
	require.NoError(t, err)
	return o
}

// requireSameBytes encrypts a file, decrypts it, rotates it and decrypts it again. The plaintext
// must stay the same.
func requireSameBytes(t *testing.T, format envfile.Format, text string, r envfile.Rules) {
	t.Helper()
	d, err := envfile.Parse(format, []byte(text))
	require.NoError(t, err, "%q", text)
	s, _, err := envfile.Seal(t.Context(), d, r, sealedTo(alice))
	require.NoError(t, err, "%q", text)
	o := mustReopen(t, format, s)
	back, err := o.Document()
	require.NoError(t, err, "%q", text)
	assert.Equal(t, text, string(back.Bytes()))
	s, err = o.Rotate(t.Context(), r, sealedTo(alice))
	require.NoError(t, err, "%q", text)
	plain, err := mustReopen(t, format, s).Text()
	require.NoError(t, err, "%q", text)
	assert.Equal(t, text, string(plain))
}

// The valid notations of a value depend on the rest of its line.
func TestINIComesBackAsWritten(t *testing.T) {
	for _, text := range []string{
		"[a]\nk = x \\ ; c\n",
		"[a]\nk = \\ # c\nm = n\n",
		"[a]\nk = a\rb ; c\n",
		"[a]\nk = a\rb\nm = n\n",
		"[a]\nk = \"\"\"\nm = \"\"\"n\"\"\"\n",
		"[a]\nk = \"\"\"a\nm = `n`\"\"\"\n",
		"[a]\nk = ``\nm = \"\"\nn = ''\n",
		"[a]\nk = x\n\r\n",         // an empty line with another line break than the previous line
		"[a]\r\nk = x\r\n\n# c\n",  // the reverse
		"[a]\nk = x\r",             // a carriage return, but no final line feed
		"[a]\r\nk = x\n\r\n\r\n\n", // a mixture
		"\ufeff[a]\nk = x\n",
	} {
		requireSameBytes(t, envfile.INI, text, envfile.Rules{})
		requireSameBytes(t, envfile.INI, text, envfile.Rules{EncryptedRegex: "^m$"})
	}
}

func TestINISetBesideAComment(t *testing.T) {
	for _, c := range []struct{ in, key, value, want string }{
		{"[a]\nk = x ; c\n", "k", " lead", "[a]\nk = \" lead\" ; c\n"},
		{"[a]\nk = x ; c\n", "k", `"q"`, "[a]\nk = '\"q\"' ; c\n"},
		{"[a]\nk = x ; c\n", "k", `y\`, "[a]\nk = y\\ ; c\n"},
		{"[a]\nk = ; c\n", "k", "x", "[a]\nk = x ; c\n"},
		{"[a]\nk =; c\n", "k", "x", "[a]\nk =x ; c\n"},
		{"[a]\nk = x\n", "k", "a#b", "[a]\nk = `a#b`\n"},
		{"[a]\nk = x\n", "n", "a#b", "[a]\nk = x\nn = `a#b`\n"},
		{"[a]\nk = \"x\"\n", "k", "a;b", "[a]\nk = `a;b`\n"},
	} {
		d, err := envfile.Parse(envfile.INI, []byte(c.in))
		require.NoError(t, err)
		d, err = d.Apply(envfile.Set(envfile.Path{{Key: "a"}, {Key: c.key}}, crypto.Str, c.value))
		require.NoError(t, err, "%q %q", c.in, c.value)
		assert.Equal(t, c.want, string(d.Bytes()))
		_, _, err = envfile.Seal(t.Context(), d, envfile.Rules{EncryptedRegex: "^nothing$"}, sealedTo(alice))
		require.NoError(t, err, "sops would read it otherwise")
		requireSameBytes(t, envfile.INI, c.want, envfile.Rules{})
	}

	d, err := envfile.Parse(envfile.INI, []byte("[a]\nk = x ; c\n"))
	require.NoError(t, err)
	_, err = d.Apply(envfile.Set(envfile.Path{{Key: "a"}, {Key: "k"}}, crypto.Str, "CANARY\nline"))
	require.ErrorContains(t, err, "before a comment")
	assert.NotContains(t, err.Error(), "CANARY")
}

// The section DEFAULT has no header, and disappears with its last key.
func TestINIUnsetLastAboveSections(t *testing.T) {
	for in, want := range map[string]string{"k = v\n[a]\nx = y\n": "[a]\nx = y\n", "k = v\n": "", "# c\nk = v\n": "# c\n"} {
		d, err := envfile.Parse(envfile.INI, []byte(in))
		require.NoError(t, err)
		d, err = d.Apply(envfile.Unset(envfile.Path{{Key: "DEFAULT"}, {Key: "k"}}))
		require.NoError(t, err, "%q", in)
		assert.Equal(t, want, string(d.Bytes()))
	}
}

func TestINIHeaderCommentBehindAMark(t *testing.T) {
	d, err := envfile.Parse(envfile.INI, []byte("\ufeff[a] ; why\nx = y\n"))
	require.NoError(t, err)
	_, _, err = envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
	var refused *envfile.SyntaxError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 1, refused.Line)
}
