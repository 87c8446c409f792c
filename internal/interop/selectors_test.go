package interop

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

const selectable = `# top
password: a # inline public
user: b
db_secret:
  # inner
  password: c
  list:
    - d
    # public
    - e
    - f
open_plain:
  password: g
  deep: {x: h, "y_secret": i}
  # foot
# public
name: j
# secret
token: k
# public
# inner
group:
  one: l
  # public
  two: {x: m}
  three: 3
list:
  # secret
  - [n, 1.5]
  - true
---
# public
second: {a_plain: o, b: 2024-01-31}
`

func someRules() []envfile.Rules {
	all := []envfile.Rules{
		{},
		{UnencryptedSuffix: "_plain"}, {UnencryptedSuffix: "name"},
		{EncryptedSuffix: "_secret"}, {EncryptedSuffix: "list"},
		{EncryptedRegex: "pass|^x$"}, {EncryptedRegex: "^(token|group)$"}, {EncryptedRegex: ".*"}, {EncryptedRegex: "^nothing$"},
		{UnencryptedRegex: "^(user|deep|group|db_.*)$"}, {UnencryptedRegex: "e"}, {UnencryptedRegex: ".*"},
		{UnencryptedCommentRegex: "public"}, {UnencryptedCommentRegex: "^ (inner|top)"},
		{EncryptedCommentRegex: "secret|inner"}, {EncryptedCommentRegex: "public"}, {EncryptedCommentRegex: "foot|top"},
	}
	for _, r := range all {
		r.MACOnlyEncrypted = true
		all = append(all, r)
	}
	return all
}

// encryptedPaths lists the paths of the encrypted values of a file.
func encryptedPaths(t *testing.T, text []byte) []string {
	o, err := open(text)
	require.NoError(t, err, "%s", text)
	var out []string
	for i, root := range o.Roots() {
		for p, n := range root.Leaves() {
			if n.Sealed {
				out = append(out, fmt.Sprintf("#%d %s", i, p))
			}
		}
	}
	return out
}

// Each selector seals the same values on both sides, and each side reads the other.
func TestSelectors(t *testing.T) {
	for _, r := range someRules() {
		t.Run(r.String(), func(t *testing.T) {
			theirs, err := sopsSeal([]byte(selectable), r)
			require.NoError(t, err)
			d, s, err := seal([]byte(selectable), r)
			require.NoError(t, err)
			assert.Equal(t, encryptedPaths(t, theirs), encryptedPaths(t, s.Bytes()))

			got := mustSopsOpen(t, s.Bytes())
			assert.Equal(t, oursShape(d.Roots()), sopsShape(t, got.branches))
			assert.Empty(t, got.warnings)
			plain, err := sopsPlain([]byte(selectable))
			require.NoError(t, err)
			assert.ElementsMatch(t, sopsComments(plain), sopsComments(got.branches))

			o := mustOpen(t, theirs)
			assert.Equal(t, oursShape(d.Roots()), oursShape(o.Roots()))
		})
	}
}

// A regex that does not compile: sops writes everything in clear, we refuse.
func TestBrokenRegex(t *testing.T) {
	theirs, err := sopsSeal([]byte("password: hunter2\n"), envfile.Rules{EncryptedRegex: "pass("})
	require.NoError(t, err)
	assert.Contains(t, string(theirs), "hunter2")
	_, _, err = seal([]byte("password: hunter2\n"), envfile.Rules{EncryptedRegex: "pass("})
	require.ErrorIs(t, err, envfile.ErrSelector)
	_, err = envfile.ParseSealed(envfile.YAML, theirs)
	require.Error(t, err, "nor do we trust the file that came of it")
}
