package keys_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

// FuzzUnwrap passes random stanzas to an identity. Only a writer that knows the
// recipient can make a stanza that unwraps. The fuzzer begins with one: its
// variants unwrap to the same secret, or fail.
func FuzzUnwrap(f *testing.F) {
	for _, to := range []string{alicePublic, bobPublic} {
		f.Add(to, wrap(f, to).Wrapped)
	}
	f.Add("", "-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\n")
	f.Add(alicePublic, "age-encryption.org/v1\n-> X25519 a\nb\n--- c\n")
	id := identity(f, aliceKey)
	f.Fuzz(func(t *testing.T, name, wrapped string) {
		stanza := &keys.Stanza{Type: keys.AgeType, Fields: []keys.Field{{Name: "recipient", Value: name}}, Wrapped: wrapped}
		got, err := id.Unwrap(t.Context(), []*keys.Stanza{stanza})
		if err == nil {
			require.Equal(t, secret, got)
			return
		}
		require.True(t, errors.Is(err, keys.ErrNoMatch), "%v", err)
	})
}

// FuzzParseAgeRecipient parses the recipients of .sops.yaml and of files.
func FuzzParseAgeRecipient(f *testing.F) {
	for _, text := range []string{alicePublic, hybridRecipient(f), aliceKey, "age1x1qqqq", "ssh-ed25519 AAAA", strings.ToUpper(alicePublic), " " + alicePublic + "\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := keys.ParseAgeRecipient(text)
		if err != nil {
			if keys.IsAgeSecret(text) {
				require.NotContains(t, err.Error(), strings.TrimSpace(text))
			}
			return
		}
		again, err := keys.ParseAgeRecipient(r.String())
		require.NoError(t, err)
		require.Equal(t, r.String(), again.String())
		_, err = r.Wrap(t.Context(), secret)
		require.NoError(t, err)
	})
}

func hybridRecipient(t testing.TB) string { return public(identity(t, hybridKey)) }
