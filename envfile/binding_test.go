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
	"github.com/sealcfg/sealcfg/keys"
)

// boundFile is a test file. Fields with the prefix clear are unencrypted.
type boundFile struct {
	format envfile.Format
	plain  string
	// block matches the whole binding block.
	block *regexp.Regexp
	// tampered holds changes of the structure that need no data key, by name: pairs of an old and a
	// new string. The MAC does not detect them.
	tampered map[string][2]string
}

var bindingRules = envfile.Rules{UnencryptedRegex: "^clear"}

var boundFiles = []boundFile{
	{
		envfile.YAML, "clear1: foo\nclear2: bar\nclearn: 3\nn: 5\nnested: {b: x}\nl:\n  - a\n  - aa\nll: [[y]]\n",
		regexp.MustCompile(`(?m)^ +sealcfg:\n +binding: .*\n +version: 2\n`),
		map[string][2]string{
			"clear name changed":            {"clear1: foo", "clear9: foo"},
			"clear names swapped":           {"clear1: foo\nclear2: bar", "clear2: foo\nclear1: bar"},
			"bytes between values moved":    {"clear1: foo\nclear2: bar", "clear1: foob\nclear2: ar"},
			"number in clear made a text":   {"clearn: 3", `clearn: "3"`},
			"sealed number made a text":     {"type:int", "type:str"},
			"empty text added":              {"clear1: foo", "clear1: foo\nx: \"\""},
			"null added":                    {"clear1: foo", "clear1: foo\nx: null"},
			"empty map added":               {"clear1: foo", "clear1: foo\nx: {}"},
			"empty list added":              {"clear1: foo", "clear1: foo\nx: []"},
			"name with a colon for a level": {"nested: {b: ", `{"nested:b": `},
			"list within a list taken out":  {"ll: [[", "ll: [ ["},
			"document added":                {"sops:", "clear: {}\nsops:"},
		},
	},
	{
		envfile.JSON, "{\n  \"clear1\": \"foo\",\n  \"clear2\": \"bar\",\n  \"clearn\": 3,\n  \"n\": 5,\n  \"nested\": {\"b\": \"x\"},\n  \"ll\": [[\"y\"]]\n}\n",
		regexp.MustCompile(`"sealcfg": \{[^}]*\},\s*`),
		map[string][2]string{
			"clear name changed":            {`"clear1"`, `"clear9"`},
			"bytes between values moved":    {"\"foo\",\n  \"clear2\": \"bar\"", "\"foob\",\n  \"clear2\": \"ar\""},
			"number in clear made a text":   {`"clearn": 3`, `"clearn": "3"`},
			"sealed number made a text":     {"type:int", "type:str"},
			"empty text added":              {`"clear1"`, `"x": "", "clear1"`},
			"null added":                    {`"clear1"`, `"x": null, "clear1"`},
			"empty map added":               {`"clear1"`, `"x": {}, "clear1"`},
			"empty list added":              {`"clear1"`, `"x": [], "clear1"`},
			"name with a colon for a level": {`"nested": {"b": `, `"nested:b": `},
		},
	},
	{
		envfile.Dotenv, "clear1=foo\nclear2=bar\nA=x\n",
		regexp.MustCompile(`(?m)^sops_sealcfg__.*\n`),
		map[string][2]string{
			"clear name changed":         {"clear1=", "clear9="},
			"bytes between values moved": {"clear1=foo\nclear2=bar", "clear1=foob\nclear2=ar"},
			"empty value added":          {"clear1=", "X=\nclear1="},
			"sealed text made a time":    {"clear1=foo\nclear2=bar", "clear1=\nclear2=foobar"},
		},
	},
	{
		envfile.INI, "[s]\nclear1 = foo\nclear2 = bar\nA = x\n",
		regexp.MustCompile(`(?m)^sealcfg__.*\n`),
		map[string][2]string{
			"clear name changed":         {"clear1 =", "clear9 ="},
			"bytes between values moved": {"clear1 = foo\nclear2 = bar", "clear1 = foob\nclear2 = ar"},
			"empty value added":          {"clear1 =", "X =\nclear1 ="},
			"empty section added":        {"[s]", "[t]\n[s]"},
		},
	},
	{
		envfile.TOML, "clear1 = \"foo\"\nclear2 = \"bar\"\nclearn = 3\nn = 5\n\n[nested]\nb = \"x\"\n",
		regexp.MustCompile(`(?m)^sealcfg = .*\n`),
		map[string][2]string{
			"clear name changed":            {"clear1 =", "clear9 ="},
			"bytes between values moved":    {"\"foo\"\nclear2 = \"bar\"", "\"foob\"\nclear2 = \"ar\""},
			"number in clear made a text":   {"clearn = 3", `clearn = "3"`},
			"empty text added":              {"clear1 =", "x = \"\"\nclear1 ="},
			"empty map added":               {"clear1 =", "x = {}\nclear1 ="},
			"name with a colon for a level": {"[nested]\nb =", "\"nested:b\" ="},
		},
	},
	{
		envfile.Binary, "just bytes\n",
		regexp.MustCompile(`"sealcfg": \{[^}]*\},\s*`),
		nil,
	},
}

