package main

import (
	"path/filepath"
	"strings"
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

// What stands behind an SSH key is no part of it: who changes it in .sops.yaml
// gains and loses nothing.
func TestDifferenceOfSSHComments(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemo0000000000000000000000000000000000000000"
	text := strings.Replace(sealedForVaultKey, "    lastmodified", "    age:\n        - recipient: "+key+" alice@old\n          enc: x\n    lastmodified", 1)
	sealed, err := envfile.ParseSealed(envfile.YAML, []byte(text))
	require.NoError(t, err)
	for comment, same := range map[string]bool{" alice@old": true, " alice@new": true, "": true, "x": false} {
		dir := t.TempDir()
		policy, err := environments.ParsePolicy(filepath.Join(dir, ".sops.yaml"), []byte("creation_rules:\n  - azure_keyvault: "+
			"https://demo.vault.azure.net/keys/sops\n    age: "+key+comment+"\n"))
		require.NoError(t, err)
		rule, err := policy.RuleFor(filepath.Join(dir, "x.yaml"))
		require.NoError(t, err)
		gain, lose := difference(policy, rule, sealed.Metadata())
		assert.Equal(t, same, len(gain)+len(lose) == 0, "%q: %v %v", comment, gain, lose)
	}
}
