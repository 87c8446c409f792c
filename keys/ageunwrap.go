package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// maxWrapped limits the plaintext of an age stanza: a data key or a Shamir share of
// it.
const maxWrapped = 1 << 10

// Recipienter is implemented by identities that know their own recipient.
type Recipienter interface {
	// Recipient returns the recipient, or "" if it is not known.
	Recipient() string
}

// Interactive is implemented by identities that may have to prompt a person, or
// wait for a person to touch a device. They are tried after the other identities.
type Interactive interface {
	Identity
	Interactive() bool
	// Equal reports whether both are the same, found in two key sources. Then only
	// one of them is kept, so there is only one prompt.
	Equal(other Identity) bool
}

// Claimer is implemented by identities whose recipient may come from an unverified
// source: a .pub file or a comment. Only a stanza that they unwrap proves it.
type Claimer interface {
	Identity
	Claimed() bool
}

// NoMatch returns an error that [Unwrap] treats like [ErrNoMatch], with a reason
// that may explain it.
func NoMatch(reason error) error { return &unusable{reason} }

// AgeIdentity returns an [Identity] for an identity of package age. name is its
// recipient, or "" if it is not known.
func AgeIdentity(id age.Identity, name string) Identity { return &ageIdentity{id: id, name: name} }

type ageIdentity struct {
	id   age.Identity
	name string
}

// Format prints only the recipient, for every verb.
func (a *ageIdentity) Format(f fmt.State, _ rune) { formatIdentity(f, a.name) }

func formatIdentity(f fmt.State, name string) {
	if name == "" {
		_, _ = io.WriteString(f, "[identity]")
		return
	}
	_, _ = io.WriteString(f, "[identity of "+name+"]")
}

func (a *ageIdentity) Recipient() string { return a.name }

// Unwrap first tries the stanza with the identity's own recipient, then the rest:
// the recipient in a file is a hint that is not authenticated. If a stanza cannot
// be read, Unwrap still tries the others.
func (a *ageIdentity) Unwrap(ctx context.Context, stanzas []*Stanza) ([]byte, error) {
	var failed []error
	for _, own := range []bool{true, false} {
		for _, s := range stanzas {
			if s.Type != AgeType || SameAgeRecipient(s.Field("recipient"), a.name) != own {
				continue
			}
			secret, err := a.open(s)
			var noMatch *age.NoIdentityMatchError
			switch {
			case err == nil:
				return secret, nil
			case ctx.Err() != nil:
				return nil, err
			case !errors.As(err, &noMatch):
				failed = append(failed, err)
			}
		}
	}
	if len(failed) > 0 {
		return nil, NoMatch(errors.Join(failed...))
	}
	return nil, ErrNoMatch
}

func (a *ageIdentity) open(s *Stanza) ([]byte, error) {
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(s.Wrapped)), a.id)
	if errors.Is(err, ErrPassphrase) {
		return nil, err // not the stanza's fault
	}
	if err != nil {
		return nil, fmt.Errorf("unwrap data key of %s: %w", Name(s), err)
	}
	secret, err := io.ReadAll(io.LimitReader(r, maxWrapped+1))
	if err != nil {
		return nil, fmt.Errorf("unwrap data key of %s: %w", Name(s), err)
	}
	if len(secret) > maxWrapped { // the end of a truncated plaintext would not be authenticated
		return nil, fmt.Errorf("unwrap data key of %s: more than %d bytes", Name(s), maxWrapped)
	}
	return secret, nil
}

// UnusableIdentity returns an identity that exists and cannot be used. It unwraps
// no stanza. If one of the stanzas may be meant for it, its error contains reason.
func UnusableIdentity(reason error, concerns func(*Stanza) bool) Identity {
	return &unusableIdentity{reason, concerns}
}

type unusableIdentity struct {
	reason   error
	concerns func(*Stanza) bool
}

func (u *unusableIdentity) Unwrap(_ context.Context, stanzas []*Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if u.concerns(s) {
			return nil, NoMatch(u.reason)
		}
	}
	return nil, ErrNoMatch
}

// Recipients lists the known recipients of identities, without duplicates. The
// recipients of locked identities are known after they have been unlocked.
func Recipients(ids ...Identity) []string {
	var all []string
	add := func(name string) {
		for _, other := range all {
			if name == "" || name == other {
				return
			}
		}
		if name != "" {
			all = append(all, name)
		}
	}
	for _, id := range ids {
		switch id := id.(type) {
		case Recipienter:
			add(id.Recipient())
		case *lockedIdentities:
			for _, name := range id.recipients() {
				add(name)
			}
		}
	}
	return all
}
