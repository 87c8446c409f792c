//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/kmswire"
)

// An injection is a stanza that mallory adds to a file, of the same kind as a key that the policy
// names. A name that must never be contacted contains "evil".
type injection struct {
	list    string // the list in the metadata
	policy  string // the key that .sops.yaml names
	stanza  map[string]any
	mallory []string // the variables with which mallory decrypts files, if that can be tried
	asked   bool     // it may be contacted to unwrap, and kept by commands that do not wrap
}

const (
	arn       = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
	evilRole  = "arn:aws:iam::666666666666:role/evil"
	vaultKey  = "https://vault.example.com:8200/v1/transit/keys/app"
	azureKey  = "https://app.vault.azure.net/keys/app"
	gcpKey    = "projects/app/locations/global/keyRings/r/cryptoKeys/k"
	huaweiKey = "eu-west-1:11111111-2222-3333-4444-555555555555"
	pgpKey    = "111122223333444455556666777788889999AAAA"
	evilPGP   = "EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE11"
)

// services are the stanzas that lead to another person's key, or to the same key in another way.
func services() map[string]injection {
	vault := func(address, engine, key string) map[string]any {
		return map[string]any{"vault_address": address, "engine_path": engine, "key_name": key}
	}
	azure := func(url, name, version string) map[string]any {
		return map[string]any{"vault_url": url, "name": name, "version": version}
	}
	return map[string]injection{
		"kms, another key":             {list: "kms", policy: arn, stanza: map[string]any{"arn": arn[:len(arn)-4] + "evil", "aws_profile": ""}},
		"kms, another role":            {list: "kms", policy: arn, stanza: map[string]any{"arn": arn, "role": evilRole, "aws_profile": ""}},
		"kms, another profile":         {list: "kms", policy: arn, stanza: map[string]any{"arn": arn, "aws_profile": "evil"}},
		"kms, another context":         {list: "kms", policy: arn, stanza: map[string]any{"arn": arn, "aws_profile": "", "context": map[string]any{"App": "evil"}}, asked: true},
		"hc_vault, another address":    {list: "hc_vault", policy: vaultKey, stanza: vault("https://evil.example.com:8200", "transit", "app")},
		"hc_vault, a user in front":    {list: "hc_vault", policy: vaultKey, stanza: vault("https://vault.example.com:8200@evil.example.com", "transit", "app")},
		"hc_vault, another engine":     {list: "hc_vault", policy: vaultKey, stanza: vault("https://vault.example.com:8200", "transit/../evil", "app")},
		"hc_vault, another key":        {list: "hc_vault", policy: vaultKey, stanza: vault("https://vault.example.com:8200", "transit", "evil")},
		"hc_vault, words moved":        {list: "hc_vault", policy: vaultKey, stanza: vault("https://vault.example.com:8200 transit", "app", "evil")},
		"azure_kv, another vault":      {list: "azure_kv", policy: azureKey, stanza: azure("https://evil.example.com", "app", "v1")},
		"azure_kv, another key":        {list: "azure_kv", policy: azureKey, stanza: azure("https://app.vault.azure.net", "evil", "v1")},
		"gcp_kms, another project":     {list: "gcp_kms", policy: gcpKey, stanza: map[string]any{"resource_id": "projects/evil/locations/global/keyRings/r/cryptoKeys/k"}},
		"hckms, another region":        {list: "hckms", policy: huaweiKey, stanza: map[string]any{"key_id": "evil-west-1:11111111-2222-3333-4444-555555555555"}},
		"pgp, another key":             {list: "pgp", policy: pgpKey, stanza: map[string]any{"fp": evilPGP}, asked: true},
		"pgp, a flag":                  {list: "pgp", policy: pgpKey, stanza: map[string]any{"fp": "--evil"}, asked: true},
		"a kind that does not exist":   {list: "evil_kms", policy: "", stanza: map[string]any{"id": "evil"}},
		"kms, the key in another list": {list: "gcp_kms", policy: gcpKey, stanza: map[string]any{"resource_id": "evil", "arn": arn, "vault_address": "evil"}},
	}
}

