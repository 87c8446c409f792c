package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Service is a key service. It holds keys of one kind that never leave it: a
// cloud's key management, a transit engine, a program such as gpg. It wraps and
// unwraps data keys. Implementations must be safe for concurrent use.
type Service interface {
	// Type is the name of the metadata list, for example "gcp_kms".
	Type() string
	// Wrap encrypts secret with the key that the fields of key name. It returns the
	// stanza: those fields, fields that the service adds (the version that it used),
	// and the wrapped secret. The caller adds the field created_at, and keeps
	// ownership of key and secret.
	Wrap(ctx context.Context, key *Stanza, secret []byte) (*Stanza, error)
	// Unwrap decrypts a stanza.
	Unwrap(ctx context.Context, s *Stanza) ([]byte, error)
}

// ServiceProvider returns a [Provider] for a service. Its single identity stands
// for the access that the service grants the user.
//
// A file's metadata is not authenticated, and it names the host to contact and the
// role to assume. So a stanza is sent to the service only if [Source.Permit]
// returns no error. gpg is exempt, because it contacts no host and uses the user's
// own secret keys.
func ServiceProvider(s Service) Provider { return serviceProvider{s} }

type serviceProvider struct{ service Service }

func (p serviceProvider) Type() string { return p.service.Type() }

func (p serviceProvider) StanzaRecipient(s *Stanza) (Recipient, error) {
	if s.Type != p.Type() {
		return nil, fmt.Errorf("stanza of type %q, expected %q", s.Type, p.Type())
	}
	if kind, known := KindOf(s.Type); known && s.Field(kind.Fields[0]) == "" {
		return nil, fmt.Errorf("%s key without %s", s.Type, kind.Fields[0])
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

// Unwrap tries one stanza after the other: only the service knows which of them the
// user may use. If all fail, the error wraps [ErrNoMatch] and the errors of the
// service, because a key of another kind may still unwrap the data key.
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
	if kind, _ := KindOf(s.Type); kind.Local {
		return nil
	}
	if i.permit == nil {
		return &NotPermittedError{Type: s.Type, Recipient: Name(s)}
	}
	return i.permit(s)
}

// unusable is the reason why an identity did not unwrap stanzas that may be meant
// for it. [Unwrap] treats it as ErrNoMatch with a reason.
type unusable struct{ error }

func (u *unusable) Is(target error) bool { return target == ErrNoMatch }
func (u *unusable) Unwrap() error        { return u.error }

// WithPermit returns identities that call permit instead of [Source.Permit].
// Identities are collected once, while each file may have a different policy.
func WithPermit(ids []Identity, permit func(*Stanza) error) []Identity {
	all := slices.Clone(ids)
	for i, id := range all {
		if s, ok := id.(serviceIdentity); ok {
			all[i] = serviceIdentity{s.service, permit}
		}
	}
	return all
}

// A NotPermittedError reports that a stanza was not sent to its key service,
// because only the file lists its key.
type NotPermittedError struct {
	Type, Recipient string
	// Cause is the reason why the policy could not be read. It is nil if there is a
	// policy that does not list the key.
	Cause error
}

func (e *NotPermittedError) Error() string {
	text := fmt.Sprintf("%s %s: not contacted, because only the file lists it", e.Type, e.Recipient)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *NotPermittedError) Unwrap() error { return e.Cause }
