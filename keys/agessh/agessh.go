// Package agessh decrypts SOPS files with SSH keys: the recipients "ssh-ed25519 …"
// and "ssh-rsa …" of age, and the private keys of the user. It is imported for its
// side effect:
//
//	import _ "github.com/sealcfg/sealcfg/keys/agessh"
//
// The key sources are those of sops: the file in $SOPS_AGE_SSH_PRIVATE_KEY_FILE,
// the output of $SOPS_AGE_SSH_PRIVATE_KEY_CMD, ~/.ssh/id_ed25519 and ~/.ssh/id_rsa.
// An encrypted key also works: the package prompts for its passphrase once, and
// only if a file has a stanza for it.
package agessh

import (
	"fmt"
	"strings"

	"filippo.io/age/agessh"

	"github.com/sealcfg/sealcfg/keys"
)

func init() { keys.Age.Register(kind{}) }

type kind struct{}

func (kind) Name() string { return keys.AgeSSH }

// ParseRecipient reads a line as in a .pub file. The comment is part of the
// recipient's name, as in sops.
func (kind) ParseRecipient(text string) (keys.Recipient, error) {
	if !strings.HasPrefix(text, "ssh-") {
		return nil, keys.ErrOtherKind
	}
	if strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("malformed SSH recipient %q: more than one line", text)
	}
	// A parser of authorized_keys may read the beginning of the whole line as
	// options.
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' })
	r, err := agessh.ParseRecipient(strings.Join(words[:min(2, len(words))], " "))
	if err != nil {
		return nil, fmt.Errorf("SSH recipient %q is malformed or not supported by age: expected ssh-ed25519, or ssh-rsa with at least 2048 bits", text)
	}
	return keys.AgeRecipient(r, text), nil
}

// ParseIdentity always returns [keys.ErrOtherKind]: SSH keys are not in identity
// files.
func (kind) ParseIdentity(string, string, keys.Source) (keys.Identity, error) {
	return nil, keys.ErrOtherKind
}
