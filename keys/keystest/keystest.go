// Package keystest tests providers of package keys, in this module and in others.
// It needs the real service, or a fake that does the real cryptography.
package keystest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealcfg/sealcfg/internal/errchain"
	"github.com/sealcfg/sealcfg/keys"
)

// A Setup is a provider with a key that works.
type Setup struct {
	Provider keys.Provider
	// Key names a key of the user, as the metadata of a file does; it holds no
	// wrapped secret.
	Key *keys.Stanza
	// Source is where the user's identities are found. Permit is set by the suite.
	Source keys.Source
	// Patience is how long a call with a context that has ended may take; one
	// second if it is zero.
	Patience time.Duration
}

// Test runs the suite. It tests the behavior that package envfile relies on.
func Test(t *testing.T, s Setup) {
	t.Helper()
	if s.Patience == 0 {
		s.Patience = time.Second
	}
	t.Run("names", s.names)
	t.Run("round trip", s.roundTrip)
	t.Run("not mine", s.notMine)
	t.Run("tampered", s.tampered)
	t.Run("not permitted", s.notPermitted)
	t.Run("cancelled", s.cancelled)
	t.Run("concurrent", s.concurrent)
}

func (s Setup) recipient(t *testing.T) keys.Recipient {
	t.Helper()
	r, err := s.Provider.StanzaRecipient(s.Key)
	if err != nil {
		t.Fatalf("StanzaRecipient: %v", err)
	}
	return r
}

func (s Setup) identities(t *testing.T, permit func(*keys.Stanza) error) []keys.Identity {
	t.Helper()
	src := s.Source
	src.Permit = permit
	ids, err := s.Provider.Identities(t.Context(), src)
	if err != nil {
		t.Fatalf("Identities: %v", err)
	}
	if len(ids) == 0 {
		t.Fatal("Identities: none")
	}
	return ids
}

func permitAll(*keys.Stanza) error { return nil }

// secretOf is a secret of the size of a data key (32), or of a share of one (33).
func secretOf(size int) []byte { return bytes.Repeat([]byte{0xA5}, size-1) }

func newSecret(size int) []byte { return append(secretOf(size), byte(size)) }

func (s Setup) names(t *testing.T) {
	if !slices.Contains(keys.Types(), s.Provider.Type()) || s.Key.Type != s.Provider.Type() {
		t.Errorf("type %q of the provider, %q of the key: want one of %v", s.Provider.Type(), s.Key.Type, keys.Types())
	}
	if got := s.recipient(t).String(); got != keys.Name(s.Key) {
		t.Errorf("the recipient is called %q, its stanza %q", got, keys.Name(s.Key))
	}
	for _, bad := range []*keys.Stanza{{Type: s.Provider.Type()}, {Type: "another", Fields: s.Key.Fields}} {
		if _, err := s.Provider.StanzaRecipient(bad); err == nil {
			t.Errorf("a recipient for the stanza %+v", bad)
		}
	}
}

func (s Setup) roundTrip(t *testing.T) {
	for _, size := range []int{32, 33} {
		secret := newSecret(size)
		stanza, err := s.recipient(t).Wrap(t.Context(), secret)
		if err != nil {
			t.Fatalf("Wrap: %v", err)
		}
		if !bytes.Equal(secret, newSecret(size)) {
			t.Error("Wrap changed the secret, which the caller owns")
		}
		s.checkStanza(t, stanza, secret)
		for range 2 { // an identity is used for many files
			got, err := keys.Unwrap(t.Context(), []*keys.Stanza{stanza}, s.identities(t, permitAll))
			if err != nil {
				t.Fatalf("Unwrap: %v", err)
			}
			if !bytes.Equal(got, secret) {
				t.Errorf("Unwrap: another secret, of %d bytes", len(got))
			}
		}
	}
}

