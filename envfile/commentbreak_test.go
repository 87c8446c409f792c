package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A comment that someone adds without the key is one to every reader: none finds a field in it.
func TestCommentsHideNoField(t *testing.T) {
	clear := envfile.Rules{EncryptedSuffix: "_secret"}
	for _, f := range []struct {
		format             envfile.Format
		header, mark, rest string
	}{
		{envfile.Dotenv, "", "#", "a_unencrypted=1\n# c\nb_secret=2\n"},
		{envfile.INI, "[s]\n", ";", "a_unencrypted = 1\n; c\nb_secret = 2\n"},
	} {
		plain := f.header + f.rest
		for _, rules := range []envfile.Rules{{}, clear} {
			s, _ := sealAs(t, f.format, plain, rules)
			open := func(comment string) error {
				text := f.header + f.mark + comment + "\n" + strings.TrimPrefix(string(s.Bytes()), f.header)
				_, err := openExpecting(f.format, text, envfile.Expectation{Bound: true})
				return err
			}
			for _, end := range []string{"\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\u0085", "\u2028", "\u2029"} {
				err := open(" x" + end + "b_secret=evil")
				require.ErrorIs(t, err, envfile.ErrIntegrity, "%s %q", f.format.Name(), end)
				assert.ErrorContains(t, err, "at which some readers end the line")
			}
			for _, comment := range []string{" x", " x\r", " \u00e9\u00a0b=1", "", "\u2028"} {
				require.NoError(t, open(comment), "%s %q", f.format.Name(), comment)
			}
		}
		// What stays unencrypted is not written, what is encrypted is kept.
		odd := strings.Replace(plain, " c\n", " c\rb=3\n", 1)
		_, _, err := envfile.Seal(t.Context(), parseAs(t, f.format, odd), clear, sealedTo(alice))
		var refused *envfile.SyntaxError
		require.ErrorAs(t, err, &refused)
		_, o := sealAs(t, f.format, odd, envfile.Rules{})
		assert.Equal(t, odd, document(t, o))
	}
	// systemd joins the line after a comment to it.
	s, _ := sealAs(t, envfile.Dotenv, "a=1\n", envfile.Rules{})
	for _, comment := range []string{"# x\\\n", "# x\\\r\n"} {
		_, err := openExpecting(envfile.Dotenv, comment+string(s.Bytes()), envfile.Expectation{})
		require.ErrorIs(t, err, envfile.ErrIntegrity)
		assert.Contains(t, err.Error(), "backslash")
	}
}
