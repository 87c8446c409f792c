package environments_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
)

// locate returns the location of a file below dir.
func locate(t *testing.T, dir, file string) environments.Location {
	t.Helper()
	l, err := environments.FindLocation(filepath.Join(dir, filepath.FromSlash(file)))
	require.NoError(t, err)
	return l
}

func TestLocation(t *testing.T) {
	dir := write(t, map[string]string{
		"repo/.git/HEAD": "", "policy/.sops.yaml": empty, "among/environments/.sops.yaml": empty, "free/.keep": "",
	})
	for _, root := range []string{"repo/", "policy/"} {
		for file, want := range map[string]string{
			"environments/prod.yaml":           "environment prod",
			"environments/prod.json":           "environment prod",
			"environments/prod.local.yaml":     "environment prod.local",
			"environments/base.env":            "environment base",
			"services/a/environments/dev.toml": "environment services/a/dev",
			"a/environments/base.yaml":         "environment a/base",
			"environments/server.pem":          "file environments/server.pem",
			"environments/-x.yaml":             "file environments/-x.yaml",
			"environments/eu/prod.yaml":        "file environments/eu/prod.yaml",
			"deploy/prod.yaml":                 "file deploy/prod.yaml",
			"prod":                             "file prod",
		} {
			l := locate(t, dir, root+file)
			assert.Equal(t, want, l.String(), root+file)
			assert.True(t, l.Fits(want))
			assert.False(t, l.Fits(want+"x"))
			assert.False(t, l.Fits(""))
		}
	}
	assert.Equal(t, "environment prod", locate(t, dir, "among/environments/prod.yaml").String())

	// Without a root, the name of a layer is all that is known.
	l := locate(t, dir, "free/environments/prod.yaml")
	assert.Equal(t, "environment prod", l.String())
	assert.True(t, l.Fits("environment services/a/prod"))
	assert.False(t, l.Fits("environment dev"))
	none := locate(t, dir, "free/deploy/prod.yaml")
	assert.Empty(t, none.String())
	assert.True(t, none.Fits("file anything"))
}

// Long directories and long paths are stored as digests.
func TestLongLocation(t *testing.T) {
	dir := write(t, map[string]string{".sops.yaml": empty})
	long := locate(t, dir, strings.Repeat("services/", 20)+"environments/prod.yaml")
	assert.Regexp(t, "^environment [0-9a-f]{64}/prod$", long.String())
	assert.NotEqual(t, long, locate(t, dir, strings.Repeat("services/", 21)+"environments/prod.yaml"))
	assert.True(t, environments.Layer{Name: "prod"}.Fits(long.String()))

	file := locate(t, dir, strings.Repeat("services/", 20)+"tls.pem")
	require.Greater(t, len(file.String()), 160)
	assert.True(t, file.Fits(envfile.BoundLocation(file.String())))
	assert.False(t, file.Fits(envfile.BoundLocation(file.String()+"x")))
}

// A location may begin at each directory that holds a .sops.yaml, up to the root.
func TestLocationFits(t *testing.T) {
	const deep = "services/a/secrets/x.yaml"
	const env = "services/a/environments/prod.yaml"
	for name, c := range map[string]struct {
		files map[string]string
		file  string
		text  string
		fits  []string
		not   []string
	}{
		"repository": {
			map[string]string{".git/HEAD": "", "services/.sops.yaml": empty}, deep,
			"file services/a/secrets/x.yaml",
			[]string{"file a/secrets/x.yaml"},
			[]string{"file x.yaml", "file secrets/x.yaml", "environment x"},
		},
		"policy next to the file": {
			map[string]string{".git/HEAD": "", ".sops.yaml": empty, "services/a/secrets/.sops.yaml": empty}, deep,
			"file services/a/secrets/x.yaml",
			[]string{"file x.yaml"},
			[]string{"file a/secrets/x.yaml"},
		},
		"environment": {
			map[string]string{".git/HEAD": "", ".sops.yaml": empty, "services/a/.sops.yaml": empty}, env,
			"environment services/a/prod",
			[]string{"environment prod"},
			[]string{"environment a/prod", "environment services/b/prod", "environment dev"},
		},
		"policies without a repository": {
			map[string]string{".sops.yaml": empty, "services/a/.sops.yaml": empty, "services/.sops.yaml": empty}, env,
			"environment services/a/prod",
			[]string{"environment a/prod", "environment prod"},
			[]string{"environment services/b/prod"},
		},
		"beyond the repository": {
			map[string]string{".sops.yaml": empty, "services/.git/HEAD": ""}, env,
			"environment a/prod", nil,
			[]string{"environment services/a/prod", "environment prod"},
		},
		"submodule": {
			map[string]string{".sops.yaml": empty, ".git/HEAD": "", "services/a/.git": "gitdir: ../../.git/modules/a\n"}, env,
			"environment prod", nil,
			[]string{"environment services/a/prod"},
		},
		"a misnamed policy": {
			map[string]string{".git/HEAD": "", "services/a/.sops.yml": empty}, env,
			"environment services/a/prod", nil,
			[]string{"environment prod"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := locate(t, write(t, c.files), c.file)
			assert.Equal(t, c.text, l.String())
			for _, text := range append(c.fits, c.text) {
				assert.True(t, l.Fits(text), text)
			}
			for _, text := range c.not {
				assert.False(t, l.Fits(text), text)
			}
		})
	}
}

