package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// Explain hides values of secret managers and secrets directories for every type.
func TestExplainHidesSecretsByOrigin(t *testing.T) {
	type settings struct {
		Text, Field, Plain, File, Variable string
		Number                             int
		List                               []string
		Map                                map[string]string
		DB                                 struct{ Host, User string }
		Any, Part                          any
		JSON                               json.RawMessage
		Managed                            string
		Empty                              []string
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte(hushed), 0o600))
	h, err := sealcfg.New[settings](append(options(t, files(t, "prod", `text: ref+safe://text
field: ref+safe://all#text
plain: seen
number: ref+safe://number
list: [ref+safe://text, seen]
map: ref+safe://all
db: ref+safe://db
any: ref+safe://all
part: {a: {b: ref+safe://text}, c: seen}
json: ref+safe://all
empty: ref+safe://empty
`), "APP_VARIABLE=ref+safe://text"),
		sealcfg.WithResolver(newSafe("text", hushed, "number", "424242", "all", `{"text": "`+hushed+`"}`, "db", `{"host": "`+hushed+`", "user": "`+hushed+`"}`, "empty", "[]")),
		sealcfg.WithSecretsDir(dir),
		sealcfg.WithSource(managed{}),
	)...).Load(t.Context())
	require.NoError(t, err)
	rows := explained(t, h)
	for _, row := range rows {
		fields := strings.Fields(strings.ReplaceAll(row, "interface {}", "any"))
		want := "[secret]"
		if fields[0] == "plain" || fields[0] == "list[1]" {
			want = "seen"
		}
		assert.Equal(t, want, fields[2], row)
	}
	assert.Len(t, rows, 16)
	text := strings.Join(rows, "\n")
	assertHushed(t, text)
	assert.NotContains(t, text, "424242")
}

// managed is a source with a secret manager as origin, like the sources below services.
type managed struct{}

func (managed) Name() string { return "vaultkv://secret/app" }

func (managed) Read(_ context.Context, r *sealcfg.Reading) error {
	return r.SetJSON("", `{"managed": "`+hushed+`"}`, sealcfg.Origin{Place: "vaultkv://secret/app"})
}

// A key of a map in a Secret is in no problem, warning, origin or table.
func TestKeysOfSecretMapsAreHidden(t *testing.T) {
	type server struct {
		Port int
		Old  string `cfg:"new,optional" alias:"old"`
	}
	type settings struct {
		Ports   sealcfg.Secret[map[string]int]
		Servers sealcfg.Secret[map[string]server]            `cfg:",optional"`
		Deep    sealcfg.Secret[struct{ M map[string][]int }] `cfg:",optional"`
		Any     sealcfg.Secret[any]                          `cfg:",optional"`
		Ptr     *sealcfg.Secret[map[int]int]
		Public  map[string]int `cfg:",optional"`
	}
	load := func(plain string, opts ...sealcfg.Option) (*sealcfg.Handle[settings], error) {
		fsys := files(t, "base", "ports: {"+hushed+": 1}\n", "prod", plain)
		return sealcfg.New[settings](append(options(t, fsys), opts...)...).Load(t.Context())
	}
	all := func(err error) string {
		var e *sealcfg.Error
		require.ErrorAs(t, err, &e)
		form, jsonErr := json.Marshal(e)
		require.NoError(t, jsonErr)
		text := err.Error() + string(form) + fmt.Sprintf("%+v %#v", err, err)
		for _, p := range e.Problems {
			text += p.Path + p.Error() + p.Hint
		}
		return text
	}
	for plain, want := range map[string]string{
		"ports: {" + hushed + ": x}":                    "ports[secret] environments/prod.yaml:1:",
		"servers: {" + hushed + ": {}}":                 "servers[secret].port",
		"servers: {" + hushed + ": {port: 1, prot: 2}}": "servers[secret].prot",
		"servers: {" + hushed + ": x}":                  "servers[secret]",
		"deep: {m: {" + hushed + ": [1, x]}}":           "deep.m[secret][1]",
		"ptr: {\"" + hushed + "\": 1}":                  "ptr[secret]",
		"ptr: {\"1\": 1, \"01\": 2}":                    "ptr[secret]",
	} {
		_, err := load(plain)
		if !assert.Error(t, err, plain) {
			continue
		}
		text := all(err)
		assert.Contains(t, strings.Join(problemsOf(t, err), "\n"), want)
		assertHushed(t, text)
	}
	_, err := load("{}", sealcfg.WithEnviron(`APP_ANY={"`+hushed+`": [{"`+hushed+`": 99999999999999999999}]}`))
	assert.Contains(t, strings.Join(problemsOf(t, err), "\n"), "any[secret][0][secret] $APP_ANY")
	assertHushed(t, all(err))

	// By a validator.
	_, err = load("servers: {"+hushed+": {port: 1}}", sealcfg.WithValidation(func(any) error {
		return errors.Join(&sealcfg.FieldError{Field: "Servers[" + hushed + "].Port", Reason: "no"}, &sealcfg.FieldError{Field: "Ports[" + hushed + "]", Reason: "no"})
	}))
	assert.Contains(t, strings.Join(problemsOf(t, err), "\n"), "servers[secret].port environments/prod.yaml:1:")
	assertHushed(t, all(err))

	// A key of a map outside of a Secret is shown.
	_, err = load("public: {shown: x}")
	assert.Contains(t, err.Error(), "public.shown")

	// Warnings, origins, and the table.
	var warnings strings.Builder
	h, err := load("ports: {"+hushed+": 2}\nservers: {"+hushed+": {port: 1, old: x}}\ndeep: {m: {"+hushed+": [1]}}\nany: {"+hushed+": 1}\nptr: {\"7\": 8}\n",
		sealcfg.OnWarning(func(p *sealcfg.Problem) { warnings.WriteString(p.Error() + "\n") }))
	require.NoError(t, err)
	assert.Contains(t, warnings.String(), "servers[secret].new")
	assertHushed(t, warnings.String())
	var b strings.Builder
	require.NoError(t, h.Explain(&b))
	assert.Contains(t, b.String(), "environments/prod.yaml  ports\n")
	for path, at := range h.Origins().All() {
		b.WriteString(path + at.String() + "\n")
	}
	assertHushed(t, b.String())
	assert.Equal(t, "environments/prod.yaml", h.Origins().Of("ports."+hushed).File, "whoever knows the key finds the origin")
}

