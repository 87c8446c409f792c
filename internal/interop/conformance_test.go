package interop

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// other is a second demo recipient, made for these tests, whose key nobody keeps.
const other = "age1yxj34upnspfucvat5wd0n9c7wzn39aqljxngwkqwhl96g7xnh3eqkhrkdy"

func texts(t testing.TB, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(conformance, dir, "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	files := map[string]string{}
	for _, n := range names {
		text, err := os.ReadFile(n)
		require.NoError(t, err)
		files[filepath.Base(n)] = string(text)
	}
	return files
}

// Files that sops sealed say to us what they say to sops.
func TestReadFilesOfSops(t *testing.T) {
	for _, dir := range []string{"sealed-by-sops", "sops-fixtures"} {
		for name, text := range texts(t, dir) {
			t.Run(dir+"/"+name, func(t *testing.T) {
				if name == "no_mac.yaml" {
					_, err := open([]byte(text))
					require.ErrorIs(t, err, envfile.ErrIntegrity)
					_, err = sopsOpen([]byte(text))
					require.Error(t, err)
					return
				}
				want := mustSopsOpen(t, []byte(text))
				o := mustOpen(t, []byte(text))
				assert.Equal(t, sopsShape(t, want.branches), oursShape(o.Roots()))
				d, err := o.Document()
				require.NoError(t, err)
				assert.Equal(t, sopsShape(t, want.branches), oursShape(d.Roots()))

				stored := filepath.Join(conformance, "opened-by-sops", name)
				if dir == "sops-fixtures" {
					stored = filepath.Join(conformance, dir, name+".plain")
				}
				plain, err := os.ReadFile(stored)
				require.NoError(t, err)
				again, err := envfile.Parse(envfile.YAML, plain)
				require.NoError(t, err)
				assert.Equal(t, oursShape(again.Roots()), oursShape(d.Roots()), "what sops printed when the data was made")
			})
		}
	}
}

// What sops refuses we refuse, and what it accepts we accept, but for these.
var verdicts = map[string]string{
	"03-anchors.yaml": "sops expands aliases and loses them; we refuse to, when a sealed value is reached through one",
}

func TestVerdicts(t *testing.T) {
	for name, text := range texts(t, "in") {
		t.Run(name, func(t *testing.T) {
			_, _, ours := seal([]byte(text), envfile.Rules{})
			f := newFolder(t)
			f.write("in.yaml", text)
			_, _, code := f.try("encrypt", "in.yaml")
			if why, ok := verdicts[name]; ok {
				assert.Zero(t, code, why)
				require.Error(t, ours, why)
				return
			}
			assert.Equal(t, code == 0, ours == nil, "sops exits %d, we say: %v", code, ours)
		})
	}
}

// Sealed by us, each file says the same to sops: library and binary.
func TestSopsReadsOurFiles(t *testing.T) {
	for name, text := range texts(t, "in") {
		d, s, err := seal([]byte(text), envfile.Rules{})
		if err != nil {
			continue // see TestVerdicts
		}
		t.Run(name, func(t *testing.T) {
			got := mustSopsOpen(t, s.Bytes())
			assert.Equal(t, oursShape(d.Roots()), sopsShape(t, got.branches))
			assert.Empty(t, got.warnings)

			f := newFolder(t)
			f.write("a.yaml", string(s.Bytes()))
			out := f.run("decrypt", "a.yaml")
			assert.Equal(t, countSealedText([]string{text}), countSealedText([]string{out}))
			plain, err := envfile.Parse(envfile.YAML, []byte(out))
			require.NoError(t, err)
			assert.Equal(t, oursShape(d.Roots()), oursShape(plain.Roots()))
		})
	}
}

// sops's own commands on our files, each read by us again.
func TestSopsEditsOurFiles(t *testing.T) {
	// No comment behind the last item of a list: sops 3.13.3 loses such a one on
	// files of its own, too, when it writes and reads them again.
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
			if name == "no_mac.yaml" {
				continue
			}
			t.Run(dir+"/"+name, func(t *testing.T) { editFileOfSops(t, text) })
		}
	}
}

func editFileOfSops(t *testing.T, text string) {
	ctx := context.Background()
	o := mustOpen(t, []byte(text))
	d, err := o.Document()
	require.NoError(t, err)
	changed, err := d.Apply(envfile.Set(envfile.Path{{Key: "added by us"}}, crypto.Str, "new: value"))
	require.NoError(t, err)
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
		got := mustSopsOpen(t, s.Bytes())
		assert.Equal(t, oursShape(step.want), sopsShape(t, got.branches), name)
		assert.Empty(t, got.warnings, name)
		f := newFolder(t)
		f.write("a.yaml", string(s.Bytes()))
		assert.Zero(t, countSealedText([]string{f.run("decrypt", "a.yaml")}), name)
	}
}
