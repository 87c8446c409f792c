package settings_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
)

type pooled struct {
	Size int    `default:"4" min:"1" max:"64" desc:"connections that are kept open"`
	Name string `alias:"label"`
}

type store struct {
	Kind string
	S3   *struct{ Bucket string } `kind:"s3"`
	Disk *struct {
		Path string
		Sync bool `default:"true"`
	} `kind:"disk"`
}

type tree struct {
	Name  string
	Below []tree `cfg:",optional"`
}

type described struct {
	Mode string `oneof:"dev prod" default:"dev" desc:"how the program runs"`
	DB   struct {
		Host     string
		Port     uint16                 `default:"5432" env:"PGPORT"`
		Password sealcfg.Secret[string] `desc:"of the user \"app\" | not shown"`
	} `desc:"the database"`
	Wait   time.Duration             `default:"5s"`
	Since  *time.Time                `deprecated:"nobody asks"`
	Hosts  []string                  `min:"1" pattern:"^[a-z.]+$"`
	Pools  map[string]pooled         `cfg:",optional"`
	Mirror []pooled                  `cfg:",optional"`
	Tokens []sealcfg.Secret[string]  `cfg:",optional"`
	Opt    sealcfg.Optional[float64] `max:"1.5"`
	Store  store
	Tree   *tree
	Extra  any     `cfg:",optional"`
	Pair   [2]int8 `default:"1,2"`
	Big    uint64  `cfg:"big-one,optional"`
}

// golden compares with a file in testdata, or writes it if UPDATE_GOLDEN is set.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/describe/" + name
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata/describe", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestSchema(t *testing.T) {
	got, err := sealcfg.Schema[described]()
	require.NoError(t, err)
	require.True(t, json.Valid(got))
	golden(t, "schema.json", got)

	layer, err := sealcfg.LayerSchema[described]()
	require.NoError(t, err)
	assert.NotContains(t, string(layer), `"required"`)

	_, err = sealcfg.Schema[struct{ C chan int }]()
	require.ErrorContains(t, err, "describe settings: settings type")
}

func TestDescribe(t *testing.T) {
	d, err := sealcfg.Describe[described](sealcfg.WithEnvPrefix("APP_"))
	require.NoError(t, err)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"settings.md":  func(b *bytes.Buffer) error { return d.WriteMarkdown(b) },
		"env.example":  func(b *bytes.Buffer) error { return d.WriteEnvExample(b) },
		"example.yaml": func(b *bytes.Buffer) error { return d.WriteYAML(b) },
	} {
		var b bytes.Buffer
		require.NoError(t, write(&b))
		golden(t, name, b.Bytes())
	}
	require.Equal(t, "db.port", d.Settings[2].Path)
	assert.Equal(t, []string{"PGPORT", "APP_DB__PORT"}, d.Settings[2].Variables)
}

// The examples can be loaded: they have the right form, and only the values that a person must fill
// in are missing.
func TestExamplesLoad(t *testing.T) {
	d, err := sealcfg.Describe[described](sealcfg.WithEnvPrefix("APP_"))
	require.NoError(t, err)
	var yaml, env bytes.Buffer
	require.NoError(t, d.WriteYAML(&yaml))
	require.NoError(t, d.WriteEnvExample(&env))

	_, err = envfile.Parse(envfile.YAML, yaml.Bytes())
	require.NoError(t, err)
	fsys := fstest.MapFS{"environments/dev.yaml": {Data: yaml.Bytes()}}
	_, err = sealcfg.Load[described](t.Context(), sealcfg.WithEnv("dev"), sealcfg.AllowPlain("dev"), sealcfg.WithFS(fsys, "environments"), sealcfg.WithEnviron())
	assert.Equal(t, []string{"hosts environments/dev.yaml:11:8 must have at least 1 entry"}, problemsOf(t, err))

	var variables []string
	for line := range strings.Lines(env.String()) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			variables = append(variables, line)
		}
	}
	assert.Contains(t, variables, "APP_DB__PASSWORD=")
	_, err = sealcfg.Load[described](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(variables...), sealcfg.Strict())
	for _, p := range problemsOf(t, err) {
		assert.NotContains(t, p, "unknown")
	}
}

type recursiveDefault struct {
	Kids  []recursiveDefault     `default:"[{\"kids\":[],\"token\":\"canary\"}]"`
	Token sealcfg.Secret[string] `cfg:",optional"`
}

// Documents do not contain the default of a secret.
func TestNoDocumentHasTheDefaultOfASecret(t *testing.T) {
	type variant struct {
		Pass sealcfg.Secret[string]
	}
	type union struct {
		Kind string
		A    *variant `kind:"a"`
	}
	type settings struct {
		List   []sealcfg.Secret[string]                  `default:"canary,b"`
		Map    map[string]*sealcfg.Secret[string]        `default:"{\"a\":\"canary\"}"`
		Group  struct{ Pass sealcfg.Secret[string] }     `default:"{\"pass\":\"canary\"}"`
		Deep   [][]struct{ Pass sealcfg.Secret[string] } `default:"[[{\"pass\":\"canary\"}]]"`
		Unions []map[string]union                        `default:"[{\"x\":{\"kind\":\"a\",\"pass\":\"canary\"}}]"`
		Maybe  sealcfg.Optional[sealcfg.Secret[string]]  `default:"canary"`
		recursiveDefault
	}
	l := sealcfg.New[settings](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithEnvPrefix("APP_"))
	schema, err := l.Schema()
	require.NoError(t, err)
	d, err := l.Describe()
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, d.WriteMarkdown(&text))
	require.NoError(t, d.WriteEnvExample(&text))
	require.NoError(t, d.WriteYAML(&text))
	h, err := l.Load(t.Context())
	require.NoError(t, err, "the defaults are good ones")
	require.NoError(t, h.Explain(&text))
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	fs.SetOutput(&text)
	require.NoError(t, sealcfg.Flags(l, fs.Var))
	fs.PrintDefaults()
	assert.NotContains(t, string(schema), "canary")
	assert.NotContains(t, text.String(), "canary")
}

type generic[T any] struct {
	Value T
	Kids  []generic[T] `cfg:",optional"`
}

func TestSchemaOfGenericTypeThatContainsItself(t *testing.T) {
	schema, err := sealcfg.Schema[struct{ T generic[netip.Addr] }]()
	require.NoError(t, err)
	assert.Contains(t, string(schema), `"$ref": "#/$defs/generic-1"`)
}
