package envfile_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

func parseTOML(t testing.TB, src string) *envfile.Document {
	t.Helper()
	return parseAs(t, envfile.TOML, src)
}

func sealTOML(t testing.TB, src string, r envfile.Rules) *envfile.Sealed {
	t.Helper()
	s, _ := sealAs(t, envfile.TOML, src, r)
	return s
}

func openTOML(t testing.TB, text string) *envfile.Opened {
	t.Helper()
	_, o := openAs(t, envfile.TOML, []byte(text))
	return o
}

// tomlBlock is the metadata as sealcfg writes it.
var (
	tomlBlock = regexp.MustCompile(`(?s)\r?\n?\[sops\].*$`)
	markedEnc = regexp.MustCompile(`ENC\[AES256_GCM,data:[^,]+,iv:[^,]+,tag:[^,]+,type:str\\u005D`)
)

// bodyTOML returns an encrypted file without its metadata, with <type> for each encrypted value and
// <local> for a local date or time.
func bodyTOML(t testing.TB, sealed string) string {
	t.Helper()
	require.Regexp(t, `(?m)^\x{feff}?\[sops\]`, sealed)
	return encForm.ReplaceAllString(markedEnc.ReplaceAllString(tomlBlock.ReplaceAllString(sealed, ""), "<local>"), "<$2>")
}

const tomlService = `# Settings of the service
name = "shop"
tags = [
  "a", # first
  "b",
]

# The primary
[db]
host = "db.example.org" # where
port = 5432
since = 2020-01-31
password = 'hunter2'
tls.key = """
-----BEGIN-----
abc
-----END-----
"""

[[db.replica]]
host = "one"

[[db.replica]]
host = "one"
`

func TestTOMLResealChangesFourLines(t *testing.T) {
	for _, eol := range []string{"\n", "\r\n"} {
		service := strings.ReplaceAll(tomlService, "\n", eol)
		for _, c := range []struct{ from, to string }{
			{`"shop"`, `"store"`}, {`"b",`, `"c",`}, {"5432", "5433"}, {"2020-01-31", "2020-02-01"}, {"hunter2", "hunter3"},
			{"abc" + eol, "abd" + eol + "abe" + eol}, {"# where", "# elsewhere"}, {"# The primary", "# The main one"}, {`host = "one"`, `host = "two"`},
		} {
			s := sealTOML(t, service, envfile.Rules{})
			changed := strings.Replace(service, c.from, c.to, 1)
			again, err := openTOML(t, string(s.Bytes())).Reseal(parseTOML(t, changed))
			require.NoError(t, err, c.to)
			var others []string
			for _, l := range changedLines(t, string(s.Bytes()), string(again.Bytes())) {
				if !strings.HasPrefix(l, "mac = \"ENC[") && !strings.HasPrefix(l, "lastmodified = \"") && !strings.HasPrefix(l, "sealcfg = {") {
					others = append(others, l)
				}
			}
			require.Len(t, others, 1, c.to)
			assert.Contains(t, others[0], "ENC[AES256_GCM", c.to)
			assert.Equal(t, changed, document(t, openTOML(t, string(again.Bytes()))))
			requireFreshNonces(t, string(again.Bytes()), nonces(string(s.Bytes())))
		}
	}
}

func TestTOMLMetadata(t *testing.T) {
	s := sealTOML(t, "a = 1\n", envfile.Rules{EncryptedRegex: `^a\.`, MACOnlyEncrypted: true})
	assert.Regexp(t, `(?s)^a = 1\n\n\[sops\]\nencrypted_regex = "\^a\\\\."\nlastmodified = "[^"]+"\nmac = "ENC\[[^"]+"\nmac_only_encrypted = true\nsealcfg = \{ binding = "ENC\[[^"]+", version = 2 \}\nversion = "3.13.3"\n\n`+
		`\[\[sops.age\]\]\nenc = """\n-----BEGIN AGE ENCRYPTED FILE-----\n.*-----END AGE ENCRYPTED FILE-----\n"""\nrecipient = "age1[a-z0-9]+"\n$`, string(s.Bytes()))

	groups, _, err := envfile.Seal(t.Context(), parseTOML(t, "a = 1\n"), envfile.Rules{}, groupsOf(2, alice, bob, carol))
	require.NoError(t, err)
	assert.Equal(t, 3, strings.Count(string(groups.Bytes()), "[[sops.key_groups]]\n\n[[sops.key_groups.age]]\n"))
	again, err := envfile.ParseSealed(envfile.TOML, groups.Bytes())
	require.NoError(t, err)
	_, err = again.Open(t.Context(), carol, bob)
	require.NoError(t, err)
}

