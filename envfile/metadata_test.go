package envfile_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// Other programs search for these lines, so they have sops's form.
func TestMetadataFormat(t *testing.T) {
	text := string(seal(t, "a: x\n", envfile.Rules{EncryptedRegex: "^(a|b)$", MACOnlyEncrypted: true}).Bytes())
	assert.Regexp(t, `^a: ENC\[AES256_GCM,data:[^\n]*\]
sops:
    age:
        - enc: \|
            -----BEGIN AGE ENCRYPTED FILE-----
(            [A-Za-z0-9+/=]+
)+            -----END AGE ENCRYPTED FILE-----
          recipient: age1[a-z0-9]{58}
    encrypted_regex: \^\(a\|b\)\$
    lastmodified: "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    mac: ENC\[AES256_GCM,data:[^\n]*,type:str\]
    mac_only_encrypted: true
    sealcfg:
        binding: ENC\[AES256_GCM,data:[^\n]*,type:str\]
        version: 2
    version: 3\.13\.3
$`, text)
}

func TestMetadata(t *testing.T) {
	before := time.Now().UTC().Truncate(time.Second)
	s := seal(t, "a: x\n", envfile.Rules{EncryptedSuffix: "a"})
	m := s.Metadata()
	assert.Equal(t, envfile.Rules{EncryptedSuffix: "a"}, m.Rules)
	assert.Equal(t, envfile.FormatVersion, m.Version)
	assert.Zero(t, m.Threshold)
	require.Len(t, m.Groups, 1)
	require.Len(t, m.Groups[0], 1)
	assert.Equal(t, recipient(alice).String(), m.Groups[0][0].Field("recipient"))
	at, err := time.Parse(time.RFC3339, m.LastModified)
	require.NoError(t, err)
	assert.False(t, at.Before(before) || at.After(time.Now()))

	m = seal(t, "a: x\n", envfile.Rules{}).Metadata()
	assert.Equal(t, envfile.DefaultUnencryptedSuffix, m.Rules.UnencryptedSuffix)
}

func TestParseSealedRefuses(t *testing.T) {
	good := string(seal(t, "a: x\n", envfile.Rules{}).Bytes())
	at := strings.Index(good, "sops:\n")
	block := regexp.MustCompile(`(?s)    age:\n.*-----END AGE ENCRYPTED FILE-----\n[^\n]*\n`)
	for name, c := range map[string]struct{ text, want string }{
		"no metadata":             {"a: x\n", "not an encrypted file: it has no sops metadata"},
		"metadata in the second":  {"b: y\n---\n" + good, "not an encrypted file: it has no sops metadata"},
		"metadata is a text":      {"a: x\nsops: y\n", "line 2, column 7: sops metadata: expected a map, got a value"},
		"metadata is a list":      {"a: x\nsops: [y]\n", "line 2, column 7: sops metadata: expected a map, got a list"},
		"metadata is null":        {"a: x\nsops:\n", "sops metadata: expected a map, got a null"},
		"metadata is an alias":    {"a_unencrypted: &x {b: y}\nsops: *x\n", "sops metadata is an alias"},
		"metadata twice":          {good + good[at:], "duplicate key \"sops\""},
		"no recipients":           {block.ReplaceAllString(good, ""), "sops metadata has no recipients"},
		"empty recipients":        {block.ReplaceAllString(good, "    age: []\n    kms: []\n    pgp:\n"), "sops metadata has no recipients"},
		"recipients are no list":  {block.ReplaceAllString(good, "    age: x\n"), "sops.age: expected a list, got a value"},
		"recipient is no map":     {block.ReplaceAllString(good, "    age: [x]\n"), "entry of sops.age: expected a map, got a value"},
		"lastmodified unquoted":   {regexp.MustCompile(`lastmodified: "(.*)"`).ReplaceAllString(good, "lastmodified: $1"), "sops.lastmodified is not a string (quote it)"},
		"lastmodified is no time": {regexp.MustCompile(`lastmodified: ".*"`).ReplaceAllString(good, `lastmodified: "hunter2"`), "sops.lastmodified is not an RFC 3339 time"},
		"mac is a list":           {regexp.MustCompile(`mac: .*`).ReplaceAllString(good, "mac: []"), "sops.mac is not a string"},
		"mac_only is no boolean":  {good + "    mac_only_encrypted: hunter2\n", "sops.mac_only_encrypted is not a boolean"},
		"threshold is no number":  {good + "    shamir_threshold: hunter2\n", "sops.shamir_threshold is not a number"},
		"two selectors":           {good + "    encrypted_regex: x\n", "encrypted_regex and unencrypted_suffix cannot be combined"},
		"bad regex":               {strings.Replace(good, "unencrypted_suffix: _unencrypted", "encrypted_regex: (", 1), "encrypted_regex: ( does not compile"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := envfile.ParseSealed(envfile.YAML, []byte(c.text))
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.NotContains(t, err.Error(), "hunter2")
			var at *envfile.SyntaxError
			if !errors.Is(err, envfile.ErrNotSealed) {
				require.ErrorAs(t, err, &at)
				assert.Positive(t, at.Line)
			}
		})
	}
}

