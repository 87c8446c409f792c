package interop

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// sops reads a file with a binding, and drops the binding when it writes: then
// the file opens as any file of sops does.
func TestBindingAndSops(t *testing.T) {
	for file, text := range map[string]string{
		"a.yaml": "a: x\nl: [1, null]\n", "a.json": `{"a": "x", "l": [1, null]}`, "a.env": "a=x\n", "a.ini": "[s]\na = x\n", "a.bin": "x\n",
	} {
		t.Run(file, func(t *testing.T) {
			f := newFolder(t)
			format := formatOf(file)
			d, s, err := sealAs(format, []byte(text), envfile.Rules{})
			require.NoError(t, err)
			require.True(t, mustOpenAs(t, format, s.Bytes()).Bound())
			assert.Equal(t, oursPlaces(format, d.Roots()), sopsPlaces(t, format, mustSopsOpenAs(t, format, s.Bytes()).branches))
			f.write(file, string(s.Bytes()))
			f.run("decrypt", file)

			f.run("rotate", "-i", file)
			o := mustOpenAs(t, format, f.read(file))
			assert.False(t, o.Bound())
			assert.NotContains(t, string(f.read(file)), "sealcfg")

			again, err := o.Reseal(d)
			require.NoError(t, err)
			require.True(t, mustOpenAs(t, format, again.Bytes()).Bound())
			f.write(file, string(again.Bytes()))
			f.run("decrypt", file)
			if ours, theirs := addedField(format); ours != "" {
				f.run("set", file, theirs, `"new"`)
				assert.False(t, mustOpenAs(t, format, f.read(file)).Bound())
			}
		})
	}
}
