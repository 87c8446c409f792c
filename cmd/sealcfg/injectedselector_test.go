//go:build linux

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These are selectors that mallory writes into the metadata of a file that encrypts everything.
// None of them breaks the MAC.
var selectors = map[string]map[string]any{
	"unencrypted_regex":           {"unencrypted_regex": "^d$"},
	"encrypted_regex":             {"encrypted_regex": "^[abc]$"},
	"encrypted_suffix":            {"encrypted_suffix": "c"},
	"unencrypted_suffix":          {"unencrypted_suffix": "d"},
	"unencrypted_comment_regex":   {"unencrypted_comment_regex": "."},
	"encrypted_comment_regex":     {"encrypted_comment_regex": "."},
	"in capitals":                 {"Unencrypted_Regex": "^d$"},
	"beside the old":              {"unencrypted_suffix": "_unencrypted", "unencrypted_regex": "^d$"},
	"one that does not compile":   {"encrypted_regex": "("},
	"a list":                      {"unencrypted_regex": []any{"^d$"}},
	"an empty one, and another":   {"encrypted_regex": "", "unencrypted_regex": "^d$"},
	"mac_only_encrypted":          {"unencrypted_suffix": "_unencrypted", "mac_only_encrypted": true},
	"mac_only_encrypted, as text": {"unencrypted_suffix": "_unencrypted", "mac_only_encrypted": "true"},
}

// No command that changes a file follows the selector. The sops commands keep it, as sops does, and
// write no new value unencrypted. rekey follows the policy if it can decrypt the file.
func TestInjectedSelectorOfEachCommand(t *testing.T) {
	t.Parallel()
	i := newInjected(t)
	commands := map[string][]string{"sops rotate": {"sops", "rotate", "-i", "app.json"}}
	for name, args := range writers {
		commands[name] = args
	}
	// updatekeys and rekey --keep-data-key have something to do.
	bob := strings.TrimSpace(i.sealcfg("key", "new", "-q", "-o", filepath.Join(i.dir, "bob.key")))
	i.policy(rule(strings.TrimSpace(i.sealcfg("key", "show")), keyKind{list: "age", policy: bob}))
	for what, selector := range selectors {
		t.Run(what, func(t *testing.T) {
			for name, args := range commands {
				if what != "unencrypted_regex" && !slices.Contains([]string{"set", "rekey", "sops rotate"}, name) {
					continue // all of them for one selector
				}
				block := metadata(i.before)
				delete(block, "unencrypted_suffix")
				for key, value := range selector {
					block[key] = value
				}
				i.before["sops"], block = block, i.before["sops"].(map[string]any)
				i.write(i.before)
				i.before["sops"] = block
				before := readFile(t, i.file)
				out, stderr, err := i.bench.run("", args...)
				after := readFile(t, i.file)
				assert.NotContains(t, after, "CANARY", name)
				if name == "rekey" && err == nil {
					assert.NotContains(t, after, "^d$")
					assert.NotContains(t, after, "mac_only")
					assert.Contains(t, after, `"unencrypted_suffix": "_unencrypted"`)
					continue
				}
				if err == nil && slices.Contains([]string{"sops unset", "sops edit", "sops rotate", "sops updatekeys"}, name) {
					assert.Contains(t, stderr, "the rules of the file", name)
					continue // they write no new value unencrypted
				}
				require.Error(t, err, "%s: %s%s", name, out, stderr)
				assert.Equal(t, before, after, name)
			}
		})
	}
}

var (
	lineOfBinding  = regexp.MustCompile(`(?m)^(sops_)?sealcfg.*\n`)
	defaultAsGiven = regexp.MustCompile(`unencrypted_suffix("?\s*[=:]\s*"?)_unencrypted`)
)

// The same holds in each format with its own metadata.
func TestInjectedSelectorOfEachFormat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	all := rule(strings.TrimSpace(b.sealcfg("key", "show")))
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, ".sops.yaml"), []byte(all), 0o644))
	for ext, text := range map[string]string{".yaml": "a: x\n", ".env": "a=x\n", ".ini": "[s]\na = x\n", ".toml": "a = \"x\"\n"} {
		t.Run(ext, func(t *testing.T) {
			b := &bench{t, b.dir, b.env}
			section, index := "", ""
			if ext == ".ini" {
				section, index = "s.", `["s"]`
			}
			file := filepath.Join(b.dir, "app"+ext)
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
			b.sealcfg("encrypt", "-q", file)
			sealed := lineOfBinding.ReplaceAllString(bindingBlock.ReplaceAllString(readFile(t, file), ""), "")
			require.NotContains(t, sealed, "sealcfg")
			require.Regexp(t, defaultAsGiven, sealed)
			injected := defaultAsGiven.ReplaceAllString(sealed, "unencrypted_regex${1}^d$$")
			require.NoError(t, os.WriteFile(file, []byte(injected), 0o644))
			b.sealcfg("decrypt", file) // the MAC is still valid
			for _, args := range [][]string{
				{"set", file, section + "d", "CANARY"}, {"unset", file, section + "a"}, {"set", "--keep-rules", file, section + "d", "CANARY"},
				{"sops", "set", file, index + `["d"]`, `"CANARY"`},
			} {
				_, stderr, err := b.run("", args...)
				require.Error(t, err, "%v", args)
				assert.Contains(t, stderr, "the rules of the file (unencrypted_regex: ^d$)", "%v", args)
				assert.Equal(t, injected, readFile(t, file), "%v", args)
			}
			_, stderr, err := b.run("", "sops", "rotate", "-i", file) // as sops does
			require.NoError(t, err, stderr)
			assert.Contains(t, stderr, "the rules of the file (unencrypted_regex: ^d$)")
			_, stderr, err = b.run("", "set", file, section+"d", "CANARY")
			require.Error(t, err)
			assert.Contains(t, stderr, "d would be written unencrypted")
			b.sealcfg("rekey", "-q", "--yes", file)
			b.sealcfg("set", "-q", file, section+"d", "CANARY")
			assert.NotContains(t, readFile(t, file), "CANARY")
		})
	}
}
