package envfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

func parseAs(t testing.TB, f envfile.Format, src string) *envfile.Document {
	t.Helper()
	d, err := envfile.Parse(f, []byte(src))
	require.NoError(t, err, "%s", src)
	return d
}

// sealAs encrypts a plaintext file, parses the result, and decrypts it.
func sealAs(t testing.TB, f envfile.Format, src string, r envfile.Rules) (*envfile.Sealed, *envfile.Opened) {
	t.Helper()
	s, _, err := envfile.Seal(t.Context(), parseAs(t, f, src), r, sealedTo(alice))
	require.NoError(t, err, "%s", src)
	return openAs(t, f, s.Bytes())
}

func openAs(t testing.TB, f envfile.Format, src []byte) (*envfile.Sealed, *envfile.Opened) {
	t.Helper()
	s, err := envfile.ParseSealed(f, src)
	require.NoError(t, err, "%s", src)
	o, err := s.Open(t.Context(), alice)
	require.NoError(t, err, "%s", src)
	return s, o
}

// roundTripsAs are files of the other formats that round-trip byte for byte, with the encrypted
// file up to its metadata.
var roundTripsAs = []struct {
	format              envfile.Format
	name, plain, sealed string
}{
	{
		envfile.JSON, "every type",
		"{\n  \"s\": \"x\",\n  \"i\": -5,\n  \"f\": 1.5,\n  \"b\": true,\n  \"n\": null,\n  \"e\": \"\",\n  \"m\": {},\n  \"l\": []\n}\n",
		"{\n  \"s\": \"<str>\",\n  \"i\": \"<int>\",\n  \"f\": \"<float>\",\n  \"b\": \"<bool>\",\n  \"n\": null,\n  \"e\": \"\",\n  \"m\": {},\n  \"l\": [],\n  \"sops\": {\n    \"age\": [",
	},
	{
		envfile.JSON, "tabs, nested, no line feed at the end",
		"{\n\t\"a\": {\n\t\t\"b\": [\"x\", {\"c\": 1}]\n\t}\n}",
		"{\n\t\"a\": {\n\t\t\"b\": [\"<str>\", {\"c\": \"<int>\"}]\n\t},\n\t\"sops\": {\n\t\t\"age\": [",
	},
	{
		envfile.JSON, "one line",
		`{"a":"x","b":[1,2]}`,
		`{"a":"<str>","b":["<int>","<int>"], "sops": {"age": [`,
	},
	{
		envfile.JSON, "CRLF and odd spacing",
		"{\r\n    \"a\" :\"x\" ,\r\n\r\n    \"b\":  2\r\n}\r\n",
		"{\r\n    \"a\" :\"<str>\" ,\r\n\r\n    \"b\":  \"<int>\",\r\n    \"sops\": {\r\n        \"age\": [",
	},
	{
		envfile.JSON, "integers of 64 bits and keys as they are escaped",
		"{\n  \"max\": 9223372036854775807,\n  \"\\u00e9\\/\": 1,\n  \"\": 9007199254740993\n}\n",
		"{\n  \"max\": \"<int>\",\n  \"\\u00e9\\/\": \"<int>\",\n  \"\": \"<int>\",\n  \"sops\": {",
	},
	{
		envfile.JSON, "what is in clear keeps its spelling",
		"{\n  \"a_unencrypted\": 1e3,\n  \"b_unencrypted\": \"\\u003c\\/\",\n  \"c\": \"x\"\n}\n",
		"{\n  \"a_unencrypted\": 1e3,\n  \"b_unencrypted\": \"\\u003c\\/\",\n  \"c\": \"<str>\",\n  \"sops\": {",
	},
	{envfile.JSON, "an empty object", "{}\n", "{\"sops\": {\"age\": ["},
	{
		envfile.Dotenv, "comments, blank lines and order",
		"# head\n\nB=1\nA=x=y z\n#tail\n\n",
		"#<comment>\n\nB=<str>\nA=<str>\n#<comment>\n\nsops_age__list_0__map_enc=",
	},
	{
		envfile.Dotenv, "odd names and line feeds",
		"export KEY=\"x\"\nKEY = a\nML=one\\ntwo\nE=\nsame=1\nsame=1",
		"export KEY=<str>\nKEY =<str>\nML=<str>\nE=\nsame=<str>\nsame=<str>\nsops_age__",
	},
	{
		envfile.Dotenv, "CRLF", "A=1\r\nB=2\r\n", "A=<str>\nB=<str>\nsops_age__",
	},
	{envfile.Dotenv, "nothing", "", "sops_age__"},
	{
		envfile.INI, "sections, comments and spacing",
		"top = 1\n\n; head\n[db]\nhost=localhost\npass   =  secret\n\n[empty]\n",
		"top = <str>\n\n; <comment>\n[db]\nhost=<str>\npass   =  <str>\n\n[empty]\n\n[sops]\n",
	},
	{
		envfile.INI, "quotes, and what sops would cut",
		"[a]\nq = \"quoted ; value\"\ns = 'x'\nc = a#b\nb = `back ; quoted`\ncolon: x\n",
		"[a]\nq = \"<str>\"\ns = '<str>'\nc = <str>\nb = `<str>`\ncolon: <str>\n\n[sops]\n",
	},
	{envfile.INI, "CRLF", "[a]\r\nb = 1\r\n", "[a]\r\nb = <str>\r\n\r\n[sops]\r\n"},
	{envfile.Binary, "text", "just text\n", "{\n\t\"data\": \"<str>\",\n\t\"sops\": {\n\t\t\"age\": ["},
	{envfile.Binary, "bytes", "\x00\xff\xfe\r\n{\"sops\"", "{\n\t\"data\": \"<str>\",\n\t\"sops\": {"},
	{envfile.Binary, "no byte", "", "{\n\t\"data\": \"\",\n\t\"sops\": {"},
}

