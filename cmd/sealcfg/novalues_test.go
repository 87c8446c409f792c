package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
)

// plainTexts hold a canary in every value and comment, ¶ for a string and ¤ for a number, and the
// text that breaks each format.
var plainTexts = map[string]struct{ text, broken string }{
	"a.yaml": {"# about ¶\ndb:\n  password: ¶ # ¶\n  port: ¤\n  ratio: ¤.5\n  hosts: [¶, '¶']\n  cert: |\n    ¶\n    ¶\nempty: ''\non: true\n", "db: ¶\ndb: ¶: ¶\n  ¶\n"},
	"a.json": {`{"db": {"password": "¶", "port": ¤, "ratio": ¤.5, "hosts": ["¶"]}, "on": true}`, `{"db": "¶", "x": ¶`},
	"a.env":  {"# about ¶\nDB__PASSWORD=¶\nDB__PORT=¤\nURL=\"¶ ¶\"\n", "A='¶\n= ¶\n"},
	"a.ini":  {"; about ¶\n[db]\npassword = ¶\nport = ¤\n", "[db\npassword = ¶\n¶\n"},
	"a.toml": {"# about ¶\n[db]\npassword = \"¶\"\nport = ¤\nratio = ¤.5\nhosts = [\"¶\"]\n", "[db]\npassword = ¶\nx = \"¶\n"},
	"a.txt":  {"¶\n¤\n¶\n", ""},
}

// A call is a command line in which FILE stands for the file.
type call struct {
	args    string
	stdin   string
	editor  string // a shell command for the editor
	answers bool   // prints values on stdout
}

// calls are made with and without --json. Many of them fail.
var calls = []call{
	{args: "view FILE"}, {args: "get FILE nope"}, {args: "get FILE db.password.x"}, {args: "get FILE db", answers: true}, {args: "get FILE DB__PORT[0]"},
	{args: "decrypt FILE --extract nope"}, {args: "decrypt FILE --format nope"},
	{args: "decrypt FILE --format ini", answers: true}, {args: "decrypt FILE --format dotenv", answers: true},
	{args: "struct FILE"}, {args: "encrypt FILE"}, {args: "key list"}, {args: "key show"},
	{args: "set FILE db.password -", stdin: "¶"}, {args: "set FILE db.port --type int -", stdin: "¶"}, {args: "set FILE on --type bool -", stdin: "¤"},
	{args: "set FILE db.new --type json -", stdin: `{"a": "¶", "b": ¶`}, {args: "set FILE db.new --type json -", stdin: `{"a": ["¶", ¤]}`},
	{args: "set FILE db.password.deeper -", stdin: "¶"}, {args: "set FILE a..b -", stdin: "¶"}, {args: "set FILE LINES -", stdin: "¶\n¶\x00¶"},
	{args: "unset FILE db.port"}, {args: "unset FILE nope"}, {args: "unset FILE DB__PORT"},
	{args: "edit FILE", editor: `sed -i -e 's/¤/¤1/' "$1"`},
	{args: "edit FILE", editor: `cp broken "$1"`},
	{args: "edit FILE", editor: `echo "¶" >>"$1"; exit 3`},
	{args: "edit FILE --resume", editor: "true"},
	{args: "rekey --yes FILE"}, {args: "rekey --yes --keep-data-key FILE"},
	{args: "sops filestatus FILE"}, {args: "sops updatekeys -y FILE"}, {args: "sops rotate -i FILE"}, {args: "sops exec-env FILE true"}, {args: "sops exec-file FILE true"},
	{args: `sops set --value-stdin FILE ["db"]["password"]`, stdin: `"¶"`}, {args: `sops set --value-stdin FILE ["db"]["password"]`, stdin: `{"¶": ¶`},
	{args: `sops -d --extract ["db"]["nope"] FILE`},
}

