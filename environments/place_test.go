package environments_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

func TestPlace(t *testing.T) {
	root := t.TempDir()
	place := func(path string) string {
		t.Helper()
		p, err := environments.Place(filepath.Join(root, path))
		require.NoError(t, err)
		return p
	}
	assert.Equal(t, "environment prod", place("environments/prod.yaml"))
	assert.Empty(t, place("deploy/prod.yaml"), "no project around it")

	require.NoError(t, os.WriteFile(filepath.Join(root, ".sops.yaml"), nil, 0o600))
	for path, want := range map[string]string{
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
		assert.Equal(t, want, place(path), path)
	}
	long := place(strings.Repeat("services/", 20) + "environments/prod.yaml")
	assert.Regexp(t, "^environment [0-9a-f]{64}/prod$", long)
	assert.NotEqual(t, long, place(strings.Repeat("services/", 21)+"environments/prod.yaml"))
	assert.True(t, environments.Layer{Name: "prod"}.Fits(long))

	// A project of its own, and one that keeps its policy among the environments.
	for path, want := range map[string]string{"b": "environment prod", "c/environments": "environment prod"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, path), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(root, path, ".sops.yaml"), nil, 0o600))
		assert.Equal(t, want, place(path[:1]+"/environments/prod.yaml"), path)
	}
}

func TestLayerFits(t *testing.T) {
	l := environments.Layer{Name: "prod.local"}
	for place, fits := range map[string]bool{
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
		assert.Equal(t, fits, l.Fits(place), place)
	}
}
