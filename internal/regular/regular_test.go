package regular_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/regular"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))

	for _, name := range []string{"file", "link"} {
		src, err := regular.Read(filepath.Join(dir, name), 5)
		require.NoError(t, err)
		assert.Equal(t, "12345", string(src))
	}
	_, err := regular.Read(path, 4)
	require.ErrorIs(t, err, regular.ErrTooLarge)
	assert.EqualError(t, err, "read "+path+": file too large: more than 4 bytes")
	_, err = regular.Read(dir, 4)
	require.ErrorIs(t, err, regular.ErrNotRegular)
	_, err = regular.Read(filepath.Join(dir, "none"), 4)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestReadIn(t *testing.T) {
	fsys := fstest.MapFS{"a/file": {Data: []byte("12345")}}
	src, err := regular.ReadIn(fsys, "a/file", 5)
	require.NoError(t, err)
	assert.Equal(t, "12345", string(src))
	_, err = regular.ReadIn(fsys, "a/file", 4)
	require.ErrorIs(t, err, regular.ErrTooLarge)
	_, err = regular.ReadIn(fsys, "a", 4)
	require.ErrorIs(t, err, regular.ErrNotRegular)
	_, err = regular.ReadIn(fsys, "none", 4)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
