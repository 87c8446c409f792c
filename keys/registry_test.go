package keys_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

// fakeProvider stands for a provider of another package.
type fakeProvider struct {
	typ string
	ids []keys.Identity
	err error
}

func (p fakeProvider) Type() string { return p.typ }

func (p fakeProvider) StanzaRecipient(*keys.Stanza) (keys.Recipient, error) {
	return nil, errors.ErrUnsupported
}

func (p fakeProvider) Identities(context.Context, keys.Source) ([]keys.Identity, error) {
	return p.ids, p.err
}

// fakeIdentity returns a fixed result, and counts its calls.
type fakeIdentity struct {
	name   string
	secret []byte
	err    error
	asked  int
}

func (f *fakeIdentity) Unwrap(context.Context, []*keys.Stanza) ([]byte, error) {
	f.asked++
	return f.secret, f.err
}

func TestRegistry(t *testing.T) {
	var r keys.Registry
	_, err := r.Provider("age")
	var unknown *keys.UnknownTypeError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "age", unknown.Type)
	require.EqualError(t, err, `no provider for keys of type "age"`)
	_, err = r.Provider("kms")
	require.EqualError(t, err, `no provider for keys of type "kms": missing import of github.com/sealcfg/sealcfg/services/aws`)

	a, b := &fakeIdentity{name: "a"}, &fakeIdentity{name: "b"}
	r.Register(fakeProvider{typ: "pgp", ids: []keys.Identity{b}})
	r.Register(fakeProvider{typ: "age", ids: []keys.Identity{a}})
	p, err := r.Provider("pgp")
	require.NoError(t, err)
	assert.Equal(t, "pgp", p.Type())
	assert.PanicsWithValue(t, "keys: provider pgp registered twice", func() { r.Register(fakeProvider{typ: "pgp"}) })

	ids, err := r.Identities(t.Context(), keys.Source{})
	require.NoError(t, err)
	assert.Equal(t, []keys.Identity{a, b}, ids, "age first, as sops tries them")

	broken := errors.New("broken")
	r.Register(fakeProvider{typ: "kms", err: broken})
	var reported error
	ids, err = r.Identities(t.Context(), keys.Source{Broken: func(reason error) { reported = reason }})
	require.NoError(t, err)
	require.ErrorIs(t, reported, broken)
	assert.EqualError(t, reported, "load kms identities: broken")
	assert.Equal(t, []keys.Identity{a, b}, ids[:2], "one provider that fails does not stop the others")
}

func TestDefaultRegistryHasAge(t *testing.T) {
	p, err := keys.Default.Provider("age")
	require.NoError(t, err)
	r, err := p.StanzaRecipient(wrap(t, alicePublic))
	require.NoError(t, err)
	assert.Equal(t, alicePublic, r.String())
	_, err = p.StanzaRecipient(&keys.Stanza{Type: "age"})
	require.Error(t, err)
}

func TestUnwrapAsksInOrder(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		ids  []*fakeIdentity
		want string
		err  error
		ask  []int
	}{
		{[]*fakeIdentity{{err: keys.ErrNoMatch}, {secret: []byte("s")}, {secret: []byte("t")}}, "s", nil, []int{1, 1, 0}},
		{[]*fakeIdentity{{err: broken}, {secret: []byte("s")}}, "", broken, []int{1, 0}},
		{[]*fakeIdentity{{err: keys.ErrNoMatch}, {err: keys.ErrNoMatch}}, "", keys.ErrNoIdentity, []int{1, 1}},
		{nil, "", keys.ErrNoIdentity, nil},
	} {
		var ids []keys.Identity
		for _, id := range c.ids {
			ids = append(ids, id)
		}
		got, err := keys.Unwrap(t.Context(), nil, ids)
		require.ErrorIs(t, err, c.err)
		assert.Equal(t, c.want, string(got))
		for i, id := range c.ids {
			assert.Equal(t, c.ask[i], id.asked)
		}
	}
}

func TestNoIdentityError(t *testing.T) {
	stanzas := []*keys.Stanza{wrap(t, alicePublic), {Type: "kms", Fields: []keys.Field{{Name: "arn", Value: "arn:1"}, {Name: "role", Value: "r"}}}, {Type: "new"}}
	_, err := keys.Unwrap(t.Context(), stanzas, nil)
	require.EqualError(t, err, "no identity available; encrypted for "+alicePublic+", arn:1 r, new")
	_, err = keys.Unwrap(t.Context(), stanzas, []keys.Identity{identity(t, bobKey)})
	require.EqualError(t, err, "the available identity does not decrypt it; encrypted for "+alicePublic+", arn:1 r, new")
	var none *keys.NoIdentityError
	require.ErrorAs(t, err, &none)
	assert.Equal(t, 1, none.Tried)
	assert.Len(t, none.Recipients, 3)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
}

func TestNames(t *testing.T) {
	for want, s := range map[string]*keys.Stanza{
		"FP":        {Type: "pgp", Fields: []keys.Field{{Name: "created_at", Value: "x"}, {Name: "fp", Value: "FP"}}},
		"p/k":       {Type: "gcp_kms", Fields: []keys.Field{{Name: "resource_id", Value: "p/k"}}},
		"u n v":     {Type: "azure_kv", Fields: []keys.Field{{Name: "vault_url", Value: "u"}, {Name: "name", Value: "n"}, {Name: "version", Value: "v"}}},
		"a e k":     {Type: "hc_vault", Fields: []keys.Field{{Name: "vault_address", Value: "a"}, {Name: "engine_path", Value: "e"}, {Name: "key_name", Value: "k"}}},
		"r:1":       {Type: "hckms", Fields: []keys.Field{{Name: "key_id", Value: "r:1"}}},
		"something": {Type: "something"},
	} {
		assert.Equal(t, want, keys.Name(s))
	}
	assert.Equal(t, []string{"age", "azure_kv", "gcp_kms", "hc_vault", "hckms", "kms", "pgp"}, keys.Types())
}

func TestPolicyMayLeaveOutTheVersionOfAKeyVaultKey(t *testing.T) {
	fields := []keys.Field{{Name: "vault_url", Value: "u"}, {Name: "name", Value: "n"}, {Name: "version", Value: "v"}, {Name: "created_at", Value: "x"}}
	s := &keys.Stanza{Type: "azure_kv", Fields: fields}
	assert.Equal(t, []string{"u n v", "u n"}, keys.Names(s))
	assert.Equal(t, "v", s.Field("version"), "the stanza is left alone")

	for _, s := range []*keys.Stanza{
		{Type: "azure_kv", Fields: fields[:2]},
		{Type: "azure_kv", Fields: append(fields[:2:2], keys.Field{Name: "version"})},
		{Type: "kms", Fields: []keys.Field{{Name: "arn", Value: "a"}, {Name: "version", Value: "v"}}},
	} {
		assert.Equal(t, []string{keys.Name(s)}, keys.Names(s))
	}
}

// A key with another encryption context is another recipient: the stanza must be
// wrapped again.
func TestNameHasTheContext(t *testing.T) {
	of := func(context ...keys.Field) string {
		return keys.Name(&keys.Stanza{Type: "kms", Fields: []keys.Field{{Name: "arn", Value: "arn:1"}, {Name: "context", Map: context}}})
	}
	assert.Equal(t, "arn:1 App:shop,Env:prod", of(keys.Field{Name: "Env", Value: "prod"}, keys.Field{Name: "App", Value: "shop"}))
	assert.Equal(t, "arn:1", of())
}
