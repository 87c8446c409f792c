package keys_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

// toy is a kind whose keys are native keys with another prefix.
type toy struct{ patient bool }

func (toy) Name() string { return "toy" }

func (toy) ParseRecipient(text string) (keys.Recipient, error) {
	native, ok := strings.CutPrefix(text, "toy:")
	if !ok {
		return nil, keys.ErrOtherKind
	}
	r, err := age.ParseX25519Recipient(native)
	if err != nil {
		return nil, errors.New("malformed toy")
	}
	return keys.AgeRecipient(r, text), nil
}

func (k toy) ParseIdentity(text, recipient string, _ keys.Source) (keys.Identity, error) {
	native, ok := strings.CutPrefix(text, "TOY:")
	if !ok {
		return nil, keys.ErrOtherKind
	}
	id, err := age.ParseX25519Identity(native)
	if err != nil {
		return nil, errors.New("malformed toy")
	}
	if k.patient {
		return patient{keys.AgeIdentity(id, recipient)}, nil
	}
	return keys.AgeIdentity(id, recipient), nil
}

func (toy) Identities(_ context.Context, src keys.Source) ([]keys.Identity, error) {
	if _, ok := src.Env("TOY_BROKEN"); ok {
		return nil, errors.New("the toy is broken")
	}
	src.Report("toy box", 0)
	return nil, nil
}

type patient struct{ keys.Identity }

func (patient) Interactive() bool                { return true }
func (p patient) Equal(other keys.Identity) bool { return false }
func (p patient) Recipient() string              { return "patient" }
func ageWith(kinds ...keys.AgeKind) *keys.AgeProvider {
	p := new(keys.AgeProvider)
	for _, k := range kinds {
		p.Register(k)
	}
	return p
}

func TestAgeKind(t *testing.T) {
	p := ageWith(toy{})
	assert.PanicsWithValue(t, "keys: kind toy of age registered twice", func() { p.Register(toy{}) })

	named := &keys.Stanza{Type: "age", Fields: []keys.Field{{Name: "recipient", Value: "toy:" + alicePublic}}}
	r, err := p.StanzaRecipient(named)
	require.NoError(t, err)
	s, err := r.Wrap(t.Context(), secret)
	require.NoError(t, err)
	assert.Equal(t, "toy:"+alicePublic, keys.Name(s), "the text is kept")
	_, err = p.ParseRecipient("toy:x")
	require.EqualError(t, err, "malformed toy")
	_, err = p.ParseRecipient(alicePublic)
	require.NoError(t, err, "native ones need no kind")

	where := &fakeSource{env: map[string]string{keys.EnvAgeKey: "# my toy: age1toy1qqq\nTOY:" + aliceKey + " " + bobKey}}
	ids, err := p.Identities(t.Context(), where.source())
	require.NoError(t, err)
	assert.Equal(t, []string{"age1toy1qqq", bobPublic}, keys.Recipients(ids...), "a comment tells the recipient of the next")
	got, err := keys.Unwrap(t.Context(), []*keys.Stanza{s}, ids)
	require.NoError(t, err)
	assert.Equal(t, secret, got)
	assert.Equal(t, "toy box: 0", where.looked[len(where.looked)-1])

	for want, env := range map[string]map[string]string{
		"the toy is broken":                    {"TOY_BROKEN": "1"},
		"$SOPS_AGE_KEY: line 1: malformed toy": {keys.EnvAgeKey: "TOY:x"},
	} {
		where := &fakeSource{env: env}
		_, err = p.Identities(t.Context(), where.source())
		require.NoError(t, err)
		assert.Equal(t, []string{want}, where.broken)
	}
}

func TestWhoMustAskComesLast(t *testing.T) {
	p := ageWith(toy{patient: true})
	where := &fakeSource{
		env:   map[string]string{keys.EnvAgeKey: "TOY:" + aliceKey + "\n" + aliceKey},
		files: map[string]string{keysFile: bobKey},
	}
	ids, err := p.Identities(t.Context(), where.source())
	require.NoError(t, err)
	assert.Equal(t, []string{alicePublic, bobPublic, "patient"}, keys.Recipients(ids...))
}

