package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// sealedForVaultKey is an encrypted file. The test does not decrypt its values.
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
		gain, lose := RecipientChanges(policy, rule, meta)
		assert.Equal(t, c.gain, gain, c.policy)
		assert.Equal(t, c.lose, lose, c.policy)
		if lose == nil {
			assert.Equal(t, []string{"cloud"}, RecipientNames(policy, meta), "the name of the policy, whatever the version")
			assert.Equal(t, "cloud", FileReaders(policy, meta)[0].Name)
		}
	}
}

// The comment of an SSH key is not part of the key: a new comment in .sops.yaml does not
// change recipients.
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
		gain, lose := RecipientChanges(policy, rule, sealed.Metadata())
		assert.Equal(t, same, len(gain)+len(lose) == 0, "%q: %v %v", comment, gain, lose)
	}
}

// A person in the policy may choose any name, and anyone with write access may add a
// recipient to a file: neither may look like another recipient.
func TestNamesThatStandForAnothersKey(t *testing.T) {
	const alice, mallory = "age1gde3ncmahlqd9gg50tanl99r960llztrhfapnmx853s4tjum03uqfssgdh", "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
	const aliceShort, malloryShort = "age1gde3ncma...fssgdh", "age1lggyhqrw...qvfafg"
	for what, c := range map[string]struct {
		keys, gain, lose string
	}{
		"another name":      {"[&alice " + alice + ", &mallory " + mallory + "]", "mallory", "alice"},
		"the same name":     {"\n  - " + alice + " # alice\n  - " + mallory + " # alice\n", "alice (" + malloryShort + ")", "alice (" + aliceShort + ")"},
		"one that looks so": {"\n  - &alice " + alice + "\n  - " + mallory + " # \u0430lice\n", "\u0430lice (" + malloryShort + ")", "alice"},
		"one with no width": {"\n  - &alice " + alice + "\n  - " + mallory + " # alice\u200b\n", "alice\u200b (" + malloryShort + ")", "alice"},
		"one of two words":  {"\n  - " + alice + " # Alice A.\n  - " + mallory + " # Mallory M.\n", "Mallory M.", "Alice A."},
		"her key":           {"\n  - " + alice + "\n  - " + mallory + " # " + aliceShort + "\n", aliceShort + " (" + malloryShort + ")", `"` + aliceShort + `"`},
	} {
		text := "keys: " + c.keys + "\ncreation_rules: [{age: " + mallory + "}]\n"
		policy, err := environments.ParsePolicy(filepath.Join(t.TempDir(), ".sops.yaml"), []byte(text))
		require.NoError(t, err, what)
		rule, err := policy.RuleFor("app.yaml")
		require.NoError(t, err)
		meta := &envfile.Metadata{Groups: [][]*keys.Stanza{{{Type: "age", Fields: []keys.Field{{Name: "recipient", Value: alice}}}}}}
		gain, lose := RecipientChanges(policy, rule, meta)
		assert.Equal(t, []string{c.gain}, gain, what)
		assert.Equal(t, []string{c.lose}, lose, what)
		// The name in the file is not used.
		meta.Groups[0][0].Fields[0].Value = "alice"
		if policy.CountNamed("alice") > 0 {
			assert.Equal(t, []string{`"alice"`}, RecipientNames(policy, meta), what)
		}
		meta.Groups[0][0].Fields[0].Value = "age1x\nwarning: none\x1b[2J"
		assert.Equal(t, []string{"age1x?warning: none?[2J"}, RecipientNames(policy, meta), what)
	}
}

func TestShortSSH(t *testing.T) {
	for text, want := range map[string]string{
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPjAgx alice@home": "ssh-ed25519 ...IPjAgx alice@home",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPjAgx==":          "ssh-ed25519 ...IPjAgx",
		"ssh-rsa ====================":                          "ssh-rsa ====================",
		"ssh-rsa short":                                         "ssh-rsa short",
		"ssh-":                                                  "ssh-",
	} {
		require.Equal(t, want, short(text))
	}
}
