package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/services/pgp"
)

// gpg is [pgp.Service] with an error if gpg is not installed. Without it, sops's
// library fails and gives no reason.
type gpg struct{ pgp.Service }

func (g gpg) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	if err := installed(); err != nil {
		return nil, err
	}
	return g.Service.Wrap(ctx, key, secret)
}

func (g gpg) Unwrap(ctx context.Context, s *keys.Stanza) ([]byte, error) {
	if err := installed(); err != nil {
		return nil, err
	}
	return g.Service.Unwrap(ctx, s)
}

func installed() error {
	name := os.Getenv("SOPS_GPG_EXEC")
	if name == "" {
		name = "gpg"
	}
	_, err := exec.LookPath(name)
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &notInstalledError{name}
	case err != nil:
		return fmt.Errorf("gpg cannot be run: %w", err)
	}
	return nil
}

type notInstalledError struct{ program string }

func (e *notInstalledError) Error() string { return e.program + " is not installed" }
func (e *notInstalledError) Unwrap() error { return exec.ErrNotFound }
