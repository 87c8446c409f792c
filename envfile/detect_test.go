package envfile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

var plainOf = map[envfile.Format]string{
	envfile.YAML:   "# note\na: x\nlist: [1, 2]\n",
	envfile.JSON:   "{\n  \"a\": \"x\",\n  \"list\": [1, 2]\n}\n",
	envfile.Dotenv: "# note\nA=x\nB=y\n",
	envfile.INI:    "; note\n[s]\na = x\n",
	envfile.TOML:   "# note\n[s]\na = \"x\"\n",
	envfile.Binary: "any bytes \x00\xff",
}

func encrypted(t testing.TB, f envfile.Format, text string) string {
	t.Helper()
	d, err := envfile.Parse(f, []byte(text))
	require.NoError(t, err, "%s", text)
	s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err, "%s", text)
	return string(s.Bytes())
}

func TestFormatOfAName(t *testing.T) {
	for name, want := range map[string]envfile.Format{
		"a.yaml": envfile.YAML, "a.YML": envfile.YAML, "UP.YAML": envfile.YAML, "a.Json": envfile.JSON, "a.INI": envfile.INI, "a.toml": envfile.TOML,
		".env": envfile.Dotenv, "dir/.ENV": envfile.Dotenv, "app.env": envfile.Dotenv,
		".env.production": envfile.Dotenv, "dir/.env.local": envfile.Dotenv, ".env.sops": envfile.Dotenv, ".env.prod.local": envfile.Dotenv, ".env.json": envfile.JSON,
	} {
		f, known := envfile.FormatOf(name)
		assert.True(t, known, name)
		assert.Equal(t, want.Name(), f.Name(), name)
	}
	for _, name := range []string{"", "cfg", "a.txt", "secrets.yaml.gotpl", "a.yaml.bak", ".envrc", "env.production", "yaml", "dir.yaml/cfg", ".env/cfg"} {
		f, known := envfile.FormatOf(name)
		assert.False(t, known, name)
		assert.Equal(t, envfile.Binary.Name(), f.Name(), name)
	}
	for name, want := range map[string]envfile.Format{
		"a.yaml": envfile.YAML, "a.yml": envfile.YAML, "a.json": envfile.JSON, "a.ini": envfile.INI, ".env": envfile.Dotenv,
		"UP.YAML": envfile.Binary, ".env.production": envfile.Binary, "a.toml": envfile.Binary, "cfg": envfile.Binary,
	} {
		assert.Equal(t, want.Name(), envfile.SopsFormatOf(name).Name(), name)
	}
}

// An encrypted file of any format is detected under any name.
func TestDetectEncrypted(t *testing.T) {
	names := []string{"cfg", "secrets.yaml.gotpl", ".env.production", "UP.YAML", "a.yaml", "a.json", "a.env", "a.ini", "a.toml", "a.txt", ""}
	for f, plain := range plainOf {
		text := encrypted(t, f, plain)
		for _, variant := range []string{text, "\uFEFF" + text, strings.ReplaceAll(text, "\n", "\r\n")} {
			if variant != text && (f == envfile.JSON || f == envfile.Binary || f == envfile.Dotenv) {
				continue // JSON has no byte order mark; dotenv reads a mark or a carriage return as part of a name or value
			}
			for _, name := range names {
				want := f
				byName, _ := envfile.FormatOf(name)
				switch sops := envfile.SopsFormatOf(name); {
				case f == envfile.Binary && (sops == envfile.YAML || sops == envfile.JSON), f == envfile.JSON && byName == envfile.YAML:
					want = byName // sops reads its JSON by the name
				}
				got, isEncrypted := envfile.Detect(name, []byte(variant))
				assert.True(t, isEncrypted, "%s as %q", f.Name(), name)
				assert.Equal(t, want.Name(), got.Name(), "%s as %q", f.Name(), name)
				assert.Equal(t, got.Name(), envfile.FormatFor(name, []byte(variant)).Name())
				_, err := envfile.ParseSealed(got, []byte(variant))
				require.NoError(t, err, "%s as %q", f.Name(), name)
			}
			for _, any := range []envfile.Format{envfile.Binary, f} {
				_, err := envfile.Parse(any, []byte(variant))
				assert.ErrorIs(t, err, envfile.ErrAlreadySealed, "%s as %s", f.Name(), any.Name())
			}
		}
		for _, name := range names {
			_, isEncrypted := envfile.Detect(name, []byte(plain))
			assert.False(t, isEncrypted, "%s as %q", plain, name)
		}
	}
}

