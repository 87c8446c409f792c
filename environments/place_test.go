package environments_test

import (
	"os"
	"path/filepath"
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
		"services/a/environments/dev.toml": "environment dev",
		"environments/server.pem":          "file environments/server.pem",
		"environments/-x.yaml":             "file environments/-x.yaml",
		"environments/eu/prod.yaml":        "file environments/eu/prod.yaml",
		"deploy/prod.yaml":                 "file deploy/prod.yaml",
		"prod":                             "file prod",
	} {
		assert.Equal(t, want, place(path), path)
	}
}

func TestLayerFits(t *testing.T) {
	l := environments.Layer{Name: "prod.local"}
	for place, fits := range map[string]bool{
		"environment prod.local":      true,
		"file config/prod.local.yaml": true,
		"file prod.local.json":        true,
		"environment prod":            false,
		"environment dev":             false,
		"file config/dev.yaml":        false,
		"file prod.local":             false,
		"config/prod.local.yaml":      false,
		"sha256:AAAA":                 false,
	} {
		assert.Equal(t, fits, l.Fits(place), place)
	}
}