// The metadata may be moved, or written in another style.
func TestTOMLMetadataElsewhere(t *testing.T) {
	text := string(sealTOML(t, "a = 1\n[t]\nb = 2\n", envfile.Rules{}).Bytes())
	block := tomlBlock.FindString(text)
	rest := strings.TrimSuffix(text, block)
	table := strings.TrimSuffix(rest[strings.Index(rest, "[t]"):], "\n")
	moved := strings.Replace(rest, table, block[1:]+"\n# behind\n\n"+table, 1)
	o := openTOML(t, moved)
	assert.Equal(t, "a = 1\n\n# behind\n\n[t]\nb = 2\n", document(t, o))
	again, err := o.Reseal(parseTOML(t, document(t, o)))
	require.NoError(t, err)
	assert.Equal(t, document(t, o), document(t, openTOML(t, string(again.Bytes()))))

	// Comments after the block are not part of it.
	o = openTOML(t, text+"# behind\n")
	assert.Equal(t, "a = 1\n[t]\nb = 2\n# behind\n", document(t, o))

	// On one line.
	mac := regexp.MustCompile(`mac = (".*")`).FindStringSubmatch(block)[1]
	modified := regexp.MustCompile(`lastmodified = (".*")`).FindStringSubmatch(block)[1]
	enc := regexp.MustCompile(`(?s)enc = """\n(.*?)"""`).FindStringSubmatch(block)[1]
	line := `sops = { mac = ` + mac + `, lastmodified = ` + modified + `, age = [ { recipient = "x", enc = "` + strings.ReplaceAll(enc, "\n", `\n`) + `" } ] }` + "\n"
	o = openTOML(t, line+rest)
	assert.Equal(t, "a = 1\n[t]\nb = 2\n", document(t, o))
	again, err = o.Reseal(parseTOML(t, "a = 2\n[t]\nb = 2\n"))
	require.NoError(t, err)
	assert.Contains(t, string(again.Bytes()), "\n[sops]\n")
	assert.Equal(t, "a = 2\n[t]\nb = 2\n", document(t, openTOML(t, string(again.Bytes()))))
}

func TestTOMLCommentSelectors(t *testing.T) {
	const src = `# secret
a = 1
b = 2 # secret
c = 3
l = [
  1, # secret
  2,
]

# a foot: secret

[t]
d = 4

# secret
[t.u]
e = 5
# a foot: secret

[v.w]
f = 6
# secret
[v] # of v
g = 7
[[x]]
h = 8
# secret
[[x]]
h = 9
[[x]]
h = 10
`
	s := sealTOML(t, src, envfile.Rules{EncryptedCommentRegex: "secret"})
	var sealed []string
	for p, n := range s.Roots()[0].Leaves() {
		if crypto.IsSealed(n.Text) {
			sealed = append(sealed, p.String())
		}
	}
	assert.Equal(t, []string{"a", "b", "l[0]", "t.u.e", "v.w.f", "v.g", "x[1].h"}, sealed)
	assert.Contains(t, string(s.Bytes()), "# secret\na = ")
	assert.Equal(t, src, document(t, openTOML(t, string(s.Bytes()))))
}

