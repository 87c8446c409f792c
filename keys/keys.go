// Package keys wraps and unwraps data keys for recipients.
//
// A file holds one wrapped copy of the data key for each recipient, in a [Stanza].
// A [Recipient] wraps, an [Identity] unwraps, and a [Provider] supports one kind of
// them (age, pgp, kms ...). Packages of providers register with [Default] when they
// are imported, in the manner of database/sql drivers.
package keys

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A Stanza is the metadata entry with the data key wrapped for one recipient.
type Stanza struct {
	Type    string  // name of its metadata list: age, pgp, kms ...
	Fields  []Field // all fields but the wrapped key, in file order, unknown ones included
	Wrapped string  // the field "enc"
}

// A Field is a named string of a stanza, or a map of strings (the encryption
// context of a kms stanza).
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
	// Unwrap tries the stanzas of one key group and returns the secret. An error
	// that wraps [ErrNoMatch] means that the identity unwraps none of them and that
	// the next identity may be tried. Any other error is final.
	Unwrap(ctx context.Context, stanzas []*Stanza) ([]byte, error)
}

// A Provider supports one kind of recipients and identities.
type Provider interface {
	// Type is the name of the metadata list, for example "age".
	Type() string
	// StanzaRecipient returns the recipient that the fields of a stanza name; it
	// need not hold a wrapped key. Errors may quote it: recipients are public.
	StanzaRecipient(s *Stanza) (Recipient, error)
	// Identities collects the identities of the user from src, without duplicates.
	// It reports each key source, with the number of its identities, to src.Looked.
	Identities(ctx context.Context, src Source) ([]Identity, error)
}

// A Source is the only access of this package to environment, disk, programs and
// people. A function may be nil; the package then skips the features that need it.
type Source struct {
	LookupEnv func(name string) (string, bool)
	ReadFile  func(path string) ([]byte, error)
	// ConfigDir is the directory that holds sops/age/keys.txt, or "".
	ConfigDir string
	// HomeDir is the directory that holds .ssh, or "".
	HomeDir string
	// Run starts a program and returns its standard output.
	Run func(ctx context.Context, argv []string) ([]byte, error)
	// Prompt asks a person for a secret without showing it. Identities may call it
	// long after they were collected, and from several goroutines at once.
	Prompt func(ctx context.Context, question string) ([]byte, error)
	// Confirm prompts a person to choose between two answers, and reports whether
	// the answer is yes. If no is "", there is only one answer, and Confirm waits
	// for it.
	Confirm func(ctx context.Context, question, yes, no string) (bool, error)
	// Notify shows a person a message that needs no answer: "touch your key".
	Notify func(message string)
	// Looked is called for each key source: a variable, a file or a command. found
	// is the number of its identities, or [Locked] if it is not known yet.
	Looked func(keySource string, found int)
	// Broken is called for each key source that cannot be used, in whole or in part:
	// a file that is missing, a malformed identity. The other key sources are still
	// used. If no identity decrypts a file, its error contains reason again.
	Broken func(reason error)
	// Permit reports whether a stanza of a file may be sent to its key service. If
	// not, it returns an error, usually a [*NotPermittedError], with the reason. A
	// nil Permit permits no stanza.
	Permit func(*Stanza) error
}

// env looks up a variable. An empty variable counts as unset: shells and pipelines
// unset variables in this way.
func (s Source) env(name string) (string, bool) {
	if s.LookupEnv == nil {
		return "", false
	}
	v, ok := s.LookupEnv(name)
	return v, ok && v != ""
}

var (
	// ErrNoMatch reports that no stanza matches an identity.
	ErrNoMatch = errors.New("no stanza matches the identity")
	// ErrNoIdentity reports that none of the available identities decrypts a file,
	// or that there are no identities. Errors that wrap it are of type
	// [*NoIdentityError].
	ErrNoIdentity = errors.New("no identity decrypts it")
)

// A NoIdentityError lists the recipients of a file that none of the available
// identities decrypts.
type NoIdentityError struct {
	Recipients []string // public names, as in the file
	Tried      int      // number of available identities, without key services
	// KeySources are the key sources that were searched for identities, with the
	// results. Unwrap does not know them; the caller that collected the identities
	// adds them.
	KeySources []string
	// Reasons explain why keys that may be the user's did not unwrap it: a rejected
	// login, a key service that does not answer.
	Reasons []error
}

func (e *NoIdentityError) Error() string {
	text := "no identity available"
	switch {
	case e.Tried == 1:
		text = "the available identity does not decrypt it"
	case e.Tried > 1:
		text = fmt.Sprintf("none of the %d available identities decrypts it", e.Tried)
	}
	text += "; encrypted for " + strings.Join(e.Recipients, ", ")
	if len(e.KeySources) > 0 {
		text += "; searched " + strings.Join(e.KeySources, ", ")
	}
	for _, r := range e.Reasons {
		text += "\n" + r.Error()
	}
	return text
}

// Unwrap makes errors.Is(err, ErrNoIdentity) true, and finds the reasons.
func (e *NoIdentityError) Unwrap() []error { return append([]error{ErrNoIdentity}, e.Reasons...) }

// Unwrap tries each identity in turn and returns the secret of one key group.
func Unwrap(ctx context.Context, stanzas []*Stanza, ids []Identity) ([]byte, error) {
	secret, reasons, err := firstOf(ctx, stanzas, ids)
	if err == nil || !errors.Is(err, ErrNoMatch) {
		return secret, err
	}
	e := &NoIdentityError{Reasons: append(reasons, missingKinds(stanzas)...)}
	for _, id := range ids {
		switch id.(type) {
		case serviceIdentity, *unusableIdentity: // anyone may ask a service
		default:
			e.Tried++
		}
	}
	for _, s := range stanzas {
		e.Recipients = append(e.Recipients, Name(s))
	}
	return nil, e
}

// firstOf tries each identity in turn. If none unwraps a stanza, the error is
// [ErrNoMatch], and reasons are the reasons of the identities.
func firstOf(ctx context.Context, stanzas []*Stanza, ids []Identity) (secret []byte, reasons []error, err error) {
	for _, id := range ids {
		secret, err := id.Unwrap(ctx, stanzas)
		switch {
		case err == nil:
			return secret, nil, nil
		case !errors.Is(err, ErrNoMatch):
			return nil, nil, err
		case err != ErrNoMatch:
			reasons = append(reasons, err)
		}
	}
	return nil, reasons, ErrNoMatch
}
