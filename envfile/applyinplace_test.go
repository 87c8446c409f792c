package envfile_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

var otherTexts = map[crypto.Type][]string{
	crypto.Str:   {"other", "true", "a: b", "x #y", "é'\"\\", " blank ", "- a", "12", "", "a\nb", "ENC[AES256_GCM,", "\a"},
	crypto.Int:   {"7", "-1", "+7"},
	crypto.Float: {"1.25", "1.50"},
	crypto.Bool:  {"True", "False", "yes"},
	crypto.Time:  {"2001-02-03T04:05:06Z"},
}

// TestApplyInPlaceMatchesReseal changes each value of many files with ApplyInPlace and with Apply
// and Reseal. Both results must decrypt to the same plaintext.
func TestApplyInPlaceMatchesReseal(t *testing.T) {
	taken, all := 0, 0
	for _, c := range roundTrips {
		s := seal(t, c.plain, envfile.Rules{})
		o := open(t, s)
		for path, n := range o.Roots()[0].Leaves() {
			for _, text := range otherTexts[n.Type] {
				all++
				op := envfile.Set(path.Clone(), n.Type, text)
				fast, ok, err := o.ApplyInPlace(op)
				if !ok {
					require.NoError(t, err)
					continue
				}
				name := fmt.Sprintf("%s: %s = %q", c.name, path, text)
				require.NoError(t, err, name)
				taken++
				d, err := o.Document()
				require.NoError(t, err, name)
				after, err := d.Apply(op)
				require.NoError(t, err, name)
				slow, err := o.Reseal(after)
				require.NoError(t, err, name)
				again := open(t, fast)
				assert.Equal(t, shape(open(t, slow).Roots()), shape(again.Roots()), name)
				assert.Equal(t, document(t, open(t, slow)), document(t, again), name)
				assert.True(t, again.Bound(), name)
				assert.LessOrEqual(t, len(changedLines(t, string(s.Bytes()), string(fast.Bytes()))), 4, name)
				requireFreshNonces(t, string(fast.Bytes()), nonces(string(s.Bytes())))
			}
		}
	}
	t.Logf("in place: %d of %d changes", taken, all)
	assert.Greater(t, taken, all/5)
}

func TestApplyInPlaceLeavesTheRest(t *testing.T) {
	const plain = "a: x # c\nb: 5\nc_unencrypted: y\nd: [z]\ne: |\n  t\nf: {}\n"
	o := open(t, seal(t, plain, envfile.Rules{}))
	path := func(text string) envfile.Path {
		p, err := envfile.ParsePath(text)
		require.NoError(t, err)
		return p
	}
	set := func(at string, typ crypto.Type, text string) envfile.Op { return envfile.Set(path(at), typ, text) }
	for name, op := range map[string]envfile.Op{
		"no such field": set("g", crypto.Str, "x"), "no change": set("a", crypto.Str, "x"), "another type": set("b", crypto.Str, "x"),
		"in clear": set("c_unencrypted", crypto.Str, "x"), "in brackets": set("d[0]", crypto.Str, "x"), "a block": set("e", crypto.Str, "x"),
		"a map": set("f", crypto.Str, "x"), "empty": set("a", crypto.Str, ""), "two lines": set("a", crypto.Str, "x\ny"),
		"not canonical": set("b", crypto.Int, "+6"), "null": envfile.SetNull(path("a")), "removed": envfile.Unset(path("a")),
		"appended": set("d[+]", crypto.Str, "x"), "flow": envfile.SetText(path("a"), "[1]"),
	} {
		_, ok, err := o.ApplyInPlace(op)
		require.NoError(t, err, name)
		assert.False(t, ok, name)
	}
	_, ok, err := o.ApplyInPlace(set("a", crypto.Str, "z"))
	require.NoError(t, err)
	assert.True(t, ok)
	o = open(t, seal(t, "# s\na: x\n", envfile.Rules{EncryptedCommentRegex: "s"}))
	_, ok, err = o.ApplyInPlace(set("a", crypto.Str, "z"))
	require.NoError(t, err)
	assert.False(t, ok, "rules that look at comments")
}
