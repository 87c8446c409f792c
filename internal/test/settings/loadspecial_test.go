//go:build unix

package settings_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// Load reads regular files only: a pipe without a writer, or an endless device, is an error at once.
func TestLoadRejectsSpecialFiles(t *testing.T) {
	type settings struct{ A string }
	for name, special := range map[string]func(path string) error{
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"device": func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		dir := t.TempDir()
		require.NoError(t, special(filepath.Join(dir, "dev.yaml")))
		_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithDir(dir), sealcfg.WithEnv("dev"), sealcfg.WithEnviron())
		require.ErrorContains(t, err, "not a regular file", name)
	}
}
