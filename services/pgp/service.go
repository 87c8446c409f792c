// Package pgp wraps data keys for PGP keys, with the gpg of the user. A program
// imports it for its side effect:
//
//	import _ "github.com/sealcfg/sealcfg/services/pgp"
//
// The package contacts only gpg-agent, which may prompt the user for a passphrase.
// gpg looks keys up elsewhere only if gpg.conf configures that. The package finds
// gpg on PATH, or uses the program in SOPS_GPG_EXEC. gpg reads its keys from
// GNUPGHOME, or from ~/.gnupg if that is not set.
//
// sops reads the key rings of old GnuPG versions (pubring.gpg and secring.gpg)
// before it starts gpg. This package does not: such a reader would prompt for a
// passphrase on standard output and input, which belong to the program. It would
// not end with its context, and would not find the keys that GnuPG stores since
// version 2.1. gpg reads the old files as well.
package pgp

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	sopspgp "github.com/getsops/sops/v3/pgp"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keycall"
)

func init() { keys.Default.Register(keys.ServiceProvider(Service{})) }

// Service is gpg. The zero value is ready for use.
type Service struct{}

var _ keys.Service = Service{}

// Type is "pgp".
func (Service) Type() string { return sopspgp.KeyTypeIdentifier }

// Wrap encrypts secret for the key whose fingerprint is the field fp.
func (Service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	k, err := masterKey(key)
	if err != nil {
		return nil, err
	}
	secret = append([]byte(nil), secret...) // gpg may still be reading when we have given up on it
	armored, err := await(ctx, func() ([]byte, error) {
		err := k.EncryptContext(ctx, secret)
		return k.EncryptedDataKey(), err
	})
	if err != nil {
		return nil, err
	}
	return &keys.Stanza{
		Type:    sopspgp.KeyTypeIdentifier,
		Fields:  []keys.Field{{Name: "fp", Value: k.Fingerprint}},
		Wrapped: string(armored),
	}, nil
}

// Unwrap decrypts a stanza with whichever secret key of the user fits.
func (Service) Unwrap(ctx context.Context, s *keys.Stanza) ([]byte, error) {
	k, err := masterKey(s)
	if err != nil {
		return nil, err
	}
	k.SetEncryptedDataKey([]byte(s.Wrapped))
	return await(ctx, func() ([]byte, error) { return k.DecryptContext(ctx) })
}

// fingerprint matches the only argument that gpg gets: the ID of a key. A final "!"
// selects exactly this subkey.
var fingerprint = regexp.MustCompile(`^(0[xX])?[0-9A-Fa-f]{16,64}!?$`)

func masterKey(s *keys.Stanza) (*sopspgp.MasterKey, error) {
	k := sopspgp.NewMasterKeyFromFingerprint(s.Field("fp"))
	if !fingerprint.MatchString(k.Fingerprint) {
		return nil, errors.New("expected a fingerprint of at least 16 hexadecimal digits")
	}
	sopspgp.DisableOpenPGP{}.ApplyToMasterKey(k)
	return k, nil
}

// await calls gpg, and returns when ctx ends. gpg is killed then, but a program
// that it, or a script in its place, has started may hold its output open, and
// the call would last until that ends too.
func await(ctx context.Context, call func() ([]byte, error)) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type result struct {
		out []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		out, err := call()
		done <- result{out, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		if r.err == nil {
			return r.out, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, cause(r.err)
	}
}

// cause returns the last message of gpg. Earlier messages may contain secrets: with
// show-session-key in gpg.conf they contain a key.
func cause(err error) error {
	_, said, ok := strings.Cut(err.Error(), " data key with pgp: ")
	if !ok {
		return errors.New("gpg failed")
	}
	last := keycall.LastLine(said)
	if last == "" {
		return errors.New("gpg cannot be run, or failed without output")
	}
	if rest, ok := strings.CutPrefix(last, "gpg: "); ok {
		last = strings.TrimPrefix(rest, "[stdin]: ")
	}
	return fmt.Errorf("gpg: %s", last)
}
