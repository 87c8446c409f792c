package envfile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

const selectable = `# top
password: a # inline
user: b
db_secret:
  # inner
  password: c
  list: [d]
open_plain:
  password: e
  deep: {x: f}
# public
name: g
# secret
token: h
group:
  # public
  one: i
  two: j
`

// The expected selections are derived by hand from the format's rules. internal/interop compares
// them with sops.
func TestSelectors(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules envfile.Rules
		want  string
	}{
		{"default", envfile.Rules{},
			"#<comment>\npassword: <str> #<comment>\nuser: <str>\ndb_secret:\n  #<comment>\n  password: <str>\n  list: ['<str>']\n" +
				"open_plain:\n  password: <str>\n  deep: {x: '<str>'}\n#<comment>\nname: <str>\n#<comment>\ntoken: <str>\n" +
				"group:\n  #<comment>\n  one: <str>\n  two: <str>\n"},
		{"unencrypted_suffix", envfile.Rules{UnencryptedSuffix: "_plain"},
			"#<comment>\npassword: <str> #<comment>\nuser: <str>\ndb_secret:\n  #<comment>\n  password: <str>\n  list: ['<str>']\n" +
				"open_plain:\n  password: e\n  deep: {x: f}\n#<comment>\nname: <str>\n#<comment>\ntoken: <str>\n" +
				"group:\n  #<comment>\n  one: <str>\n  two: <str>\n"},
		{"encrypted_suffix", envfile.Rules{EncryptedSuffix: "_secret"},
			"# top\npassword: a # inline\nuser: b\ndb_secret:\n  #<comment>\n  password: <str>\n  list: ['<str>']\n" +
				"open_plain:\n  password: e\n  deep: {x: f}\n# public\nname: g\n# secret\ntoken: h\ngroup:\n  # public\n  one: i\n  two: j\n"},
		{"encrypted_regex", envfile.Rules{EncryptedRegex: "pass|^x$"},
			"# top\npassword: <str> # inline\nuser: b\ndb_secret:\n  # inner\n  password: <str>\n  list: [d]\n" +
				"open_plain:\n  password: <str>\n  deep: {x: '<str>'}\n# public\nname: g\n# secret\ntoken: h\ngroup:\n  # public\n  one: i\n  two: j\n"},
		{"unencrypted_regex", envfile.Rules{UnencryptedRegex: "^(user|deep|group|db_.*)$"},
			"#<comment>\npassword: <str> #<comment>\nuser: b\ndb_secret:\n  # inner\n  password: c\n  list: [d]\n" +
				"open_plain:\n  password: <str>\n  deep: {x: f}\n#<comment>\nname: <str>\n#<comment>\ntoken: <str>\n" +
				"group:\n  # public\n  one: i\n  two: j\n"},
		{"unencrypted_comment_regex", envfile.Rules{UnencryptedCommentRegex: "public"},
			"#<comment>\npassword: <str> #<comment>\nuser: <str>\ndb_secret:\n  #<comment>\n  password: <str>\n  list: ['<str>']\n" +
				"open_plain:\n  password: <str>\n  deep: {x: '<str>'}\n# public\nname: g\n#<comment>\ntoken: <str>\n" +
				"group:\n  # public\n  one: i\n  two: <str>\n"},
		{"encrypted_comment_regex", envfile.Rules{EncryptedCommentRegex: "secret|inner"},
			"# top\npassword: a # inline\nuser: b\ndb_secret:\n  # inner\n  password: <str>\n  list: [d]\n" +
				"open_plain:\n  password: e\n  deep: {x: f}\n# public\nname: g\n# secret\ntoken: <str>\ngroup:\n  # public\n  one: i\n  two: j\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, only := range []bool{false, true} {
				c.rules.MACOnlyEncrypted = only
				s := seal(t, selectable, c.rules)
				assert.Equal(t, c.want, body(t, string(s.Bytes())))
				assert.Equal(t, c.rules.Normal(), s.Metadata().Rules)
				assert.Equal(t, selectable, document(t, open(t, s)))
			}
		})
	}
}

// With mac_only_encrypted, anyone may change an unencrypted value, with a binding too.
func TestMACOnlyEncrypted(t *testing.T) {
	text := string(seal(t, "a: x\nb_unencrypted: y\n", envfile.Rules{MACOnlyEncrypted: true}).Bytes())
	changed := strings.Replace(text, "b_unencrypted: y", "b_unencrypted: z", 1)
	require.NotEqual(t, text, changed)
	for _, text := range []string{changed, unbound(t, changed)} {
		o := open(t, parseSealed(t, text))
		assert.Equal(t, "z", o.Roots()[0].Get("b_unencrypted").Text)
	}
}

// An encrypted comment that matches unencrypted_comment_regex could not be decrypted.
func TestCommentRegexMatchesSealedComment(t *testing.T) {
	_, _, err := envfile.Seal(context.Background(), parse(t, "# x\na: y\n"), envfile.Rules{UnencryptedCommentRegex: "ENC|zz"}, sealedTo(alice))
	require.EqualError(t, err, "line 1, column 1: the encrypted comment would match unencrypted_comment_regex")
}

// A short expression sometimes matches a ciphertext by chance. Another nonce helps.
func TestCommentRegexMatchesSealedCommentByChance(t *testing.T) {
	text := strings.Repeat("# note\n", 50) + "a: y\n# KK\nb: z\n"
	s := seal(t, text, envfile.Rules{UnencryptedCommentRegex: "KK|K[0-9]|x[a-z]"})
	assert.Equal(t, text, document(t, open(t, s)))
	assert.Contains(t, string(s.Bytes()), "# KK\nb: z\n")
}

// A comment after a list belongs to the list at the end of a file, and to the map of the next key
// otherwise, even if that key is the metadata. There, the rules do not encrypt it, but it was
// encrypted and must be decrypted.
func TestCommentThatTheMetadataTakesOver(t *testing.T) {
	const text = "a:\n- x\n# secret\n"
	s := seal(t, text, envfile.Rules{EncryptedRegex: "a"})
	assert.Equal(t, "a:\n- <str>\n#<comment>\n", body(t, string(s.Bytes())))
	o := open(t, s)
	assert.Equal(t, text, document(t, o))
	assert.Equal(t, body(t, string(s.Bytes())), body(t, string(reseal(t, o, text).Bytes())))
	rotated, err := o.Rotate(context.Background(), s.Metadata().Rules, sealedTo(alice))
	require.NoError(t, err)
	assert.Equal(t, text, document(t, open(t, rotated)))

	// A comment that only looks encrypted does not change.
	const looks = "b: x\n#ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:comment]\n"
	s = seal(t, looks, envfile.Rules{EncryptedRegex: "a"})
	assert.Equal(t, looks, document(t, open(t, s)))
}

func TestRulesString(t *testing.T) {
	assert.Equal(t, "unencrypted_suffix: _unencrypted", envfile.Rules{}.Normal().String())
	assert.Equal(t, "encrypted_regex: ^a$, mac_only_encrypted: true", envfile.Rules{EncryptedRegex: "^a$", MACOnlyEncrypted: true}.String())
}
