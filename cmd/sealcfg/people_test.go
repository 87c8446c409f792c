package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
)

// sealedForVaultKey is what a file says of itself; no value of it is opened here.
const sealedForVaultKey = `a: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]
sops:
    azure_kv:
        - vault_url: https://demo.vault.azure.net
          name: sops
          version: v1
          created_at: "2026-01-02T03:04:05Z"
          enc: eA
    lastmodified: "2026-01-02T03:04:05Z"
    mac: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]
    version: 3.13.3
`

func TestDifferenceOfKeyVaultVersions(t *testing.T) {
	sealed, err := envfile.ParseSealed(envfile.YAML, []byte(sealedForVaultKey))
	require.NoError(t, err)
	meta := sealed.Metadata()
	for _, c := range []struct {
		policy     string
		gain, lose []string
	}{
		{"https://demo.vault.azure.net/keys/sops", nil, nil},
		{"https://demo.vault.azure.net/keys/sops/", nil, nil},
		{"https://demo.vault.azure.net/keys/sops/v1", nil, nil},
		{"https://demo.vault.azure.net/keys/sops/v2", []string{"cloud"}, []string{"https://demo.vault.azure.net sops v1"}},
		{"https://demo.vault.azure.net/keys/other", []string{"cloud"}, []string{"https://demo.vault.azure.net sops v1"}},
	} {
		dir := t.TempDir()
		policy, err := environments.ParsePolicy(filepath.Join(dir, ".sops.yaml"),
			[]byte("keys:\n  - &cloud "+c.policy+"\ncreation_rules:\n  - azure_keyvault: *cloud\n"))
		require.NoError(t, err)
		rule, err := policy.RuleFor(filepath.Join(dir, "x.yaml"))
		require.NoError(t, err)
		gain, lose := difference(policy, rule, meta)
		assert.Equal(t, c.gain, gain, c.policy)
		assert.Equal(t, c.lose, lose, c.policy)
		if lose == nil {
			assert.Equal(t, []string{"cloud"}, readers(policy, meta), "the name of the policy, whatever the version")
			assert.Equal(t, "cloud", viewReaders(policy, meta)[0].Name)
		}
	}
}
