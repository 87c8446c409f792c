package environments_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

const everyKey = `
keys:
  - &alone arn:aws:kms:eu-west-1:111122223333:key/alone
  - nothing in particular
creation_rules:
  - path_regex: a
    key_groups:
      - kms:
          - {arn: "arn:aws:kms:eu-west-1:111122223333:key/a", role: "arn:aws:iam::1:role/r", context: {App: x}, aws_profile: p}
        azure_keyvault:
          - {vaultUrl: "https://open.vault.azure.net", key: k}
          - {vaultUrl: "https://fixed.vault.azure.net", key: k, version: v1}
        gcp_kms: [{resource_id: projects/p/locations/l/keyRings/r/cryptoKeys/k}]
      - hc_vault: ["https://vault.example.com:8200/v1/transit/keys/k"]
        hckms: [{key_id: "eu-west-1:11111111-2222-3333-4444-555555555555"}]
        pgp: [111122223333444455556666777788889999AAAA]
  - path_regex: b
    kms: arn:aws:kms:eu-west-1:111122223333:key/b+arn:aws:iam::1:role/b
    aws_profile: q
destination_rules:
  - vault_path: x
    recreation_rule:
      gcp_kms: projects/p/locations/l/keyRings/r/cryptoKeys/published
`

// stanza of a type, with fields by turns name and value.
func stanzaOf(typ string, fields ...string) *keys.Stanza {
	s := &keys.Stanza{Type: typ, Fields: []keys.Field{{Name: "created_at", Value: "2026-01-02T03:04:05Z"}}, Wrapped: "x"}
	for i := 0; i < len(fields); i += 2 {
		s.Fields = append(s.Fields, keys.Field{Name: fields[i], Value: fields[i+1]})
	}
	return s
}

func TestPolicyNames(t *testing.T) {
	p, err := environments.ParsePolicy(filepath.Join(t.TempDir(), ".sops.yaml"), []byte(everyKey))
	require.NoError(t, err)
	const a, b = "arn:aws:kms:eu-west-1:111122223333:key/a", "arn:aws:kms:eu-west-1:111122223333:key/b"
	const role = "arn:aws:iam::1:role/r"
	for _, c := range []struct {
		s    *keys.Stanza
		want bool
	}{
		{stanzaOf("kms", "arn", a, "role", role, "aws_profile", "p"), true},
		{stanzaOf("kms", "aws_profile", "p", "role", role, "arn", a), true},
		{stanzaOf("kms", "arn", a, "role", role, "aws_profile", ""), false},
		{stanzaOf("kms", "arn", a, "aws_profile", "p"), false},
		{stanzaOf("kms", "arn", a, "role", "arn:aws:iam::1:role/admin", "aws_profile", "p"), false},
		{stanzaOf("kms", "arn", a, "role", "p", "aws_profile", role), false},
		{stanzaOf("kms", "arn", b, "role", role, "aws_profile", "p"), false},
		{stanzaOf("kms", "arn", b, "role", "arn:aws:iam::1:role/b", "aws_profile", "q"), true},
		{stanzaOf("kms", "arn", "arn:aws:kms:eu-west-1:111122223333:key/alone", "aws_profile", ""), true},
		{stanzaOf("kms", "arn", "arn:aws:kms:eu-west-1:111122223333:key/alone", "role", role), false},
		{stanzaOf("kms"), false},
		{stanzaOf("azure_kv", "vault_url", "https://open.vault.azure.net", "name", "k", "version", "any"), true},
		{stanzaOf("azure_kv", "vault_url", "https://open.vault.azure.net", "name", "k"), true},
		{stanzaOf("azure_kv", "vault_url", "https://open.vault.azure.net", "name", "other"), false},
		{stanzaOf("azure_kv", "vault_url", "https://evil.example.com", "name", "k"), false},
		{stanzaOf("azure_kv", "vault_url", "https://fixed.vault.azure.net", "name", "k", "version", "v1"), true},
		{stanzaOf("azure_kv", "vault_url", "https://fixed.vault.azure.net", "name", "k", "version", "v2"), false},
		{stanzaOf("gcp_kms", "resource_id", "projects/p/locations/l/keyRings/r/cryptoKeys/k"), true},
		{stanzaOf("gcp_kms", "resource_id", "projects/p/locations/l/keyRings/r/cryptoKeys/published"), true},
		{stanzaOf("gcp_kms", "resource_id", "projects/p/locations/l/keyRings/r/cryptoKeys/other"), false},
		{stanzaOf("hc_vault", "vault_address", "https://vault.example.com:8200", "engine_path", "transit", "key_name", "k"), true},
		{stanzaOf("hc_vault", "vault_address", "https://vault.example.com", "engine_path", "transit", "key_name", "k"), false},
		{stanzaOf("hc_vault", "vault_address", "http://vault.example.com:8200", "engine_path", "transit", "key_name", "k"), false},
		{stanzaOf("hckms", "key_id", "eu-west-1:11111111-2222-3333-4444-555555555555"), true},
		{stanzaOf("pgp", "fp", "111122223333444455556666777788889999AAAA"), true},
		{stanzaOf("another", "arn", a), false},
	} {
		assert.Equal(t, c.want, p.Names(c.s), "%s %s", c.s.Type, keys.Name(c.s))
	}
	var none *environments.Policy
	assert.False(t, none.Names(stanzaOf("kms", "arn", a)))
	empty, err := environments.ParsePolicy("x", nil)
	require.NoError(t, err)
	assert.False(t, empty.Names(stanzaOf("kms", "arn", a)))
}

