package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

func TestValuesAreThoseOfParse(t *testing.T) {
	for f, text := range map[envfile.Format]string{
		envfile.YAML:   "# one\na: 1 # two\nb:\n  # three\n  - x\n  - \"y\"\nc: {d: ~}\n",
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
