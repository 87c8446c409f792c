package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

func TestValuesAreThoseOfParse(t *testing.T) {
	for f, text := range map[envfile.Format]string{
		envfile.YAML: "# one\na: 1 # two\nb:\n  # three\n  - x\n  - \"y\"\nc: {d: ~}\n" +
			"block: |\n  x\n\n  y\nlist:\n  - >-\n    x\n  - &n !!str 5\n  - *n\nfloat: 1.50\nbool: true\n",
		envfile.JSON:   `{"a": 1, "b": ["x", "y"], "c": {"d": null}}`,
		envfile.Dotenv: "# one\nA=1\nB=x\n",
		envfile.INI:    "; one\n[a]\nb = 1\n",
		envfile.TOML:   "# one\na = 1\n[c]\nd = \"x\"\n",
	} {
		d, err := envfile.Parse(f, []byte(text))
		require.NoError(t, err)
		roots, err := envfile.Values(f, []byte(text))
		require.NoError(t, err)
		require.Len(t, roots, 1)
		assert.Equal(t, outline(d.Roots()[0]), outline(roots[0]), f.Name())
	}
	_, err := envfile.Values(envfile.YAML, []byte("a: [\n"))
	var syntax *envfile.SyntaxError
	require.ErrorAs(t, err, &syntax)
}

type outlined struct {
	kind         envfile.Kind
	key, text    string
	line, column int
	entries      []outlined
}

func outline(n *envfile.Node) outlined {
	o := outlined{kind: n.Kind, key: n.Key, text: n.Text, line: n.Line, column: n.Column}
	for e := range n.Entries() {
		o.entries = append(o.entries, outline(e))
	}
	return o
}

// TestCommonScalars compares the fast resolver of common scalars with the parser.
func TestCommonScalars(t *testing.T) {
	for text, want := range map[string]struct {
		typ  crypto.Type
		text string
	}{
		"0": {crypto.Int, "0"}, "5": {crypto.Int, "5"}, "-5": {crypto.Int, "-5"}, "+5": {crypto.Int, "5"}, "010": {crypto.Int, "8"}, "00": {crypto.Int, "0"},
		"0x10": {crypto.Int, "16"}, "1_0": {crypto.Int, "10"}, "!!int \"7\"": {crypto.Int, "7"}, "999999999999999999": {crypto.Int, "999999999999999999"},
		"9223372036854775807": {crypto.Int, "9223372036854775807"},
		"1.50":                {crypto.Float, "1.5"}, "01.5": {crypto.Float, "1.5"}, "1.": {crypto.Float, "1"}, ".5": {crypto.Float, "0.5"}, "-1.5": {crypto.Float, "-1.5"},
		"1e3": {crypto.Float, "1000"}, "1_0.5": {crypto.Float, "10.5"}, ".inf": {crypto.Float, "+Inf"}, "!!float 3": {crypto.Float, "3"}, "!!float \"2.5\"": {crypto.Float, "2.5"},
		"true": {crypto.Bool, "True"}, "True": {crypto.Bool, "True"}, "false": {crypto.Bool, "False"}, "FALSE": {crypto.Bool, "False"}, "!!bool \"true\"": {crypto.Bool, "True"},
		"yes": {crypto.Str, "yes"}, "'5'": {crypto.Str, "5"}, "\"true\"": {crypto.Str, "true"}, "1.2.3": {crypto.Str, "1.2.3"}, "!!str 5": {crypto.Str, "5"},
	} {
		roots, err := envfile.Values(envfile.YAML, []byte("a: "+text+"\n"))
		require.NoError(t, err, text)
		n := roots[0].Get("a")
		assert.Equal(t, want.typ, n.Type, text)
		assert.Equal(t, want.text, n.Text, text)
	}
	_, err := envfile.Values(envfile.YAML, []byte("a: !!bool 5\n"))
	require.Error(t, err)
}