func TestPermit(t *testing.T) {
	const arn = "arn:aws:kms:eu-west-1:111122223333:key/demo"
	s := stanzaOf("kms", "arn", arn, "role", "arn:aws:iam::1:role/r", "aws_profile", "")
	azure := stanzaOf("azure_kv", "vault_url", "https://v.vault.azure.net", "name", "k", "version", "v1")
	neverAsked := func() (*environments.Policy, error) { panic("the policy does not decide") }
	for _, allowed := range []string{arn + " arn:aws:iam::1:role/r", arn + "+arn:aws:iam::1:role/r", " " + arn + "+arn:aws:iam::1:role/r\n", "all"} {
		require.NoError(t, environments.Permit([]string{"", "x", allowed}, neverAsked)(s), allowed)
	}
	for _, allowed := range []string{"https://v.vault.azure.net/keys/k", "https://v.vault.azure.net/keys/k/v1", "https://v.vault.azure.net k v1", "https://v.vault.azure.net k"} {
		require.NoError(t, environments.Permit([]string{allowed}, neverAsked)(azure), allowed)
	}

	broken := errors.New("broken")
	for cause, policy := range map[error]func() (*environments.Policy, error){
		nil:    func() (*environments.Policy, error) { return nil, nil },
		broken: func() (*environments.Policy, error) { return nil, broken },
	} {
		for _, allowed := range [][]string{nil, {""}, {" "}, {arn}, {"arn:"}, {"ALL"}, {"https://v.vault.azure.net/keys/k/v2"}} {
			var refused *keys.NotPermittedError
			require.ErrorAs(t, environments.Permit(allowed, policy)(s), &refused)
			assert.Equal(t, keys.NotPermittedError{Type: "kms", Recipient: keys.Name(s), Cause: cause}, *refused)
			require.ErrorAs(t, environments.Permit(allowed, policy)(azure), &refused)
		}
	}
}

func TestFindPolicyIn(t *testing.T) {
	fsys := fstest.MapFS{
		".sops.yaml":           {Data: []byte("creation_rules:\n  - gcp_kms: projects/p/locations/l/keyRings/r/cryptoKeys/top\n")},
		"app/near/.sops.yaml":  {Data: []byte("creation_rules:\n  - gcp_kms: projects/p/locations/l/keyRings/r/cryptoKeys/near\n")},
		"app/near/env/dev.yml": {Data: []byte("a: b\n")},
		"app/far/env/dev.yml":  {Data: []byte("a: b\n")},
		"bad/.sops.yaml":       {Data: []byte("creation_rules: 1\n")},
	}
	for dir, want := range map[string]string{"app/near/env": "near", "app/near": "near", "app/far/env": "top", ".": "top"} {
		p, err := environments.FindPolicyIn(fsys, dir)
		require.NoError(t, err)
		assert.True(t, p.Names(stanzaOf("gcp_kms", "resource_id", "projects/p/locations/l/keyRings/r/cryptoKeys/"+want)), dir)
	}
	_, err := environments.FindPolicyIn(fsys, "bad")
	var broken *environments.PolicyError
	require.ErrorAs(t, err, &broken, "the next one above is not obeyed instead")
	_, err = environments.FindPolicyIn(fstest.MapFS{}, "a/b")
	require.ErrorIs(t, err, environments.ErrNoPolicy)
	_, err = environments.FindPolicyIn(fsys, "../x")
	require.ErrorIs(t, err, fs.ErrInvalid)
}
