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
	// An error that wraps [ErrNoMatch] says that it opens none of them and the
	// next may be asked; any other error is final.
	Unwrap(ctx context.Context, stanzas []*Stanza) ([]byte, error)
}

// A Provider knows one kind of recipients.
type Provider interface {
	// Type is the name of the metadata list, for example "age".
	Type() string
	// StanzaRecipient returns the recipient that the fields of a stanza name; it
	// need not hold a wrapped key. Errors may quote it: recipients are public.
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
	// HomeDir is the directory that holds .ssh; "" if there is none.
	HomeDir string
	// Run starts a program and returns what it prints on stdout.
	Run func(ctx context.Context, argv []string) ([]byte, error)
	// Prompt asks a person for a secret without showing it. Identities may call
	// it long after they were collected, and from several goroutines at once.
	Prompt func(ctx context.Context, question string) ([]byte, error)
	// Confirm has a person choose between two answers, and reports whether it is
	// yes. no is "" if there is no other answer: then it waits for the one.
	Confirm func(ctx context.Context, question, yes, no string) (bool, error)
	// Notify tells a person something that needs no answer: "touch your key".
	Notify func(message string)
	// Looked is told of each place that was looked at: a variable, a file, a
	// command, and how many identities it held, [Locked] if nobody knows yet.
	Looked func(place string, found int)
	// Broken is called for each key source that cannot be used, or not as a
	// whole: a file that is missing, a malformed identity. The others are used
	// all the same. If nothing decrypts a file, its error contains reason again.
	Broken func(reason error)
	// Permit says whether a stanza of a file may be handed to the service that
	// it names; an error, usually a [*NotPermittedError], says why not. nil
	// permits none.
	Permit func(*Stanza) error
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
	Tried      int      // number of identities at hand; services do not count
	// Places are those that were looked in for identities, with what was found
	// there. Unwrap does not know them; who looked adds them.
	Places []string
	// Reasons says why keys did not open it that may be meant for the user: a
	// login that was refused, a service that does not answer.
	Reasons []error
}

func (e *NoIdentityError) Error() string {
	text := "no identity at hand"
	switch {
	case e.Tried == 1:
		text = "the identity at hand does not open it"
	case e.Tried > 1:
		text = fmt.Sprintf("none of the %d identities at hand opens it", e.Tried)
	}
	text += "; sealed to " + strings.Join(e.Recipients, ", ")
	if len(e.Places) > 0 {
		text += "; looked in " + strings.Join(e.Places, ", ")
	}
	for _, r := range e.Reasons {
		text += "\n" + r.Error()
	}
	return text
}

// Unwrap makes errors.Is(err, ErrNoIdentity) true, and finds the reasons.
func (e *NoIdentityError) Unwrap() []error { return append([]error{ErrNoIdentity}, e.Reasons...) }

// Unwrap asks each identity in turn for the secret of one key group.
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

// firstOf asks each identity in turn. If none opens a stanza, the error is
// [ErrNoMatch], and the reasons are those that identities gave.
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
