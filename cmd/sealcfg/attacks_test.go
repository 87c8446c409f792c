//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The attackers in this file can write to the repository but have no key. Commands that write must
// not act on recipients, rules or thresholds that only the encrypted file contains.

// prod is the encrypted file, with the field a.
func (b *bench) prod() string { return filepath.Join(b.dir, "environments", "prod.yaml") }

var bindingBlock = regexp.MustCompile(`(?m)^ {4}sealcfg:\n.*\n {8}version: .*\n`)

// tamper replaces text in the file and removes the binding, without which the file is as sops
// writes it. With the binding, the file is rejected.
func (b *bench) tamper(old, new string) {
	b.t.Helper()
	text := readFile(b.t, b.prod())
	require.Contains(b.t, text, old)
	text = strings.Replace(text, old, new, 1)
	require.NoError(b.t, os.WriteFile(b.prod(), []byte(text), 0o644))
	_, _, err := b.run("", "decrypt", "prod")
	require.Error(b.t, err)
	require.Regexp(b.t, bindingBlock, text)
	require.NoError(b.t, os.WriteFile(b.prod(), []byte(bindingBlock.ReplaceAllString(text, "")), 0o644))
}

// writes runs each command that changes a value, and returns its output.
func (b *bench) writes(flags ...string) map[string]string {
	b.t.Helper()
	said := map[string]string{}
	for _, args := range [][]string{
		{"set", "prod", "attacked.new_password", "-"},
		{"edit", "prod"},
		{"unset", "prod", "a"}, // last: edit cannot append to {}
	} {
		cmd := b.command(append(args, flags...)...)
		cmd.Env = append(cmd.Env, "EDITOR="+filepath.Join(b.dir, "editor"))
		cmd.Stdin = strings.NewReader("hunter2")
		out, err := cmd.CombinedOutput()
		said[args[0]] = fmt.Sprintf("%s%v", out, err)
	}
	return said
}

// attacked returns a bench with a file to attack and an editor.
func attacked(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	b := newBench(t)
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "editor"), []byte("#!/bin/sh\necho 'edit_password: hunter2' >> \"$1\"\n"), 0o755))
	b.sealcfg("set", "-q", "prod", "a", "x")
	return b
}

// opensWith reports whether a key file decrypts the file.
func (b *bench) opensWith(key string) bool { return b.opensFor(key, "prod") }

func TestInjectedRecipientGetsNothing(t *testing.T) {
	b := attacked(t)
	key := filepath.Join(b.dir, "mallory.key")
	mallory := strings.TrimSpace(b.sealcfg("key", "new", "-q", "-o", key))
	b.tamper("    age:\n", "    age:\n        - recipient: "+mallory+"\n          enc: x\n")
	for name, said := range b.writes() {
		assert.Contains(t, said, "the recipients differ from .sops.yaml", name)
	}
	assert.False(t, b.opensWith(key))
	out, stderr, err := b.run("", "rekey", "--dry-run", "prod")
	require.Error(t, err)
	assert.Contains(t, out+stderr, "loses access")
	b.sealcfg("rekey", "-q", "--yes", "prod")
	assert.NotContains(t, readFile(t, b.prod()), mallory)
	assert.False(t, b.opensWith(key))
	assert.Contains(t, b.sealcfg("decrypt", "prod"), "edit_password: hunter2")
}

// Each of these selectors leaves the MAC valid, and the next password unencrypted.
func TestInjectedSelectorIsRefused(t *testing.T) {
	for _, selector := range []string{
		"unencrypted_regex: password", "encrypted_regex: ^a$", "encrypted_suffix: a", "unencrypted_suffix: _password", "unencrypted_comment_regex: .*",
	} {
		t.Run(selector, func(t *testing.T) {
			b := attacked(t)
			require.NoError(t, os.WriteFile(b.prod(), []byte("a: x\n"), 0o644))
			b.sealcfg("encrypt", "-q", "environments/prod.yaml")
			b.tamper("unencrypted_suffix: _unencrypted", selector)
			b.sealcfg("decrypt", "prod")
			before := readFile(t, b.prod())
			for name, said := range b.writes() {
				assert.Contains(t, said, "the rules of the file ("+selector+") differ from .sops.yaml:", name)
				assert.Contains(t, said, "exit status 2", name)
			}
			assert.Equal(t, before, readFile(t, b.prod()))
			// Accepted, it still has no new password written unencrypted.
			for name, said := range b.writes("--keep-rules") {
				if name != "unset" && selector != "unencrypted_comment_regex: .*" { // without a comment, it selects no value
					assert.Contains(t, said, "password would be written unencrypted, but .sops.yaml:", name)
				}
			}
			assert.NotContains(t, readFile(t, b.prod()), "hunter2")
			b.sealcfg("rekey", "-q", "--yes", "prod")
			assert.NotContains(t, readFile(t, b.prod()), selector)
		})
	}
}