func TestFormatsRoundTrip(t *testing.T) {
	for _, c := range roundTripsAs {
		t.Run(c.format.Name()+"/"+c.name, func(t *testing.T) {
			s, o := sealAs(t, c.format, c.plain, envfile.Rules{})
			got := encForm.ReplaceAllString(string(s.Bytes()), "<$2>")
			assert.Truef(t, strings.HasPrefix(got, c.sealed), "want the beginning %q, got %q", c.sealed, got)
			assert.Equal(t, c.plain, document(t, o))
			text, err := o.Text()
			require.NoError(t, err)
			assert.Equal(t, c.plain, string(text))

			// Reseal without changes changes only the MAC, its time and the binding.
			again, err := o.Reseal(parseAs(t, c.format, c.plain))
			require.NoError(t, err)
			for _, line := range changedLines(t, string(s.Bytes()), string(again.Bytes())) {
				assert.Regexp(t, `mac|lastmodified|binding`, line)
			}
		})
	}
}

// Each format rejects files that sops would change.
func TestFormatsRefuse(t *testing.T) {
	for _, c := range []struct {
		format           envfile.Format
		plain, line, why string
	}{
		{envfile.JSON, `{"a":`, "1", "ends in the middle"},
		{envfile.JSON, `{"a": "x`, "1", "ends in the middle"},
		{envfile.JSON, "{\"a\": 1}\n{\"b\": 2}", "2", "after the object"},
		{envfile.JSON, `{"a": 1} x`, "1", "after the object"},
		{envfile.JSON, "{\n\"a\": 1,\n\"a\": 2}", "3", `duplicate key "a"`},
		{envfile.JSON, `[1]`, "1", "expected an object"},
		{envfile.JSON, ``, "1", "empty"},
		{envfile.JSON, "\xEF\xBB\xBF{}", "1", "byte order mark"},
		{envfile.JSON, `{"a": 10000000000000000000000}`, "", ""}, // a float without loss
		{envfile.JSON, `{"a": 12345678901234567890}`, "1", "more digits"},
		{envfile.JSON, `{"a": 0.12345678901234567890}`, "1", "more digits"},
		{envfile.JSON, `{"a": 1e999}`, "1", "too large"},
		{envfile.JSON, `{"a": "\ud800"}`, "1", "surrogate"},
		{envfile.JSON, "{\"a\": \"\xff\"}", "1", "not valid UTF-8"},
		{envfile.JSON, `{"a": tru}`, "1", "malformed JSON"},
		{envfile.JSON, `{"a": 1,}`, "1", "malformed JSON"},
		{envfile.Dotenv, "A=1\nsecret", "2", "no ="},
		{envfile.Dotenv, "A=1\r\n\r\nB=2", "2", "CR LF"},
		{envfile.Dotenv, "sops_x=1", "1", "metadata"},
		{envfile.INI, "[a]\nkey", "2", "no ="},
		{envfile.INI, "[a]\nk = 1\nk = 2", "3", "duplicate key"},
		{envfile.INI, "[a]\nk = x \\\n y", "2", "joins the next line"},
		{envfile.INI, "[a]\n\"k\" x = 1", "2", "after the quoted key"},
		{envfile.INI, "[a\nk = 1", "1", "bracket"},
		{envfile.INI, "[a]\nk = `x", "2", "not closed"},
		{envfile.INI, "[a]\nk_unencrypted = a#b", "2", "sops would cut it"},
	} {
		d, err := envfile.Parse(c.format, []byte(c.plain))
		if err == nil {
			_, _, err = envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
		}
		if c.why == "" {
			assert.NoError(t, err, "%s", c.plain)
			continue
		}
		require.ErrorContains(t, err, c.why, "%s", c.plain)
		var syntax *envfile.SyntaxError
		require.ErrorAs(t, err, &syntax, "%s", c.plain)
		assert.Equal(t, c.line, fmt.Sprint(syntax.Line), "%s", c.plain)
		assert.NotContains(t, err.Error(), "secret")
	}
}

