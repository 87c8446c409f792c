// Package kmstest is a local key service for tests of the code between sealcfg and
// the real key services. It encrypts with keys that it derives from their names, so
// they protect no secrets.
package kmstest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sealcfg/sealcfg/keys"
)

// A Service serves keys of one kind. The name of a key can select a failure: with
// "denied" the service rejects unwrapping, with "hangs" it does not answer before
// the context ends, with "crashes" it panics.
type Service struct {
	Kind string
	// Log receives a line for each request: the operation, the kind, and the name of the key.
	Log io.Writer
}

// ErrDenied is returned when the name of a key contains "denied".
var ErrDenied = errors.New("the login was refused")

// Type returns the kind of keys.
func (s Service) Type() string { return s.Kind }

// Wrap encrypts the secret with AES-256-GCM. The name of the key is the additional data.
func (s Service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	aead, err := s.begin(ctx, "wrap", key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	sealed := aead.Seal(nonce, nonce, secret, []byte(keys.Name(key)))
	return &keys.Stanza{Type: key.Type, Fields: key.Fields, Wrapped: base64.StdEncoding.EncodeToString(sealed)}, nil
}

// Unwrap is the reverse of Wrap.
func (s Service) Unwrap(ctx context.Context, stanza *keys.Stanza) ([]byte, error) {
	aead, err := s.begin(ctx, "unwrap", stanza)
	if err != nil {
		return nil, err
	}
	if strings.Contains(keys.Name(stanza), "denied") {
		return nil, ErrDenied
	}
	sealed, err := base64.StdEncoding.DecodeString(stanza.Wrapped)
	if err != nil || len(sealed) < aead.NonceSize() {
		return nil, errors.New("malformed ciphertext")
	}
	secret, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(keys.Name(stanza)))
	if err != nil {
		return nil, errors.New("the ciphertext belongs to another key")
	}
	return secret, nil
}

func (s Service) begin(ctx context.Context, op string, key *keys.Stanza) (cipher.AEAD, error) {
	name := keys.Name(key)
	if s.Log != nil {
		fmt.Fprintf(s.Log, "%s %s %s\n", op, key.Type, name)
	}
	switch {
	case strings.Contains(name, "hangs"):
		<-ctx.Done()
		if s.Log != nil {
			fmt.Fprintf(s.Log, "cancelled %s %s\n", key.Type, name)
		}
		return nil, ctx.Err()
	case strings.Contains(name, "crashes"):
		panic("a library that holds " + name)
	}
	derived := sha256.Sum256([]byte("a key for tests: " + name))
	block, err := aes.NewCipher(derived[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
