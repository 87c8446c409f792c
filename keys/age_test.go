package keys_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

func TestAgeWrapUnwrap(t *testing.T) {
	for name, text := range map[string]string{"native": aliceKey, "hybrid": hybridKey} {
		t.Run(name, func(t *testing.T) {
			id := identity(t, text)
			r := recipient(t, public(id))
			assert.Equal(t, public(id), r.String())
			s, err := r.Wrap(t.Context(), secret)
			require.NoError(t, err)
			assert.Equal(t, keys.AgeType, s.Type)
			assert.Equal(t, []keys.Field{{Name: "recipient", Value: r.String()}}, s.Fields)
			assert.Equal(t, r.String(), keys.Name(s))
			assert.True(t, strings.HasPrefix(s.Wrapped, "-----BEGIN AGE ENCRYPTED FILE-----\n"))
			assert.True(t, strings.HasSuffix(s.Wrapped, "\n-----END AGE ENCRYPTED FILE-----\n"))
			assert.NotContains(t, s.Wrapped, string(secret))

			got, err := id.Unwrap(t.Context(), []*keys.Stanza{s})
			require.NoError(t, err)
			assert.Equal(t, secret, got)
			_, err = identity(t, bobKey).Unwrap(t.Context(), []*keys.Stanza{s})
			require.ErrorIs(t, err, keys.ErrNoMatch)
		})
	}
}

// Stanzas are age files: package age reads ours, and we read the files of package
// age.
func TestAgeFiles(t *testing.T) {
	ids, err := age.ParseIdentities(strings.NewReader(aliceKey))
	require.NoError(t, err)
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(wrap(t, alicePublic).Wrapped)), ids...)
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, secret, got)

	native, err := age.ParseX25519Recipient(alicePublic)
	require.NoError(t, err)
	var b bytes.Buffer
	aw := armor.NewWriter(&b)
	w, err := age.Encrypt(aw, native)
	require.NoError(t, err)
	_, err = w.Write(secret)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, aw.Close())
	stanza := &keys.Stanza{Type: keys.AgeType, Wrapped: b.String()}
	got, err = identity(t, aliceKey).Unwrap(t.Context(), []*keys.Stanza{stanza})
	require.NoError(t, err)
	assert.Equal(t, secret, got)
}

// The recipient in a stanza is a hint that is not authenticated. A wrong one
// neither locks a person out nor gives access.
func TestAgeWrongName(t *testing.T) {
	alice, bob := identity(t, aliceKey), identity(t, bobKey)
	mislabelled := wrap(t, alicePublic)
	mislabelled.Fields[0].Value = bobPublic
	got, err := alice.Unwrap(t.Context(), []*keys.Stanza{mislabelled})
	require.NoError(t, err)
	assert.Equal(t, secret, got)
	_, err = bob.Unwrap(t.Context(), []*keys.Stanza{mislabelled})
	require.ErrorIs(t, err, keys.ErrNoMatch)

	// An injected stanza with alice's name before and after her own.
	injected := wrap(t, bobPublic)
	injected.Fields[0].Value = alicePublic
	own := wrap(t, alicePublic)
	for _, order := range [][]*keys.Stanza{{injected, own}, {own, injected}, {injected, own, injected}} {
		got, err := alice.Unwrap(t.Context(), order)
		require.NoError(t, err)
		assert.Equal(t, secret, got)
	}
}

func TestAgeOtherStanzas(t *testing.T) {
	alice := identity(t, aliceKey)
	other := &keys.Stanza{Type: "kms", Fields: []keys.Field{{Name: "recipient", Value: alicePublic}}, Wrapped: wrap(t, alicePublic).Wrapped}
	_, err := alice.Unwrap(t.Context(), []*keys.Stanza{other})
	require.ErrorIs(t, err, keys.ErrNoMatch, "another type is not ours, whatever it holds")
	_, err = alice.Unwrap(t.Context(), nil)
	require.ErrorIs(t, err, keys.ErrNoMatch)
}

func TestAgeBrokenStanza(t *testing.T) {
	alice := identity(t, aliceKey)
	good := wrap(t, alicePublic)
	for name, text := range map[string]string{
		"empty":     "",
		"no armor":  "hello",
		"truncated": good.Wrapped[:len(good.Wrapped)/2],
		"changed":   strings.Replace(good.Wrapped, good.Wrapped[200:204], "AAAA", 1),
	} {
		s := *good
		s.Wrapped = text
		_, err := alice.Unwrap(t.Context(), []*keys.Stanza{&s})
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), aliceKey)
	}
}

// The plaintext is a data key or a share of one. A larger one is not read.
func TestAgeLimitsWhatItUnwraps(t *testing.T) {
	for size, ok := range map[int]bool{1 << 10: true, 1<<10 + 1: false, 1 << 20: false} {
		s, err := recipient(t, alicePublic).Wrap(t.Context(), make([]byte, size))
		require.NoError(t, err)
		got, err := identity(t, aliceKey).Unwrap(t.Context(), []*keys.Stanza{s})
		if ok {
			require.NoError(t, err)
			assert.Len(t, got, size)
			continue
		}
		require.ErrorIs(t, err, keys.ErrNoMatch)
		require.ErrorContains(t, err, "more than 1024 bytes")
		assert.Empty(t, got)
	}
}

func TestParseAgeRecipient(t *testing.T) {
	assert.Equal(t, alicePublic, recipient(t, " "+alicePublic+"\n").String())
	for text, want := range map[string]string{
		"":                       "unknown kind of age recipient",
		"ssh-ed25519 AAAA":       "(missing import?)",
		"age1yubikey1qqq":        "(missing import?)",
		"github:alice":           "unknown kind of age recipient",
		alicePublic[:40]:         "malformed age recipient",
		alicePublic + "q":        "malformed age recipient",
		"age1pq1qqqq":            "malformed age recipient",
		strings.ToUpper("age1x"): "unknown kind of age recipient",
	} {
		_, err := keys.ParseAgeRecipient(text)
		require.Error(t, err, text)
		assert.Contains(t, err.Error(), want)
	}
	_, err := keys.ParseAgeRecipient(aliceKey)
	require.EqualError(t, err, "expected an age recipient, got a private key")
	for _, text := range []string{"AGE-PLUGIN-X-1QQQ", "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2"} {
		_, err := keys.ParseAgeRecipient(text)
		require.EqualError(t, err, "expected an age recipient, got a private key")
	}
}

// No verb shows the secret, neither as text nor as bytes.
func TestIdentityPrintsItsRecipient(t *testing.T) {
	id := identity(t, aliceKey)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		assert.Equal(t, "[identity of "+alicePublic+"]", fmt.Sprintf(verb, id))
		inside := fmt.Sprintf(verb, struct{ id keys.Identity }{id})
		assert.NotContains(t, inside, "SECRET")
		assert.LessOrEqual(t, len(regexp.MustCompile(`\d+`).FindAllString(inside, -1)), 40, "bytes of the key in %s", inside)
	}
	assert.Equal(t, "[identity]", fmt.Sprint(keys.AgeIdentity(nil, "")))
}
