package environments_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

func mapFS(names ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for _, n := range names {
		fsys[n] = &fstest.MapFile{}
	}
	return fsys
}

func TestLayers(t *testing.T) {
	all := mapFS("c/base.yaml", "c/prod.yaml", "c/prod.local.yml", "c/dev.yml", "c/README.md", "c/.hidden.yaml",
		"c/sub.yaml/x", "c/prod.yaml~", "c/dev.local/x.yaml")
	for _, c := range []struct {
		dir, env string
		fsys     fs.FS
		want     []environments.Layer
	}{
		{"c", "prod", all, []environments.Layer{{Name: "base", Path: "c/base.yaml"}, {Name: "prod", Path: "c/prod.yaml"}, {Name: "prod.local", Path: "c/prod.local.yml"}}},
		{"c", "dev", all, []environments.Layer{{Name: "base", Path: "c/base.yaml"}, {Name: "dev", Path: "c/dev.yml"}}},
		{".", "dev", mapFS("dev.yaml"), []environments.Layer{{Name: "dev", Path: "dev.yaml"}}},
		{"a/b", "eu.west-1_x", mapFS("a/b/eu.west-1_x.yaml"), []environments.Layer{{Name: "eu.west-1_x", Path: "a/b/eu.west-1_x.yaml"}}},
	} {
		got, err := environments.Layers(c.fsys, c.dir, c.env, true)
		require.NoError(t, err, c.env)
		assert.Equal(t, c.want, got, c.env)
	}
}

// Without local layers, a problem with them has no effect.
func TestLayersWithoutLocal(t *testing.T) {
	got, err := environments.Layers(mapFS("c/base.yaml", "c/prod.yaml", "c/prod.local.yaml", "c/prod.local.json"), "c", "prod", false)
	require.NoError(t, err)
	assert.Equal(t, []environments.Layer{{Name: "base", Path: "c/base.yaml"}, {Name: "prod", Path: "c/prod.yaml"}}, got)
	for _, l := range got {
		assert.False(t, l.Local())
	}
}

func TestLayersMissing(t *testing.T) {
	_, err := environments.Layers(mapFS("c/base.yaml", "c/prod.yaml", "c/dev.yaml", "c/dev.local.yaml", "c/test.local.yaml"), "c", "prdo", true)
	require.ErrorIs(t, err, fs.ErrNotExist)
	var missing *environments.MissingError
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, []string{"dev", "prod"}, missing.Known)
	assert.ErrorContains(t, err, `no environment "prdo" in c (available: dev, prod); did you mean "prod"?`)

	_, err = environments.Layers(mapFS(), "c", "prod", true)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, `no environment "prod": no directory c`)
	_, err = environments.Layers(mapFS("c/README"), "c", "prod", true)
	require.EqualError(t, err, `no environment "prod" in c`)

	// base and a local layer do not make an environment.
	_, err = environments.Layers(mapFS("c/base.yaml", "c/test.local.yaml"), "c", "test", true)
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestLayersBadNames(t *testing.T) {
	fsys := mapFS("x.yaml", "c/base.yaml", "c/prod.yaml", "c/prod.local.yaml")
	for _, env := range []string{"", ".", "..", "../x", "a/b", `a\b`, "/etc/x", ".hidden", "-a", "prod\n", "prod ", "übung", "base", "prod.local",
		"prod\x00", "prod:stream", "C:prod", `\\host\share`, "~", "$HOME", "%2e%2e", "..%2fx", "\u202eprod",
		"con", "NUL", "Aux.x", "com1", "lpt9.local.x", "prn.", "prod."} {
		_, err := environments.Layers(fsys, "c", env, true)
		assert.ErrorIs(t, err, environments.ErrName, "%q", env)
	}
	for _, dir := range []string{"../c", "/c", "c/../c"} {
		_, err := environments.Layers(fsys, dir, "prod", true)
		assert.ErrorIs(t, err, fs.ErrInvalid, dir)
	}
}

func TestLayersAmbiguous(t *testing.T) {
	for _, fsys := range []fstest.MapFS{
		mapFS("c/prod.yaml", "c/prod.yml"),
		mapFS("c/prod.yaml", "c/prod.json"),
		mapFS("c/prod.yaml", "c/base.yml", "c/base.yaml"),
		mapFS("c/prod.yaml", "c/prod.local.env", "c/prod.local.yaml"),
	} {
		_, err := environments.Layers(fsys, "c", "prod", true)
		var ambiguous *environments.AmbiguousError
		require.ErrorAs(t, err, &ambiguous)
		assert.Len(t, ambiguous.Paths, 2)
		for _, p := range ambiguous.Paths {
			assert.ErrorContains(t, err, p)
		}
	}
}

// Of several bad names, the error is always about the first.
func TestEnvironmentsReportsTheFirstBadName(t *testing.T) {
	dir := write(t, map[string]string{
		"environments/-a.yaml": "", "environments/b c.yaml": "", "environments/con.yaml": "", "environments/d.yaml": "", "environments/d.json": "",
	})
	p, err := environments.Find(dir)
	require.NoError(t, err)
	for range 50 {
		_, err = p.Environments()
		require.ErrorIs(t, err, environments.ErrName)
		require.ErrorContains(t, err, "-a.yaml")
	}
}