// sops reads numbers and booleans from strings, and ignores the case of names.
func TestMetadataWeakTypes(t *testing.T) {
	text := unbound(t, string(seal(t, "a: x\n", envfile.Rules{MACOnlyEncrypted: true}).Bytes()))
	lenient := strings.NewReplacer("mac_only_encrypted: true", `MAC_only_encrypted: "true"`,
		"    version:", "    shamir_threshold: \"0\"\n    version:", "recipient:", "Recipient:").Replace(text)
	s := parseSealed(t, lenient)
	assert.True(t, s.Metadata().Rules.MACOnlyEncrypted)
	assert.Equal(t, recipient(alice).String(), keys.Name(s.Metadata().Stanzas()[0]))
	require.NoError(t, openErr(lenient))
}

// sops converts these values to strings, numbers and booleans.
func TestMetadataWeakValues(t *testing.T) {
	text := unbound(t, string(seal(t, "a: x\n", envfile.Rules{}).Bytes()))
	suffix := func(to string) string {
		return strings.Replace(text, "unencrypted_suffix: _unencrypted", to, 1)
	}
	for name, c := range map[string]struct {
		text  string
		rules string
	}{
		"no boolean":               {text + "    mac_only_encrypted:\n", "unencrypted_suffix: _unencrypted"},
		"empty boolean":            {text + "    mac_only_encrypted: \"\"\n", "unencrypted_suffix: _unencrypted"},
		"number for a boolean":     {text + "    mac_only_encrypted: 0.0\n", "unencrypted_suffix: _unencrypted"},
		"no number":                {text + "    shamir_threshold:\n", "unencrypted_suffix: _unencrypted"},
		"empty number":             {text + "    shamir_threshold: \"\"\n", "unencrypted_suffix: _unencrypted"},
		"float for a number":       {text + "    shamir_threshold: 1.0\n", "unencrypted_suffix: _unencrypted"},
		"boolean for a number":     {text + "    shamir_threshold: false\n", "unencrypted_suffix: _unencrypted"},
		"hexadecimal":              {text + "    shamir_threshold: \"0x1\"\n", "unencrypted_suffix: _unencrypted"},
		"boolean for a text":       {suffix("unencrypted_suffix: true"), "unencrypted_suffix: 1"},
		"number for a text":        {suffix("unencrypted_suffix: 1.50"), "unencrypted_suffix: 1.5"},
		"empty maps for lists":     {text + "    kms: {}\n    key_groups: {}\n", "unencrypted_suffix: _unencrypted"},
		"a recipient for a list":   {regexp.MustCompile(`        - (enc: \|\n(?:    .*\n)*?)          recipient`).ReplaceAllString(text, "          ${1}          recipient"), "unencrypted_suffix: _unencrypted"},
		"an alias of another case": {strings.Replace(text, "    version:", "    Version:", 1), "unencrypted_suffix: _unencrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			s := parseSealed(t, c.text)
			assert.Equal(t, c.rules, s.Metadata().Rules.String())
			require.NoError(t, openErr(c.text))
		})
	}
}