func TestTOMLTampering(t *testing.T) {
	text := string(sealTOML(t, "# c\na = \"one\"\nb = \"one\"\nn = 5\nd = 2020-01-31\nl = [ \"x\", \"y\" ]\nclear_unencrypted = \"z\"\n", envfile.Rules{}).Bytes())
	value := func(key string) string {
		return encForm.FindString(strings.ReplaceAll(text[strings.Index(text, "\n"+key+" = ")+1:], `\u005D`, "]"))
	}
	swap := func(x, y string) string { return strings.NewReplacer(x, y, y, x).Replace(text) }
	items := encForm.FindAllString(text[strings.Index(text, "\nl = "):], 2)
	for name, c := range map[string]struct{ text, want string }{
		"values swapped":      {swap(value("a"), value("b")), "a: fails authentication"},
		"items swapped":       {swap(items[0], items[1]), "mac: fails authentication"},
		"renamed":             {strings.Replace(text, "\na =", "\nx =", 1), "x: fails authentication"},
		"in clear":            {strings.Replace(text, value("a"), "hunter2", 1), "a is unencrypted"},
		"number in clear":     {strings.Replace(text, `"`+value("n")+`"`, "5", 1), "n is unencrypted"},
		"date in clear":       {regexp.MustCompile(`(?m)^d = .*`).ReplaceAllString(text, "d = 2020-01-31"), "d is unencrypted"},
		"emptied":             {strings.Replace(text, value("a"), "", 1), "mac: fails authentication"},
		"clear value changed": {strings.Replace(text, `"z"`, `"hunter2"`, 1), "mac: fails authentication"},
		"moved to a table":    {strings.Replace(text, "\nb =", "\n[t]\nb =", 1), "t.b: fails authentication"},
		"no mac":              {regexp.MustCompile(`(?m)^mac = .*\n`).ReplaceAllString(text, ""), "the file has no mac"},
		"lastmodified":        {regexp.MustCompile(`lastmodified = "20..`).ReplaceAllString(text, `lastmodified = "2001`), "decrypt the mac: fails authentication"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, text, c.text, "the test changes nothing")
			s, err := envfile.ParseSealed(envfile.TOML, []byte(c.text))
			require.NoError(t, err)
			_, err = s.Open(t.Context(), alice)
			require.ErrorIs(t, err, envfile.ErrIntegrity)
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}

	// The binding covers the mark of a local date. Without a binding, a date can become a string,
	// but a string that is not a date cannot become one.
	bound := regexp.MustCompile(`(?m)^sealcfg = .*\n`)
	asString := strings.Replace(text, `\u005D"`, `]"`, 1)
	s, err := envfile.ParseSealed(envfile.TOML, []byte(asString))
	require.NoError(t, err)
	_, err = s.Open(t.Context(), alice)
	requireTampered(t, err, envfile.BindingStructure)
	assert.Contains(t, document(t, openTOML(t, bound.ReplaceAllString(asString, ""))), `d = "2020-01-31"`)

	asDate := strings.Replace(text, value("a"), strings.TrimSuffix(value("a"), "]")+`\u005D`, 1)
	s, err = envfile.ParseSealed(envfile.TOML, []byte(bound.ReplaceAllString(asDate, "")))
	require.NoError(t, err)
	_, err = s.Open(t.Context(), alice)
	require.ErrorIs(t, err, envfile.ErrIntegrity)
	require.ErrorContains(t, err, "marked as a local date or time, but is not one")
}

// An unencrypted local date is not a string, and the reverse.
func TestTOMLLocalKindInClear(t *testing.T) {
	for was, is := range map[string]string{"2020-01-31": `"2020-01-31"`, `"07:32:00"`: "07:32:00", "'2020-01-31T07:32:00'": "2020-01-31T07:32:00"} {
		text := string(sealTOML(t, "a = 1\nd_unencrypted = "+was+"\n", envfile.Rules{}).Bytes())
		changed := strings.Replace(text, "d_unencrypted = "+was, "d_unencrypted = "+is, 1)
		s, err := envfile.ParseSealed(envfile.TOML, []byte(changed))
		require.NoError(t, err)
		_, err = s.Open(t.Context(), alice)
		requireTampered(t, err, envfile.BindingStructure)
	}
}

// A string that looks like a ciphertext with the mark of a local date is a string.
func TestTOMLTextLikeACiphertext(t *testing.T) {
	enc := encForm.FindString(string(sealTOML(t, "a = 1\n", envfile.Rules{}).Bytes()))
	marked := "a = \"" + strings.TrimSuffix(enc, "]") + `\u005D"` + "\n"
	o := openTOML(t, string(sealTOML(t, marked, envfile.Rules{}).Bytes()))
	assert.Equal(t, enc, o.Roots()[0].Get("a").Text)
	assert.Equal(t, "a = \""+enc+"\"\n", document(t, o))
	changed, err := parseTOML(t, marked).Apply(envfile.Set(path(t, "a"), crypto.Str, "x"))
	require.NoError(t, err)
	assert.Equal(t, "a = \"x\"\n", string(changed.Bytes()))
}

// A file that sops encrypted as one value stays one value.
func TestDetect(t *testing.T) {
	d, err := envfile.Parse(envfile.Binary, []byte("a = 1\n"))
	require.NoError(t, err)
	s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	for _, c := range []struct {
		path string
		src  []byte
		want envfile.Format
	}{
		{"a.toml", s.Bytes(), envfile.Binary},
		{"a.toml", []byte("a = 1\n"), envfile.TOML},
		{"a.toml", sealTOML(t, "a = 1\n", envfile.Rules{}).Bytes(), envfile.TOML},
		{"a.toml", nil, envfile.TOML},
		{"a.json", s.Bytes(), envfile.JSON},
		{"a.yaml", nil, envfile.YAML},
		{"a", s.Bytes(), envfile.Binary},
	} {
		f, _ := envfile.Detect(c.path, c.src)
		assert.Equal(t, c.want, f, "%s %.20s", c.path, c.src)
	}
}
