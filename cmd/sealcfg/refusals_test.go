//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A refusal is a file that commands reject, and how it came about.
type refusal struct {
	spoil func(b *bench, file string)
	file  string // "" for app.yaml
	code  int
	says  string // in the error or its hints
	steps int    // commands from hints until the file is valid again
	after string

	byHand func(b *bench, file string) // a manual step that the first hint requires
}

const wayBackText = "# remark\ntoken: CANARY-1\nother: CANARY-2\nname_unencrypted: web\nempty: \"\"\n"

var hintedCommand = regexp.MustCompile(`(?m)(?:run|it): ((?:sealcfg (?:rekey|encrypt)|git checkout) .*)$`)

// replaceIn replaces text in a file. The text must occur.
func replaceIn(t *testing.T, file, old, new string) {
	t.Helper()
	text := readFile(t, file)
	require.Contains(t, text, old)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(text, old, new, 1)), 0o644))
}

func lineOf(t *testing.T, file, prefix string) string {
	t.Helper()
	for line := range strings.Lines(readFile(t, file)) {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	require.Fail(t, "no line "+prefix)
	return ""
}

var refusals = map[string]refusal{
	"an unencrypted value was edited": {
		spoil: func(b *bench, file string) { replaceIn(b.t, file, "name_unencrypted: web", "name_unencrypted: shop") },
		code:  5, says: "sealcfg rekey --accept-mac app.yaml", steps: 1, after: strings.Replace(wayBackText, "web", "shop", 1),
	},
	"an unencrypted value was edited in a file without a binding": {
		spoil: func(b *bench, file string) {
			unbind(b.t, file)
			replaceIn(b.t, file, "name_unencrypted: web", "name_unencrypted: shop")
		},
		code: 5, says: "sealcfg rekey --accept-mac app.yaml", steps: 1, after: strings.Replace(wayBackText, "web", "shop", 1),
	},
	"the mac was removed": {
		spoil: func(b *bench, file string) { replaceIn(b.t, file, lineOf(b.t, file, "    mac: "), "") },
		code:  5, says: "the file has no mac", steps: 1, after: wayBackText,
	},
	"a value was added": {
		spoil: func(b *bench, file string) { replaceIn(b.t, file, "empty:", "added: CANARY-3\nempty:") },
		code:  5, says: "sealcfg encrypt app.yaml", steps: 1, after: strings.Replace(wayBackText, "empty:", "added: CANARY-3\nempty:", 1),
	},
	"a value was added to a file without a binding": {
		spoil: func(b *bench, file string) {
			unbind(b.t, file)
			require.NoError(b.t, os.Remove(filepath.Join(b.dir, "sealcfg.yaml")))
			replaceIn(b.t, file, "empty:", "added: CANARY-3\nempty:")
		},
		code: 5, says: "sealcfg encrypt app.yaml", steps: 1, after: strings.Replace(wayBackText, "empty:", "added: CANARY-3\nempty:", 1),
	},
	"a value was added to a file without a binding, and one is required": {
		spoil: func(b *bench, file string) {
			unbind(b.t, file)
			replaceIn(b.t, file, "empty:", "added: CANARY-3\nempty:")
		},
		code: 5, says: "sealcfg rekey --accept-mac app.yaml", steps: 1, after: strings.Replace(wayBackText, "empty:", "added: CANARY-3\nempty:", 1),
	},
	"an encrypted value was replaced": {
		spoil: func(b *bench, file string) { replaceIn(b.t, file, lineOf(b.t, file, "token: "), "token: CANARY-3\n") },
		code:  5, says: "hint: to list the recoverable values and accept the file, run: sealcfg rekey --accept-mac app.yaml", steps: 1,
		after: strings.Replace(wayBackText, "CANARY-1", "CANARY-3", 1),
	},
	"an encrypted value is broken": {
		spoil: func(b *bench, file string) {
			replaceIn(b.t, file, "token: ENC[AES256_GCM,data:", "token: ENC[AES256_GCM,data:AAAA")
		},
		code: 5, says: "sealcfg rekey --accept-mac app.yaml", steps: 2, after: strings.Replace(wayBackText, "token: CANARY-1\n", "", 1),
	},
	"a name was changed": {
		spoil: func(b *bench, file string) { replaceIn(b.t, file, "name_unencrypted:", "title_unencrypted:") },
		code:  5, says: "sealcfg rekey --accept-unbound app.yaml", steps: 1, after: strings.Replace(wayBackText, "name_", "title_", 1),
	},
	"a recipient was added": {
		spoil: func(b *bench, file string) {
			replaceIn(b.t, file, "    age:\n", "    age:\n        - recipient: age1qfmkwnujwdfjsj75zzlz3nmkxf82p56g8rlhq4e836u83xxjjulqqm442p\n          enc: x\n")
		},
		code: 5, says: "sealcfg rekey --accept-unbound app.yaml", steps: 1, after: wayBackText,
	},
	"the binding is broken": {
		spoil: func(b *bench, file string) {
			replaceIn(b.t, file, "binding: ENC[AES256_GCM,data:", "binding: ENC[AES256_GCM,data:AAAA")
		},
		code: 5, says: "sealcfg rekey --accept-unbound app.yaml", steps: 1, after: wayBackText,
	},
	"the binding is required, and was removed": {
		spoil: func(b *bench, file string) {
			unbind(b.t, file)
			require.NoError(b.t, os.WriteFile(filepath.Join(b.dir, "sealcfg.yaml"), []byte("binding: required\n"), 0o644))
		},
		code: 5, says: "sealcfg rekey --accept-unbound app.yaml", steps: 1, after: wayBackText,
	},
	"the file was copied": {
		spoil: func(b *bench, file string) { copyTo(b.t, file, filepath.Join(b.dir, "deploy", "copy.yaml")) },
		file:  "deploy/copy.yaml", code: 5, says: "the file is a copy of app.yaml", steps: 1, after: wayBackText,
	},
	"the file was moved": {
		spoil: func(b *bench, file string) {
			copyTo(b.t, file, filepath.Join(b.dir, "deploy", "moved.yaml"))
			require.NoError(b.t, os.Remove(file))
		},
		file: "deploy/moved.yaml", code: 5, says: "the file was moved", steps: 1, after: wayBackText,
	},
	"the file was moved, and its name has a blank": {
		spoil: func(b *bench, file string) {
			copyTo(b.t, file, filepath.Join(b.dir, "deploy", "my app.yaml"))
			require.NoError(b.t, os.Remove(file))
		},
		file: "deploy/my app.yaml", code: 5, says: "sealcfg rekey 'deploy/my app.yaml'", steps: 1, after: wayBackText,
	},
	"the project became a directory of another one": {
		spoil: func(b *bench, file string) {
			copyTo(b.t, file, filepath.Join(b.dir, "services", "shop", "app.yaml"))
			require.NoError(b.t, os.Remove(file))
		},
		file: "services/shop/app.yaml", code: 5, says: "moved: file app.yaml is now file services/shop/app.yaml", steps: 1, after: wayBackText,
	},
	"moved, edited, and a value was added": {
		spoil: func(b *bench, file string) {
			replaceIn(b.t, file, "name_unencrypted: web", "name_unencrypted: shop\nadded: CANARY-3")
			copyTo(b.t, file, filepath.Join(b.dir, "deploy", "moved.yaml"))
			require.NoError(b.t, os.Remove(file))
		},
		file: "deploy/moved.yaml", code: 5, says: "sealcfg rekey --accept-mac deploy/moved.yaml", steps: 1, after: strings.Replace(wayBackText, "web", "shop\nadded: CANARY-3", 1),
	},
	"git left both sides of a merge": {
		spoil: func(b *bench, file string) {
			b.git("init", "-q", "-b", "main")
			b.git("add", ".")
			b.git("commit", "-qm", "one")
			b.git("checkout", "-q", "-b", "other")
			b.sealcfg("set", "-q", "app.yaml", "empty", "CANARY-4")
			b.git("commit", "-qam", "two")
			b.git("checkout", "-q", "main")
			b.sealcfg("set", "-q", "app.yaml", "token", "CANARY-3")
			b.git("commit", "-qam", "three")
			cmd := exec.Command("git", "merge", "-q", "other")
			cmd.Dir, cmd.Env = b.dir, b.env
			require.Error(b.t, cmd.Run())
		},
		code: 1, says: "unresolved merge conflict", steps: 1,
		byHand: func(b *bench, file string) {
			ours := regexp.MustCompile(`(?s)<<<<<<< [^\n]*\n(.*?)=======\n.*?>>>>>>> [^\n]*\n`)
			require.Regexp(b.t, ours, readFile(b.t, file))
			require.NoError(b.t, os.WriteFile(file, []byte(ours.ReplaceAllString(readFile(b.t, file), "$1")), 0o644))
		},
		after: strings.NewReplacer("CANARY-1", "CANARY-3", `""`, `"CANARY-4"`).Replace(wayBackText),
	},
	"the metadata was lost": {
		spoil: func(b *bench, file string) {
			b.git("init", "-q")
			b.git("add", ".")
			b.git("commit", "-qm", "one")
			removeMetadata(b.t, file)
		},
		code: 1, says: "git checkout", steps: 1, after: wayBackText,
	},
	"the metadata was lost two commits ago, and the name of the file has a blank": {
		spoil: func(b *bench, file string) {
			named := filepath.Join(b.dir, "my app.yaml")
			require.NoError(b.t, os.Rename(file, named))
			b.sealcfg("rekey", "-q", "--yes", "my app.yaml")
			b.git("init", "-q")
			b.git("add", ".")
			b.git("commit", "-qm", "one")
			removeMetadata(b.t, named)
			b.git("commit", "-qam", "two")
			require.NoError(b.t, os.Rename(named, file))
			b.git("commit", "-qam", "three")
			require.NoError(b.t, os.Rename(file, named))
		},
		file: "my app.yaml", code: 1, says: "-- 'my app.yaml'", steps: 1, after: wayBackText,
	},
}

// refusing lists the commands that need the plaintext, with the sops commands last.
func refusing(file string) [][]string {
	return [][]string{
		{"get", file, "token"}, {"set", file, "token", "x"}, {"unset", file, "token"}, {"edit", file}, {"rekey", "--yes"},
		{"sops", "-d", file}, {"sops", "set", file, `["token"]`, `"x"`}, {"sops", "rotate", "-i", file}, {"sops", "edit", file}, {"sops", "exec-env", file, "true"},
	}
}

// git runs git, which must succeed.
func (b *bench) git(args ...string) {
	b.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = b.dir, b.env
	out, err := cmd.CombinedOutput()
	require.NoError(b.t, err, "git %v: %s", args, out)
}

func removeMetadata(t *testing.T, file string) {
	t.Helper()
	text, _, ok := strings.Cut(readFile(t, file), "\nsops:\n")
	require.True(t, ok)
	require.NoError(t, os.WriteFile(file, []byte(text+"\n"), 0o644))
}

func unbind(t *testing.T, file string) {
	t.Helper()
	text := readFile(t, file)
	require.Regexp(t, bindingBlock, text)
	require.NoError(t, os.WriteFile(file, []byte(bindingBlock.ReplaceAllString(text, "")), 0o644))
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(t, os.WriteFile(to, []byte(readFile(t, from)), 0o644))
}

// A person who follows the hints of a refusal gets a valid file and never the same refusal twice.
// No value is shown before they confirm.
func TestWaysBack(t *testing.T) {
	t.Parallel()
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			require.NoError(t, os.WriteFile(filepath.Join(b.dir, "sealcfg.yaml"), []byte("binding: required\n"), 0o644))
			file := filepath.Join(b.dir, "app.yaml")
			policy := readFile(t, filepath.Join(b.dir, ".sops.yaml"))
			require.NoError(t, os.WriteFile(filepath.Join(b.dir, ".sops.yaml"), []byte(strings.ReplaceAll(policy, "^environments/", "yaml$")), 0o600))
			require.NoError(t, os.WriteFile(file, []byte(wayBackText), 0o644))
			b.sealcfg("encrypt", "-q", "app.yaml")
			c.spoil(b, file)
			if c.file == "" {
				c.file = "app.yaml"
			}
			file = filepath.Join(b.dir, c.file)
			b.env = append(b.env, "EDITOR=true")

			seen := map[string]bool{}
			_, said, err := b.run("", "decrypt", c.file)
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, c.code, exit.ExitCode())
			assert.Contains(t, said, c.says)
			first := hintedCommand.FindStringSubmatch(said)
			require.NotNil(t, first, "no command in: %s", said)
			for _, args := range refusing(c.file) {
				was := readFile(t, file)
				_, also, err := b.run("", args...)
				require.Error(t, err, "%v", args)
				assert.NotContains(t, also, "CANARY")
				assert.Contains(t, also, first[1], "%v", args)
				require.Equal(t, was, readFile(t, file), "%v", args)
			}
			if c.byHand != nil {
				c.byHand(b, file)
			}
			for step := 1; ; step++ {
				require.False(t, seen[said], "the same refusal twice: %s", said)
				seen[said] = true
				assert.NotContains(t, said, "CANARY")
				found := hintedCommand.FindStringSubmatch(said)
				require.NotNil(t, found, "no command in: %s", said)
				before := readFile(t, file)
				if strings.HasPrefix(found[1], "git ") {
					require.Zero(t, b.shell(found[1], &said), said)
					break
				}

				// Without a terminal, it requires --yes and writes no file.
				code := b.shell(found[1], &said)
				assert.NotContains(t, said, "CANARY")
				assert.Equal(t, before, readFile(t, file))
				if code == 2 {
					code = b.shell(found[1]+" --yes", &said)
					assert.NotContains(t, said, "CANARY")
				}
				if code == 0 {
					assert.Equal(t, c.steps, step, said)
					break
				}
				require.Less(t, step, 4, said)
			}
			assert.Equal(t, c.after, b.sealcfg("decrypt", c.file))
			assert.NotContains(t, readFile(t, file), "CANARY")
			b.sealcfg("set", "-q", c.file, "token", "x")
			b.sealcfg("rekey", "-q", "--yes", c.file)
		})
	}
}

// shell runs a command line as a person would copy it from a hint.
func (b *bench) shell(line string, said *string) (code int) {
	b.t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = b.dir, b.env
	out, err := cmd.CombinedOutput()
	*said = string(out)
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(b.t, err, &exit)
		return exit.ExitCode()
	}
	return 0
}
