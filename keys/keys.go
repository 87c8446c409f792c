// Package keys answers one question: who can recover the data key?
//
// A file holds the data key once for each recipient, wrapped; such a copy is a
// [Stanza]. A [Recipient] wraps, an [Identity] unwraps, and a [Provider] knows
// one kind of them (age, pgp, kms ...). Packages of providers register with
// [Default] when they are imported, in the manner of database/sql drivers.
package keys

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A Stanza is one wrapped copy of a data key, as it stands in a file's metadata.
type Stanza struct {
	Type    string  // name of the metadata list it stands in: age, pgp, kms ...
	Fields  []Field // all fields but the wrapped key, in file order, unknown ones included
	Wrapped string  // the field "enc"
}

// A Field is a named text of a stanza, or a map of texts (the encryption context
// of a kms stanza).
type Field struct {
	Name  string
	Value string
	Map   []Field // if not nil, the field is a map and Value is empty
}

// Field returns the text of the named field, "" if it is absent.
func (s *Stanza) Field(name string) string {
	for _, f := range s.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// A Recipient can be given a copy of the data key. Implementations must be safe
// for concurrent use.
type Recipient interface {
	// Wrap encrypts secret for the recipient. The caller keeps ownership of secret.
	Wrap(ctx context.Context, secret []byte) (*Stanza, error)
	// String returns the public name of the recipient as .sops.yaml spells it;
	// two recipients with the same type and string are the same.
	String() string
}

// An Identity can recover a data key. Implementations must be safe for concurrent use.
type Identity interface {
	// Unwrap tries the stanzas of one key group and returns the secret.
	// [ErrNoMatch] says that none is meant for this identity and the next may
	// be asked; any other error is final.
	Unwrap(ctx context.Context, stanzas []*Stanza) ([]byte, error)
}

// A Provider knows one kind of recipients.
type Provider interface {
	// Type is the name of the metadata list, for example "age".
	Type() string
	// ParseRecipient reads a recipient as .sops.yaml spells it. Errors may quote
	// it: recipients are public.
	ParseRecipient(s string) (Recipient, error)
	// StanzaRecipient returns the recipient for whom a stanza was made.
	StanzaRecipient(s *Stanza) (Recipient, error)
	// Identities collects the identities of the user from src, each once. The
	// places looked at, with what was found, are reported to src.Looked.
	Identities(ctx context.Context, src Source) ([]Identity, error)
}

// A Source is the only door of this package to environment, disk, programs and
// people. Functions that are nil are not available: what needs them is skipped.
type Source struct {
	LookupEnv func(name string) (string, bool)
	ReadFile  func(path string) ([]byte, error)
	// ConfigDir is the directory that holds sops/age/keys.txt; "" if there is none.
	ConfigDir string
	// Run starts a program and returns what it prints on stdout.
	Run func(ctx context.Context, argv []string) ([]byte, error)
	// Prompt asks a person for a secret without showing it.
	Prompt func(ctx context.Context, question string) ([]byte, error)
	// Looked is told of each place that was looked at: a variable, a file, a
	// command, and how many identities it held.
	Looked func(place string, found int)
}

func (s Source) looked(place string, found int) {
	if s.Looked != nil {
		s.Looked(place, found)
	}
}

// env looks a variable up. One that is empty counts as not set: that is how a
// shell or a pipeline takes a variable away.
func (s Source) env(name string) (string, bool) {
	if s.LookupEnv == nil {
		return "", false
	}
	v, ok := s.LookupEnv(name)
	return v, ok && v != ""
}

var (
	// ErrNoMatch says that no stanza is meant for an identity.
	ErrNoMatch = errors.New("no stanza matches the identity")
	// ErrNoIdentity says that none of the identities at hand opens a file, or
	// that there are none. Errors that wrap it are of type [*NoIdentityError].
	ErrNoIdentity = errors.New("no identity opens it")
)

// A NoIdentityError says for whom a file is sealed when no identity at hand is
// among them.
type NoIdentityError struct {
	Recipients []string // public names, as in the file
	Tried      int      // number of identities at hand
}

func (e *NoIdentityError) Error() string {
	if e.Tried == 0 {
		return fmt.Sprintf("no identity at hand; sealed to %s", strings.Join(e.Recipients, ", "))
	}
	return fmt.Sprintf("none of the %d identities at hand opens it; sealed to %s", e.Tried, strings.Join(e.Recipients, ", "))
}

// Unwrap makes errors.Is(err, ErrNoIdentity) true.
func (e *NoIdentityError) Unwrap() error { return ErrNoIdentity }

// Unwrap asks each identity in turn for the secret of one key group.
func Unwrap(ctx context.Context, stanzas []*Stanza, ids []Identity) ([]byte, error) {
	for _, id := range ids {
		secret, err := id.Unwrap(ctx, stanzas)
		if err == nil {
			return secret, nil
		}
		if !errors.Is(err, ErrNoMatch) {
			return nil, err
		}
	}
	e := &NoIdentityError{Tried: len(ids)}
	for _, s := range stanzas {
		e.Recipients = append(e.Recipients, Name(s))
	}
	return nil, e
}
