package environments_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

func find(t *testing.T, dir string) *environments.Project {
	t.Helper()
	p, err := environments.Find(dir)
	require.NoError(t, err)
	return p
}

func TestFindRoot(t *testing.T) {
	dir := write(t, map[string]string{
		"repo/.git/HEAD":          "",
		"repo/a/b/.keep":          "",
		"repo/c/.sops.yaml":       empty,
		"repo/c/environments/.x":  "",
		"misnamed/.git/HEAD":      "",
		"misnamed/.sops.yml":      empty,
		"misnamed/environments/x": "",
	})
	for from, root := range map[string]string{
		"repo":                  "repo",
		"repo/a/b":              "repo",
		"repo/c":                "repo/c",
		"repo/c/environments":   "repo/c",
		"misnamed/environments": "misnamed",
	} {
		p := find(t, filepath.Join(dir, from))
		assert.Equal(t, filepath.Join(dir, root), p.Root, from)
		assert.Equal(t, root == "repo/c", p.PolicyPath != "", from)
		assert.Equal(t, root == "misnamed", p.Ignored != "", from)
	}
	// The directory above t.TempDir may be in a repository or not. Without a policy
	// or a repository, the root of the project is the directory itself.
	lone := t.TempDir()
	if p := find(t, lone); p.PolicyPath == "" && p.Root != lone {
		assert.DirExists(t, filepath.Join(p.Root, ".git"))
	}
}

func TestEnvironments(t *testing.T) {
	dir := write(t, map[string]string{
		".sops.yaml":                     empty,
		"environments/prod.yaml":         "",
		"environments/dev.yml":           "",
		"environments/base.yaml":         "",
		"environments/dev.local.yaml":    "",
		"environments/notes.md":          "",
		"environments/.sops.yaml.swp":    "",
		"environments/nested/other.yaml": "",
	})
	p := find(t, dir)
	at := func(name string) string { return filepath.Join(dir, "environments", name) }
	envs, err := p.Environments()
	require.NoError(t, err)
	base := environments.Layer{Name: "base", Path: at("base.yaml")}
	assert.Equal(t, []environments.Environment{
		{Name: "dev", Path: at("dev.yml"), Exists: true, Layers: []environments.Layer{base, {Name: "dev", Path: at("dev.yml")}, {Name: "dev.local", Path: at("dev.local.yaml")}}},
		{Name: "prod", Path: at("prod.yaml"), Exists: true, Layers: []environments.Layer{base, {Name: "prod", Path: at("prod.yaml")}}},
	}, envs)

	assert.Equal(t, "prod", p.Closest("prd"))
	assert.Equal(t, "prod", p.Closest("production"))
	assert.Empty(t, p.Closest("zzz"))
}

func TestEnvironmentsErrors(t *testing.T) {
	envs, err := find(t, write(t, map[string]string{".sops.yaml": empty})).Environments()
	require.NoError(t, err)
	assert.Empty(t, envs)

	p := find(t, write(t, map[string]string{".sops.yaml": empty, "environments/prod.yaml": "", "environments/prod.yml": ""}))
	_, err = p.Environments()
	var ambiguous *environments.AmbiguousError
	require.ErrorAs(t, err, &ambiguous)
	assert.Equal(t, []string{"environments/prod.yaml", "environments/prod.yml"}, ambiguous.Paths)
	_, err = p.Environment("prod")
	require.ErrorAs(t, err, &ambiguous)

	// A path is not ambiguous.
	env, err := p.Environment("environments/prod.yml")
	require.NoError(t, err)
	assert.Equal(t, "environments/prod.yml", env.Name)
	assert.Equal(t, filepath.Join(p.Root, "environments", "prod.yml"), env.Path)
	assert.True(t, env.Exists)
	assert.Equal(t, []environments.Layer{{Name: "prod", Path: env.Path}}, env.Layers)
	_, err = p.Environment("environments/prod.json") // one more would not help
	require.ErrorAs(t, err, &ambiguous)

	p = find(t, write(t, map[string]string{
		".sops.yaml": empty, "environments/prod.yaml": "", "environments/base.yaml": "", "environments/base.json": "",
		"environments/prod.local.yaml": "", "environments/prod.local.env": "",
	}))
	env, err = p.Environment("environments/prod.yaml")
	require.NoError(t, err)
	var layers []string
	for _, l := range env.Layers {
		layers = append(layers, filepath.Base(l.Path))
	}
	assert.Equal(t, []string{"base.json", "base.yaml", "prod.yaml", "prod.local.env", "prod.local.yaml"}, layers)

	p = find(t, write(t, map[string]string{".sops.yaml": empty, "environments/my prod.yaml": ""}))
	_, err = p.Environments()
	assert.ErrorIs(t, err, environments.ErrName, "it must not be forgotten when all are rekeyed")
}

