package servicetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

const plain = `name: shop
# sealed too
db:
    password: 's3cret: with a colon'
    ports:
        - 80
        - 443
`

// BothWays has sops and this project seal, open, rotate and rekey the same file
// for the one key that rule, the text of a creation rule, names.
func BothWays(t *testing.T, rule string) {
	t.Helper()
	b := newBothWays(t, "creation_rules:\n  - "+rule+"\n")
	t.Run("same metadata", b.metadata)
	t.Run("sops decrypts our file", func(t *testing.T) { b.opensWithSops(t, b.seal(t)) })
	t.Run("we decrypt the file of sops", func(t *testing.T) { b.open(t, b.sealWithSops(t)) })
	t.Run("rotate", b.rotate)
	t.Run("rekey", b.rekey)
}

type bothWays struct {
	sops *Sops
	rule *environments.Rule
	to   envfile.Recipients
	typ  string
}

func newBothWays(t *testing.T, rules string) *bothWays {
	t.Helper()
	b := &bothWays{sops: NewSops(t, rules)}
	policy, err := environments.ParsePolicy(b.sops.Dir+"/.sops.yaml", []byte(rules))
	require.NoError(t, err)
	b.rule, err = policy.RuleFor(b.sops.Dir + "/app.yaml")
	require.NoError(t, err)
	b.to, err = b.rule.Recipients(keys.Default)
	require.NoError(t, err)
	b.typ = b.rule.Groups[0][0].Type
	return b
}

func (b *bothWays) seal(t *testing.T) *envfile.Sealed {
	t.Helper()
	d, err := envfile.Parse(envfile.YAML, []byte(plain))
	require.NoError(t, err)
	s, _, err := envfile.Seal(t.Context(), d, b.rule.Rules, b.to)
	require.NoError(t, err)
	require.NotContains(t, string(s.Bytes()), "s3cret")
	return s
}

func (b *bothWays) sealWithSops(t *testing.T) *envfile.Sealed {
	t.Helper()
	b.sops.Write("app.yaml", plain)
	return b.parse(t, b.sops.Run("encrypt", "app.yaml"))
}

func (b *bothWays) parse(t *testing.T, text string) *envfile.Sealed {
	t.Helper()
	s, err := envfile.ParseSealed(envfile.YAML, []byte(text))
	require.NoError(t, err)
	return s
}

// identities returns the identities of one provider, for a user that may use its
// key.
func (b *bothWays) identities(t *testing.T) []keys.Identity {
	t.Helper()
	p, err := keys.Default.Provider(b.typ)
	require.NoError(t, err)
	ids, err := p.Identities(t.Context(), keys.Source{Permit: func(*keys.Stanza) error { return nil }})
	require.NoError(t, err)
	return ids
}

func (b *bothWays) open(t *testing.T, s *envfile.Sealed) *envfile.Opened {
	t.Helper()
	o, err := s.Open(t.Context(), b.identities(t)...)
	require.NoError(t, err)
	text, err := o.Text()
	require.NoError(t, err)
	require.Equal(t, plain, string(text))
	return o
}

func (b *bothWays) opensWithSops(t *testing.T, s *envfile.Sealed) {
	t.Helper()
	b.sops.Write("app.yaml", string(s.Bytes()))
	require.Equal(t, plain, b.sops.Run("decrypt", "app.yaml"))
}

// metadata compares the stanzas for the key, field by field and in the order of the
// file. It compares only the form of the time. The wrapped key differs each time,
// so it compares only its beginning and its length.
func (b *bothWays) metadata(t *testing.T) {
	ours, theirs := b.wrapped(t, b.parse(t, string(b.seal(t).Bytes()))), b.wrapped(t, b.sealWithSops(t))
	assert.Equal(t, theirs, ours)
	assert.Equal(t, keys.Name(theirs), keys.Name(ours))
}

func (b *bothWays) wrapped(t *testing.T, s *envfile.Sealed) *keys.Stanza {
	t.Helper()
	all := s.Metadata().Stanzas()
	require.Len(t, all, 1)
	k := all[0]
	require.Equal(t, b.typ, k.Type)
	require.NotEmpty(t, k.Wrapped)
	for i, f := range k.Fields {
		if f.Name == "created_at" {
			require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, f.Value)
			k.Fields[i].Value = "now"
		}
	}
	begin := ""
	for _, prefix := range []string{"-----BEGIN PGP MESSAGE-----\n\n", "vault:v1:"} {
		if strings.HasPrefix(k.Wrapped, prefix) {
			begin = prefix
		}
	}
	k.Wrapped = fmt.Sprintf("%s and so on, %d bytes", begin, len(k.Wrapped))
	return k
}

// rotate gives the file a new data key: sealcfg in a file of sops, and sops in a
// file of sealcfg.
func (b *bothWays) rotate(t *testing.T) {
	theirs := b.sealWithSops(t)
	rotated, err := b.open(t, theirs).Rotate(t.Context(), b.rule.Rules, b.to)
	require.NoError(t, err)
	require.NotEqual(t, theirs.Metadata().Stanzas()[0].Wrapped, rotated.Metadata().Stanzas()[0].Wrapped)
	b.open(t, rotated)
	b.opensWithSops(t, rotated)

	again := b.parse(t, b.sops.Run("rotate", "app.yaml"))
	require.NotEqual(t, rotated.Metadata().Stanzas()[0].Wrapped, again.Metadata().Stanzas()[0].Wrapped)
	b.open(t, again)
}

// rekey adds a person to the file, and takes the key away from it.
func (b *bothWays) rekey(t *testing.T) {
	person, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	recipient, err := keys.ParseAgeRecipient(person.Recipient().String())
	require.NoError(t, err)
	alone := keys.AgeIdentity(person, recipient.String())

	theirs := b.sealWithSops(t)
	both := envfile.Recipients{Groups: [][]keys.Recipient{append(slices.Clone(b.to.Groups[0]), recipient)}}
	added, err := b.open(t, theirs).Rewrap(t.Context(), both)
	require.NoError(t, err)
	opened := b.open(t, added)
	b.opensWithSops(t, added)
	_, err = added.Open(t.Context(), alone)
	require.NoError(t, err, "the added person")

	// A second Rewrap changes no byte: the stanzas of the file are kept.
	again, err := opened.Rewrap(t.Context(), both)
	require.NoError(t, err)
	assert.Equal(t, string(added.Bytes()), string(again.Bytes()))

	left, err := opened.Rewrap(t.Context(), envfile.Recipients{Groups: [][]keys.Recipient{{recipient}}})
	require.NoError(t, err)
	_, err = left.Open(t.Context(), b.identities(t)...)
	require.Error(t, err, "the removed key")

	o, err := left.Open(t.Context(), alone)
	require.NoError(t, err)
	back, err := o.Rewrap(t.Context(), both)
	require.NoError(t, err)
	b.open(t, back)
	b.opensWithSops(t, back)

	// sops finds its policy fulfilled.
	fulfilled, err := b.open(t, back).Rewrap(t.Context(), b.to)
	require.NoError(t, err)
	b.opensWithSops(t, fulfilled)
	b.sops.Run("updatekeys", "--yes", "app.yaml")
	assert.Equal(t, string(fulfilled.Bytes()), b.sops.Read("app.yaml"))
}
