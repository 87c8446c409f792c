package envfile_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// keyOf returns the data key of a file, for a simulation of another program.
func keyOf(t *testing.T, s *envfile.Sealed) crypto.DataKey {
	t.Helper()
	secret, err := alice.Unwrap(context.Background(), s.Metadata().Stanzas())
	require.NoError(t, err)
	key, err := crypto.ParseDataKey(secret)
	require.NoError(t, err)
	return key
}

// withValues encrypts values in the given form, which Seal does not do, and sets the matching MAC.
func withValues(t *testing.T, typ crypto.Type, text, canonical string) string {
	t.Helper()
	s := seal(t, "n: 5\n", envfile.Rules{})
	c := crypto.NewValueCipher(keyOf(t, s))
	mac := crypto.NewMAC(false)
	mac.Add(canonical)
	at := time.Now().UTC().Format(time.RFC3339)
	out := strings.Replace(string(s.Bytes()), encForm.FindString(string(s.Bytes())), c.Seal(typ, text, "n:"), 1)
	out = regexp.MustCompile(`lastmodified: .*`).ReplaceAllString(out, `lastmodified: "`+at+`"`)
	return unbound(t, regexp.MustCompile(` mac: .*`).ReplaceAllLiteralString(out, " mac: "+mac.Seal(c, at)))
}

// A value in non-canonical form is reported by name and gets a new nonce. Otherwise sops would
// encrypt 1.5 under the nonce of 1.50.
func TestNonCanonicalValues(t *testing.T) {
	for _, v := range []struct {
		typ             crypto.Type
		text, canonical string
	}{
		{crypto.Float, "1.50", "1.5"}, {crypto.Float, "1e3", "1000"}, {crypto.Float, "+1.5", "1.5"}, {crypto.Float, "inf", "+Inf"},
		{crypto.Int, "+7", "7"}, {crypto.Int, "0123", "123"}, {crypto.Int, "-0", "0"},
		{crypto.Bool, "true", "True"}, {crypto.Bool, "1", "True"}, {crypto.Time, "2024-01-31T00:00:00+00:00", "2024-01-31T00:00:00Z"},
	} {
		t.Run(string(v.typ)+" "+v.text, func(t *testing.T) {
			text := withValues(t, v.typ, v.text, v.canonical)
			o := open(t, parseSealed(t, text))
			assert.Equal(t, v.canonical, o.Roots()[0].Get("n").Text)
			require.Equal(t, []envfile.Position{{Line: 1, Path: "n"}}, o.NonCanonical())

			again := reseal(t, o, document(t, o)+"m: x\n")
			o = open(t, again)
			assert.Empty(t, o.NonCanonical())
			assert.Equal(t, v.canonical, o.Roots()[0].Get("n").Text)
			requireFreshNonces(t, string(again.Bytes()), nonces(text))
		})
	}
	for _, v := range []struct {
		typ  crypto.Type
		text string
	}{{crypto.Int, "1.0"}, {crypto.Int, "0x1F"}, {crypto.Int, "9223372036854775808"}, {crypto.Float, "1,5"}, {crypto.Bool, "yes"}, {crypto.Time, "2024-01-31"}} {
		err := openErr(withValues(t, v.typ, v.text, v.text))
		require.ErrorIs(t, err, envfile.ErrIntegrity)
		assert.Contains(t, err.Error(), "line 1: n: malformed encrypted value: not a value of its type "+string(v.typ))
	}
	assert.Empty(t, open(t, seal(t, "a: 1.50\nb: +7\nc: true\nd: 2024-01-31T01:00:00+01:00\ne: 1e300\nf: .inf\n", envfile.Rules{})).NonCanonical(), "what we seal")
}

// If sops wrote a file last, the type of an encrypted value is not authenticated. After a change of
// the type, the file opens only if the text is canonical for the new type. Otherwise the error
// names the value.
func TestTypeOfASealedValueChanged(t *testing.T) {
	for _, c := range []struct{ plain, from, to, want string }{
		{`"1.50"`, "str", "float", "line 1: n is not in the canonical form of its type; the type may have been altered"},
		{`"0123"`, "str", "int", "line 1: n is not in the canonical form of its type"},
		{`"+7"`, "str", "int", "line 1: n is not in the canonical form of its type"},
		{`"true"`, "str", "bool", "line 1: n is not in the canonical form of its type"},
		{"1", "int", "bool", "line 1: n is not in the canonical form of its type"},
		{"hunter2", "str", "int", "line 1: n: malformed encrypted value: not a value of its type int"},
		{"1.5", "float", "int", "line 1: n: malformed encrypted value: not a value of its type int"},
		{"hunter2", "str", "bytes", "line 1: n: malformed encrypted value: unknown type"},
		{"hunter2", "str", "comment", "line 1: n: expected a value, got an encrypted comment"},
		// Only the binding detects these changes, because the text is canonical for both types.
		{`"123"`, "str", "int", ""}, {"123", "int", "str", ""}, {"1.0", "float", "int", ""}, {`"True"`, "str", "bool", ""}, {"true", "bool", "str", ""},
	} {
		t.Run(c.plain+" as "+c.to, func(t *testing.T) {
			text := string(seal(t, "n: "+c.plain+"\n", envfile.Rules{}).Bytes())
			changed := strings.Replace(text, "type:"+c.from+"]", "type:"+c.to+"]", 1)
			require.NotEqual(t, text, changed)
			err := openErr(changed)
			if c.want == "" {
				requireTampered(t, err, envfile.BindingStructure)
				require.NoError(t, openErr(unbound(t, changed)))
				return
			}
			require.ErrorIs(t, err, envfile.ErrIntegrity)
			assert.Contains(t, err.Error(), c.want)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}
