package bounded_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/bounded"
	"github.com/sealcfg/sealcfg/internal/regular"
)

const limit = 1 << 10

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, make([]byte, limit), 0o600))
	text, err := bounded.File(t.Context(), path, limit)
	require.NoError(t, err)
	assert.Len(t, text, limit)
	_, err = bounded.File(t.Context(), path, limit-1)
	require.ErrorIs(t, err, regular.ErrTooLarge)
	_, err = bounded.File(t.Context(), path+"2", limit)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = bounded.File(t.Context(), filepath.Dir(path), limit)
	require.ErrorIs(t, err, regular.ErrNotRegular)
}

func TestContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := bounded.File(ctx, os.Args[0], limit)
	require.ErrorIs(t, err, context.Canceled)
}

// All stops at the limit, and at the end of the context.
func TestAll(t *testing.T) {
	text, err := bounded.All(t.Context(), strings.NewReader("abc"), 3)
	require.NoError(t, err)
	assert.Equal(t, "abc", string(text))
	_, err = bounded.All(t.Context(), endless{}, limit)
	require.EqualError(t, err, "file too large: more than 1024 bytes")

	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	_, err = bounded.All(ctx, r, limit)
	require.ErrorIs(t, err, context.Canceled)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
