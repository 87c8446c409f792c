package envfile_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

const (
	yamlMeta = "sops:\n    mac: x\n    lastmodified: \"2020-01-01T00:00:00Z\"\n    version: 3.13.3\n    age: [{recipient: age1, enc: x}]\n"
	jsonMeta = `, "sops": {"mac": "x", "lastmodified": "2020-01-01T00:00:00Z", "version": "3.13.3", "age": [{"recipient": "age1", "enc": "x"}]}}`
	tomlMeta = "\n[sops]\nlastmodified = \"2020-01-01T00:00:00Z\"\nmac = \"x\"\nversion = \"3.13.3\"\n\n[[sops.age]]\nenc = \"x\"\nrecipient = \"age1\"\n"
	flatMeta = "sops_mac=x\nsops_lastmodified=2020-01-01T00:00:00Z\nsops_version=3.13.3\nsops_age__list_0__map_enc=x\nsops_age__list_0__map_recipient=age1\n"
)

// many writes n lines. format gets the number of the line.
func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// A bomb is a small file that makes a reader use much time or memory.
type bomb struct {
	name   string
	format envfile.Format
	text   string
	want   string // the error, "" if the file is valid
}

const tooMany = "too many fields, items and comments for a file of its size (more than "

const tooLong = "the paths of all fields together have more than 32 MB"

// shortest is a ciphertext of one byte.
const shortest = "ENC[AES256_GCM,data:EQ==,iv:NyHGH3mG3FDGlPPttNy7qLGwnG4Wvw0aePsVLoY1tC8=,tag:Nx/NkVNHVvOTJ43uDRxQCA==,type:str]"