func eachBound(t *testing.T, test func(t *testing.T, f boundFile, text string)) {
	for _, f := range boundFiles {
		t.Run(f.format.Name(), func(t *testing.T) {
			s, _, err := envfile.Seal(t.Context(), parseAs(t, f.format, f.plain).WithLocation("prod"), bindingRules, sealedTo(alice))
			require.NoError(t, err)
			test(t, f, string(s.Bytes()))
		})
	}
}

func openExpecting(f envfile.Format, text string, e envfile.Expectation) (*envfile.Opened, error) {
	s, err := envfile.ParseSealed(f, []byte(text))
	if err != nil {
		return nil, err
	}
	return s.Expect(e).Open(context.Background(), alice)
}

func requireTampered(t *testing.T, err error, what string) *envfile.BindingError {
	t.Helper()
	require.ErrorIs(t, err, envfile.ErrIntegrity)
	var b *envfile.BindingError
	require.ErrorAs(t, err, &b)
	require.Equal(t, what, b.Tampered, "%v", err)
	return b
}

// without removes the binding, as sops does when it writes the file.
func (f boundFile) without(t *testing.T, text string) string {
	t.Helper()
	out := f.block.ReplaceAllString(text, "")
	require.NotEqual(t, text, out)
	require.NotContains(t, out, "sealcfg")
	return out
}

// bindingOf returns the ciphertext of the binding.
func bindingOf(t *testing.T, text string) string {
	t.Helper()
	m := regexp.MustCompile(`binding"?\s*[:=]\s*"?(ENC\[[^\]]*\])`).FindStringSubmatch(text)
	require.NotNil(t, m)
	return m[1]
}

func TestBindingIsWritten(t *testing.T) {
	eachBound(t, func(t *testing.T, f boundFile, text string) {
		o, err := openExpecting(f.format, text, envfile.Expectation{Location: "prod", Bound: true})
		require.NoError(t, err)
		assert.True(t, o.Bound())
		assert.Equal(t, "prod", o.Location())
		assert.False(t, o.Moved())

		again, err := o.Reseal(parseAs(t, f.format, strings.Replace(f.plain, "x", "z", 1)))
		require.NoError(t, err)
		rewrapped, err := o.Rewrap(t.Context(), sealedTo(alice, bob))
		require.NoError(t, err)
		rotated, err := o.Rotate(t.Context(), bindingRules, sealedTo(alice, bob))
		require.NoError(t, err)
		otherRules, err := o.Rotate(t.Context(), envfile.Rules{UnencryptedRegex: "^clear1"}, sealedTo(alice))
		require.NoError(t, err)
		for name, s := range map[string]*envfile.Sealed{"reseal": again, "rewrap": rewrapped, "rotate": rotated, "rules": otherRules} {
			_, err := openExpecting(f.format, string(s.Bytes()), envfile.Expectation{Location: "prod", Bound: true})
			require.NoError(t, err, name)
			assert.NotEqual(t, bindingOf(t, text), bindingOf(t, string(s.Bytes())), name)
		}
	})
}

