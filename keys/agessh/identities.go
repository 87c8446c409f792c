package agessh

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"github.com/sealcfg/sealcfg/keys"
)

// The variables in which sops looks for SSH keys (age/keysource.go).
const (
	EnvPrivateKeyFile = "SOPS_AGE_SSH_PRIVATE_KEY_FILE"
	EnvPrivateKeyCmd  = "SOPS_AGE_SSH_PRIVATE_KEY_CMD"
)

// maxKeyFile bounds a private key, as in age.
const maxKeyFile = 1 << 14

// Identities looks where sops looks. A key that a variable names and that cannot
// be read is reported to [keys.Source.Broken]. A key in ~/.ssh may have another
// purpose: it gives its reason only if a stanza may be for it.
func (kind) Identities(ctx context.Context, src keys.Source) ([]keys.Identity, error) {
	var all []keys.Identity
	for _, from := range []func(context.Context, keys.Source) (keys.Identity, error){fromNamedFile, fromCommand} {
		id, err := from(ctx, src)
		switch {
		case err != nil:
			all = append(all, src.Unusable(ctx, err, isSSH))
		case id != nil:
			all = append(all, id)
		}
	}
	if src.HomeDir == "" || src.ReadFile == nil {
		return all, nil
	}
	for _, name := range []string{"id_ed25519", "id_rsa"} {
		all = append(all, fromHome(filepath.Join(src.HomeDir, ".ssh", name), src)...)
	}
	return all, nil
}

func fromNamedFile(_ context.Context, src keys.Source) (keys.Identity, error) {
	path, pem, ok, err := src.ReadNamed(EnvPrivateKeyFile)
	if err != nil {
		return nil, err
	}
	if !ok {
		src.Report("$"+EnvPrivateKeyFile, 0)
		return nil, nil
	}
	keySource := "$" + EnvPrivateKeyFile + " (" + path + ")"
	id, err := parse(keySource, pem, besides(path, src), src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keySource, err)
	}
	src.Report(keySource, 1)
	return id, nil
}

func fromCommand(ctx context.Context, src keys.Source) (keys.Identity, error) {
	keySource := "$" + EnvPrivateKeyCmd
	pem, ok, err := src.Output(ctx, EnvPrivateKeyCmd)
	if err != nil {
		return nil, err
	}
	if !ok {
		src.Report(keySource, 0)
		return nil, nil
	}
	nowhere := func() ([]byte, error) { return nil, fs.ErrNotExist }
	id, err := parse(keySource, pem, nowhere, src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keySource, err)
	}
	src.Report(keySource, 1)
	return id, nil
}

func fromHome(path string, src keys.Source) []keys.Identity {
	pem, err := src.File(path)
	if errors.Is(err, fs.ErrNotExist) {
		src.Report(path, 0)
		return nil
	}
	var id keys.Identity
	if err == nil {
		id, err = parse(path, pem, besides(path, src), src)
	}
	if err != nil {
		src.Report(path, 0)
		return []keys.Identity{keys.UnusableIdentity(fmt.Errorf("%s: %w", path, err), isSSH)}
	}
	src.Report(path, 1)
	return []keys.Identity{id}
}

func isSSH(s *keys.Stanza) bool {
	return s.Type == keys.AgeType && strings.HasPrefix(s.Field("recipient"), "ssh-")
}

// besides reads the .pub file of a private key.
func besides(path string, src keys.Source) func() ([]byte, error) {
	return func() ([]byte, error) {
		line, err := src.File(path + ".pub")
		if err != nil {
			return nil, err
		}
		return keys.Text(line)
	}
}

// parse reads a private key. If it is encrypted in a form that hides even the
// public key, parse calls pub to get the public key.
func parse(keySource string, pem []byte, pub func() ([]byte, error), src keys.Source) (keys.Identity, error) {
	if len(pem) > maxKeyFile {
		return nil, errors.New("too long for an SSH key")
	}
	pem, err := keys.Text(pem)
	if err != nil {
		return nil, err
	}
	k, err := ssh.ParseRawPrivateKey(pem)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return newLocked(keySource, pem, locked.PublicKey, pub, src)
	}
	if err != nil {
		return nil, errors.New("malformed SSH private key")
	}
	id, name, err := identityOf(k)
	if err != nil {
		return nil, err
	}
	return keys.AgeIdentity(id, name), nil
}

// identityOf returns an identity for a key from package ssh. The type of the same
// kind of key varies with the form of the file. name is the recipient of the
// identity.
func identityOf(key any) (id age.Identity, name string, err error) {
	switch k := key.(type) {
	case *ed25519.PrivateKey:
		return identityOf(*k)
	case ed25519.PrivateKey:
		id, err = agessh.NewEd25519Identity(k)
	case *rsa.PrivateKey:
		id, err = agessh.NewRSAIdentity(k)
	default:
		return nil, "", errors.New("unsupported type of SSH key: expected ed25519 or rsa")
	}
	if err != nil {
		return nil, "", errors.New("age rejects this SSH key")
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, "", errors.New("age rejects this SSH key")
	}
	return id, nameOf(signer.PublicKey()), nil
}

// nameOf spells a public key as in a .pub file, without a comment.
func nameOf(pub ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub)))
}