// A .sops.yaml that would be rejected as a policy is no root.
func TestLocationFromUntrustedPolicy(t *testing.T) {
	dir := real(t, map[string]string{"stranger.yaml": empty, "repo/.git/HEAD": "", "repo/a/.keep": ""})
	link(t, "../../stranger.yaml", filepath.Join(dir, "repo", "a", ".sops.yaml"))
	l := locate(t, dir, "repo/a/x.yaml")
	assert.Equal(t, "file a/x.yaml", l.String())
	assert.False(t, l.Fits("file x.yaml"))
}

func TestLayerFits(t *testing.T) {
	l := environments.Layer{Name: "prod.local"}
	for location, fits := range map[string]bool{
		"environment prod.local":      true,
		"file config/prod.local.yaml": true,
		"file prod.local.json":        true,
		"environment prod":            false,
		"environment a/b/prod.local":  true,
		"environment a/prod":          false,
		"environment prod.local/dev":  false,
		"environment dev":             false,
		"file config/dev.yaml":        false,
		"file prod.local":             false,
		"config/prod.local.yaml":      false,
		"sha256:AAAA":                 false,
	} {
		assert.Equal(t, fits, l.Fits(location), location)
	}
}

// One Finder returns the same results for many files as the functions for one file.
func TestFinder(t *testing.T) {
	dir := real(t, map[string]string{
		".git/HEAD": "", ".sops.yaml": "creation_rules:\n  - path_regex: ^a/\n", "sealcfg.yaml": "binding: required\n",
		"a/x.yaml": "", "a/y.yaml": "", "b/.sops.yaml": "creation_rules:\n  - path_regex: ^x\n", "b/x.yaml": "", "b/c/.sops.yml": "",
	})
	var f environments.Finder
	for _, file := range []string{"a/x.yaml", "a/y.yaml", "b/x.yaml", "b/c/x.yaml", "new/x.yaml", "a/x.yaml"} {
		path := filepath.Join(dir, filepath.FromSlash(file))
		want, err := environments.FindPolicy(path)
		require.NoError(t, err)
		wantRule, wantErr := want.RuleFor(path)

		p, rule, err := f.Rule(path)
		assert.Equal(t, want.Path, p.Path, file)
		assert.Equal(t, want.Ignored, p.Ignored, file)
		if wantErr != nil {
			require.EqualError(t, err, wantErr.Error())
		} else {
			require.NoError(t, err)
			assert.Equal(t, wantRule.PathRegex, rule.PathRegex, file)
		}
		l, err := f.Location(path)
		require.NoError(t, err)
		assert.Equal(t, locate(t, dir, file), l)
		c, err := f.Config(path)
		require.NoError(t, err)
		require.Len(t, c.Files, 1)
		assert.True(t, c.RequiresBinding(path))
	}

	// It has read each file once: it does not see a change.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sealcfg.yaml"), []byte("binding: optional\n"), 0o600))
	c, err := f.Config(filepath.Join(dir, "a", "new.yaml"))
	require.NoError(t, err)
	assert.True(t, c.RequiresBinding(filepath.Join(dir, "a", "new.yaml")))
}

func TestExplainLocation(t *testing.T) {
	dir := real(t, map[string]string{
		".git/HEAD": "", ".sops.yaml": empty, "apps/a/secret.yaml": "", "apps/b/secret.yaml": "",
		"environments/dev.json": "", "environments/prod.yaml": "", "svc/secrets/x.yaml": "", "svc/environments/stage.yaml": "",
	})
	for _, c := range []struct {
		file, bound string
		change      environments.Change
		path        string
	}{
		{"apps/b/secret.yaml", "file apps/a/secret.yaml", environments.Copied, "apps/a/secret.yaml"},
		{"environments/prod.yaml", "environment dev", environments.Copied, "environments/dev.json"},
		{"svc/environments/stage.yaml", "environment prod", environments.Copied, "environments/prod.yaml"},
		{"apps/b/secret.yaml", "file apps/gone.yaml", environments.Moved, "apps/gone.yaml"},
		{"environments/prod.yaml", "environment test", environments.Moved, "environments/test"},
		{"environments/prod.yaml", "environment services/a/prod", environments.Moved, "services/a/environments/prod"},
		{"svc/secrets/x.yaml", "file secrets/x.yaml", environments.RootMoved, "svc"},
		{"svc/secrets/x.yaml", "file x.yaml", environments.RootMoved, "svc/secrets"},
		{"svc/environments/stage.yaml", "environment stage", environments.RootMoved, "svc"},
		{"apps/b/secret.yaml", "file " + filepath.Base(dir) + "/apps/b/secret.yaml", environments.RootMoved, ".."},
		{"apps/b/secret.yaml", envfile.BoundLocation("file " + strings.Repeat("x", 200)), environments.Unknown, ""},
		{"apps/b/secret.yaml", "file ../../etc/passwd", environments.Unknown, ""},
	} {
		l := locate(t, dir, c.file)
		require.False(t, l.Fits(c.bound), c.bound)
		change, path := l.Explain(c.bound)
		assert.Equal(t, c.change, change, c.bound)
		if c.path != "" {
			c.path = filepath.Join(dir, filepath.FromSlash(c.path))
		}
		assert.Equal(t, c.path, path, c.bound)
	}
	l := locate(t, dir, "svc/secrets/x.yaml")
	assert.True(t, l.FitsFrom(filepath.Join(dir, "svc"), "file secrets/x.yaml"))
	assert.False(t, l.FitsFrom(filepath.Join(dir, "apps"), "file ../svc/secrets/x.yaml"))
}
