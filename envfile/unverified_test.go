package envfile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// swapValues swaps the ciphertexts of two fields.
func swapValues(t *testing.T, text, a, b string) string {
	t.Helper()
	line := func(name string) (prefix, enc string) {
		for l := range strings.Lines(text) {
			if i := strings.Index(l, "ENC["); i >= 0 && strings.HasPrefix(strings.TrimLeft(l, " -"), name) {
				return l[:i], strings.TrimSpace(l[i:])
			}
		}
		require.Fail(t, "no field "+name)
		return "", ""
	}
	pa, ea := line(a)
	pb, eb := line(b)
	text = strings.Replace(text, pa+ea, pa+"\x00", 1)
	text = strings.Replace(text, pb+eb, pb+ea, 1)
	return strings.Replace(text, "\x00", eb, 1)
}

func TestOpenUnverified(t *testing.T) {
	t.Parallel()
	const plain = "# remark\na: CANARY-1\nb: CANARY-2\nl:\n    - CANARY-3\n    - 4\nn_unencrypted: seen\n"
	good := unbound(t, string(seal(t, plain, envfile.Rules{}).Bytes()))
	enc := func(field string) string {
		_, rest, ok := strings.Cut(good, "\n"+field+": ")
		require.True(t, ok)
		rest, _, _ = strings.Cut(rest, "\n")
		return rest
	}
	mac, _, _ := strings.Cut(good[strings.Index(good, "    mac: "):], "\n")
	for name, c := range map[string]struct {
		text string
		want string // "" if a value fails authentication
	}{
		"not changed":                  {good, plain},
		"unencrypted value changed":    {strings.Replace(good, "n_unencrypted: seen", "n_unencrypted: other", 1), strings.Replace(plain, "seen", "other", 1)},
		"unencrypted value added":      {strings.Replace(good, "n_unencrypted:", "m_unencrypted: new\nn_unencrypted:", 1), strings.Replace(plain, "n_unencrypted:", "m_unencrypted: new\nn_unencrypted:", 1)},
		"encrypted value removed":      {strings.Replace(good, "a: "+enc("a")+"\n", "", 1), strings.Replace(plain, "a: CANARY-1\n", "", 1)},
		"no mac":                       {strings.Replace(good, mac+"\n", "", 1), plain},
		"mac of nothing":               {strings.Replace(good, "    mac: ENC[AES256_GCM,data:", "    mac: ENC[AES256_GCM,data:AA", 1), plain},
		"comment that is not its own":  {strings.Replace(good, "#ENC[AES256_GCM,data:", "#ENC[AES256_GCM,data:AAAA", 1), "#ENC"},
		"value that was changed":       {strings.Replace(good, "a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AAAA", 1), ""},
		"value of another field":       {swapValues(t, good, "a", "b"), ""},
		"unencrypted instead":          {strings.Replace(good, "a: "+enc("a"), "a: planted", 1), ""},
		"unencrypted number instead":   {strings.Replace(good, "a: "+enc("a"), "a: 7", 1), ""},
		"encrypted, and a text behind": {strings.Replace(good, enc("a"), enc("a")+"x", 1), ""},
	} {
		s := parseSealed(t, c.text)
		u, err := s.OpenUnverified(context.Background(), alice)
		if c.want == "" {
			require.ErrorIs(t, err, envfile.ErrIntegrity, name)
			assert.NotContains(t, err.Error(), "CANARY", name)
			assert.Nil(t, u, name)
			continue
		}
		require.NoError(t, err, name)
		text, err := u.Text()
		require.NoError(t, err, name)
		if c.want == "#ENC" {
			assert.Equal(t, plain[strings.Index(plain, "\n"):], string(text[strings.IndexByte(string(text), '\n'):]), name)
			assert.Contains(t, string(text), c.want, name)
		} else {
			assert.Equal(t, c.want, string(text), name)
		}
		assert.Empty(t, u.Strays(), name)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			assert.NotContains(t, fmt.Sprintf(verb, u), "CANARY", name)
		}
		if name != "not changed" {
			_, err = s.Open(context.Background(), alice)
			if !strings.Contains(name, "comment") {
				assert.ErrorIs(t, err, envfile.ErrMAC, name)
			}
		}
	}
	_, err := parseSealed(t, good).OpenUnverified(context.Background(), bob)
	assert.ErrorIs(t, err, keys.ErrNoIdentity)
}

// A binding, or the requirement of one, is never ignored.
func TestOpenUnverifiedIsNotForBoundFiles(t *testing.T) {
	t.Parallel()
	s := seal(t, "a: x\n", envfile.Rules{})
	_, err := s.OpenUnverified(context.Background(), alice)
	require.ErrorIs(t, err, envfile.ErrBound)
	s = parseSealed(t, unbound(t, string(s.Bytes())))
	_, err = s.Expect(envfile.Expectation{Bound: true}).OpenUnverified(context.Background(), alice)
	require.ErrorIs(t, err, envfile.ErrIntegrity)
	_, err = s.OpenUnverified(context.Background(), alice)
	require.NoError(t, err)
}

// Values that are encrypted although the rules leave them unencrypted are decrypted
// and reported: sops writes such files with a selector by comments.
func TestOpenUnverifiedStrays(t *testing.T) {
	t.Parallel()
	text := unbound(t, string(seal(t, "a: x\nm:\n    b: y\nl:\n    - z\n", envfile.Rules{}).Bytes()))
	text = strings.Replace(text, "unencrypted_suffix: _unencrypted", "encrypted_regex: ^a$", 1)
	moved := swapValues(t, text, "b", "ENC") // authenticates at neither position
	for text, want := range map[string]string{text: "a: x\nm:\n    b: \"y\"\nl:\n    - z\n", moved: ""} {
		u, err := parseSealed(t, text).OpenUnverified(context.Background(), alice)
		require.NoError(t, err)
		got, err := u.Text()
		require.NoError(t, err)
		if want == "" {
			assert.Contains(t, string(got), "b: ENC[")
			assert.Empty(t, u.Strays())
			continue
		}
		assert.Equal(t, want, string(got))
		assert.Equal(t, []envfile.Position{{Line: 3, Path: "m.b"}, {Line: 5, Path: "l[0]"}}, u.Strays())
	}
}
