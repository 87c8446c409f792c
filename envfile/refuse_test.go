package envfile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// Each file is rejected with exactly this error.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "line 1: the file is empty, expected at least one field"},
		{"a list", "- a\n", "line 1, column 1: expected a map at the top level, got a list"},
		{"a list in flow", "[a]\n", "line 1, column 1: expected a map at the top level, got a list"},
		{"a single value", "hunter2\n", "line 1, column 1: expected a map at the top level, got a single value"},
		{"a written null", "null\n", "line 1, column 1: expected a map at the top level, got a single value"},
		{"an anchored null", "&x\n---\n", "line 1, column 1: expected a map at the top level, got a single value"},
		{"a tag alone", "!\n---\n", "line 1, column 1: the document has only a tag: remove it"},
		{"a list in the second document", "a: x\n---\n- b\n", "line 3, column 1: expected a map at the top level, got a list"},
		{"duplicate key", "a: x\nb: y\na: z\n", `line 3, column 1: duplicate key "a"`},
		{"duplicate key below", "m:\n  a: x\n  'a': y\n", `line 3, column 3: duplicate key "a"`},
		{"duplicate key in flow", "m: {a: x, a: y}\n", `line 1, column 11: duplicate key "a"`},
		{"duplicate key in the second document", "a: x\n---\nb: x\nb: y\n", `line 4, column 1: duplicate key "b"`},
		{"duplicate key in a list", "l:\n  - a: x\n    a: y\n", `line 3, column 5: duplicate key "a"`},
		{"integer key", "1: x\n", `line 1, column 1: key "1" is of type int, expected a string: quote it`},
		{"boolean key", "m:\n  true: x\n", `line 2, column 3: key "true" is of type bool, expected a string: quote it`},
		{"float key", "1.5: x\n", `line 1, column 1: key "1.5" is of type float, expected a string: quote it`},
		{"date key", "2024-01-31: x\n", `line 1, column 1: key "2024-01-31" is of type timestamp, expected a string: quote it`},
		{"null key", "~: x\n", `line 1, column 1: key "~" is of type null, expected a string: quote it`},
		{"map as key", "{a: b}: x\n", "line 1, column 1: expected a string as key, got a map or a list"},
		{"alias as key", "a: &k x\n*k : y\n", "line 2, column 1: the key is an alias: replace the alias by the key"},
		{"integer too large", "a: 9223372036854775808\n", "line 1, column 4: the integer is larger than 9223372036854775807, which the format cannot hold: quote it to make it a string"},
		{"tag that does not fit", "a: !!int hunter2\n", "line 1, column 4: the value does not match its tag !!int"},
		{"base64 that does not fit", "a: !!binary hunter2*\n", "line 1, column 4: the value does not match its tag !!binary"},
		{"alias without anchor", "a: x\nb: *hunter2\n", "line 2: an alias (*) without its anchor (&): quote the value if it is text"},
		{"alias cycle", "a: &x\n  b: *x\n", `line 2, column 6: anchor "x" contains itself`},
		{"tab as indentation", "a:\n\tb: hunter2\n", "line 2: found character that cannot start any token"},
		{"unclosed quote", "a: \"hunter2\n", "line 1: found unexpected end of stream"},
		{"unclosed quote later", "a: \"x\n  y\"\nb: \"hunter2\nc: d\ne: f\n", "line 3: found unexpected end of stream"},
		{"unclosed bracket", "a: [hunter2\n", "line 1: did not find expected ',' or ']'"},
		{"unclosed bracket later", "a: [x,\n  y]\nb:\n  c: [hunter2,\n    d\ne: f\n", "line 4: did not find expected ',' or ']'"},
		{"unclosed brace", "a: x\nb: {c: hunter2\n", "line 2: did not find expected ',' or '}'"},
		{"two colons", "a: hunter2: x\n", "line 1: mapping values are not allowed in this context"},
		{"bad indentation", "a:\n  b: hunter2\n c: y\n", "line 3: did not find expected key"},
		{"bad indentation later", "x: y\na:\n  - b: hunter2\n    c: d\n   e: f\ng: h\n", "line 5: did not find expected '-' indicator"},
		{"a key without a colon", "a: b\nhunter2\nc: d\n", "line 2: could not find expected ':'"},
		{"directive", "%YAML 1.2\n---\na: x\n", "line 1: found incompatible YAML document"},
		{"UTF-16, little end first", "\xff\xfea\x00:\x00", "line 1: the file is UTF-16, expected UTF-8; convert it: iconv -f UTF-16 -t UTF-8"},
		{"UTF-16, big end first", "\xfe\xff\x00a\x00:", "line 1: the file is UTF-16, expected UTF-8; convert it: iconv -f UTF-16 -t UTF-8"},
		{"two byte order marks", "\ufeff\ufeffa: hunter2\n", "line 1: byte order mark inside the text: remove it"},
		{"byte order mark on a line", "\ufeffa: x\n\ufeffb: hunter2\n", "line 2: byte order mark inside the text: remove it"},
		{"lone carriage return", "a: x\r\nb: y\rc: hunter2\n", "line 2: a carriage return without a line feed: end lines with a line feed"},
		{"not UTF-8", "a: x\nb: \xc3\x28\n", "line 2: not valid UTF-8"},
		{"control character", "a: x\n\nb: \x01hunter2\n", "line 3: control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := envfile.Parse(envfile.YAML, []byte(c.text))
			require.EqualError(t, err, c.want)
			var at *envfile.SyntaxError
			require.ErrorAs(t, err, &at)
			assert.Positive(t, at.Line)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestParseRefusesSealed(t *testing.T) {
	sealed := seal(t, "a: x\n", envfile.Rules{}).Bytes()
	_, err := envfile.Parse(envfile.YAML, sealed)
	require.EqualError(t, err, "already encrypted (line 2)")
	require.ErrorIs(t, err, envfile.ErrAlreadySealed)

	// The name alone does not make an encrypted file.
	for text, line := range map[string]int{
		"a: x\nsops:\n  mac: y\n": 2, "sops: x\n": 1, "sops:\n": 1, "a: x\n---\nb: y\n\"sops\": {}\n": 4, "{a: x, sops: {}}\n": 1,
	} {
		_, err := envfile.Parse(envfile.YAML, []byte(text))
		var at *envfile.SyntaxError
		require.ErrorAs(t, err, &at)
		assert.Equal(t, line, at.Line)
		assert.Contains(t, at.Reason, "is the name of the metadata")
	}
	for _, text := range []string{"a:\n  sops: x\n", "sops_x: y\n", "l:\n  - sops: z\n"} {
		_, err := envfile.Parse(envfile.YAML, []byte(text))
		require.NoError(t, err, text)
	}
}

func TestSealRefusesAliases(t *testing.T) {
	const sealed = " cannot be encrypted through an alias (*), because a ciphertext is bound to its field path: " +
		"replace the alias by its value, or leave the field unencrypted"
	const clear = " is unencrypted, but it is an alias (*) of a value that the rules encrypt: replace the alias by its value"
	for _, c := range []struct{ name, text, want string }{
		{"a value", "a: &x hunter2\nb: *x\n", "line 2, column 4: b" + sealed},
		{"a map", "a: &x\n  k: hunter2\nb: *x\n", "line 3, column 4: b.k" + sealed},
		{"a merge", "a: &x\n  k: hunter2\nb:\n  <<: *x\n", "line 4, column 7: b.<<.k" + sealed},
		{"an item", "a:\n  - &x hunter2\n  - *x\n", "line 3, column 5: a[1]" + sealed},
		{"a list in a list", "a:\n  - [u, &x hunter2]\n  # c\n  - [w, {k: *x}]\n", "line 4, column 13: a[1][1].k" + sealed},
		{"a clear anchor", "a_unencrypted: &x y\nb: *x\n", "line 2, column 4: b" + sealed},
		{"a sealed anchor", "a: &x hunter2\nb_unencrypted: *x\n", "line 2, column 16: b_unencrypted" + clear},
		{"a sealed anchor below", "a: &x\n  k: {l: hunter2}\nb_unencrypted:\n  - *x\n", "line 4, column 5: b_unencrypted[0].k.l" + clear},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := envfile.Seal(context.Background(), parse(t, c.text), envfile.Rules{}, sealedTo(alice))
			require.EqualError(t, err, c.want)
			var at *envfile.SyntaxError
			require.ErrorAs(t, err, &at)
		})
	}
}

