//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys/kmswire"
)

// A keyKind is a recipient of one kind, in addition to alice, whose key is an age key.
type keyKind struct {
	name   string
	list   string   // the list in the metadata
	policy string   // the key in .sops.yaml
	flag   string   // of sops, after --rm- and --add-
	env    []string // the variables required to use the key
	all    []string // the variables that all recipients need: the services
}

// rule returns a creation rule for alice and the others.
func rule(alice string, others ...keyKind) string {
	text := "creation_rules:\n  - age:\n      - " + alice + "\n"
	for _, k := range others {
		if k.list == "age" {
			text += "      - " + k.policy + "\n"
		}
	}
	fields := map[string]string{
		"pgp": "pgp", "hc_vault": "hc_vault_transit_uri", "kms": "kms", "gcp_kms": "gcp_kms", "azure_kv": "azure_keyvault", "hckms": "hckms",
	}
	for _, k := range others {
		if field := fields[k.list]; field != "" {
			text += fmt.Sprintf("    %s: [%q]\n", field, k.policy)
		}
	}
	return text
}

// keyKinds creates a key of each kind and starts its service: real services, and fakes for cloud
// services. The tests of services that are not available are skipped by name.
func keyKinds(t *testing.T) map[string]func(t *testing.T) keyKind {
	t.Helper()
	dir := t.TempDir()
	output := func(t *testing.T, program string, args ...string) string {
		t.Helper()
		out, err := exec.Command(program, args...).Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(out))
	}
	age := func(name string, flags ...string) func(t *testing.T) keyKind {
		return func(t *testing.T) keyKind {
			t.Helper()
			file := filepath.Join(dir, name+".key")
			public := output(t, "sealcfg", append([]string{"key", "new", "-q", "-o", file}, flags...)...)
			return keyKind{name: name, list: "age", policy: public, flag: "age", env: []string{"SOPS_AGE_KEY_FILE=" + file}}
		}
	}
	ssh := func(name string, flags ...string) func(t *testing.T) keyKind {
		return func(t *testing.T) keyKind {
			t.Helper()
			if _, err := exec.LookPath("ssh-keygen"); err != nil {
				servicetest.Missing(t, "ssh-keygen")
			}
			file := filepath.Join(dir, name)
			output(t, "ssh-keygen", append([]string{"-q", "-N", "", "-C", "bob", "-f", file}, flags...)...)
			public := strings.TrimSpace(readFile(t, file+".pub"))
			return keyKind{name: name, list: "age", policy: public, flag: "age", env: []string{"SOPS_AGE_SSH_PRIVATE_KEY_FILE=" + file}}
		}
	}
	kinds := map[string]func(t *testing.T) keyKind{
		"X25519":      age("X25519"),
		"hybrid":      age("hybrid", "--post-quantum"),
		"ssh-ed25519": ssh("ssh-ed25519", "-t", "ed25519"),
		"ssh-rsa":     ssh("ssh-rsa", "-t", "rsa", "-b", "2048"),
		"plugin": func(t *testing.T) keyKind {
			t.Helper()
			file, text := filepath.Join(dir, "plugin.key"), output(t, "age-plugin-demo", "--new", "demo")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			_, public, _ := strings.Cut(strings.SplitN(text, "\n", 2)[0], "Recipient: ")
			return keyKind{
				name: "plugin", list: "age", policy: public, flag: "age", env: []string{"SOPS_AGE_KEY_FILE=" + file},
				all: []string{"DEMO_LOG=" + filepath.Join(dir, "plugin.log")},
			}
		},
	}

	bin := filepath.Join(dir, "bin")
	withHelper := func(t *testing.T) string {
		t.Helper()
		path, err := clitest.KMSHelper()
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(bin, 0o755))
		if err := os.Symlink(path, filepath.Join(bin, kmswire.Program)); !os.IsExist(err) {
			require.NoError(t, err)
		}
		return "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")
	}
	kinds["pgp"] = func(t *testing.T) keyKind {
		t.Helper()
		gpg := servicetest.NewGnuPG(t)
		fp := gpg.Key("bob", "")
		mine := "GNUPGHOME=" + gpg.Home
		return keyKind{name: "pgp", list: "pgp", policy: fp, flag: "pgp", env: []string{mine}, all: []string{withHelper(t), mine}}
	}
	kinds["hc_vault"] = func(t *testing.T) keyKind {
		t.Helper()
		v := servicetest.NewVault(t)
		mine := "VAULT_TOKEN=" + v.Token
		return keyKind{
			name: "hc_vault", list: "hc_vault", policy: v.Address + "/v1/transit/keys/app", flag: "hc-vault-transit",
			env: []string{mine}, all: []string{withHelper(t), mine},
		}
	}
	type clouds struct{ Variables, Keys map[string]string }
	start := sync.OnceValues(func() (clouds, error) {
		var report clouds
		path, err := clitest.Fakes()
		if err != nil {
			return report, err
		}
		stop, err := servicetest.Launch(&report, path)
		if err == nil {
			t.Cleanup(func() { assert.NoError(t, stop()) })
		}
		return report, err
	})
	for list, names := range map[string][2]string{
		"kms": {"kms", "kms"}, "gcp_kms": {"gcp_kms", "gcp-kms"}, "azure_kv": {"azure_keyvault", "azure-kv"}, "hckms": {"hckms", "hckms"},
	} {
		kinds[list] = func(t *testing.T) keyKind {
			t.Helper()
			report, err := start()
			require.NoError(t, err)
			k := keyKind{name: list, list: list, policy: report.Keys[names[0]], flag: names[1]}
			for name, value := range report.Variables {
				k.env = append(k.env, name+"="+value)
			}
			k.all = append([]string{withHelper(t)}, k.env...)
			return k
		}
	}
	return kinds
}
