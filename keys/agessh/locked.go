package agessh

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"github.com/sealcfg/sealcfg/internal/memo"
	"github.com/sealcfg/sealcfg/keys"
)

// lockedKey is a private key that is encrypted with a passphrase. Its public key
// determines its stanzas, so that there is no prompt for other stanzas.
type lockedKey struct {
	keySource string
	pem       []byte
	name      string // its recipient
	typ       string // of its stanzas
	tag       string // the first argument of its stanzas
	src       keys.Source
	pub       bool // the name comes from a .pub file
	id        memo.Value[age.Identity]
}

func newLocked(keySource string, pem []byte, public ssh.PublicKey, beside func() ([]byte, error), src keys.Source) (keys.Identity, error) {
	pub := public == nil
	if pub {
		line, err := beside()
		if err != nil {
			return nil, fmt.Errorf("the encrypted SSH key does not contain its public key, and its .pub file cannot be read (ssh-keygen -p adds the public key): %w", err)
		}
		if public, _, _, _, err = ssh.ParseAuthorizedKey(line); err != nil {
			return nil, errors.New("the .pub file of the encrypted SSH key is malformed")
		}
	}
	typ := public.Type()
	if typ != ssh.KeyAlgoED25519 && typ != ssh.KeyAlgoRSA {
		return nil, errors.New("unsupported type of SSH key: expected ed25519 or rsa")
	}
	sum := sha256.Sum256(public.Marshal())
	return &lockedKey{
		keySource: keySource, pem: pem, name: nameOf(public), typ: typ,
		tag: base64.RawStdEncoding.EncodeToString(sum[:4]), src: src, pub: pub,
	}, nil
}

// Format prints only the recipient, for every verb.
func (l *lockedKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[identity of "+l.name+"]")
}

func (l *lockedKey) Recipient() string { return l.name }
func (l *lockedKey) Interactive() bool { return true }
func (l *lockedKey) Claimed() bool     { return l.pub }

func (l *lockedKey) Equal(other keys.Identity) bool {
	o, ok := other.(*lockedKey)
	return ok && bytes.Equal(l.pem, o.pem)
}

func (l *lockedKey) Unwrap(ctx context.Context, stanzas []*keys.Stanza) ([]byte, error) {
	return keys.AgeIdentity(asked{ctx, l}, l.name).Unwrap(ctx, stanzas)
}

// asked is a locked key in the form of package age, with the context of one call.
type asked struct {
	ctx context.Context
	key *lockedKey
}

func (a asked) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	mayBeMine := func(s *age.Stanza) bool {
		return s.Type == a.key.typ && len(s.Args) > 0 && s.Args[0] == a.key.tag
	}
	if !slices.ContainsFunc(stanzas, mayBeMine) {
		return nil, age.ErrIncorrectIdentity
	}
	id, err := a.key.id.Get(a.ctx, a.key.unlock)
	if err != nil {
		return nil, err
	}
	return id.Unwrap(stanzas)
}

func (l *lockedKey) unlock(ctx context.Context) (age.Identity, error) {
	passphrase, err := keys.AskPassphrase(ctx, l.src, l.keySource)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.keySource, err)
	}
	k, err := ssh.ParseRawPrivateKeyWithPassphrase(l.pem, passphrase)
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, fmt.Errorf("%s: wrong %w", l.keySource, keys.ErrPassphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the encrypted SSH key is malformed", l.keySource)
	}
	id, name, err := identityOf(k)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.keySource, err)
	}
	if name != l.name {
		return nil, fmt.Errorf("%s: the .pub file belongs to another key", l.keySource)
	}
	return id, nil
}