func TestEnvironment(t *testing.T) {
	dir := write(t, map[string]string{
		".sops.yaml":                  empty,
		"environments/prod.yaml":      "",
		"environments/prod.local.yml": "",
		"environments/base.yaml":      "",
		"deploy/settings.yaml":        "",
		"deploy/LICENSE":              "",
		"deploy/prod":                 "a file that is called like an environment",
	})
	p := find(t, filepath.Join(dir, "deploy"))
	at := func(path string) string { return filepath.Join(dir, filepath.FromSlash(path)) }
	base := environments.Layer{Name: "base", Path: at("environments/base.yaml")}
	prod := environments.Layer{Name: "prod", Path: at("environments/prod.yaml")}
	local := environments.Layer{Name: "prod.local", Path: at("environments/prod.local.yml")}

	for arg, want := range map[string]environments.Environment{
		"prod":                       {Name: "prod", Path: prod.Path, Exists: true, Layers: []environments.Layer{base, prod, local}},
		"../environments/prod.yaml":  {Name: "prod", Path: prod.Path, Exists: true, Layers: []environments.Layer{base, prod, local}},
		prod.Path:                    {Name: "prod", Path: prod.Path, Exists: true, Layers: []environments.Layer{base, prod, local}},
		"base":                       {Name: "base", Path: base.Path, Exists: true, Layers: []environments.Layer{base}},
		"prod.local":                 {Name: "prod.local", Path: local.Path, Exists: true, Layers: []environments.Layer{base, prod, local}},
		"qa":                         {Name: "qa", Path: at("environments/qa.yaml"), Layers: []environments.Layer{base}},
		"../environments/qa.yml":     {Name: "qa", Path: at("environments/qa.yml"), Layers: []environments.Layer{base}},
		"LICENSE":                    {Name: "deploy/LICENSE", Path: at("deploy/LICENSE"), Exists: true, Layers: []environments.Layer{{Name: "deploy/LICENSE", Path: at("deploy/LICENSE")}}},
		"settings.json":              {Name: "deploy/settings.json", Path: at("deploy/settings.json")},
		"settings.yaml":              {Name: "deploy/settings.yaml", Path: at("deploy/settings.yaml"), Exists: true, Layers: []environments.Layer{{Name: "deploy/settings.yaml", Path: at("deploy/settings.yaml")}}},
		"new/settings.yaml":          {Name: "deploy/new/settings.yaml", Path: at("deploy/new/settings.yaml")},
		"../../elsewhere/other.yaml": {Name: "../../elsewhere/other.yaml", Path: filepath.Join(filepath.Dir(dir), "elsewhere", "other.yaml")},
	} {
		got, err := p.Environment(arg)
		require.NoError(t, err, arg)
		assert.Equal(t, want, got, arg)
	}
	for arg, want := range map[string]string{
		"":                         "not the name",
		"..":                       "not the name",
		".":                        "not the name",
		"a b":                      "not the name",
		"../x":                     "neither an environment nor a file",
		"../environments/prod":     "../environments/prod is neither an environment nor a file; did you mean prod?",
		"../environments/prdo":     "did you mean prod?",
		"../deploy/settings":       "did you mean ../deploy/settings.yaml?",
		"../deploy/x":              "a new file requires one of .yaml",
		"../deploy":                "is a directory",
		"new/settings.ymal":        "neither",
		"../environments/prod.yml": "prod is ambiguous",
	} {
		_, err := p.Environment(arg)
		assert.ErrorContains(t, err, want, arg)
	}
}