func TestFormatsApply(t *testing.T) {
	for _, c := range []struct {
		format            envfile.Format
		plain, path, want string
		op                func(envfile.Path) envfile.Op
	}{
		{envfile.JSON, "{\n  \"a\": 1\n}\n", "a", "{\n  \"a\": \"x\"\n}\n", setStr},
		{envfile.JSON, "{\n  \"a\": 1\n}\n", "b.c", "{\n  \"a\": 1,\n  \"b\": {\"c\": \"x\"}\n}\n", setStr},
		{envfile.JSON, "{\n  \"a\": [\n    1\n  ]\n}\n", "a[+]", "{\n  \"a\": [\n    1,\n    \"x\"\n  ]\n}\n", setStr},
		{envfile.JSON, "{}", "a", "{\"a\": \"x\"}", setStr},
		{envfile.JSON, "{\"a\": 1, \"b\": 2, \"c\": 3}", "b", "{\"a\": 1, \"c\": 3}", envfile.Unset},
		{envfile.JSON, "{\"a\": 1}", "a", "{}", envfile.Unset},
		{envfile.JSON, "{\"a\": 1, \"b\": 2}", "a", "{\"b\": 2}", envfile.Unset},
		{envfile.JSON, "{\"a\": 1}", "a", "{\"a\": [1,{\"b\":null}]}", func(p envfile.Path) envfile.Op { return envfile.SetText(p, `[1, {"b": null}]`) }},
		{envfile.JSON, "{\"a\": 1}", "a", "{\"a\": 2.0}", func(p envfile.Path) envfile.Op { return envfile.Set(p, crypto.Float, "2") }},
		{envfile.Dotenv, "A=1\n# c\nB=2\n", "A", "A=x\n# c\nB=2\n", setStr},
		{envfile.Dotenv, "A=1", "B", "A=1\nB=x", setStr},
		{envfile.Dotenv, "A=1\nB=2\nC=3\n", "B", "A=1\nC=3\n", envfile.Unset},
		{envfile.Dotenv, "A=1\n", "A", "A=true\n", func(p envfile.Path) envfile.Op { return envfile.Set(p, crypto.Bool, "True") }},
		{envfile.Dotenv, "A=1\n", "A", "A=one\\ntwo\n", func(p envfile.Path) envfile.Op { return envfile.Set(p, crypto.Str, "one\ntwo") }},
		{envfile.INI, "[a]\nb=1\nc=2\n\n[d]\n", "a.b", "[a]\nb=x\nc=2\n\n[d]\n", setStr},
		{envfile.INI, "[a]\nb=1\n\n[d]\ne=1\n", "a.c", "[a]\nb=1\nc=x\n\n[d]\ne=1\n", setStr},
		{envfile.INI, "[a]\nb = 1\n", "new.c", "[a]\nb = 1\n\n[new]\nc = x\n", setStr},
		{envfile.INI, "[a]\nb = 1\nc = 2\n", "a.b", "[a]\nc = 2\n", envfile.Unset},
		{envfile.INI, "[a]\nb = 1\n[d]\ne = 2\n", "a", "[d]\ne = 2\n", envfile.Unset},
		{envfile.INI, "; c\n", "s.a", "; c\n\n[s]\na = x\n", setStr},
		{envfile.INI, "[s]\na = 1\n; c\n", "s", "; c\n", envfile.Unset},
		{envfile.Binary, "old", "data", "x", setStr},
	} {
		path, err := envfile.ParsePath(c.path)
		require.NoError(t, err)
		d, err := parseAs(t, c.format, c.plain).Apply(c.op(path))
		require.NoError(t, err, "%s %s", c.plain, c.path)
		assert.Equal(t, c.want, string(d.Bytes()))
	}
	for _, c := range []struct {
		format      envfile.Format
		plain, path string
	}{
		{envfile.Dotenv, "A=1\n", "B.c"},
		{envfile.Dotenv, "A=1\n", "A=B"},
		{envfile.Dotenv, "A=1\n", "sops_x"},
		{envfile.INI, "[a]\nb=1\n", "a.b.c"},
		{envfile.INI, "[a]\nb=1\n", "x"},
		{envfile.Binary, "x", "other"},
	} {
		path, err := envfile.ParsePath(c.path)
		require.NoError(t, err)
		_, err = parseAs(t, c.format, c.plain).Apply(setStr(path))
		assert.Error(t, err, "%s: %s", c.plain, c.path)
	}
}