// sops prefers the exact name to one that differs in case. With both, sealcfg and sops could read
// different metadata.
func TestMetadataNamesOfTwoCases(t *testing.T) {
	text := string(seal(t, "a: x\n", envfile.Rules{}).Bytes())
	other := recipient(bob).String()
	for name, changed := range map[string]string{
		"selector":       strings.Replace(text, "    unencrypted_suffix:", "    Unencrypted_Suffix: x\n    unencrypted_suffix:", 1),
		"selector after": text + "    Unencrypted_suffix: _unencrypted\n",
		"recipients":     text + "    AGE:\n        - enc: x\n          recipient: " + other + "\n",
		"recipient":      strings.Replace(text, "          recipient:", "          Recipient: "+other+"\n          recipient:", 1),
		"key groups":     strings.Replace(text, "    age:\n", "    key_groups:\n        - age: []\n          Age: []\n    age:\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := envfile.ParseSealed(envfile.YAML, []byte(changed))
			var at *envfile.SyntaxError
			require.ErrorAs(t, err, &at)
			assert.Contains(t, at.Reason, "in the sops metadata, which ignores the case")
			assert.NotEqual(t, text, changed)
		})
	}
}

// sops rejects a file with an invalid version, so sealcfg never writes one.
func TestVersionIsMendedOnWriting(t *testing.T) {
	text := string(seal(t, "a: x\n", envfile.Rules{}).Bytes())
	for version, want := range map[string]string{
		"version: 3.9.0\n":              "version: 3.9.0\n",
		"version: 3.13.3+sealcfg.0.1\n": "version: 3.13.3+sealcfg.0.1\n",
		"version: 3.13\n":               "version: 3.13.3\n",
		"version: \"3.13\"\n":           "version: \"3.13.3\"\n",
		"version: 03.1.1\n":             "version: 3.13.3\n",
		"version:\n":                    "version: 3.13.3\n",
		"":                              "version: 3.13.3\n",
	} {
		t.Run(version, func(t *testing.T) {
			old := strings.Replace(text, "    version: 3.13.3\n", "    "+version, 1)
			if version == "" {
				old = strings.Replace(text, "    version: 3.13.3\n", "", 1)
			}
			o := open(t, parseSealed(t, old))
			assert.Contains(t, string(reseal(t, o, "a: y\n").Bytes()), "\n    "+want)
			rewrapped, err := o.Rewrap(t.Context(), sealedTo(alice, bob))
			require.NoError(t, err)
			assert.Contains(t, string(rewrapped.Bytes()), strings.ReplaceAll(want, "\"", ""))
		})
	}
}

// Stanzas of every type are parsed and kept, even if no identity can use them.
func TestMetadataOtherStanzas(t *testing.T) {
	text := unbound(t, string(seal(t, "a: x\n", envfile.Rules{}).Bytes()))
	const kms = "    kms:\n        - arn: arn:aws:kms:eu-west-1:1:key/k\n          aws_profile: \"\"\n          context:\n              App: shop\n" +
		"          created_at: \"2024-01-31T00:00:00Z\"\n          enc: AQICAHh=\n"
	s := parseSealed(t, strings.Replace(text, "    lastmodified", kms+"    lastmodified", 1))
	require.Len(t, s.Metadata().Groups, 1)
	require.Len(t, s.Metadata().Groups[0], 2)
	st := s.Metadata().Groups[0][1]
	assert.Equal(t, "kms", st.Type)
	assert.Equal(t, "arn:aws:kms:eu-west-1:1:key/k App:shop", keys.Name(st))
	assert.Equal(t, "AQICAHh=", st.Wrapped)
	assert.Contains(t, st.Fields, keys.Field{Name: "context", Map: []keys.Field{{Name: "App", Value: "shop"}}})

	again := string(reseal(t, open(t, s), "a: y\n").Bytes())
	assert.Contains(t, again, strings.Replace(kms, "      App", "    App", 1))
}

// New metadata gets the requested indentation, and changed metadata keeps its own.
func TestMetadataIndent(t *testing.T) {
	s, _, err := envfile.Seal(t.Context(), parse(t, "a: x\n").WithMetadataIndent(2), envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	assert.Contains(t, string(s.Bytes()), "\nsops:\n  age:\n    - enc: |\n")
	rotated, err := open(t, parseSealed(t, string(s.Bytes()))).Rotate(t.Context(), envfile.Rules{}, sealedTo(alice, bob))
	require.NoError(t, err)
	assert.Contains(t, string(rotated.Bytes()), "\nsops:\n  age:\n    - enc: |\n")
	assert.Equal(t, "a: x\n", document(t, open(t, rotated)))
	assert.Contains(t, string(seal(t, "a: x\n", envfile.Rules{}).Bytes()), "\nsops:\n    age:\n        - enc: |\n")
}
