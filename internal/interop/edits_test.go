package interop

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// addedField returns the field that the tests add to a file, in our notation and in
// the notation of `sops set`, or "" for a format without fields.
func addedField(f envfile.Format) (path, index string) {
	switch f {
	case envfile.Dotenv:
		return "ADDED", `["ADDED"]`
	case envfile.INI:
		return "added.by", `["added"]["by"]`
	case envfile.Binary:
		return "", ""
	}
	return "added", `["added"]`
}

// We decrypt every file of the corpus after sops's commands have changed our
// encrypted file. Its values are the same except for the change.
func TestSopsCommandsOnEveryFile(t *testing.T) {
	for name, text := range texts(t, "in") {
		format := formatOf(name)
		d, s, err := sealAs(format, []byte(text), envfile.Rules{})
		if err != nil {
			continue // see TestVerdicts
		}
		t.Run(name, func(t *testing.T) {
			f := newFolder(t, demo.recipient, other)
			file := "a" + filepath.Ext(name)
			f.write(file, string(s.Bytes()))
			want := oursShape(d.Roots())

			f.run("updatekeys", "-y", file)
			o := mustOpenAs(t, format, f.read(file))
			assert.Equal(t, want, oursShape(o.Roots()), "updatekeys")
			assert.Len(t, o.Sealed().Metadata().Stanzas(), 2)

			before := o.Sealed().Metadata().Stanzas()
			f.run("rotate", "-i", file)
			o = mustOpenAs(t, format, f.read(file))
			assert.Equal(t, want, oursShape(o.Roots()), "rotate")
			assert.NotEqual(t, before[0].Wrapped, o.Sealed().Metadata().Stanzas()[0].Wrapped)

			ours, theirs := addedField(format)
			if ours == "" {
				return
			}
			f.run("set", file, theirs, `"new: value"`)
			o = mustOpenAs(t, format, f.read(file))
			path, err := envfile.ParsePath(ours)
			require.NoError(t, err)
			added := o.Roots()[0].At(path)
			require.NotNil(t, added)
			assert.Equal(t, "new: value", added.Text)
			f.run("unset", file, theirs)
			o = mustOpenAs(t, format, f.read(file))
			assert.Equal(t, want, withoutLine(oursShape(o.Roots()), `#0."added" map`), "set and unset")
		})
	}
}

// withoutLine drops the section that `sops unset` leaves empty.
func withoutLine(shape []string, line string) []string {
	text := strings.Join(shape, "\n") + "\n"
	return strings.Split(strings.TrimSuffix(strings.Replace(text, line+"\n", "", 1), "\n"), "\n")
}