// An encrypted value without the metadata of its file is not a setting.
func TestEncryptedValueWithoutMetadata(t *testing.T) {
	const enc = "ENC[AES256_GCM,data:CwE4O1s=,iv:2k=,tag:B4E=,type:str]"
	type settings struct {
		Password sealcfg.Secret[string]
		List     []string `cfg:",optional"`
	}
	for name, text := range map[string]string{
		"prod.yaml":  "password: " + enc + "\n",
		"prod.yml":   "password: x\nlist: [a, '" + enc + "']\n",
		"prod.json":  `{"password": "` + enc + `"}`,
		"prod.toml":  "password = '" + enc + "'\n",
		"prod.ini":   "password = " + enc + "\n",
		"prod.env":   "PASSWORD=" + enc + "\n",
		"base.yaml":  "password: " + enc + "\nsops_version: 1\n",
		"prod.yaml ": "password: ENC[AES256_GCM,data:broken\n",
	} {
		fsys := fstest.MapFS{"environments/" + strings.TrimSpace(name): {Data: []byte(text)}}
		if name == "base.yaml" {
			fsys["environments/prod.yaml"] = &fstest.MapFile{Data: []byte("password: x\n")}
		}
		_, err := sealcfg.Load[settings](t.Context(), append(options(t, fsys, "APP_PASSWORD=x"), sealcfg.AllowPlain("prod"))...)
		require.ErrorContains(t, err, "the file has no metadata", name)
		assert.ErrorContains(t, err, "git log -p", name)
		assert.ErrorContains(t, err, strings.TrimSpace(name), name)
		assert.NotContains(t, err.Error(), "CwE4O1s")
	}
	// From other sources.
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "password"), []byte(enc), 0o600))
	for _, opts := range [][]sealcfg.Option{
		options(t, files(t, "prod", "{}"), "APP_PASSWORD="+enc),
		append(options(t, files(t, "prod", "{}")), sealcfg.WithSecretsDir(dir)),
		append(options(t, files(t, "prod", "{}")), sealcfg.WithVariables(".env", func(context.Context) ([]string, error) { return []string{`APP_PASSWORD="` + enc + `"`}, nil })),
	} {
		_, err := sealcfg.Load[settings](t.Context(), opts...)
		require.ErrorContains(t, err, "password")
		require.ErrorContains(t, err, "an encrypted value without the metadata of its file")
		assert.NotContains(t, err.Error(), "CwE4O1s")
	}
}