func setStr(p envfile.Path) envfile.Op { return envfile.Set(p, crypto.Str, "x") }

// One changed value changes four lines in every format. The other three are lastmodified, mac and
// binding.
func TestFormatsResealChangesLittle(t *testing.T) {
	for _, c := range []struct {
		format      envfile.Format
		plain, path string
	}{
		{envfile.JSON, "{\n  \"a\": \"1\",\n  \"b\": \"2\"\n}\n", "b"},
		{envfile.Dotenv, "A=1\nB=2\n", "B"},
		{envfile.INI, "[a]\nb = 1\nc = 2\n", "a.c"},
		{envfile.Binary, "old", "data"},
	} {
		s, o := sealAs(t, c.format, c.plain, envfile.Rules{})
		path, err := envfile.ParsePath(c.path)
		require.NoError(t, err)
		d, err := parseAs(t, c.format, c.plain).Apply(setStr(path))
		require.NoError(t, err)
		again, err := o.Reseal(d)
		require.NoError(t, err)
		assert.Len(t, changedLines(t, string(s.Bytes()), string(again.Bytes())), 4)
		_, o = openAs(t, c.format, again.Bytes())
		assert.Equal(t, "x", o.Roots()[0].At(path).Text)

		rotated, err := o.Rotate(t.Context(), envfile.Rules{}, sealedTo(alice, bob))
		require.NoError(t, err)
		_, o = openAs(t, c.format, rotated.Bytes())
		assert.Equal(t, string(d.Bytes()), document(t, o))
		rewrapped, err := o.Rewrap(t.Context(), sealedTo(alice))
		require.NoError(t, err)
		assert.NotContains(t, string(rewrapped.Bytes()), recipient(bob).String())
		_, o = openAs(t, c.format, rewrapped.Bytes())
		assert.Equal(t, string(d.Bytes()), document(t, o))
	}
}

// Flux searches for exactly this in JSON, YAML and dotenv.
func TestMACAsFluxLooksForIt(t *testing.T) {
	for _, plain := range []string{"{}", `{"a":1}`, "{\n\t\"a\": 1\n}", "{\n \"a\": 1\n}\n"} {
		s, _ := sealAs(t, envfile.JSON, plain, envfile.Rules{})
		assert.Contains(t, string(s.Bytes()), `"mac": "ENC[`)
	}
	s, _ := sealAs(t, envfile.Dotenv, "A=1\n", envfile.Rules{})
	assert.Contains(t, string(s.Bytes()), "\nsops_mac=ENC[")
}

// Every format detects a change of an encrypted value.
func TestFormatsTampered(t *testing.T) {
	for _, c := range []struct {
		format        envfile.Format
		plain         string
		old, tampered string
	}{
		{envfile.JSON, `{"a": "1", "b_unencrypted": "2"}`, `"2"`, `"3"`},
		{envfile.Dotenv, "A=1\nB_unencrypted=2\n", "unencrypted=2", "unencrypted=3"},
		{envfile.INI, "[a]\nb = 1\nc_unencrypted = 2\n", "unencrypted = 2", "unencrypted = 3"},
	} {
		s, _ := sealAs(t, c.format, c.plain, envfile.Rules{})
		text := bytes.Replace(s.Bytes(), []byte(c.old), []byte(c.tampered), 1)
		require.NotEqual(t, s.Bytes(), text)
		broken, err := envfile.ParseSealed(c.format, text)
		require.NoError(t, err)
		_, err = broken.Open(t.Context(), alice)
		require.ErrorIs(t, err, envfile.ErrIntegrity)
	}
	s, _ := sealAs(t, envfile.Binary, "x", envfile.Rules{})
	text := bytes.Replace(s.Bytes(), []byte("data:"), []byte("data:AA"), 1)
	broken, err := envfile.ParseSealed(envfile.Binary, text)
	require.NoError(t, err)
	_, err = broken.Open(t.Context(), alice)
	require.ErrorIs(t, err, envfile.ErrIntegrity)
}

