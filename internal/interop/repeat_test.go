package interop

import (
	"fmt"
	"testing"

	"github.com/getsops/sops/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A name that occurs more than once means one value to every reader: in dotenv the last, as for
// sops exec-env; in INI and JSON the first, as for sops decrypt --extract.
func TestRepeatedNames(t *testing.T) {
	for _, c := range []struct {
		format envfile.Format
		text   string
		path   envfile.Path
		lines  []int
	}{
		{envfile.Dotenv, "A=old\nB=x\nA=new\n", envfile.Path{{Key: "A"}}, []int{1, 3}},
		{envfile.Dotenv, "A=1\nA=\nA=3\n", envfile.Path{{Key: "A"}}, []int{1, 2, 3}},
		{envfile.INI, "[s]\na=old\n[t]\na=other\n[s]\na=new\n", envfile.Path{{Key: "s"}, {Key: "a"}}, []int{1, 7}},
		{envfile.INI, "a=old\n[s]\na=x\n[DEFAULT]\na=new\n", envfile.Path{{Key: "DEFAULT"}, {Key: "a"}}, []int{1, 7}},
		{envfile.JSON, `{"a": "old", "b": [1], "a": "new"}`, envfile.Path{{Key: "a"}}, []int{2, 6}},
		{envfile.JSON, `{"m": {"a": 1, "a": true}}`, envfile.Path{{Key: "m"}, {Key: "a"}}, []int{3, 4}},
	} {
		t.Run(c.format.Name()+"/"+c.text, func(t *testing.T) {
			text, err := sopsSealAs(c.format, []byte(c.text), envfile.Rules{})
			require.NoError(t, err)
			branches := mustSopsOpenAs(t, c.format, text).branches
			var path []any
			for _, s := range c.path {
				path = append(path, s.Key)
			}
			want, err := branches[0].Truncate(path)
			require.NoError(t, err)
			if c.format == envfile.Dotenv {
				for _, item := range branches[0] { // as the process environment is made
					if item.Key == c.path[0].Key {
						want = item.Value
					}
				}
			}
			o := mustOpenAs(t, c.format, text)
			n := o.Roots()[0].At(c.path)
			require.NotNil(t, n)
			assert.Equal(t, fmt.Sprint(want), envfile.StringText(n))
			repeats := o.Sealed().Repeats()
			require.Len(t, repeats, 1)
			if c.format != envfile.INI { // sops writes its own lines
				assert.Equal(t, c.lines, repeats[0].Lines)
			}

			// A rekey keeps both; a change is rejected until one is left.
			d, err := o.Document()
			require.NoError(t, err)
			require.Error(t, d.Once())
			s, err := o.Rotate(t.Context(), envfile.Rules{}, demo.to)
			require.NoError(t, err)
			assert.Equal(t, sopsPlaces(t, c.format, branches), sopsPlaces(t, c.format, mustSopsOpenAs(t, c.format, s.Bytes()).branches))
			var syntax *envfile.SyntaxError
			_, err = d.Apply(envfile.Set(c.path, "str", "changed"))
			require.ErrorAs(t, err, &syntax)
			assert.True(t, syntax.Repeats)
			last := envfile.Path{{Key: c.path[0].Key}}
			none, err := d.Apply(envfile.Unset(last))
			require.NoError(t, err)
			assert.Nil(t, none.Roots()[0].Get(c.path[0].Key))
			again, err := o.Reseal(none)
			require.NoError(t, err)
			for _, item := range mustSopsOpenAs(t, c.format, again.Bytes()).branches[0] {
				if item.Key == c.path[0].Key {
					assert.Empty(t, item.Value.(sops.TreeBranch)) // DEFAULT, which sops always has
				}
			}
		})
	}
}
