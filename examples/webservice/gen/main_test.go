package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDocumentsAreNotStale(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, generate(dir))
	made, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, made, 4)
	for _, e := range made {
		want, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("..", e.Name()))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s is stale: go generate ./examples/webservice", e.Name())
	}
}
