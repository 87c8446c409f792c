// Package pgp wraps data keys for PGP keys, with the gpg of the user. A program
// imports it for its side effect:
//
//	import _ "github.com/sealcfg/sealcfg/keys/pgp"
//
// Nobody is contacted but gpg-agent, which may ask the user for a passphrase;
// gpg itself looks a key up elsewhere only if gpg.conf tells it to. gpg is found
// on PATH, or is the program that SOPS_GPG_EXEC names, and takes its keys from
// GNUPGHOME, else from ~/.gnupg.
//
// sops reads the key rings of old GnuPG versions (pubring.gpg and secring.gpg)
// by itself before it asks gpg. This package does not. That way asks for a
// passphrase on standard output and input, which belong to the program, and it
// neither ends when its context does nor knows the keys that GnuPG has kept since
// version 2.1. gpg reads the old files as well.
package pgp

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	sopspgp "github.com/getsops/sops/v3/pgp"

	"github.com/sealcfg/sealcfg/internal/errtext"
	"github.com/sealcfg/sealcfg/keys"
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

// fingerprint is what gpg is told as an argument: the number of a key and nothing
// else. "!" asks for this very subkey.
var fingerprint = regexp.MustCompile(`^(0[xX])?[0-9A-Fa-f]{16,64}!?$`)

func masterKey(s *keys.Stanza) (*sopspgp.MasterKey, error) {
	k := sopspgp.NewMasterKeyFromFingerprint(s.Field("fp"))
	if !fingerprint.MatchString(k.Fingerprint) {
		return nil, errors.New("not the fingerprint of a key: want at least 16 hexadecimal digits")
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

// cause is the last thing that gpg said. What stands before it may be more than
// should be seen: with show-session-key in gpg.conf it is a key.
func cause(err error) error {
	_, said, ok := strings.Cut(err.Error(), " data key with pgp: ")
	if !ok {
		return errors.New("gpg failed")
	}
	last := errtext.LastLine(said)
	if last == "" {
		return errors.New("gpg could not be run, or failed without a word")
	}
	if rest, ok := strings.CutPrefix(last, "gpg: "); ok {
		last = strings.TrimPrefix(rest, "[stdin]: ")
	}
	return fmt.Errorf("gpg: %s", last)
}
