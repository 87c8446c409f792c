package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// A field can be set in a file with only comments, which remains after its last field was unset.
func TestSetInAnEmptyRootWithComments(t *testing.T) {
	for _, end := range []string{"{}\n", "# h\n{}\n", "# h\n\n# i\n{}\n", "{} # s\n", "{}\n# e\n", "# h\n{} # s\n# e\n", "--- # d\n{}\n", "{\n}\n",
		"# h\na: 1 # s\n# e\n", "a: 1 # s\n", "{a: 1} # s\n", "# h\n{a: 1}\n", "a: 1\n# e\n", "\n# h\n\na: 1\n"} {
		for _, before := range []string{"", "x: 1\n---\n", "---\n# only\n---\n"} {
			text := before + end
			if before != "" && strings.HasPrefix(end, "---") {
				text = strings.TrimSuffix(before, "---\n") + end
			}
			d, err := envfile.Parse(envfile.YAML, []byte(text))
			require.NoError(t, err, text)
			last := len(d.Roots()) - 1
			op := func(o *envfile.Opened, op envfile.Op) *envfile.Opened {
				op = op.In(last)
				d, err := o.Document()
				require.NoError(t, err, text)
				changed, err := d.Apply(op)
				require.NoError(t, err, text)
				s, err := o.Reseal(changed)
				require.NoError(t, err, text)
				return open(t, s)
			}
			o := open(t, seal(t, text, envfile.Rules{}))
			if o.Roots()[last].Len() > 0 {
				o = op(o, envfile.Unset(envfile.Path{{Key: "a"}}))
			}
			comments := strings.Count(document(t, o), "#")
			for _, key := range []string{"k", "l"} {
				o = op(o, envfile.Set(envfile.Path{{Key: key}}, crypto.Str, "v"))
			}
			root := o.Roots()[last]
			require.Equal(t, 2, root.Len(), text)
			assert.Equal(t, "v", root.Get("k").Text)
			assert.Equal(t, comments, strings.Count(document(t, o), "#"), text)
		}
	}
}