// A literal block at the end of a file without a line break would change when the metadata is added
// after it. An encrypted value does not change, unless blanks after the block are kept by a + in
// the header.
func TestSealRefusesOpenEnd(t *testing.T) {
	for _, text := range []string{"a_unencrypted: |\n  hunter2", "a_unencrypted: |+\n  hunter2\n ", "a: |+\n ", "a: |+\n  hunter2\n ", "a: >2+\n  hunter2\n\n  "} {
		_, _, err := envfile.Seal(context.Background(), parse(t, text), envfile.Rules{}, sealedTo(alice))
		require.Error(t, err)
		assert.Contains(t, err.Error(), "the text block ends the file without a line break, so the metadata after it would change it: add a line break")
	}
	// Readers disagree whether the value ends with a line feed, so decryption changes the notation.
	const fine = "a: |\n  x"
	assert.Equal(t, "a: |-\n  x", document(t, open(t, seal(t, fine, envfile.Rules{}))))
	warnings, err := parse(t, fine).Warnings(envfile.Rules{})
	require.NoError(t, err)
	require.Len(t, warnings, 1)
	assert.Contains(t, warnings[0].Reason, "decryption writes |-")
}

// A few lines of nested aliases expand to a billion values.
func TestParseRefusesAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0_unencrypted: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "a%d_unencrypted: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	_, err := envfile.Parse(envfile.YAML, []byte(b.String()))
	require.Error(t, err)
	assert.Contains(t, err.Error(), "too many values after aliases are expanded")
}

