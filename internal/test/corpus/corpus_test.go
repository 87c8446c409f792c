package corpus

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestModulesArePinned(t *testing.T) {
	require.NotEmpty(t, Modules())
	for _, m := range Modules() {
		assert.Regexp(t, `^[a-z0-9./-]+@v\d+\.\d+\.\d+[-.0-9a-z]*$`, m)
	}
}

func TestEscape(t *testing.T) {
	assert.Equal(t, "github.com/!burnt!sushi/toml@v1", escape("github.com/BurntSushi/toml@v1"))
}

func TestModuleFilesAbsent(t *testing.T) {
	_, err := moduleFiles(t.TempDir(), "example.org/none@v1.0.0")
	require.ErrorIs(t, err, ErrAbsent)
	assert.Contains(t, err.Error(), "example.org/none@v1.0.0")
}

func TestModuleFiles(t *testing.T) {
	cache := t.TempDir()
	for _, f := range []string{"a.yaml", "b.yml", "c.json", "d/e.yaml"} {
		path := filepath.Join(cache, "example.org", "!m@v1.0.0", filepath.FromSlash(f))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("a: 1\n"), 0o644))
	}
	files, err := moduleFiles(cache, "example.org/M@v1.0.0")
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.String())
	}
	assert.Equal(t, []string{"example.org/M@v1.0.0/a.yaml", "example.org/M@v1.0.0/b.yml", "example.org/M@v1.0.0/d/e.yaml"}, names)
}

func TestFilesOfPinnedModules(t *testing.T) {
	files, err := Files()
	if errors.Is(err, ErrAbsent) && os.Getenv("CI") != "true" {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(files), 1000)
}