// sops can encrypt a YAML file as JSON or dotenv, with types that the format lacks.
func TestTypesThatAFormatCannotSay(t *testing.T) {
	s, _ := sealAs(t, envfile.YAML, "a: 2024-01-31\nb: true\nc: 1.0\nd: 5\n", envfile.Rules{})
	var j, e strings.Builder
	j.WriteString("{\n")
	for _, line := range lines(string(s.Bytes()))[:4] {
		key, enc, _ := strings.Cut(strings.TrimSpace(line), ": ")
		fmt.Fprintf(&j, "  %q: %q,\n", key, enc)
		fmt.Fprintf(&e, "%s=%s\n", key, enc)
	}
	meta := sealedMetadata(t, s)
	_, o := openAs(t, envfile.JSON, []byte(j.String()+"  "+strings.TrimSpace(meta[envfile.JSON])+"\n}\n"))
	assert.Equal(t, "{\n  \"a\": \"2024-01-31T00:00:00Z\",\n  \"b\": true,\n  \"c\": 1.0,\n  \"d\": 5\n}\n", document(t, o))
	_, o = openAs(t, envfile.Dotenv, []byte(e.String()+meta[envfile.Dotenv]))
	assert.Equal(t, "a=2024-01-31T00:00:00Z\nb=true\nc=1.0\nd=5\n", document(t, o))
	again, err := o.Reseal(parseAs(t, envfile.Dotenv, "a=2024-01-31T00:00:00Z\nb=true\nc=1.0\nd=6\n"))
	require.NoError(t, err)
	_, o = openAs(t, envfile.Dotenv, again.Bytes())
	assert.Equal(t, "6", o.Roots()[0].Get("d").Text)
}

// sealedMetadata formats the metadata of a YAML file in JSON and dotenv.
func sealedMetadata(t *testing.T, s *envfile.Sealed) map[envfile.Format]string {
	t.Helper()
	roots, err := envfile.ReadYAML(s.Bytes())
	require.NoError(t, err)
	block := roots[0].Get("sops")
	stanza := block.Get("age").Index(0)
	var e strings.Builder
	for _, f := range []string{"enc", "recipient"} {
		fmt.Fprintf(&e, "sops_age__list_0__map_%s=%s\n", f, strings.ReplaceAll(stanza.Get(f).Text, "\n", `\n`))
	}
	for _, f := range []string{"lastmodified", "mac", "unencrypted_suffix", "version"} {
		fmt.Fprintf(&e, "sops_%s=%s\n", f, block.Get(f).Text)
	}
	return map[envfile.Format]string{
		envfile.JSON:   `"sops": ` + string(envfile.JSONText(block, "")),
		envfile.Dotenv: e.String(),
	}
}

// seedsAs are seeds for the fuzz targets of all formats.
func seedsAs(f *testing.F, add func(format uint8, text string)) {
	for i, format := range fuzzFormats {
		for _, c := range roundTripsAs {
			if c.format == format {
				add(uint8(i), c.plain)
			}
		}
		names, err := filepath.Glob(filepath.Join(conformance, "in", "*"))
		require.NoError(f, err)
		for _, name := range names {
			if known, _ := envfile.FormatOf(name); known == format {
				text, err := os.ReadFile(name)
				require.NoError(f, err)
				add(uint8(i), string(text))
			}
		}
	}
}

var fuzzFormats = []envfile.Format{envfile.JSON, envfile.Dotenv, envfile.INI, envfile.Binary}

