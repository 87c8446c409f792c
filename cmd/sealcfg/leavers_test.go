//go:build linux

package main

import (
	"encoding/json"
	"errors"
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
)

// A leaving is a project with a file that bob could decrypt, and the version of the file
// in git. The file is JSON, so that the attacker can edit its metadata.
type leaving struct {
	*bench
	alice string
	bob   keyKind
	file  string
	old   map[string]any
}

func newLeaving(t *testing.T, bob keyKind) *leaving {
	t.Helper()
	l := &leaving{bench: newBench(t), bob: bob}
	l.file = filepath.Join(l.dir, "app.json")
	l.alice = strings.TrimSpace(l.sealcfg("key", "show"))
	l.env = append(l.env, bob.all...)
	l.env = append(l.env, "EDITOR=sed -i s/CANARY-unedited/CANARY-edited/")
	return l
}

// begin returns the same project with a new file, for a separate test.
func (l *leaving) begin(t *testing.T) *leaving {
	t.Helper()
	l = &leaving{bench: &bench{t, l.dir, l.env}, bob: l.bob, file: l.file, alice: l.alice}
	l.policy(rule(l.alice, l.bob))
	require.NoError(t, os.WriteFile(l.file, []byte(`{"a": "old", "b": "CANARY-unedited", "c": "x"}`), 0o644))
	l.sealcfg("encrypt", "-q", "app.json")
	l.old = l.read()
	said, code := l.asBob("sealcfg", "get", "app.json", "a")
	require.Zero(t, code, said)
	return l
}

func (l *leaving) policy(text string) {
	l.t.Helper()
	require.NoError(l.t, os.WriteFile(filepath.Join(l.dir, ".sops.yaml"), []byte(text), 0o644))
}

func (l *leaving) read() map[string]any {
	l.t.Helper()
	var m map[string]any
	require.NoError(l.t, json.Unmarshal([]byte(readFile(l.t, l.file)), &m))
	return m
}

// write writes the attacker's version of the file. Fields are sorted, as encoding/json
// writes them.
func (l *leaving) write(m map[string]any) {
	l.t.Helper()
	text, err := json.MarshalIndent(m, "", "\t")
	require.NoError(l.t, err)
	require.NoError(l.t, os.WriteFile(l.file, text, 0o644))
}

// asBob runs a program as bob, who allows every key service.
func (l *leaving) asBob(program string, args ...string) (said string, code int) {
	l.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = l.dir
	cmd.Env = append(append([]string{}, l.env...), "XDG_CONFIG_HOME="+l.t.TempDir(), "SEALCFG_ALLOW_KEYS=all")
	cmd.Env = append(cmd.Env, l.bob.env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(out), exit.ExitCode()
	}
	require.NoError(l.t, err)
	return string(out), 0
}

// lists returns the fields of a metadata block with the recipients.
func lists() []string { return append(keys.Types(), "key_groups", "shamir_threshold") }

// metadata is a copy of the block of a file.
func metadata(file map[string]any) map[string]any { return maps.Clone(file["sops"].(map[string]any)) }

// splices returns the ways to add old stanzas to a file that was written later. The files
// have no binding, as if sops had written them.
func (l *leaving) splices(now map[string]any) map[string]map[string]any {
	old := metadata(l.old)
	whole := metadata(now)
	for _, name := range lists() {
		delete(whole, name)
		if v, ok := old[name]; ok {
			whole[name] = v
		}
	}
	beside := metadata(now)
	theirs, _ := beside[l.bob.list].([]any)
	beside[l.bob.list] = append(slices.DeleteFunc(slices.Clone(old[l.bob.list].([]any)), func(stanza any) bool {
		return stanza.(map[string]any)["recipient"] == l.alice
	}), theirs...)
	made := map[string]map[string]any{"the old keys in place of the new, bound": whole, "the old keys beside the new, bound": beside}
	for name, block := range map[string]map[string]any{"the old keys in place of the new": whole, "the old keys beside the new": beside} {
		unbound := maps.Clone(block)
		delete(unbound, "sealcfg")
		made[name] = unbound
	}
	for name, block := range made {
		file := maps.Clone(now)
		file["sops"] = block
		made[name] = file
	}
	return made
}

// The exit codes without a key, and with a key that decrypts no stanza.
const (
	noKey    = 4
	wrongKey = 5
)

// lockedOut requires that bob decrypts no value, with any stanza that he adds. For the
// unchanged file, the exit code is asItIs.
func (l *leaving) lockedOut(asItIs int) {
	l.t.Helper()
	now := l.read()
	try := func(what string, wantCode int) {
		l.t.Helper()
		said, code := l.asBob("sealcfg", "decrypt", "app.json")
		assert.Equal(l.t, wantCode, code, "%s: %s", what, said)
		assert.NotContains(l.t, said, "CANARY", what)
	}
	try("the file as it is", asItIs)
	for what, file := range l.splices(now) {
		if asItIs == noKey || !strings.HasSuffix(what, "bound") { // once is enough
			l.write(file)
			try(what, wrongKey)
		}
	}
	l.write(now)
}

// writeOn changes the file as alice does in the following weeks. Each of her commands also
// runs on a file that bob has spliced, as sops would leave it: his old key stays his old
// key.
func (l *leaving) writeOn() {
	l.t.Helper()
	l.sealcfg("set", "-q", "app.json", "a", "CANARY-set")
	l.sealcfg("edit", "-q", "app.json")
	l.write(l.splices(l.read())["the old keys beside the new"])
	l.sealcfg("set", "-q", "app.json", "a", "CANARY-later")
	l.sealcfg("unset", "-q", "app.json", "c")
	require.JSONEq(l.t, `{"a": "CANARY-later", "b": "CANARY-edited"}`, l.sealcfg("decrypt", "app.json"))
}