// The metadata is detected in styles that people and other tools write.
func TestDetectStyles(t *testing.T) {
	const mac = "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]"
	const rest = `age: [{recipient: age1, enc: x}], lastmodified: "2026-01-01T00:00:00Z", version: 3.13.3`
	for text, want := range map[string]envfile.Format{
		"a: b\n\"sops\" :\n  mac: " + mac + "\n  age: [{recipient: age1, enc: x}]\n":                       envfile.YAML,
		"  a: b\n  sops: {mac: '" + mac + "', " + rest + "}\n":                                             envfile.YAML,
		"{a: b, 'sops': {mac: '" + mac + "', " + rest + "}}\n":                                             envfile.YAML,
		"a: 1\n---\nb: 2\nsops: {mac: '" + mac + "', " + rest + "}\n":                                      envfile.YAML,
		"sops_mac=" + mac + "\nsops_age__list_0__map_recipient=age1\nsops_age__list_0__map_enc=x\n":        envfile.Dotenv,
		"a = b\n [sops] ; c\nmac = " + mac + "\nage__list_0__map_recipient = age1\nage__list_0__map_enc=x": envfile.INI,
		"a = 1\n[ sops ]\nmac = '" + mac + "'\nage = [{recipient = 'age1', enc = 'x'}]\n":                  envfile.TOML,
		"{\n \"sops\" : {\"mac\": \"" + mac + "\", \"age\": [{\"recipient\": \"age1\", \"enc\": \"x\"}]}}": envfile.JSON,
	} {
		got, isEncrypted := envfile.Detect("cfg", []byte(text))
		assert.True(t, isEncrypted, text)
		assert.Equal(t, want.Name(), got.Name(), text)
	}
}

// A page that contains an encrypted file as an example is plaintext. Guess reports it.
func TestDetectExamples(t *testing.T) {
	example := encrypted(t, envfile.YAML, "a: x\n")
	inMap := "data:\n  f: |\n    " + strings.ReplaceAll(example, "\n", "\n    ") + "\n"
	for name, text := range map[string]string{
		"README.md": "# sops\n\nA file looks like this:\n\n```yaml\n" + example + "```\n",
		"a.yaml":    inMap,
		"cfg":       inMap,
		"b.yaml":    "sops: {mac: a plain value}\n",
		"notes.txt": "sops: see ENC[AES256_GCM, ...]\n",
	} {
		_, isEncrypted := envfile.Detect(name, []byte(text))
		assert.False(t, isEncrypted, name)
	}
	_, seems := envfile.Guess([]byte("# sops\n\nA file looks like this:\n\n```yaml\n" + example + "```\n"))
	assert.True(t, seems)
}

// A broken encrypted file still counts as encrypted: it must not be skipped or encrypted again.
func TestDetectBroken(t *testing.T) {
	for f, plain := range plainOf {
		text := encrypted(t, f, plain)
		ours, theirs := "<<<<<<< HEAD\n", "=======\nx\n>>>>>>> theirs\n"
		i := strings.Index(text, "mac")
		i = strings.LastIndex(text[:i], "\n") + 1
		end := i + strings.Index(text[i:], "\n") + 1
		got, isEncrypted := envfile.Detect("cfg", []byte(text[:i]+ours+text[i:end]+theirs+text[end:]))
		assert.True(t, isEncrypted, f.Name())
		if f != envfile.Binary {
			assert.Equal(t, f.Name(), got.Name())
		}
	}
	cut := encrypted(t, envfile.JSON, plainOf[envfile.JSON])
	_, isEncrypted := envfile.Detect("cfg", []byte(cut[:len(cut)-10]))
	assert.True(t, isEncrypted)
	broken := encrypted(t, envfile.YAML, "a: x\n") + "b: [\n"
	_, isEncrypted = envfile.Detect("a.yaml", []byte(broken))
	assert.True(t, isEncrypted)
	_, seems := envfile.Guess([]byte(broken))
	assert.True(t, seems)
}

func TestGuess(t *testing.T) {
	for text, want := range map[string]envfile.Format{
		"a: 1\nb: {c: d}\n": envfile.YAML, `{"a": 1}`: envfile.JSON, "A=1\nexport B=2\n": envfile.Dotenv, "[s]\na = b\n": envfile.INI, "[s]\na = \"b\"\n": envfile.TOML,
		"": envfile.Binary, "some text\n": envfile.Binary, "- a\n": envfile.Binary, "[1, 2]": envfile.Binary, "c2VjcmV0MTIzNA==\n": envfile.Binary, "c2VjcmV0MTIzNAo=": envfile.Binary,
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIE=\n-----END RSA PRIVATE KEY-----\n": envfile.Binary,
		"-----BEGIN CERTIFICATE-----\nMIIB\nAAA=\n-----END CERTIFICATE-----\n":                                                        envfile.Binary,
		"region = \"eu\"\ncount = 2\n": envfile.TOML, // as *.tfvars of Terraform
		"\xff\x00\xfe":                 envfile.Binary, "{}": envfile.Binary, "#!/bin/sh\nA=1\necho $A\n": envfile.Binary,
	} {
		f, seems := envfile.Guess([]byte(text))
		assert.Equal(t, want.Name(), f.Name(), text)
		assert.False(t, seems)
	}
}
