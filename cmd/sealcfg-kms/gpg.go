package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/pgp"
)

// gpg is pgp.Service where somebody can be told to install gpg: sops, which runs it,
// keeps to itself that there is none.
type gpg struct{ pgp.Service }

func (g gpg) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	s, err := g.Service.Wrap(ctx, key, secret)
	return s, orMissing(err)
}

func (g gpg) Unwrap(ctx context.Context, s *keys.Stanza) ([]byte, error) {
	secret, err := g.Service.Unwrap(ctx, s)
	return secret, orMissing(err)
}

func orMissing(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	program := os.Getenv("SOPS_GPG_EXEC")
	if program == "" {
		program = "gpg"
	}
	if _, lookErr := exec.LookPath(program); lookErr != nil {
		return fmt.Errorf("%s: %w", program, exec.ErrNotFound)
	}
	return err
}
