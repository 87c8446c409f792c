package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// AgeType is the stanza type of age recipients.
const AgeType = "age"

// maxWrapped bounds what an age stanza may decrypt to: a data key or a share of it.
const maxWrapped = 1 << 10

type ageProvider struct{}

func (ageProvider) Type() string { return AgeType }

// ParseAgeRecipient reads a native (age1…) or hybrid post-quantum (age1pq1…) recipient.
func ParseAgeRecipient(s string) (Recipient, error) {
	s = strings.TrimSpace(s)
	var r age.Recipient
	var err error
	switch {
	case strings.HasPrefix(s, "age1pq1"):
		r, err = age.ParseHybridRecipient(s)
	case strings.HasPrefix(s, "age1") && strings.Count(s, "1") == 1:
		r, err = age.ParseX25519Recipient(s)
	case strings.HasPrefix(s, "AGE-SECRET-KEY-"):
		return nil, errors.New("an age identity (a secret) stands where a recipient belongs")
	default:
		return nil, fmt.Errorf("age recipient %q is of a kind that this version does not know", s)
	}
	if err != nil {
		return nil, fmt.Errorf("malformed age recipient %q", s)
	}
	return ageRecipient{name: s, r: r}, nil
}

func (ageProvider) ParseRecipient(s string) (Recipient, error) { return ParseAgeRecipient(s) }

func (ageProvider) StanzaRecipient(s *Stanza) (Recipient, error) {
	return ParseAgeRecipient(s.Field("recipient"))
}

type ageRecipient struct {
	name string
	r    age.Recipient
}

func (a ageRecipient) String() string { return a.name }

// Wrap makes one armored age file for one recipient, as sops does.
func (a ageRecipient) Wrap(_ context.Context, secret []byte) (*Stanza, error) {
	var buf bytes.Buffer
	aw := armor.NewWriter(&buf)
	w, err := age.Encrypt(aw, a.r)
	if err != nil {
		return nil, fmt.Errorf("wrap for %s: %w", a.name, err)
	}
	_, err = w.Write(secret)
	if err := errors.Join(err, w.Close(), aw.Close()); err != nil {
		return nil, fmt.Errorf("wrap for %s: %w", a.name, err)
	}
	return &Stanza{
		Type:    AgeType,
		Fields:  []Field{{Name: "recipient", Value: a.name}},
		Wrapped: buf.String(),
	}, nil
}

// AgeIdentity makes an [Identity] of an identity of package age. name is its
// recipient, "" if it is not known.
func AgeIdentity(id age.Identity, name string) Identity { return &ageIdentity{id: id, name: name} }

type ageIdentity struct {
	id   age.Identity
	name string
}

// Format prints the recipient and nothing else, whatever the verb.
func (a *ageIdentity) Format(f fmt.State, _ rune) {
	if a.name == "" {
		_, _ = io.WriteString(f, "[identity]")
		return
	}
	_, _ = io.WriteString(f, "[identity of "+a.name+"]")
}

// Recipienter is implemented by identities that know their own recipient.
type Recipienter interface {
	// Recipient returns the public half, "" if it is not known.
	Recipient() string
}

func (a *ageIdentity) Recipient() string { return a.name }

// Unwrap tries the stanza that names the identity's own recipient first, then
// the rest: the name in a file is a hint that nothing authenticates.
func (a *ageIdentity) Unwrap(_ context.Context, stanzas []*Stanza) ([]byte, error) {
	for _, own := range []bool{true, false} {
		for _, s := range stanzas {
			if s.Type != AgeType || (s.Field("recipient") == a.name) != own {
				continue
			}
			secret, err := a.open(s)
			var noMatch *age.NoIdentityMatchError
			if errors.As(err, &noMatch) {
				continue
			}
			return secret, err
		}
	}
	return nil, ErrNoMatch
}

func (a *ageIdentity) open(s *Stanza) ([]byte, error) {
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(s.Wrapped)), a.id)
	if err != nil {
		return nil, fmt.Errorf("unwrap data key of %s: %w", Name(s), err)
	}
	secret, err := io.ReadAll(io.LimitReader(r, maxWrapped))
	if err != nil {
		return nil, fmt.Errorf("unwrap data key of %s: %w", Name(s), err)
	}
	return secret, nil
}