func TestSealRefusesRules(t *testing.T) {
	for _, c := range []struct {
		rules envfile.Rules
		want  string
	}{
		{envfile.Rules{EncryptedRegex: "(", UnencryptedSuffix: "_x"}, "encrypted_regex and unencrypted_suffix cannot be combined"},
		{envfile.Rules{EncryptedSuffix: "a", EncryptedCommentRegex: "b"}, "encrypted_comment_regex and encrypted_suffix cannot be combined"},
		{envfile.Rules{EncryptedRegex: "pass("}, "encrypted_regex: pass( does not compile"},
		{envfile.Rules{UnencryptedRegex: "[a"}, "unencrypted_regex: [a does not compile"},
		{envfile.Rules{EncryptedCommentRegex: "*"}, "encrypted_comment_regex: * does not compile"},
		{envfile.Rules{UnencryptedCommentRegex: `\`}, "does not compile"},
	} {
		_, _, err := envfile.Seal(context.Background(), parse(t, "password: hunter2\n"), c.rules, sealedTo(alice))
		require.ErrorIs(t, err, envfile.ErrSelector)
		assert.Contains(t, err.Error(), c.want)
		require.ErrorIs(t, c.rules.Validate(), envfile.ErrSelector)
	}
	require.NoError(t, envfile.Rules{EncryptedRegex: "^pass", MACOnlyEncrypted: true}.Validate())
	require.NoError(t, envfile.Rules{}.Validate())
}

func TestSealRefusesNoRecipients(t *testing.T) {
	for _, to := range []envfile.Recipients{{}, sealedTo()} {
		_, _, err := envfile.Seal(context.Background(), parse(t, "a: x\n"), envfile.Rules{}, to)
		require.ErrorIs(t, err, envfile.ErrNoRecipients)
	}
}

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]struct {
		format envfile.Format
		known  bool
	}{
		"a.yaml": {envfile.YAML, true}, "b/c.yml": {envfile.YAML, true}, "/x/.yaml": {envfile.YAML, true},
		"a.json": {envfile.JSON, true}, "a.env": {envfile.Dotenv, true}, ".env": {envfile.Dotenv, true}, "a.ini": {envfile.INI, true}, "a.toml": {envfile.TOML, true},
		"a": {envfile.Binary, false}, "yaml": {envfile.Binary, false}, "a.yaml.bak": {envfile.Binary, false}, "": {envfile.Binary, false},
	} {
		f, known := envfile.FormatOf(path)
		assert.Equal(t, want.format, f, path)
		assert.Equal(t, want.known, known, path)
	}
	for _, name := range envfile.FormatNames() {
		f, known := envfile.FormatNamed(name)
		require.True(t, known)
		assert.Equal(t, name, f.Name())
	}
	_, known := envfile.FormatNamed("env")
	assert.False(t, known)
}
