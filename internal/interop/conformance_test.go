package interop

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// other is a second demo recipient, made for these tests. Its identity was not
// kept.
const other = "age1yxj34upnspfucvat5wd0n9c7wzn39aqljxngwkqwhl96g7xnh3eqkhrkdy"

// texts reads the files of a directory of the conformance data, of all formats.
func texts(t testing.TB, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(conformance, dir, "*.*"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	files := map[string]string{}
	for _, n := range names {
		if filepath.Ext(n) == ".plain" {
			continue
		}
		text, err := os.ReadFile(n)
		require.NoError(t, err)
		files[filepath.Base(n)] = string(text)
	}
	return files
}

// unopened are files of sops that we refuse to open, with the reason.
var unopened = map[string]string{
	"sops-fixtures/no_mac.yaml": "has no mac",
}

// sealcfg reads the same values from files of sops as sops does.
func TestReadFilesOfSops(t *testing.T) {
	for _, dir := range []string{"sealed-by-sops", "sops-fixtures"} {
		for name, text := range texts(t, dir) {
			t.Run(dir+"/"+name, func(t *testing.T) {
				format := formatOf(name)
				if why, ok := unopened[dir+"/"+name]; ok {
					_, err := openAs(format, []byte(text))
					require.ErrorContains(t, err, why)
					return
				}
				want := mustSopsOpenAs(t, format, []byte(text))
				o := mustOpenAs(t, format, []byte(text))
				assert.Equal(t, sopsPlaces(t, format, want.branches), oursShape(o.Roots()))
				d, err := o.Document()
				require.NoError(t, err)
				plain, err := sopsPlainAs(format, d.Bytes())
				require.NoError(t, err)
				assert.Equal(t, sopsPlaces(t, format, plain), oursShape(d.Roots()), "sops reads our plain text otherwise")

				stored := filepath.Join(conformance, "opened-by-sops", name)
				if dir == "sops-fixtures" {
					stored = filepath.Join(conformance, dir, name+".plain")
				}
				printed, err := os.ReadFile(stored)
				require.NoError(t, err)
				again, err := envfile.Parse(format, printed)
				if name == "31-dup.json" {
					require.ErrorContains(t, err, "duplicate key")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, printable(format, again), printable(format, d), "what sops printed when the data was made")
			})
		}
	}
}

// printable is the shape of a document as sops prints it: in JSON it writes the
// float 1.0 as 1, which reads back as an integer.
func printable(f envfile.Format, d *envfile.Document) []string {
	shape := oursShape(d.Roots())
	if f == envfile.JSON {
		for i := range shape {
			shape[i] = strings.Replace(shape[i], " float ", " int ", 1)
		}
	}
	return shape
}

// sops reads the same values from each file that we encrypted: library and binary.
func TestSopsReadsOurFiles(t *testing.T) {
	for name, text := range texts(t, "in") {
		format := formatOf(name)
		d, s, err := sealAs(format, []byte(text), envfile.Rules{})
		if err != nil {
			continue // see TestVerdicts
		}
		t.Run(name, func(t *testing.T) {
			got := mustSopsOpenAs(t, format, s.Bytes())
			assert.Equal(t, oursShape(d.Roots()), sopsPlaces(t, format, got.branches))
			assert.Empty(t, got.warnings)

			f := newFolder(t)
			file := "a" + filepath.Ext(name)
			f.write(file, string(s.Bytes()))
			out := f.run("decrypt", file)
			assert.Equal(t, countSealedText([]string{text}), countSealedText([]string{out}))
			plain, err := envfile.Parse(format, []byte(out))
			require.NoError(t, err)
			assert.Equal(t, oursShape(d.Roots()), oursShape(plain.Roots()))
		})
	}
}

// sops's own commands on our files, each read by us again.
func TestSopsEditsOurFiles(t *testing.T) {
	// No comment after the last item of a list: sops 3.13.3 also loses such a
	// comment in its own files, when it writes and reads them again.
	const text = "# head\nname: shop # inline\ndb:\n  # why\n  port: 5432\n  hosts: [a, a, b]\n# before\nlong: |\n  x\n  y\nn_unencrypted: z\n"
	d, s, err := seal([]byte(text), envfile.Rules{})
	require.NoError(t, err)
	f := newFolder(t, demo.recipient, other)

	f.write("set.yaml", string(s.Bytes()))
	f.run("set", "set.yaml", `["name"]`, `"store"`)
	f.run("set", "set.yaml", `["db"]["new"]`, `{"a": ["x", true, null]}`)
	f.run("unset", "set.yaml", `["long"]`)
	root := mustOpen(t, f.read("set.yaml")).Roots()[0]
	assert.Equal(t, "store", root.Get("name").Text)
	assert.Equal(t, "True", root.Get("db").Get("new").Get("a").Index(1).Text)
	assert.Nil(t, root.Get("long"))
	assert.Equal(t, "a", root.Get("db").Get("hosts").Index(1).Text)

	f.write("rotate.yaml", string(s.Bytes()))
	f.run("rotate", "-i", "rotate.yaml")
	assert.Equal(t, oursShape(d.Roots()), oursShape(mustOpen(t, f.read("rotate.yaml")).Roots()))

	f.write("updatekeys.yaml", string(s.Bytes()))
	f.run("updatekeys", "-y", "updatekeys.yaml")
	o := mustOpen(t, f.read("updatekeys.yaml"))
	assert.Equal(t, oursShape(d.Roots()), oursShape(o.Roots()))
	assert.Len(t, o.Sealed().Metadata().Stanzas(), 2)
	plain, err := o.Document()
	require.NoError(t, err)
	for _, comment := range []string{"# head", "# inline", "# why", "# before"} {
		assert.Contains(t, string(plain.Bytes()), comment)
	}
}

// Sealed by sops, changed by us, read by sops: every file and every change.
func TestWeEditFilesOfSops(t *testing.T) {
	for _, dir := range []string{"sealed-by-sops", "sops-fixtures"} {
		for name, text := range texts(t, dir) {
			if unopened[dir+"/"+name] != "" {
				continue
			}
			t.Run(dir+"/"+name, func(t *testing.T) { editFileOfSops(t, name, text) })
		}
	}
}

func editFileOfSops(t *testing.T, name, text string) {
	ctx := context.Background()
	format := formatOf(name)
	o := mustOpenAs(t, format, []byte(text))
	d, err := o.Document()
	require.NoError(t, err)
	place, _ := addedField(format)
	if place == "" {
		place = "data"
	}
	path, err := envfile.ParsePath(place)
	require.NoError(t, err)
	changed, err := d.Apply(envfile.Set(path, crypto.Str, "new: value"))
	if twice := d.Once(); twice != nil {
		require.EqualError(t, err, twice.Error(), "a file in which a name occurs twice")
		changed = d
	} else {
		require.NoError(t, err)
	}
	for name, step := range map[string]struct {
		do   func() (*envfile.Sealed, error)
		want []*envfile.Node
	}{
		"unchanged": {func() (*envfile.Sealed, error) { return o.Reseal(d) }, d.Roots()},
		"reseal":    {func() (*envfile.Sealed, error) { return o.Reseal(changed) }, changed.Roots()},
		"rewrap":    {func() (*envfile.Sealed, error) { return o.Rewrap(ctx, recipients(demo.recipient, other)) }, d.Roots()},
		"rotate":    {func() (*envfile.Sealed, error) { return o.Rotate(ctx, o.Sealed().Metadata().Rules, demo.to) }, d.Roots()},
	} {
		s, err := step.do()
		require.NoError(t, err, name)
		got := mustSopsOpenAs(t, format, s.Bytes())
		assert.Equal(t, oursPlaces(format, step.want), sopsPlaces(t, format, got.branches), name)
		assert.Empty(t, got.warnings, name)
		f := newFolder(t)
		file := "a" + extension(format)
		f.write(file, string(s.Bytes()))
		assert.Zero(t, countSealedText([]string{f.run("decrypt", file)}), name)
	}
}

func extension(f envfile.Format) string {
	return map[envfile.Format]string{envfile.YAML: ".yaml", envfile.JSON: ".json", envfile.Dotenv: ".env", envfile.INI: ".ini", envfile.Binary: ".bin"}[f]
}