// A program that lacks the package of a kind names the package if it could not
// decrypt a file, and not before.
func TestMissingKind(t *testing.T) {
	for _, c := range []struct{ recipient, kind, path string }{
		{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA alice", keys.AgeSSH, "github.com/sealcfg/sealcfg/keys/agessh"},
		{"ssh-rsa AAAA", keys.AgeSSH, "github.com/sealcfg/sealcfg/keys/agessh"},
		{"age1yubikey1qqqq", keys.AgePlugin, "github.com/sealcfg/sealcfg/keys/ageplugin"},
	} {
		_, err := keys.ParseAgeRecipient(c.recipient)
		var missing *keys.MissingKindError
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, keys.MissingKindError{Kind: c.kind, Import: c.path}, *missing)
		assert.Contains(t, err.Error(), c.recipient)
		assert.Contains(t, err.Error(), c.path+" (missing import?)")

		s := wrap(t, bobPublic)
		s.Fields[0].Value = c.recipient
		_, err = keys.Unwrap(t.Context(), []*keys.Stanza{s, s}, []keys.Identity{identity(t, aliceKey)})
		var none *keys.NoIdentityError
		require.ErrorAs(t, err, &none)
		require.Len(t, none.Reasons, 1, "each package once")
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, c.path, missing.Import)
		_, err = keys.Unwrap(t.Context(), []*keys.Stanza{s}, []keys.Identity{identity(t, bobKey)})
		require.NoError(t, err)
	}
}

// An identity of a kind that is not linked does not break the file that contains
// it.
func TestIdentityOfMissingKind(t *testing.T) {
	where := &fakeSource{files: map[string]string{keysFile: "AGE-PLUGIN-YUBIKEY-1QQQQ\n" + aliceKey}}
	ids, err := new(keys.AgeProvider).Identities(t.Context(), where.source())
	require.NoError(t, err)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, alicePublic)}, ids)
	require.NoError(t, err)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, bobPublic)}, ids)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.Contains(t, err.Error(), keysFile+": line 1: age keys of kind \"plugin\" require the package")
	assert.NotContains(t, err.Error(), "YUBIKEY")
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{{Type: "pgp"}}, ids)
	assert.NotContains(t, err.Error(), "plugin", "nothing to do with it")
}

func TestSameAgeRecipient(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{alicePublic, alicePublic, true},
		{alicePublic, bobPublic, false},
		{"ssh-rsa AAAA", "ssh-rsa AAAA alice@home", true},
		{"ssh-rsa AAAA  bob", "ssh-rsa AAAA alice@home", true},
		{"ssh-rsa AAAA", "ssh-rsa AAAB", false},
		{"ssh-rsa AAAA", "ssh-ed25519 AAAA", false},
		{"", "ssh-rsa AAAA", false},
		{"ssh-rsa\tAAAA alice", "ssh-rsa AAAA", true},
		// A parser of authorized_keys takes the first word of these for options.
		{"ssh-rsa\vAAAA ssh-rsa BBBB", "ssh-rsa AAAA", false},
		{"ssh-rsa\u00a0AAAA ssh-rsa BBBB", "ssh-rsa AAAA", false},
		{"ssh-rsa\nAAAA\nssh-rsa BBBB", "ssh-rsa AAAA", false},
	} {
		assert.Equal(t, c.same, keys.SameAgeRecipient(c.a, c.b), "%s, %s", c.a, c.b)
		assert.Equal(t, c.same, keys.SameAgeRecipient(c.b, c.a), "%s, %s", c.b, c.a)
	}
}

func TestSourceInContext(t *testing.T) {
	assert.Nil(t, keys.SourceOf(t.Context()).Prompt)
	told := ""
	ctx := keys.WithSource(t.Context(), keys.Source{ConfigDir: "x", Notify: func(m string) { told = m }})
	keys.SourceOf(ctx).Notify("hello")
	assert.Equal(t, "hello", told)
	assert.Empty(t, keys.SourceOf(ctx).ConfigDir, "whom to ask, and nothing else")
}