var bombs = []bomb{
	{"aliases of aliases", envfile.YAML, "a0: &a0 [x, x, x, x]\n" + aliasLevels(30, "a%[2]d: &a%[2]d [*a%[1]d, *a%[1]d, *a%[1]d]\n") + yamlMeta, "too many values after aliases are expanded"},
	{"merges of merges", envfile.YAML, "a0: &a0 {k: x}\n" + aliasLevels(30, "a%[2]d: &a%[2]d {<<: [*a%[1]d, *a%[1]d]}\n") + yamlMeta, "too many values after aliases are expanded"},
	{"aliases in the metadata", envfile.YAML, yamlMeta + "    z0: &z0 [1, 1]\n" + aliasLevels(40, "    z%[2]d: &z%[2]d [*z%[1]d, *z%[1]d]\n"), "too many values after aliases are expanded"},
	{"an alias to a long list, often", envfile.YAML, "a: &a [" + strings.Repeat("x, ", 2000) + "]\nl:\n" + strings.Repeat("  - *a\n", 2000) + yamlMeta, "too many values after aliases are expanded"},
	{"deep brackets", envfile.YAML, "a: " + strings.Repeat("[", 100000) + "\n" + yamlMeta, "line 1: nested too deeply"},
	{"deep braces", envfile.YAML, "a: " + strings.Repeat("{a: ", 50000) + "\n" + yamlMeta, "line 1: nested too deeply"},
	{"deep dashes", envfile.YAML, "a:\n  " + strings.Repeat("- ", 20000) + "x\n" + yamlMeta, "line 2: nested too deeply"},
	{"deep lists", envfile.JSON, `{"a": ` + strings.Repeat("[", 1000000) + jsonMeta, "nested too deeply"},
	{"deep maps", envfile.JSON, strings.Repeat(`{"a":`, 1000000) + jsonMeta, "nested too deeply"},
	{"deep arrays", envfile.TOML, "a = " + strings.Repeat("[", 1000000) + "\n" + tomlMeta, "nested too deeply"},
	{"a deep name", envfile.TOML, strings.Repeat("a.", 200000) + "a = 1\n" + tomlMeta, "nested too deeply"},
	{"a deep table", envfile.TOML, "[" + strings.Repeat("a.", 200000) + "a]\n" + tomlMeta, "nested too deeply"},
	{"deep metadata", envfile.Dotenv, "A=x\n" + flatMeta + "sops_x" + strings.Repeat("__list_0", 200000) + "=x\n", "nested too deeply"},
	{"deep metadata with a section", envfile.INI, "[a]\nb = x\n[sops]\nmac = x\nage" + strings.Repeat("__map_a", 200000) + " = x\n", "nested too deeply"},
	{"a far position", envfile.Dotenv, "A=x\n" + flatMeta + "sops_pgp__list_2000000000__map_enc=x\n", "has a gap in its list"},
	{"much metadata", envfile.Dotenv, "A=x\n" + flatMeta + many(20000, "sops_x%d=1\n"), ""},
	{"much metadata in a list", envfile.Dotenv, "A=x\n" + flatMeta + many(20000, "sops_x__list_%d=1\n"), ""},
	{"many recipients", envfile.YAML, "a: x\n" + yamlMeta + "    pgp:\n" + strings.Repeat("        - {fp: a, enc: x}\n", 9999), ""},
	{"one long line", envfile.YAML, "{a: [" + many(20000, "x%d, ") + "], " + many(20000, "k%d: y, ") + "sops: {mac: x, lastmodified: \"2020-01-01T00:00:00Z\", version: 3.13.3, age: [{recipient: age1, enc: x}]}}\n", ""},
	{"many documents", envfile.YAML, "a: x\n" + yamlMeta + strings.Repeat("---\na: x\n", 20000), ""},
	{"many comments", envfile.YAML, many(20000, "# comment %d\n") + "a: x\n" + yamlMeta, ""},
	{"many comments in lists", envfile.YAML, "l:\n" + many(20000, "  # comment\n  - x%d # behind\n") + yamlMeta, ""},
	{"many comments at the end", envfile.YAML, yamlMeta + "a:\n  b:\n    c: x\n" + many(20000, "    # c%d\n"), ""},
	{"text over many lines", envfile.YAML, "a: x\n" + many(20000, "  y%d\n") + yamlMeta, ""},
	{"quotes over many lines", envfile.YAML, "a: \"x\n" + many(20000, "  y%d\n") + "  \"\n" + yamlMeta, ""},
	{"many short texts over two lines", envfile.YAML, many(20000, "k%d: x\n  y\n") + yamlMeta, ""},
	{"many anchors", envfile.YAML, many(20000, "k%[1]d: &a%[1]d x\n") + yamlMeta, ""},
	{"many sections", envfile.INI, many(20000, "[s%d]\na = x\n") + "[sops]\n" + strings.ReplaceAll(flatMeta, "sops_", ""), ""},
	{"a section many times", envfile.INI, many(20000, "[s]\na%d = x\n") + "[sops]\n" + strings.ReplaceAll(flatMeta, "sops_", ""), ""},
	{"many tables", envfile.TOML, many(20000, "[[t]]\na%d = 1\n") + tomlMeta, ""},
	{"one long line of TOML", envfile.TOML, "a = [" + many(20000, "%d, ") + "]\n" + tomlMeta, ""},
	{"one long line of JSON", envfile.JSON, `{"a": [` + many(20000, "%d, ") + "1]" + jsonMeta, ""},
	{"many variables", envfile.Dotenv, many(20000, "A%d=x\n") + flatMeta, ""},
	{"a long name above many fields", envfile.YAML, strings.Repeat("k", 1000) + ":\n" + many(20000, "  k%d: x\n") + yamlMeta, ""},
	{"a longer name above many fields", envfile.YAML, "? " + strings.Repeat("k", 100000) + "\n:\n" + many(20000, "  k%d: x\n") + yamlMeta, tooLong},
	{"a longer name above many fields of JSON", envfile.JSON, `{"` + strings.Repeat("k", 100000) + `": {` + many(20000, `"k%d": "x", `) + `"k": "x"}` + jsonMeta, tooLong},
	{"a longer name above a list of JSON", envfile.JSON, `{"` + strings.Repeat("k", 100000) + `": [` + many(20000, `"k%d", `) + `"k"]` + jsonMeta, tooLong},
	{"a longer section", envfile.INI, "[" + strings.Repeat("s", 100000) + "]\n" + many(20000, "k%d = x\n") + "[sops]\n" + strings.ReplaceAll(flatMeta, "sops_", ""), tooLong},
	{"a longer table", envfile.TOML, "[" + strings.Repeat("t", 100000) + "]\n" + many(20000, "k%d = 1\n") + tomlMeta, tooLong},
	{"many documents with metadata", envfile.YAML, strings.TrimPrefix(strings.Repeat("---\na: x\n"+yamlMeta, 8000), "---\n"), ""},
	{"20,000 fields in one line", envfile.YAML, "m: {" + many(20000, "k%d: 'x', ") + "}\n" + yamlMeta, ""},
	{"20,000 ciphertexts in one line", envfile.YAML, "m: [" + strings.Repeat("{a: '"+shortest+"', b: '"+shortest+"'}, ", 10000) + "]\n" + yamlMeta, ""},
	{"a long name", envfile.YAML, "? " + strings.Repeat("k", 1<<20) + "\n: x\n" + yamlMeta, ""},
	{"a million items", envfile.YAML, "a: [" + strings.Repeat("1,", 1000000) + "]\n" + yamlMeta, "line 1: " + tooMany},
	{"a million empty items", envfile.YAML, "a:\n" + strings.Repeat("-\n", 1000000) + yamlMeta, tooMany},
	{"a million keys", envfile.YAML, many(1000000, "k%d: 1\n") + yamlMeta, tooMany},
	{"a million comments", envfile.YAML, strings.Repeat("#\n", 1000000) + "a: x\n" + yamlMeta, tooMany},
	{"a million documents", envfile.YAML, "a: x\n" + yamlMeta + strings.Repeat("---\n", 1000000), tooMany},
	{"300,000 lines behind a quote", envfile.YAML, "a: \"x\n  y |\n  \"\nb:\n" + strings.Repeat("    - 1\n", 300000) + yamlMeta, tooMany},
	{"100,000 recipients", envfile.YAML, "a: x\n" + yamlMeta + "    pgp:\n" + strings.Repeat("        - {fp: a, enc: x}\n", 100000), tooMany},
	{"11,000 recipients", envfile.YAML, "a: x\n" + yamlMeta + "    pgp:\n" + strings.Repeat("        - {fp: a, enc: x}\n", 11000), "sops metadata has more than 10000 recipients"},
	{"10,400 recipients in groups", envfile.YAML, "a: x\n" + strings.Replace(yamlMeta, "age: [{recipient: age1, enc: x}]", "shamir_threshold: 2\n    key_groups:", 1) +
		strings.Repeat("        - pgp: ["+strings.Repeat("{fp: a, enc: x},", 2600)+"]\n", 4), "sops metadata has more than 10000 recipients"},
	{"240,000 items of JSON", envfile.JSON, `{"a": [` + strings.Repeat("1,", 240000) + "1]" + jsonMeta, tooMany},
	{"240,000 items of TOML", envfile.TOML, "a = [" + strings.Repeat("1,", 240000) + "]\n" + tomlMeta, tooMany},
	{"tables within tables", envfile.TOML, many(600, "a%d."+strings.Repeat("a.", 500)+"a = 1\n") + tomlMeta, tooMany},
	{"240,000 comments of TOML", envfile.TOML, strings.Repeat("#\n", 240000) + "a = 1\n" + tomlMeta, tooMany},
	{"240,000 variables", envfile.Dotenv, strings.Repeat("A=\n", 240000) + flatMeta, tooMany},
	{"240,000 lines of INI", envfile.INI, many(240000, "k%d=\n") + "[sops]\n" + strings.ReplaceAll(flatMeta, "sops_", ""), tooMany},
	{"a long selector", envfile.YAML, "a: x\n" + yamlMeta + "    encrypted_regex: \"" + strings.Repeat("(a|b?)*", 100000) + "\"\n", "encrypted_regex has more than 4096 bytes"},
	{"a selector that repeats", envfile.YAML, "a: x\n" + yamlMeta + "    encrypted_regex: \"" + strings.Repeat("x{1000}", 580) + "\"\n", ""},
	{"much and deep metadata", envfile.Dotenv, "A=x\n" + flatMeta + many(20000, "sops_x%d"+strings.Repeat("__map_a", 49)+"=1\n"), "sops metadata has too many fields"},
}

