package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

func TestNoGPG(t *testing.T) {
	key := &keys.Stanza{
		Type:    "pgp",
		Fields:  []keys.Field{{Name: "fp", Value: "0123456789ABCDEF0123456789ABCDEF01234567"}},
		Wrapped: "x",
	}
	t.Setenv("PATH", t.TempDir())
	_, err := gpg{}.Wrap(t.Context(), key, []byte("0123456789abcdef0123456789abcdef"))
	require.ErrorIs(t, err, exec.ErrNotFound)
	_, err = gpg{}.Unwrap(t.Context(), key)
	require.ErrorIs(t, err, exec.ErrNotFound)
	require.ErrorContains(t, err, "gpg is not installed")

	named := filepath.Join(t.TempDir(), "my-gpg")
	t.Setenv("SOPS_GPG_EXEC", named)
	_, err = gpg{}.Unwrap(t.Context(), key)
	require.ErrorIs(t, err, exec.ErrNotFound)
	require.ErrorContains(t, err, named)
}