func TestInjectedThresholdDoesNotCount(t *testing.T) {
	b := attacked(t)
	var who []string
	var both strings.Builder
	for _, name := range []string{"one.key", "two.key"} {
		who = append(who, strings.TrimSpace(b.sealcfg("key", "new", "-q", "-o", filepath.Join(b.dir, name))))
		both.WriteString(readFile(t, filepath.Join(b.dir, name)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "both.key"), []byte(both.String()), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, ".sops.yaml"), fmt.Appendf(nil,
		"creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [%s]\n      - age: [%s]\n", who[0], who[1]), 0o644))
	b.env = append(b.env, "SOPS_AGE_KEY_FILE="+filepath.Join(b.dir, "both.key"))
	b.sealcfg("rekey", "-q", "--yes", "prod")
	require.False(t, b.opensWith(filepath.Join(b.dir, "one.key")))

	whole := readFile(t, b.prod())
	b.tamper("shamir_threshold: 2", "shamir_threshold: 1")
	for name, said := range b.writes() {
		assert.Contains(t, said, "exit status", name)
	}
	for _, args := range [][]string{{"rekey", "--yes", "--keep-data-key", "prod"}, {"rekey", "--yes", "prod"}} {
		_, stderr, err := b.run("", args...)
		require.Error(t, err)
		assert.Contains(t, stderr, "sops.shamir_threshold is 1 for 2 key groups")
	}
	require.NoError(t, os.WriteFile(b.prod(), []byte(whole), 0o644))
	b.sealcfg("rekey", "-q", "--yes", "prod")
	assert.False(t, b.opensWith(filepath.Join(b.dir, "one.key")))
}

// Commands never connect to an address, or start a plugin, that only the file names.
func TestInjectedAddressesAndPluginsAreNotUsed(t *testing.T) {
	b := attacked(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	connected := make(chan struct{}, 100)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			connected <- struct{}{}
			_ = c.Close()
		}
	}()
	bin, ran := filepath.Join(b.dir, "bin"), filepath.Join(b.dir, "ran")
	require.NoError(t, os.Mkdir(bin, 0o755))
	for _, name := range []string{"age-plugin-evil", "sealcfg-kms", "gpg"} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho $0 >> "+ran+"\nexit 1\n"), 0o755))
	}
	b.env = append(b.env, "PATH="+bin+":"+os.Getenv("PATH"), "VAULT_TOKEN=hunter2")
	address := "http://" + listener.Addr().String()
	b.tamper("    age:\n", fmt.Sprintf(`    hc_vault:
        - vault_address: %[1]s
          engine_path: transit
          key_name: k
          created_at: "2020-01-01T00:00:00Z"
          enc: vault:v1:x
    azure_kv:
        - vault_url: %[1]s
          name: k
          version: v
          created_at: "2020-01-01T00:00:00Z"
          enc: x
    age:
        - recipient: age1evil1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
          enc: x
`, address))
	b.sealcfg("decrypt", "prod")
	assert.Contains(t, b.sealcfg("view", "prod", "--json"), "age1evil1")
	planted := readFile(t, b.prod())
	b.writes()
	for _, args := range [][]string{
		{"decrypt", "prod"}, {"view", "prod"}, {"get", "prod", "b"}, {"key", "list"}, {"rekey", "--dry-run", "prod"},
		{"rekey", "--yes", "--keep-data-key", "prod"}, {"rekey", "--yes", "prod"},
	} {
		b.sealcfgMayFail(args...)
	}
	assert.NoFileExists(t, ran)
	assert.Empty(t, connected)
	assert.NotContains(t, readFile(t, b.prod()), address, "rekey takes people from .sops.yaml")

	// With the flag, they would be.
	require.NoError(t, os.WriteFile(b.prod(), []byte(planted), 0o644))
	require.NoError(t, os.Remove(identityFile(t, b)))
	b.sealcfgMayFail("decrypt", "prod", "--allow-key", "all")
	assert.FileExists(t, ran)
}

func (b *bench) sealcfgMayFail(args ...string) { _, _, _ = b.run("", args...) }