// Each command that removes a recipient removes bob. He has the old file and write access
// to the repository.
func TestLeaverReadsNothingThatIsWrittenSince(t *testing.T) {
	t.Parallel()
	for name, make := range keyKinds(t) {
		t.Run(name, func(t *testing.T) {
			bob := make(t)
			project := newLeaving(t, bob)
			for how, remove := range map[string]func(l *leaving){
				"rekey": func(l *leaving) {
					l.policy(rule(l.alice))
					l.sealcfg("rekey", "-q", "--yes", "app.json")
				},
				"sops rotate": func(l *leaving) {
					l.sealcfg("sops", "rotate", "-i", "--rm-"+bob.flag, bob.policy, "app.json")
					l.policy(rule(l.alice))
				},
			} {
				if how == "sops rotate" && !slices.Contains([]string{"X25519", "pgp", "kms"}, bob.name) {
					continue // it has a flag for each list, and one code for all
				}
				t.Run(how, func(t *testing.T) {
					l := project.begin(t)
					remove(l)
					l.lockedOut(noKey)
					l.writeOn()
					l.lockedOut(wrongKey)
				})
			}
			// The attack works against a command that keeps the data key, and the command reports this.
			for how, args := range map[string][]string{
				"rekey --keep-data-key": {"rekey", "--yes", "--keep-data-key", "app.json"},
				"sops updatekeys":       {"sops", "updatekeys", "--yes", "app.json"},
			} {
				if how == "sops updatekeys" && bob.name != "X25519" {
					continue
				}
				t.Run(how, func(t *testing.T) {
					l := project.begin(t)
					l.policy(rule(l.alice))
					_, stderr, err := l.run("", args...)
					require.NoError(t, err, stderr)
					assert.Contains(t, stderr, "keeps the data key and can read later versions")
					l.sealcfg("set", "-q", "app.json", "a", "CANARY-set")
					for what, file := range l.splices(l.read()) {
						l.write(file)
						said, code := l.asBob("sealcfg", "get", "app.json", "a")
						if strings.HasSuffix(what, "bound") {
							assert.Equal(t, wrongKey, code, what)
						} else {
							assert.Equal(t, "CANARY-set", said, what)
						}
					}
				})
			}
		})
	}
}

// With key groups, bob keeps his share, and a remaining recipient gives him another one.
// Shares of two data keys do not combine.
func TestLeaverOfAKeyGroup(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("keep the data key: %v", keep), func(t *testing.T) {
			b := newBench(t)
			l := &leaving{bench: b, file: filepath.Join(b.dir, "app.json")}
			var public, secret []string
			for _, name := range []string{"alice", "bob", "carol", "dave"} {
				public = append(public, strings.TrimSpace(l.sealcfg("key", "new", "-q", "-o", name)))
				secret = append(secret, readFile(t, filepath.Join(l.dir, name)))
			}
			have := func(who ...int) string {
				file := filepath.Join(t.TempDir(), "keys")
				for _, i := range who {
					require.NoError(t, os.WriteFile(file, append([]byte(readIfThere(t, file)), secret[i]...), 0o600))
				}
				return "SOPS_AGE_KEY_FILE=" + file
			}
			groups := func(who ...int) {
				text := "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n"
				for _, i := range who {
					text += "      - age: [" + public[i] + "]\n"
				}
				l.policy(text)
			}
			l.env = append(l.env, have(0, 2))
			l.bob.env = []string{have(1, 2)}
			groups(0, 1, 2)
			require.NoError(t, os.WriteFile(l.file, []byte(`{"a": "old"}`), 0o644))
			l.sealcfg("encrypt", "-q", "app.json")
			l.old = l.read()

			groups(0, 3, 2)
			args := []string{"rekey", "-q", "--yes", "app.json"}
			if keep {
				args = append(args, "--keep-data-key")
			}
			l.sealcfg(args...)
			l.sealcfg("set", "-q", "app.json", "a", "CANARY-set")
			now := l.read()
			old := metadata(l.old)["key_groups"].([]any)
			new := metadata(now)["key_groups"].([]any)
			for what, c := range map[string]struct {
				groups []any
				code   int
				opens  bool
			}{
				"as it is":                          {new, noKey, false},
				"his old group in place of the new": {[]any{new[0], old[1], new[2]}, wrongKey, false},
				"his old group beside":              {[]any{new[0], new[1], new[2], old[1]}, wrongKey, false},
				"both old groups first":             {[]any{old[1], old[2], new[0], new[1]}, wrongKey, keep},
				"all old groups":                    {old, wrongKey, keep},
			} {
				block := metadata(now)
				delete(block, "sealcfg")
				block["key_groups"] = c.groups
				file := maps.Clone(now)
				file["sops"] = block
				l.write(file)
				said, code := l.asBob("sealcfg", "get", "app.json", "a")
				if c.opens {
					assert.Equal(t, "CANARY-set", said, what)
				} else {
					assert.Equal(t, c.code, code, "%s: %s", what, said)
					assert.NotContains(t, said, "CANARY", what)
				}
			}
		})
	}
}

func readIfThere(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	return string(text)
}