// The binding detects a change of a name, a type, the order or an unencrypted value.
func TestBindingStructure(t *testing.T) {
	eachBound(t, func(t *testing.T, f boundFile, text string) {
		for name, change := range f.tampered {
			t.Run(name, func(t *testing.T) {
				changed := strings.Replace(text, change[0], change[1], 1)
				switch name {
				case "name with a colon for a level":
					changed = regexp.MustCompile(`(nested:b[^\n]*ENC\[[^\]]*\]["']?)\}`).ReplaceAllString(changed, "$1")
					changed = strings.Replace(changed, `{"nested:b": `, `"nested:b": `, 1)
				case "list within a list taken out":
					changed = regexp.MustCompile(`ll: \[ \[(.*)\]\]`).ReplaceAllString(changed, "ll: [$1]")
				case "document added":
					changed = text + "---\n{}\n"
				}
				require.NotEqual(t, text, changed)
				_, err := openExpecting(f.format, f.without(t, changed), envfile.Expectation{})
				require.NoError(t, err, "the format does not tell")
				_, err = openExpecting(f.format, changed, envfile.Expectation{})
				requireTampered(t, err, envfile.BindingStructure)
			})
		}
	})
}

// The format does not authenticate the position of list items. For the MAC, "ab" and "c" equal "a"
// and "bc".
func TestBindingOrderOfItems(t *testing.T) {
	f := boundFiles[0]
	s, _ := sealAs(t, f.format, f.plain, bindingRules)
	text := string(s.Bytes())
	items := encForm.FindAllString(text[strings.Index(text, "\nl:"):], 2)
	changed := strings.NewReplacer(items[0], items[1], items[1], items[0]).Replace(text)
	require.NoError(t, openErr(f.without(t, changed)), "the format does not tell")
	requireTampered(t, openErr(changed), envfile.BindingStructure)
}

// The binding detects an added or removed recipient and a changed selector.
func TestBindingRecipients(t *testing.T) {
	eachBound(t, func(t *testing.T, f boundFile, text string) {
		_, o := openAs(t, f.format, []byte(text))
		more, err := o.Rewrap(t.Context(), sealedTo(alice, bob))
		require.NoError(t, err)
		injected := strings.Replace(string(more.Bytes()), bindingOf(t, string(more.Bytes())), bindingOf(t, text), 1)
		dropped := strings.Replace(text, bindingOf(t, text), bindingOf(t, string(more.Bytes())), 1)
		renamed := strings.Replace(text, recipient(alice).String(), recipient(carol).String(), 1)
		for name, changed := range map[string]string{"injected": injected, "dropped": dropped, "renamed": renamed} {
			_, err = openExpecting(f.format, f.without(t, changed), envfile.Expectation{})
			require.NoError(t, err, "%s: the format does not tell", name)
			_, err = openExpecting(f.format, changed, envfile.Expectation{})
			requireTampered(t, err, envfile.BindingRecipients)
		}
		if f.format == envfile.Binary {
			return
		}
		selector := strings.Replace(text, "^clear", "^clear|^new_password$", 1)
		require.NotEqual(t, text, selector)
		_, err = openExpecting(f.format, f.without(t, selector), envfile.Expectation{})
		require.NoError(t, err, "the format does not tell")
		_, err = openExpecting(f.format, selector, envfile.Expectation{})
		requireTampered(t, err, envfile.BindingRecipients)
	})
}

func TestBindingThreshold(t *testing.T) {
	s, _, err := envfile.Seal(t.Context(), parse(t, "a: x\n"), envfile.Rules{}, groupsOf(2, alice, bob, carol))
	require.NoError(t, err)
	changed := strings.Replace(string(s.Bytes()), "shamir_threshold: 2", "shamir_threshold: 3", 1)
	_, err = parseSealed(t, changed).Open(t.Context(), alice, bob, carol)
	requireTampered(t, err, envfile.BindingRecipients)
}