// damages are ways in which an encrypted file can be damaged.
var damages = map[string]func(sealed []byte, plain, broken string) []byte{
	"whole":   func(sealed []byte, _, _ string) []byte { return sealed },
	"plain":   func(_ []byte, plain, _ string) []byte { return []byte(plain) },
	"broken":  func(_ []byte, _, broken string) []byte { return []byte(broken) },
	"cut off": func(sealed []byte, _, _ string) []byte { return sealed[:len(sealed)/2] },
	"doubled": func(sealed []byte, _, _ string) []byte { return append(bytes.Clone(sealed), sealed...) },
	"mixed":   func(sealed []byte, plain, _ string) []byte { return append([]byte(plain), sealed...) },
	"flipped": func(sealed []byte, _, _ string) []byte {
		at := bytes.Index(sealed, []byte("data:"))
		return append(append(bytes.Clone(sealed[:at+6]), 'A', 'A', 'A', 'A'), sealed[at+10:]...)
	},
}

// No command prints a value that was not requested, whatever the files, stdin or the environment
// contain, and whether it succeeds or fails.
func TestNoCommandPrintsAValue(t *testing.T) {
	t.Parallel()
	text, number := "CANARY"+fmt.Sprint(rand.Uint64()), fmt.Sprint(100_000_000_000_000+rand.Int64N(100_000_000_000_000))
	fill := func(s string) string { return strings.NewReplacer("¶", text, "¤", number).Replace(s) }
	ran, failed := 0, 0
	for f, file := range slices.Sorted(maps.Keys(plainTexts)) {
		content := plainTexts[file]
		for d, damage := range slices.Sorted(maps.Keys(damages)) {
			if damage == "broken" && content.broken == "" {
				continue
			}
			home := t.TempDir()
			run := func(c call, env ...string) (stdout, stderr string, err error) {
				args := strings.Split(strings.ReplaceAll(c.args, "FILE", "environments/"+file), " ")
				cmd := exec.Command("sealcfg", args...)
				cmd.Dir, cmd.Stdin = home, strings.NewReader(fill(c.stdin))
				for name, value := range clitest.Isolated(home) {
					cmd.Env = append(cmd.Env, name+"="+value)
				}
				cmd.Env = append(append(cmd.Env, "PATH="+os.Getenv("PATH"), "TMPDIR="+home, "XDG_STATE_HOME="+filepath.Join(home, "state")), env...)
				if c.editor != "" {
					require.NoError(t, os.WriteFile(filepath.Join(home, "editor"), []byte(fill(c.editor)), 0o600))
					require.NoError(t, os.WriteFile(filepath.Join(home, "broken"), []byte(fill(content.broken)), 0o600))
					cmd.Env = append(cmd.Env, "EDITOR=sh editor")
				}
				var out, errs strings.Builder
				cmd.Stdout, cmd.Stderr = &out, &errs
				err = cmd.Run()
				return out.String(), errs.String(), err
			}
			_, stderr, err := run(call{args: "init -q --name alice"})
			require.NoError(t, err, stderr)
			path := filepath.Join(home, "environments", file)
			plain := fill(content.text)
			require.NoError(t, os.WriteFile(path, []byte(plain), 0o600))
			_, stderr, err = run(call{args: "encrypt FILE"})
			require.NoError(t, err, stderr)
			assert.NotContains(t, stderr, text)
			sealed, err := os.ReadFile(path)
			require.NoError(t, err)
			spoilt := damages[damage](sealed, plain, fill(content.broken))
			for i, c := range calls {
				if damage != "whole" && (i+f+d)%8 != 0 { // over all calls, each format meets each damage
					continue
				}
				c.answers = c.answers || damage == "mixed" && c.args == "view FILE" // unencrypted values
				for _, form := range []string{"", " --json"} {
					if form != "" && (damage != "whole" || f%3 != 0 || strings.HasPrefix(c.args, "sops")) {
						continue
					}
					require.NoError(t, os.WriteFile(path, spoilt, 0o600))
					now := c
					now.args += form
					stdout, stderr, err := run(now)
					ran++
					if err != nil {
						failed++
					}
					shown := stderr
					if !c.answers {
						shown += stdout
					}
					if strings.Contains(shown, text) || strings.Contains(shown, number) {
						t.Errorf("%s, %s: %s prints a value:\n%s", file, damage, now.args, shown)
					}
				}
			}
		}
	}
	t.Logf("%d commands, %d of them failed", ran, failed)
	assert.Greater(t, failed, ran/10)
	assert.Less(t, failed, ran)
}