// recipients are the age stanzas by kind of key. The policy names a key of the same kind.
func recipients(t *testing.T) map[string]map[string]injection {
	t.Helper()
	kinds, others := keyKinds(t), keyKinds(t)
	made := map[string]map[string]injection{}
	for _, kind := range []string{"X25519", "hybrid", "ssh-ed25519", "ssh-rsa"} {
		t.Run(kind+" keys", func(t *testing.T) { // may have to be skipped
			mine, hers := kinds[kind](t), others[kind](t)
			texts := map[string]string{"alone": hers.policy}
			for what, between := range map[string]string{"a comma": ",", "a line feed": "\n", "a blank": " "} {
				texts["behind the right one and "+what] = mine.policy + between + hers.policy
			}
			if words := strings.Fields(mine.policy); len(words) > 1 {
				for what, space := range map[string]string{"a vertical tab": "\v", "a space that does not break": "\u00a0"} {
					texts["in one word with the right one by "+what] = words[0] + space + words[1] + " " + hers.policy
				}
			}
			made[kind] = map[string]injection{}
			for what, text := range texts {
				made[kind][what] = injection{list: "age", policy: mine.policy, stanza: map[string]any{"recipient": text}, mallory: hers.env}
			}
		})
	}
	out, err := exec.Command("age-plugin-demo", "--new", "evil").Output()
	require.NoError(t, err)
	_, public, _ := strings.Cut(strings.SplitN(string(out), "\n", 2)[0], "Recipient: ")
	made["plugin"] = map[string]injection{
		"in small letters": {list: "age", stanza: map[string]any{"recipient": public}},
		"in capitals":      {list: "age", stanza: map[string]any{"recipient": strings.ToUpper(public)}},
	}
	return made
}

// writers are the commands that write an existing file, except sops rotate, which rejects the first
// unknown recipient.
var writers = map[string][]string{
	"set":                   {"set", "app.json", "d", "CANARY"},
	"unset":                 {"unset", "app.json", "c"},
	"edit":                  {"edit", "app.json"},
	"rekey":                 {"rekey", "--yes", "app.json"},
	"rekey --keep-data-key": {"rekey", "--yes", "--keep-data-key", "app.json"},
	"sops set":              {"sops", "set", "app.json", `["d"]`, `"CANARY"`},
	"sops unset":            {"sops", "unset", "app.json", `["c"]`},
	"sops edit":             {"sops", "edit", "app.json"},
	"sops updatekeys":       {"sops", "updatekeys", "-y", "app.json"},
}

// An injected is a project with a file that contains mallory's stanzas.
type injected struct {
	*leaving
	log, ran string
	before   map[string]any // the file as sops would have written it
}