// With mac_only_encrypted, changes without the data key are possible only in unencrypted fields.
func TestBindingMACOnlyEncrypted(t *testing.T) {
	rules := envfile.Rules{EncryptedRegex: "^(password|empty)$", MACOnlyEncrypted: true}
	const plain = "image: app:1.2.3\nversion: 1.10\nlabels: {a: b}\nempty: \"\"\ndb: !x\n  name: n\n  password: p\nlist:\n  - free\n  - password: q\n  - {c: d}\n"
	s, _, err := envfile.Seal(t.Context(), parse(t, plain), rules, sealedTo(alice))
	require.NoError(t, err)
	text := string(s.Bytes())
	for name, change := range map[string][2]string{
		"value":           {"app:1.2.3", "app:1.2.4"},
		"type":            {"version: 1.10\n", "version: 1.10.1\n"},
		"entry added":     {"labels: {a: b}", "labels: {a: b, c: [d]}\nmore: x"},
		"entry removed":   {"labels: {a: b}\n", ""},
		"entry renamed":   {"  name: n", "  title: &t !tag n"},
		"item added":      {"  - free\n", "  - free\n  - more\n"},
		"item removed":    {"  - {c: d}\n", ""},
		"map for a value": {"image: app:1.2.3", "image: {name: app}"},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		require.NotEqual(t, text, changed, name)
		o := open(t, parseSealed(t, changed))
		assert.Equal(t, "p", o.Roots()[0].At(path(t, "db.password")).Text)
		assert.Equal(t, strings.Replace(plain, change[0], change[1], 1), document(t, o), name)
		require.NoError(t, openErr(string(reseal(t, o, document(t, o)).Bytes())), name)
	}
	secrets := encForm.FindAllString(text, 2)
	for name, change := range map[string][2]string{
		"the switch":                {"    mac_only_encrypted: true\n", ""},
		"tag above a secret":        {"db: !x", "db: !y"},
		"name above a secret":       {"db: !x", "bd: !x"},
		"tag of a secret":           {secrets[0], "!include " + secrets[0]},
		"place for a secret gone":   {"empty: \"\"\n", ""},
		"place for a secret, null":  {"empty: \"\"\n", "empty:\n"},
		"place for a secret, added": {"  name: n", "  empty: \"\""},
		"secret in another item":    {"  - password: " + secrets[1], "  - - password: " + secrets[1]},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		require.NotEqual(t, text, changed, name)
		require.ErrorIs(t, openErr(changed), envfile.ErrIntegrity, name)
	}
}

// A file of one environment is rejected as a file of another one.
func TestBindingLocation(t *testing.T) {
	eachBound(t, func(t *testing.T, f boundFile, text string) {
		b := func(e envfile.Expectation) error {
			_, err := openExpecting(f.format, text, e)
			return err
		}
		wrong := requireTampered(t, b(envfile.Expectation{Location: "dev"}), envfile.BindingLocation)
		assert.Equal(t, "prod", wrong.Sealed)
		assert.Equal(t, "dev", wrong.Found)
		require.EqualError(t, wrong, "integrity check failed: location: encrypted as prod, but used as dev")
		require.NoError(t, b(envfile.Expectation{}), "the caller does not say")
		require.NoError(t, b(envfile.Expectation{Location: "dev", Fits: func(p string) bool { return p == "prod" }}))

		// Move the file, and encrypt it for its new location.
		o, err := openExpecting(f.format, text, envfile.Expectation{Location: "dev", Fits: func(string) bool { return true }})
		require.NoError(t, err)
		assert.True(t, o.Moved())
		moved, err := o.Rotate(t.Context(), bindingRules, sealedTo(alice))
		require.NoError(t, err)
		text = string(moved.Bytes())
		require.NoError(t, b(envfile.Expectation{Location: "dev", Bound: true}))
		requireTampered(t, b(envfile.Expectation{Location: "prod"}), envfile.BindingLocation)
	})
}