// FuzzFormats encrypts, decrypts, changes and re-encrypts every valid file.
func FuzzFormats(f *testing.F) {
	seedsAs(f, func(format uint8, text string) { f.Add(format, text, uint16(len(text)/2), uint16(1), "x") })
	f.Fuzz(func(t *testing.T, index uint8, src string, at, length uint16, insert string) {
		format := fuzzFormats[int(index)%len(fuzzFormats)]
		_, _ = envfile.ParseSealed(format, []byte(src)) // must not panic
		d, err := envfile.Parse(format, []byte(src))
		if err != nil {
			return
		}
		s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
		var refused *envfile.SyntaxError
		if errors.As(err, &refused) {
			return
		}
		require.NoError(t, err, "%q", src)
		requireFreshNonces(t, string(s.Bytes()))
		_, o := openAs(t, format, s.Bytes())
		require.Equal(t, shape(d.Roots()), shape(o.Roots()), "%q", src)
		plain := document(t, o)
		require.Equal(t, shape(d.Roots()), shape(parseAs(t, format, plain).Roots()), "%q", src)

		from := min(int(at), len(plain))
		to := min(from+int(length), len(plain))
		changed, err := envfile.Parse(format, []byte(plain[:from]+insert+plain[to:]))
		if err != nil {
			return
		}
		again, err := o.Reseal(changed)
		if errors.As(err, &refused) {
			return
		}
		require.NoError(t, err, "%q", changed.Bytes())
		requireFreshNonces(t, string(again.Bytes()), nonces(string(s.Bytes())))
		_, o = openAs(t, format, again.Bytes())
		require.Equal(t, shape(changed.Roots()), shape(o.Roots()))
	})
}

// sops takes common .env syntax literally, which causes warnings.
func TestDotenvWarnings(t *testing.T) {
	d := parseAs(t, envfile.Dotenv, "OK=a=b c\nexport A=1\nB = 2\nC=\"x y\"\nD='x'\nE= x\nF=x # y\nG=x\r\nH=\"\nI_unencrypted=\"x\"\nJ=it's \"a\" b\n")
	warnings, err := d.Warnings(envfile.Rules{})
	require.NoError(t, err)
	var got []string
	for _, warning := range warnings {
		got = append(got, fmt.Sprintf("%d %s %s", warning.Line, strings.TrimSpace(warning.Path), strings.Fields(warning.Reason)[2:6]))
		assert.NotContains(t, warning.Reason, "x y")
	}
	assert.Equal(t, []string{
		`2 ["export A"] ["export" as a part]`, `3 ["B "] [the blanks as a]`, "4 C [the quotes as a]", "5 D [the quotes as a]", "6 E [the blanks as a]",
		"7 F [the # and the]", "8 G [the carriage return at]", "10 I_unencrypted [the quotes as a]",
	}, got)
	_, err = envfile.Parse(envfile.Dotenv, []byte("A=\"one\ntwo\nthree\"\n"))
	assert.EqualError(t, err, `line 2: expected KEY=value; if the line belongs to the quoted value that begins on line 1, write \n for the line feed, because sops cannot read values of several lines`)
}

// The lines of a quoted value would become fields with unencrypted names.
func TestDotenvSeveralLines(t *testing.T) {
	for _, text := range []string{"K=\"c2Vj\nc2VjcmV0=\"\n", "A=1\nK='x\ny=z\nw=q'\nB=2\n"} {
		d := parseAs(t, envfile.Dotenv, text)
		_, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
		require.ErrorContains(t, err, "a quoted value of several lines")
		warnings, err := d.Warnings(envfile.Rules{})
		require.NoError(t, err)
		for _, warning := range warnings[1:] {
			assert.Regexp(t, `^line \d$`, warning.Path, "the name may be a part of the value")
		}
	}
	// A file that sops encrypted in this form can be decrypted and changed.
	_, o := sealAs(t, envfile.Dotenv, "K=x\nB=2\n", envfile.Rules{})
	_, err := o.Reseal(parseAs(t, envfile.Dotenv, "K=\"x\nB=2\"\n"))
	require.NoError(t, err)
	sealAs(t, envfile.Dotenv, "K=\"x\nB=2\n", envfile.Rules{})
}

func TestJSONNumbersKeepTheirNotationOrWarn(t *testing.T) {
	const plain = `{"a": 100000000000000000000, "b": 1E5, "c": -0, "d": 2e0, "e": 1.5, "f": 7, "g": -100000000000000000000}`
	d := parseAs(t, envfile.JSON, plain)
	warnings, err := d.Warnings(envfile.Rules{})
	require.NoError(t, err)
	var paths []string
	for _, warning := range warnings {
		paths = append(paths, warning.Path)
	}
	assert.Equal(t, []string{"b", "c", "d"}, paths)
	_, o := sealAs(t, envfile.JSON, plain, envfile.Rules{})
	assert.Equal(t, `{"a": 100000000000000000000, "b": 100000.0, "c": 0, "d": 2.0, "e": 1.5, "f": 7, "g": -100000000000000000000}`, document(t, o))
}