// mostMemory bounds the bytes allocated for a bomb. It includes memory that was freed, so the
// memory in use is never more.
const mostMemory = 256 << 20

// Each bomb is rejected before a key service is contacted. BenchmarkBombs measures the time.
func TestBombs(t *testing.T) {
	for _, c := range bombs {
		t.Run(c.name, func(t *testing.T) {
			taken := allocated(func() {
				err := c.tryToOpen()
				if c.want == "" {
					require.ErrorIs(t, err, keys.ErrNoIdentity)
					return
				}
				require.ErrorContains(t, err, c.want)
				require.Less(t, len(err.Error()), 200)
			})
			t.Logf("%d MB", taken>>20)
			require.Less(t, taken, uint64(mostMemory))
		})
	}
}

// A plaintext is not encrypted if it could not be read again after decryption.
func TestPlaintextWithTooManyComments(t *testing.T) {
	taken := allocated(func() {
		_, err := envfile.Parse(envfile.YAML, []byte(strings.Repeat("# x\n", 500_000)+"a: x\n"))
		require.ErrorContains(t, err, tooMany)
	})
	require.Less(t, taken, uint64(mostMemory))
	_, err := envfile.Parse(envfile.YAML, []byte(strings.Repeat("# x\n", 150_000)+"a: x\n"))
	require.NoError(t, err)
}

// tryToOpen parses the file and tries to decrypt it with an invalid key.
func (c bomb) tryToOpen() error {
	s, err := envfile.ParseSealed(c.format, []byte(c.text))
	if err != nil {
		return err
	}
	_, err = s.Open(context.Background(), alice)
	return err
}

// allocated returns the number of bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkBombs(b *testing.B) {
	for _, c := range bombs {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = c.tryToOpen()
			}
		})
	}
}

// aliasLevels writes lines, each of which refers to the previous one.
func aliasLevels(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, i+1)
	}
	return b.String()
}

// A moved comment is tried with every map and list. The file has many comments that never
// authenticate and many maps. The MAC covers neither.
func TestManyCommentsThatAuthenticateNowhere(t *testing.T) {
	text := unbound(t, string(seal(t, "# c\npassword: x\n", envfile.Rules{EncryptedRegex: "^pass"}).Bytes()))
	value := encForm.FindString(text)
	comment := "#" + strings.Replace(value, "type:str", "type:comment", 1) + "\n"
	var b strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&b, "m%d: {}\n%s", i, comment)
	}
	o := open(t, parseSealed(t, b.String()+text))
	require.Equal(t, "x", o.Roots()[0].Get("password").Text)
}
