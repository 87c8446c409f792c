package schematest

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// The recipient of the demo key, which protects no data.
const demoRecipient = "age12ln9cpdde5nex6ewl9gn4nrgrk256qa66gmcw30vzzxz83q4yasqz8uvv2"

type tree struct {
	Name  string
	Below []tree `cfg:",optional"`
}

type settings struct {
	Mode string `oneof:"dev prod" default:"dev"`
	DB   struct {
		Host     string
		Port     uint16 `default:"5432"`
		Password sealcfg.Secret[string]
	}
	Wait  time.Duration  `default:"5s"`
	Since *time.Time     `alias:"start"`
	Ratio float64        `max:"1.5" default:"1"`
	Hosts []string       `min:"1" pattern:"^[a-z.]+$"`
	Pools map[string]int `cfg:",optional"`
	Store struct {
		Kind string
		S3   *struct{ Bucket string } `kind:"s3"`
		Disk *struct{ Path string }   `kind:"disk"`
	}
	Tree *tree
	Any  any `cfg:",optional"`
}

const good = `mode: prod
db: {host: h, port: 1, password: p}
wait: 1m30s
since: "2026-01-31T00:00:00Z"
ratio: 1
hosts: [a.b]
pools: {x: 1}
store: {kind: s3, bucket: b}
tree: {name: a, below: [{name: b}]}
any: [1, {a: b}]
`

func compile(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("settings.json", document))
	schema, err := c.Compile("settings.json")
	require.NoError(t, err)
	return schema
}

func valid(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	roots, err := envfile.ReadYAML([]byte(text))
	require.NoError(t, err)
	return schema.Validate(document(t, roots[0]))
}

// document returns the values of a file as an editor sees them.
func document(t *testing.T, n *envfile.Node) any {
	t.Helper()
	switch n.Kind {
	case envfile.Map:
		m := map[string]any{}
		for e := range n.Entries() {
			m[e.Key] = document(t, e)
		}
		return m
	case envfile.List:
		list := []any{}
		for e := range n.Entries() {
			list = append(list, document(t, e))
		}
		return list
	case envfile.Null:
		return nil
	}
	switch n.Type {
	case crypto.Int, crypto.Float:
		return json.Number(n.Text)
	case crypto.Bool:
		return n.Text == "True"
	}
	return n.Text
}

func seal(t *testing.T, plain string) string {
	t.Helper()
	d, err := envfile.Parse(envfile.YAML, []byte(plain))
	require.NoError(t, err)
	r, err := keys.ParseAgeRecipient(demoRecipient)
	require.NoError(t, err)
	s, _, err := envfile.Seal(context.WithoutCancel(t.Context()), d, envfile.Rules{}, envfile.Recipients{Groups: [][]keys.Recipient{{r}}})
	require.NoError(t, err)
	return string(s.Bytes())
}

// Each document is checked in plaintext and encrypted: a schema detects a wrong
// type without a key.
func TestSchemaTellsRightFromWrong(t *testing.T) {
	text, err := sealcfg.Schema[settings]()
	require.NoError(t, err)
	schema := compile(t, text)

	both := func(t *testing.T, plain string) (asIs, sealed error) {
		return valid(t, schema, plain), valid(t, schema, seal(t, plain))
	}
	asIs, sealed := both(t, good)
	require.NoError(t, asIs)
	require.NoError(t, sealed)

	for name, change := range map[string][2]string{
		"port in quotes":   {"port: 1", `port: "1"`},
		"text is a number": {"host: h", "host: 01234"},
		"secret is a bool": {"password: p", "password: true"},
		"unknown key":      {"host: h", "host: h, hostt: x"},
		"missing":          {"host: h, ", ""},
		"missing secret":   {", password: p", ""},
		"missing group":    {"hosts: [a.b]\n", ""},
		"empty list":       {"[a.b]", "[]"},
		"no bucket":        {", bucket: b", ""},
		"map for a text":   {"mode: prod", "mode: {a: b}"},
		"wrong in a map":   {"x: 1", "x: y"},
		"deep":             {"{name: b}", "{nam: b}"},
		"null":             {"host: h", "host: null"},
	} {
		t.Run(name, func(t *testing.T) {
			plain := strings.Replace(good, change[0], change[1], 1)
			require.NotEqual(t, good, plain)
			asIs, sealed := both(t, plain)
			require.Error(t, asIs)
			require.Error(t, sealed)
		})
	}
	for name, change := range map[string][2]string{ // errors that an encrypted value hides
		"oneof":   {"mode: prod", "mode: test"},
		"range":   {"port: 1", "port: 70000"},
		"max":     {"ratio: 1", "ratio: 2.5"},
		"pattern": {"[a.b]", "[A]"},
		"time":    {"2026-01-31T00:00:00Z", "yesterday"},
		"wait":    {"1m30s", "90"},
		"kind":    {"kind: s3", "kind: ftp"},
		"other":   {"kind: s3", "kind: disk"},
	} {
		t.Run(name, func(t *testing.T) {
			asIs, _ := both(t, strings.Replace(good, change[0], change[1], 1))
			require.Error(t, asIs)
		})
	}
	for name, change := range map[string][2]string{
		"optional left out": {"pools: {x: 1}\n", ""},
		"null for nilable":  {`"2026-01-31T00:00:00Z"`, "null"},
		"old name":          {"since:", "start:"},
		"int for a float":   {"ratio: 1", "ratio: 0"},
		"disk":              {"kind: s3, bucket: b", "kind: disk, path: p"},
	} {
		t.Run(name, func(t *testing.T) {
			asIs, sealed := both(t, strings.Replace(good, change[0], change[1], 1))
			require.NoError(t, asIs)
			require.NoError(t, sealed)
		})
	}
}

func TestLayerSchema(t *testing.T) {
	text, err := sealcfg.LayerSchema[settings]()
	require.NoError(t, err)
	schema := compile(t, text)
	require.NoError(t, valid(t, schema, "db: {port: 1}\n"))
	require.NoError(t, valid(t, schema, seal(t, "db: {port: 1}\n")))
	err = valid(t, schema, "db: {port: x}\n")
	assert.Error(t, err)
}
