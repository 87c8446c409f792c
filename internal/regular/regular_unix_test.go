//go:build unix

package regular_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/regular"
)

// A pipe without a writer and an endless device are rejected at once.
func TestReadSpecialFiles(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, path := range []string{pipe, "/dev/zero"} {
		_, err := regular.Read(path, 1<<20)
		require.ErrorIs(t, err, regular.ErrNotRegular, path)
		_, err = regular.ReadIn(os.DirFS(filepath.Dir(path)), filepath.Base(path), 1<<20)
		require.ErrorIs(t, err, regular.ErrNotRegular, path)
	}
}