func (s Setup) checkStanza(t *testing.T, stanza *keys.Stanza, secret []byte) {
	t.Helper()
	if stanza.Type != s.Provider.Type() || stanza.Wrapped == "" {
		t.Errorf("stanza of type %q with %d bytes wrapped", stanza.Type, len(stanza.Wrapped))
	}
	for _, f := range s.Key.Fields {
		if f.Value != "" && stanza.Field(f.Name) != f.Value {
			t.Errorf("field %s of the stanza is %q, want %q", f.Name, stanza.Field(f.Name), f.Value)
		}
	}
	if strings.Contains(fmt.Sprintf("%+v", *stanza), string(secret)) {
		t.Error("the stanza contains the secret")
	}
	if at := stanza.Field("created_at"); at != "" {
		if _, err := time.Parse(time.RFC3339, at); err != nil {
			t.Errorf("created_at is %q, expected RFC 3339", at)
		}
	} else if s.Provider.Type() != keys.AgeType {
		t.Error("created_at is missing")
	}
}

func (s Setup) notMine(t *testing.T) {
	for _, id := range s.identities(t, permitAll) {
		if _, err := id.Unwrap(t.Context(), []*keys.Stanza{{Type: "another", Wrapped: "x"}}); !errors.Is(err, keys.ErrNoMatch) {
			t.Errorf("a stanza of another type: %v, want ErrNoMatch", err)
		}
	}
}

func (s Setup) tampered(t *testing.T) {
	secret := newSecret(32)
	stanza, err := s.recipient(t).Wrap(t.Context(), secret)
	if err != nil {
		t.Fatalf("Wrap: %v", err)
	}
	for name, wrapped := range map[string]string{
		"empty": "", "text": "not a wrapped key", "cut": stanza.Wrapped[:len(stanza.Wrapped)/2], "changed": flip(stanza.Wrapped),
	} {
		bad := *stanza
		bad.Wrapped = wrapped
		got, err := keys.Unwrap(t.Context(), []*keys.Stanza{&bad}, s.identities(t, permitAll))
		if err == nil {
			t.Errorf("%s: %d bytes and no error", name, len(got))
		}
		for e := range errchain.All(err) {
			if strings.Contains(e.Error(), string(secret)) {
				t.Errorf("%s: the error holds the secret", name)
			}
		}
	}
}

// flip changes a letter or digit near the middle.
func flip(s string) string {
	b := []byte(s)
	for i := len(b) / 2; i < len(b); i++ {
		switch {
		case b[i] == 'A':
			b[i] = 'B'
			return string(b)
		case b[i] >= 'B' && b[i] <= 'Z', b[i] >= 'a' && b[i] <= 'z':
			b[i] = 'A'
			return string(b)
		}
	}
	return string(append(b, 'A'))
}

// notPermitted checks that a key service is not contacted if only a file lists its
// key.
func (s Setup) notPermitted(t *testing.T) {
	if kind, _ := keys.KindOf(s.Provider.Type()); kind.Local {
		t.Skip("unwraps with the user's own keys")
	}
	stanza, err := s.recipient(t).Wrap(t.Context(), newSecret(32))
	if err != nil {
		t.Fatalf("Wrap: %v", err)
	}
	var refused *keys.NotPermittedError
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{stanza}, s.identities(t, nil))
	if !errors.As(err, &refused) || !errors.Is(err, keys.ErrNoIdentity) {
		t.Errorf("a key without permission: %v", err)
	}
}

func (s Setup) cancelled(t *testing.T) {
	stanza, err := s.recipient(t).Wrap(t.Context(), newSecret(32))
	if err != nil {
		t.Fatalf("Wrap: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begin := time.Now()
	ids := s.identities(t, permitAll)
	_, err = keys.Unwrap(ctx, []*keys.Stanza{stanza}, ids)
	if d := time.Since(begin); d > s.Patience {
		t.Errorf("Unwrap took %v with a context that has ended", d)
	}
	if err == nil && s.Provider.Type() != keys.AgeType { // age only computes
		t.Error("Unwrap contacted a service with a context that has ended")
	}
}

func (s Setup) concurrent(t *testing.T) {
	r, ids := s.recipient(t), s.identities(t, permitAll)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			secret := newSecret(32)
			stanza, err := r.Wrap(t.Context(), secret)
			if err != nil {
				t.Errorf("Wrap: %v", err)
				return
			}
			got, err := keys.Unwrap(t.Context(), []*keys.Stanza{stanza}, ids)
			if err != nil || !bytes.Equal(got, secret) {
				t.Errorf("Unwrap: %v", err)
			}
		})
	}
	all.Wait()
}