func newInjected(t *testing.T, named ...keyKind) *injected {
	t.Helper()
	i := &injected{leaving: &leaving{bench: newBench(t)}}
	i.file, i.log, i.ran = filepath.Join(i.dir, "app.json"), filepath.Join(i.dir, "log"), filepath.Join(i.dir, "ran")
	bin := filepath.Join(i.dir, "bin")
	require.NoError(t, os.Mkdir(bin, 0o755))
	for program, text := range map[string]string{
		kmswire.Program: "exec kms-demo", "age-plugin-evil": "echo plugin >> " + i.ran + "; exit 1", "gpg": "echo gpg >> " + i.ran + "; exit 1",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	i.env = append(i.env, "PATH="+bin+":"+os.Getenv("PATH"), "KMS_LOG="+i.log, "EDITOR=sed -i s/unedited/edited/")
	i.policy(rule(strings.TrimSpace(i.sealcfg("key", "show")), named...))
	require.NoError(t, os.WriteFile(i.file, []byte(`{"a": "old", "b": "unedited", "c": "x"}`), 0o644))
	i.sealcfg("encrypt", "-q", "app.json")
	i.before = i.read()
	delete(i.before["sops"].(map[string]any), "sealcfg")
	return i
}

// run adds stanzas to the file and runs a command as alice, whose key services are tried first. In
// every case nothing is wrapped for the stanzas and no service of theirs is contacted.
func (i *injected) run(stanzas map[string]injection, args ...string) (said string) {
	t := i.t
	t.Helper()
	block := metadata(i.before)
	for _, what := range stanzas {
		evil := maps.Clone(what.stanza)
		evil["enc"] = "garbage"
		there, _ := block[what.list].([]any)
		block[what.list] = append([]any{evil}, there...)
	}
	file := maps.Clone(i.before)
	file["sops"] = block
	i.write(file)
	require.NoError(t, os.WriteFile(i.log, nil, 0o600))
	cmd := i.command(args...)
	cmd.Env = append(slices.Clone(i.env), "SOPS_DECRYPTION_ORDER=kms,hc_vault,azure_kv,gcp_kms,hckms,pgp,age")
	out, err := cmd.CombinedOutput()
	said = fmt.Sprintf("%v: %s%v", args, out, err)

	assert.NoFileExists(t, i.ran, said)
	for line := range strings.Lines(readFile(t, i.log)) {
		if strings.Contains(line, "evil") || strings.Contains(line, evilPGP) {
			mayBe := slices.ContainsFunc(slices.Collect(maps.Values(stanzas)), func(what injection) bool {
				return what.asked && strings.HasPrefix(line, "unwrap "+what.list)
			})
			assert.True(t, mayBe, "%s: %s", line, said)
		}
	}
	for name, what := range stanzas {
		for _, stanza := range stanzasOf(i.read(), what.list) {
			enc := stanza["enc"]
			delete(stanza, "enc")
			if marshal(t, stanza) == marshal(t, what.stanza) {
				assert.Equal(t, "garbage", enc, "%s: a key was wrapped: %s", name, said)
			}
			known := slices.Contains(keys.Types(), what.list) // an unknown list has no recipients and stays
			assert.False(t, known && args[0] == "rekey" && len(args) == 3 && enc == "garbage", "the policy names the recipients: %s", said)
		}
		i.bob.env = what.mallory // the same for all
	}
	if i.bob.env != nil {
		theirs, code := i.asBob("sealcfg", "decrypt", "app.json")
		assert.NotZero(t, code, said)
		assert.NotContains(t, theirs, "CANARY", said)
	}
	return said
}

// Mallory adds recipients to a file, and no command of alice's then wraps for it,
// contacts its service, or starts its plugin.
func TestInjectedKeysOfEachKind(t *testing.T) {
	t.Parallel()
	all := recipients(t)
	all["services"] = services()
	for kind, stanzas := range all {
		t.Run(kind, func(t *testing.T) {
			var named []keyKind
			for _, what := range stanzas {
				k := keyKind{list: what.list, policy: what.policy}
				if k.policy != "" && !slices.ContainsFunc(named, func(o keyKind) bool { return o.list == k.list }) {
					named = append(named, k)
				}
			}
			i := newInjected(t, named...)
			for _, args := range writers {
				i.run(stanzas, args...)
			}
			for what, stanza := range stanzas {
				t.Run("rotate, "+what, func(t *testing.T) {
					said := i.run(map[string]injection{what: stanza}, "sops", "rotate", "-i", "app.json")
					if stanza.policy != "" && !strings.HasPrefix(what, "behind") {
						assert.Contains(t, said, "exit status 1")
					}
				})
			}
		})
	}
}

func stanzasOf(file map[string]any, list string) []map[string]any {
	var all []map[string]any
	stanzas, _ := file["sops"].(map[string]any)[list].([]any)
	for _, s := range stanzas {
		all = append(all, maps.Clone(s.(map[string]any)))
	}
	return all
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
