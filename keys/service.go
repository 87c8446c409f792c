package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Service holds keys of one kind that never leave it: a cloud's key management,
// a transit engine, a program such as gpg. It is asked to wrap and unwrap.
// Implementations must be safe for concurrent use.
type Service interface {
	// Type is the name of the metadata list, for example "gcp_kms".
	Type() string
	// Wrap encrypts secret with the key that the fields of key name, and returns
	// its stanza: those fields, others that the service adds (the version that
	// it took), and the wrapped secret. The field created_at is added by the
	// caller, who keeps ownership of key and secret.
	Wrap(ctx context.Context, key *Stanza, secret []byte) (*Stanza, error)
	// Unwrap decrypts a stanza.
	Unwrap(ctx context.Context, s *Stanza) ([]byte, error)
}

// ServiceProvider makes a [Provider] of a service. Its one identity is whatever
// the service grants the user.
//
// A file's metadata is not authenticated, and it names the host to ask and the
// role to take. So a stanza is handed to the service only if [Source.Permit]
// agrees; gpg is asked freely, since it contacts nobody and takes the secret
// keys that the user has.
func ServiceProvider(s Service) Provider { return serviceProvider{s} }

type serviceProvider struct{ service Service }

func (p serviceProvider) Type() string { return p.service.Type() }

func (p serviceProvider) StanzaRecipient(s *Stanza) (Recipient, error) {
	if s.Type != p.Type() {
		return nil, fmt.Errorf("stanza of type %q, want %q", s.Type, p.Type())
	}
	for _, name := range identifying[s.Type][:1] {
		if s.Field(name) == "" {
			return nil, fmt.Errorf("%s key without %s", s.Type, name)
		}
	}
	key := &Stanza{Type: s.Type}
	for _, f := range s.Fields {
		if f.Name != createdAt {
			key.Fields = append(key.Fields, f)
		}
	}
	return serviceRecipient{p.service, key}, nil
}

func (p serviceProvider) Identities(_ context.Context, src Source) ([]Identity, error) {
	return []Identity{serviceIdentity{p.service, src.Permit}}, nil
}

// createdAt is the field that every kind but age has: when the key was wrapped.
const createdAt = "created_at"

type serviceRecipient struct {
	service Service
	key     *Stanza // without the wrapped secret
}

func (r serviceRecipient) String() string { return Name(r.key) }

func (r serviceRecipient) Wrap(ctx context.Context, secret []byte) (*Stanza, error) {
	s, err := r.service.Wrap(ctx, r.key, secret)
	if err != nil {
		return nil, fmt.Errorf("wrap for %s: %w", r, err)
	}
	s.Fields = append(s.Fields, Field{Name: createdAt, Value: time.Now().UTC().Format(time.RFC3339)})
	return s, nil
}

type serviceIdentity struct {
	service Service
	permit  func(*Stanza) error
}

func (i serviceIdentity) String() string { return "[identity of " + i.service.Type() + "]" }

// Unwrap asks for one stanza after the other: which of them the user may use is
// known to the service alone. What it says of those that failed comes with
// [ErrNoMatch], for a key of another kind may still open the file.
func (i serviceIdentity) Unwrap(ctx context.Context, stanzas []*Stanza) ([]byte, error) {
	var failed []error
	for _, s := range stanzas {
		if s.Type != i.service.Type() {
			continue
		}
		err := i.permitted(s)
		if err == nil {
			var secret []byte
			if secret, err = i.service.Unwrap(ctx, s); err == nil {
				return secret, nil
			}
			err = fmt.Errorf("%s %s: %w", s.Type, Name(s), err)
		}
		if ctx.Err() != nil {
			return nil, err
		}
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return nil, ErrNoMatch
	}
	return nil, &unusable{errors.Join(failed...)}
}

func (i serviceIdentity) permitted(s *Stanza) error {
	if s.Type == "pgp" {
		return nil
	}
	if i.permit == nil {
		return &NotPermittedError{Type: s.Type, Recipient: Name(s)}
	}
	return i.permit(s)
}

// unusable says why stanzas that may be meant for an identity did not open. To
// [Unwrap] it is ErrNoMatch with a reason.
type unusable struct{ error }

func (u *unusable) Is(target error) bool { return target == ErrNoMatch }
func (u *unusable) Unwrap() error        { return u.error }

// WithPermit returns identities that ask permit in the place of [Source.Permit].
// Identities are collected once, while each file may have a policy of its own.
func WithPermit(ids []Identity, permit func(*Stanza) error) []Identity {
	all := slices.Clone(ids)
	for i, id := range all {
		if s, ok := id.(serviceIdentity); ok {
			all[i] = serviceIdentity{s.service, permit}
		}
	}
	return all
}

// A NotPermittedError says that a stanza was not handed to its service, because
// its key stands in the file only.
type NotPermittedError struct {
	Type, Recipient string
	// Cause says why no policy could be asked, nil if there is one and it does
	// not name the key.
	Cause error
}

func (e *NotPermittedError) Error() string {
	text := fmt.Sprintf("%s %s: not contacted, since only the file names it", e.Type, e.Recipient)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *NotPermittedError) Unwrap() error { return e.Cause }
