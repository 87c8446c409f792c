package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/sealcfg/sealcfg/internal/privatekey"
)

// AgeType is the stanza type of age recipients.
const AgeType = "age"

// ParseAgeRecipient is [AgeProvider.ParseRecipient] of [Age].
func ParseAgeRecipient(s string) (Recipient, error) { return Age.ParseRecipient(s) }

// ParseRecipient reads a native (age1…) or hybrid post-quantum (age1pq1…)
// recipient, or one of a kind that has registered. It fails with a
// [*MissingKindError] for a kind of this project that has not.
func (p *AgeProvider) ParseRecipient(s string) (Recipient, error) {
	s = strings.TrimSpace(s)
	if IsAgeSecret(s) {
		return nil, errors.New("expected an age recipient, got a private key")
	}
	var r age.Recipient
	var err error
	switch {
	case strings.HasPrefix(s, "age1pq1"):
		r, err = age.ParseHybridRecipient(s)
	case strings.HasPrefix(s, "age1") && strings.Count(s, "1") == 1:
		r, err = age.ParseX25519Recipient(s)
	default:
		return p.otherRecipient(s)
	}
	if err != nil {
		return nil, fmt.Errorf("malformed age recipient %q", s)
	}
	return AgeRecipient(r, s), nil
}

func (p *AgeProvider) otherRecipient(s string) (Recipient, error) {
	for _, k := range p.registered() {
		if r, err := k.ParseRecipient(s); !errors.Is(err, ErrOtherKind) {
			return r, err
		}
	}
	if kind := kindOfRecipient(s); kind != "" && !p.has(kind) {
		return nil, fmt.Errorf("age recipient %q: %w", s, missingKind(kind))
	}
	return nil, fmt.Errorf("unknown kind of age recipient %q", s)
}

func (p *AgeProvider) has(kind string) bool {
	for _, k := range p.registered() {
		if k.Name() == kind {
			return true
		}
	}
	return false
}

// IsAgeSecret reports whether s is a private key, or looks like one: an age
// identity, an SSH key, a PEM block. No error may quote it.
func IsAgeSecret(s string) bool {
	return IsAgeIdentity(s) || strings.Contains(strings.ToUpper(s), "PRIVATE KEY") || privatekey.In(s)
}

// IsAgeIdentity reports whether s begins like an identity of age or of one of its plugins.
func IsAgeIdentity(s string) bool {
	s = strings.ToUpper(strings.TrimLeft(s, " \t\r\n\"'"))
	return strings.HasPrefix(s, "AGE-") || strings.Contains(s, "SECRET-KEY-") && privatekey.In(s)
}

// StanzaRecipient reads the recipient that a stanza names.
func (p *AgeProvider) StanzaRecipient(s *Stanza) (Recipient, error) {
	if s.Type != AgeType {
		return nil, fmt.Errorf("stanza of type %q, expected %q", s.Type, AgeType)
	}
	return p.ParseRecipient(s.Field("recipient"))
}

// AgeRecipient returns a [Recipient] for a recipient of package age. name is the
// recipient as .sops.yaml spells it.
func AgeRecipient(r age.Recipient, name string) Recipient { return ageRecipient{name, r} }

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

// SameAgeRecipient reports whether two strings are the same recipient. It ignores
// the comment after an SSH key, which is part of the string that sops keeps.
func SameAgeRecipient(a, b string) bool {
	return a == b || strings.HasPrefix(a, "ssh-") && withoutComment(a) == withoutComment(b)
}

// withoutComment splits at blanks and tabs only, as the parser of the key does.
// Otherwise, in a string with other white space, it would not compare the key that
// is parsed.
func withoutComment(ssh string) string {
	if strings.ContainsAny(ssh, "\r\n") {
		return ssh // several lines are no key
	}
	words := strings.FieldsFunc(ssh, func(r rune) bool { return r == ' ' || r == '\t' })
	return strings.Join(words[:min(2, len(words))], " ")
}