// A command without a location, such as sops's own commands, keeps the location of the file.
func TestBindingKeepsTheLocation(t *testing.T) {
	s, _, err := envfile.Seal(t.Context(), parse(t, "a: x\n").WithLocation("prod"), envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	again := reseal(t, open(t, s), "a: y\n")
	assert.Equal(t, "prod", open(t, again).Location())

	long := strings.Repeat("p", 4000)
	s, _, err = envfile.Seal(t.Context(), parse(t, "a: x\n").WithLocation(long), envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err)
	o, err := openExpecting(envfile.YAML, string(reseal(t, open(t, s), "a: y\n").Bytes()), envfile.Expectation{Location: long, Bound: true})
	require.NoError(t, err)
	assert.False(t, o.Moved())

	none := open(t, seal(t, "a: x\n", envfile.Rules{}))
	assert.True(t, none.Bound())
	assert.Empty(t, none.Location())
	_, err = openExpecting(envfile.YAML, string(none.Sealed().Bytes()), envfile.Expectation{Location: "prod"})
	require.NoError(t, err, "bound to nothing")
	_, err = openExpecting(envfile.YAML, string(none.Sealed().Bytes()), envfile.Expectation{Location: "prod", Bound: true})
	requireTampered(t, err, envfile.BindingLocation)
}

// A file that sops wrote has no binding.
func TestBindingAbsent(t *testing.T) {
	eachBound(t, func(t *testing.T, f boundFile, text string) {
		text = f.without(t, text)
		o, err := openExpecting(f.format, text, envfile.Expectation{Location: "prod"})
		require.NoError(t, err)
		assert.False(t, o.Bound())
		assert.Empty(t, o.Location())
		_, err = openExpecting(f.format, text, envfile.Expectation{Bound: true})
		requireTampered(t, err, envfile.BindingItself)

		again, err := o.Reseal(parseAs(t, f.format, f.plain))
		require.NoError(t, err)
		_, err = openExpecting(f.format, string(again.Bytes()), envfile.Expectation{Location: "prod", Bound: true})
		require.NoError(t, err)
	})
}

// A binding belongs to one version of the file.
func TestBindingOfAnotherText(t *testing.T) {
	eachBound(t, func(t *testing.T, f boundFile, text string) {
		_, o := openAs(t, f.format, []byte(text))
		s, err := o.Reseal(parseAs(t, f.format, f.plain))
		require.NoError(t, err)
		pasted := strings.Replace(string(s.Bytes()), bindingOf(t, string(s.Bytes())), bindingOf(t, text), 1)
		_, err = openExpecting(f.format, pasted, envfile.Expectation{})
		requireTampered(t, err, envfile.BindingItself)

		// A binding of a file with another data key is rejected, and also a value or the MAC of
		// this file instead of its binding.
		foreign, _ := sealAs(t, f.format, f.plain, bindingRules)
		for _, enc := range []string{bindingOf(t, string(foreign.Bytes())), encForm.FindString(text), "hunter2"} {
			_, err = openExpecting(f.format, strings.Replace(text, bindingOf(t, text), enc, 1), envfile.Expectation{})
			requireTampered(t, err, envfile.BindingItself)
			assert.NotContains(t, err.Error(), "hunter2")
		}
	})
}

// A block of version 2 is verified, even if it is damaged.
func TestBindingBroken(t *testing.T) {
	text := string(seal(t, "a: x\n", envfile.Rules{}).Bytes())
	block := func(to string) string { return sealcfgForm.ReplaceAllString(text, "    sealcfg: "+to+"\n") }
	enc := bindingOf(t, text)
	quoted := `"` + enc + `"`
	for to, reason := range map[string]string{
		"{version: 2}":                              "has no binding",
		"{binding: {}, version: 2}":                 "has no binding",
		"{binding: \"\", version: 2}":               "expected digests",
		"{Binding: " + quoted + ", version: 2}":     "has no binding",
		"{binding: '" + enc + "x', version: 2}":     "fails authentication",
		"{binding: '" + enc[:60] + "', version: 2}": "fails authentication",
	} {
		b := requireTampered(t, openErr(block(to)), envfile.BindingItself)
		assert.Contains(t, b.Reason, reason, to)
	}
	require.NoError(t, openErr(block("{binding: "+quoted+", version: 2}")), "spelled in another way")
	require.NoError(t, openErr(strings.Replace(text, "sealcfg:", "SealCfg:", 1)), "in another case")
}

// A file with a block of another version is treated as a file without a binding, and the version is
// reported.
func TestBindingOfAnotherVersion(t *testing.T) {
	text := string(seal(t, "a: x\nclear_unencrypted: y\n", envfile.Rules{}).Bytes())
	block := func(to string) string { return sealcfgForm.ReplaceAllString(text, "    sealcfg: "+to+"\n") }
	quoted := `"` + bindingOf(t, text) + `"`
	for to, version := range map[string]string{
		"{binding: " + quoted + ", version: 1}":   "1",
		"{binding: " + quoted + ", version: 3}":   "3",
		"{binding: " + quoted + ", version: x}":   "",
		"{binding: " + quoted + ", version: -2}":  "",
		"{binding: " + quoted + ", version: [2]}": "",
		"{binding: " + quoted + "}":               "",
		"{}":                                      "", "[]": "", "x": "", "": "",
	} {
		for _, changed := range []string{block(to), strings.Replace(block(to), "clear_unencrypted", "other_unencrypted", 1)} {
			o := open(t, parseSealed(t, changed))
			assert.False(t, o.Bound(), to)
			assert.False(t, o.Sealed().Metadata().HasBinding())
			got, found := o.Sealed().Metadata().OtherBinding()
			assert.True(t, found, to)
			assert.Equal(t, version, got, to)
			_, err := openExpecting(envfile.YAML, changed, envfile.Expectation{Bound: true})
			assert.Contains(t, requireTampered(t, err, envfile.BindingItself).Reason, "a binding of an unsupported version", to)

			// The next version has a binding, without any part of the old block.
			again := string(reseal(t, o, document(t, o)).Bytes())
			assert.Regexp(t, `(?m)^    sealcfg:\n        binding: ENC.*\n        version: 2\n`, again)
			require.NoError(t, openErr(again))
		}
	}
	_, found := parseSealed(t, unbound(t, text)).Metadata().OtherBinding()
	assert.False(t, found)
}

// Unknown metadata is kept when a file is written, except in the binding block.
func TestBindingDropsUnknownFields(t *testing.T) {
	text := string(seal(t, "a: x\n", envfile.Rules{}).Bytes())
	changed := strings.Replace(text, "        version: 2\n", "        version: 2\n        other: x\n", 1) + "    unknown: z\n"
	o := open(t, parseSealed(t, changed))
	rewrapped, err := o.Rewrap(t.Context(), sealedTo(alice, bob))
	require.NoError(t, err)
	inPlace, ok, err := o.ApplyInPlace(envfile.Set(path(t, "a"), crypto.Str, "z"))
	require.NoError(t, err)
	require.True(t, ok)
	for _, s := range []*envfile.Sealed{reseal(t, o, "a: y\n"), rewrapped, inPlace} {
		assert.NotContains(t, string(s.Bytes()), "other:")
		assert.Contains(t, string(s.Bytes()), "    unknown: z\n")
		require.NoError(t, openErr(string(s.Bytes())))
	}
}

// lastmodified increases with every write, independent of the clock.
func TestLastModifiedGoesForward(t *testing.T) {
	eachBound(t, func(t *testing.T, f boundFile, text string) {
		_, o := openAs(t, f.format, []byte(text))
		was, err := time.Parse(time.RFC3339, o.Sealed().Metadata().LastModified)
		require.NoError(t, err)
		for i := range 3 {
			d, err := o.Document()
			require.NoError(t, err)
			s, err := o.Reseal(d)
			require.NoError(t, err)
			_, o = openAs(t, f.format, s.Bytes())
			is, err := time.Parse(time.RFC3339, o.Sealed().Metadata().LastModified)
			require.NoError(t, err)
			assert.GreaterOrEqual(t, is, was.Add(time.Second), "%d", i)
			was = is
		}
		rotated, err := o.Rotate(t.Context(), bindingRules, sealedTo(alice))
		require.NoError(t, err)
		assert.Greater(t, rotated.Metadata().LastModified, o.Sealed().Metadata().LastModified)
		rewrapped, err := o.Rewrap(t.Context(), sealedTo(alice))
		require.NoError(t, err)
		assert.GreaterOrEqual(t, rewrapped.Metadata().LastModified, o.Sealed().Metadata().LastModified, "sops keeps it too")
	})
	o := open(t, parseSealed(t, string(seal(t, "a: x\n", envfile.Rules{}).Bytes())))
	s, ok, err := o.ApplyInPlace(envfile.Set(path(t, "a"), crypto.Str, "z"))
	require.NoError(t, err)
	require.True(t, ok)
	assert.Greater(t, s.Metadata().LastModified, o.Sealed().Metadata().LastModified)
}

// A change of any byte of the block is rejected.
func TestBindingEveryByte(t *testing.T) {
	text := string(seal(t, "a: x\n", envfile.Rules{}).Bytes())
	from := strings.Index(text, bindingOf(t, text))
	for i := from; i < from+len(bindingOf(t, text)); i++ {
		for _, bit := range []byte{1, 2, 4, 8, 16, 32} {
			b := []byte(text)
			if b[i] ^= bit; b[i] < ' ' || b[i] >= 0x7F {
				continue
			}
			require.Error(t, openErr(string(b)), "%q", b[from:])
		}
	}
}

// The binding does not depend on the order of recipients or on empty fields.
func TestBindingOfOtherRecipients(t *testing.T) {
	for _, f := range boundFiles {
		s, _, err := envfile.Seal(t.Context(), parseAs(t, f.format, f.plain), envfile.Rules{}, envfile.Recipients{
			Groups: [][]keys.Recipient{{fakeKMS{"b"}, recipient(bob), fakeKMS{"a"}, recipient(alice)}},
		})
		require.NoError(t, err, f.format.Name())
		_, err = openExpecting(f.format, string(s.Bytes()), envfile.Expectation{Bound: true})
		require.NoError(t, err, f.format.Name())
	}
}

// The size of the binding is bounded, even for a long location.
func TestBindingSize(t *testing.T) {
	for _, f := range boundFiles {
		for _, location := range []string{"", "environment prod", strings.Repeat("p", 160), strings.Repeat("p", 4000)} {
			s, _, err := envfile.Seal(t.Context(), parseAs(t, f.format, f.plain).WithLocation(location), bindingRules, sealedTo(alice))
			require.NoError(t, err)
			text := string(s.Bytes())
			assert.LessOrEqual(t, len(text)-len(f.without(t, text)), 600, "%s, %d", f.format.Name(), len(location))
			_, err = openExpecting(f.format, text, envfile.Expectation{Location: location, Bound: true})
			require.NoError(t, err)
			_, err = openExpecting(f.format, text, envfile.Expectation{Location: location + "x"})
			if location != "" {
				requireTampered(t, err, envfile.BindingLocation)
			}
		}
	}
}

// fakeKMS is a recipient with fields of every kind, some of them empty.
type fakeKMS struct{ arn string }

func (r fakeKMS) String() string { return r.arn }

func (r fakeKMS) Wrap(context.Context, []byte) (*keys.Stanza, error) {
	return &keys.Stanza{Type: "kms", Wrapped: "AQ==", Fields: []keys.Field{
		{Name: "created_at", Value: "2024-01-31T00:00:00Z"}, {Name: "arn", Value: r.arn}, {Name: "aws_profile"},
		{Name: "context", Map: []keys.Field{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}}},
	}}, nil
}