// With a limit, the resolver gets only the allowed references.
func TestReferenceLimits(t *testing.T) {
	type settings struct{ A, B string }
	load := func(ref, variable string, opts ...sealcfg.Option) (*safe, error) {
		s := newSafe("app/a", "1", "app/b", "2", "other/a", "3", "app/../other/a", "4", "app", "5")
		environ := []string{"APP_B=x"}
		if variable != "" {
			environ = []string{"APP_B=" + variable}
		}
		_, err := sealcfg.Load[settings](t.Context(), append(append(options(t, files(t, "prod", "a: "+ref), environ...), sealcfg.WithResolver(s)), opts...)...)
		return s, err
	}
	only := sealcfg.AllowReferences("safe://app/", "elsewhere://")
	for _, c := range []struct {
		file, variable string
		opts           []sealcfg.Option
		rejected       string // "" if it is allowed
	}{
		{"ref+safe://app/a", "", []sealcfg.Option{only}, ""},
		{"ref+oldsafe://app/a", "", []sealcfg.Option{only}, ""},
		{"ref+safe://app/a", "", []sealcfg.Option{sealcfg.AllowReferences("ref+safe://")}, ""},
		{"ref+safe://app/a", "", []sealcfg.Option{sealcfg.AllowReferences(), only}, ""},
		{"ref+echo://ref+safe://x", "", []sealcfg.Option{only}, ""},
		{"ref+safe://app/a", "ref+safe://other/a", nil, ""},
		{"x", "ref+safe://app/b", []sealcfg.Option{only, sealcfg.AllowVariableReferences("safe://app/b")}, ""},
		{"x", "ref+safe://app/b", []sealcfg.Option{sealcfg.AllowVariableReferences("safe://app/b")}, ""},

		{"ref+safe://other/a", "", []sealcfg.Option{only}, "a "},
		{"ref+safe://app", "", []sealcfg.Option{only}, "a "},
		{"ref+safe://app/../other/a", "", []sealcfg.Option{only}, "a "},
		{"ref+safe://app/%2e%2e/other/a", "", []sealcfg.Option{only}, "a "},
		{`ref+safe://app/..\\other`, "", []sealcfg.Option{only}, "a "},
		{"ref+safe://app//a", "", []sealcfg.Option{only}, "a "},
		{"ref+safe://app/a/.", "", []sealcfg.Option{only}, "a "},
		{"ref+safe://../app/a", "", []sealcfg.Option{sealcfg.AllowReferences("safe://")}, "a "},
		{"ref+safe://app/a", "", []sealcfg.Option{sealcfg.AllowReferences()}, "a "},
		{"ref+safe://app/a", "", []sealcfg.Option{sealcfg.AllowVariableReferences("safe://")}, "a "},
		{"x", "ref+safe://app/b", []sealcfg.Option{only}, "b "},
		{"x", "ref+safe://app/b", []sealcfg.Option{only, sealcfg.AllowVariableReferences("safe://app/a")}, "b "},
	} {
		s, err := load(c.file, c.variable, c.opts...)
		if c.rejected == "" {
			assert.NoError(t, err, "%s %s", c.file, c.variable)
			continue
		}
		if assert.Error(t, err, "%s %s", c.file, c.variable) {
			lines := problemsOf(t, err)
			require.Len(t, lines, 1)
			assert.True(t, strings.HasPrefix(lines[0], c.rejected), lines[0])
			assert.Contains(t, lines[0], "ref+safe://", "the reference is named")
		}
		assert.Empty(t, s.asked, "%s %s", c.file, c.variable)
	}
	_, err := load("ref+safe://other/a", "", only)
	assert.ErrorContains(t, err, "the program does not allow this reference; to allow it, add it to sealcfg.AllowReferences")
	_, err = load("x", "ref+safe://app/a", only)
	assert.ErrorContains(t, err, "sealcfg.AllowVariableReferences")

	// Flags count as variables.
	l := sealcfg.New[settings](append(options(t, files(t, "prod", "{a: x, b: y}")), only, sealcfg.WithResolver(newSafe("app/a", "1")))...)
	require.NoError(t, sealcfg.Flags(l, func(v interface{ Set(string) error }, name, _ string) {
		if name == "a" {
			require.NoError(t, v.Set("ref+safe://app/a"))
		}
	}))
	_, err = l.Load(t.Context())
	assert.ErrorContains(t, err, "sealcfg.AllowVariableReferences")

	for _, bad := range []string{"", "safe", "safe:", "Safe://", "://x"} {
		_, err = load("x", "", sealcfg.AllowReferences(bad))
		assert.ErrorContains(t, err, "expected SCHEME://", bad)
	}
}
