package sopscli

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Tools match these strings in the output of sops. The test runs each call with the real
// sops as well, which must print the same string and return the same exit code.
func TestStringsThatToolsMatch(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	second, stranger := newAgeKey(t)
	third, _ := newAgeKey(t)
	maps.Copy(p.files, map[string]string{
		"stranger.txt": second, "strangers.txt": second + third, "oops.txt": "oops\n",
		"plain.yaml": "a: 1\nb:\n    - x\nc_unencrypted: seen\n", "plain.env": "A=1\n", "plain.ini": "[s]\na = 1\n", "plain.json": `{"a": 1}`,
		"broken.yaml": "a: [\n", "broken.json": `{"a": x}`, "empty.yaml": "",
		"narrow":     "creation_rules:\n  - path_regex: never\n    age: " + p.recipient + "\n",
		"norules":    "stores: {yaml: {indent: 2}}\n",
		"emptyrules": "creation_rules: []\n",
		"nokeys":     "creation_rules:\n  - path_regex: .\n",
		"emptygroup": "creation_rules:\n  - key_groups:\n      - age: []\n",
		"own":        "creation_rules:\n  - age: " + p.recipient + "\n",
		"stranger":   "creation_rules:\n  - age: " + stranger + "\n",
		"groups":     "creation_rules:\n  - key_groups:\n      - age: [" + p.recipient + "]\n      - age: [" + stranger + "]\n",
	})
	for name, args := range map[string][]string{
		"s.yaml": {"--age", p.recipient, "-e", "plain.yaml"}, "s.json": {"--age", p.recipient, "-e", "plain.json"},
		"s.env": {"--age", p.recipient, "-e", "plain.env"}, "s.ini": {"--age", p.recipient, "-e", "plain.ini"},
		"groups.yaml": {"--config", "groups", "-e", "plain.yaml"},
	} {
		o := p.real(args...)
		require.Zero(t, o.code, o.stderr)
		p.files[name] = o.stdout
	}
	p.files["mac.yaml"] = strings.Replace(p.files["s.yaml"], "c_unencrypted: seen", "c_unencrypted: else", 1)
	p.files["value.yaml"] = strings.Replace(p.files["s.yaml"], "a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AA", 1)
	require.NotEqual(t, p.files["s.yaml"], p.files["mac.yaml"])
	require.NotEqual(t, p.files["s.yaml"], p.files["value.yaml"])

	const (
		noKey    = "Failed to get the data key required to decrypt the SOPS file."
		noConfig = "config file not found, or has no creation rules, and no keys provided through command line options"
		noRule   = "error loading config: no matching creation rules found"
		noGroup  = "Could not generate data key: [empty key group provided]"
		already1 = "The file you have provided contains a top-level entry called 'sops'"
		already2 = "generally due to the file already being encrypted"
		noSuch   = "cannot operate on non-existent file"
	)
	for _, c := range []struct {
		words string
		env   string
		args  string // separated by blanks
		code  int
	}{
		// Unencrypted files: kapp-controller, vendir, pre-commit hooks, Python and Rust wrappers.
		{words: "sops metadata not found", args: "-d plain.yaml", code: 1},
		{words: "sops metadata not found", args: "-d plain.env", code: 1},
		{words: "sops metadata not found", args: "-d plain.ini", code: 1},
		{words: "sops metadata not found", args: "-d plain.json", code: 1},
		{words: "sops metadata not found", args: "-d empty.yaml", code: 1},
		{words: "sops metadata not found", args: "decrypt -i plain.yaml", code: 1},
		{words: "sops metadata not found", args: `set plain.yaml ["a"] 1`, code: 1},
		{words: "sops metadata not found", args: "edit plain.yaml", code: 1},
		{words: "sops metadata not found", args: "exec-env plain.env true", code: 1},
		// Already encrypted files: the same tools.
		{words: already1, args: "--config own -e s.yaml", code: 203},
		{words: already2, args: "--config own encrypt -i s.yaml", code: 203},
		{words: already1, args: "--config own -e -i s.json", code: 203},
		{words: already1, args: "--config own -e s.env", code: 203},
		{words: already1, args: "--config own -e s.ini", code: 203},
		// No key: editor extensions, secret providers, terraform wrappers, chat bots.
		{words: noKey, env: "SOPS_AGE_KEY_FILE=stranger.txt", args: "-d s.yaml", code: 128},
		{words: "Group 0: FAILED", env: "SOPS_AGE_KEY_FILE=stranger.txt", args: "-d s.yaml", code: 128},
		{words: "  " + p.recipient + ": FAILED", env: "SOPS_AGE_KEY_FILE=stranger.txt", args: "-d s.yaml", code: 128},
		{words: "no identity matched any", env: "SOPS_AGE_KEY_FILE=strangers.txt", args: "-d s.yaml", code: 128},
		{words: "identity did not match", env: "SOPS_AGE_KEY_FILE=stranger.txt", args: "-d s.yaml", code: 128},
		{words: noKey, env: "SOPS_AGE_KEY_FILE=", args: "-d s.yaml", code: 128},
		{words: noKey, env: "SOPS_AGE_KEY_FILE=none.txt", args: "-d s.yaml", code: 128},
		{words: noKey, env: "SOPS_AGE_KEY_FILE=oops.txt", args: "-d s.yaml", code: 128},
		{words: noKey, env: "SOPS_AGE_KEY_FILE=stranger.txt", args: `set s.yaml ["a"] 1`, code: 128},
		{words: noKey, env: "SOPS_AGE_KEY_FILE=stranger.txt", args: "edit s.yaml", code: 128},
		{words: noKey, env: "SOPS_AGE_KEY_FILE=stranger.txt", args: "rotate s.yaml", code: 128},
		{words: noKey, env: "SOPS_AGE_KEY_FILE=stranger.txt", args: "exec-env s.env true", code: 128},
		{words: noKey, env: "SOPS_AGE_KEY_FILE=stranger.txt", args: "--config stranger updatekeys -y s.yaml", code: 128},
		{words: noKey, args: "-d groups.yaml", code: 128},
		// No recipients: vscode-sops, encryption services, migration scripts.
		{words: noConfig, args: "-e plain.yaml", code: 1},
		{words: noConfig, args: "encrypt -i plain.yaml", code: 1},
		{words: noConfig, args: "--config norules -e plain.yaml", code: 1},
		{words: noConfig, args: "new.yaml", code: 1},
		{words: "config file not found", args: "updatekeys -y s.yaml", code: 1},
		{words: noRule, args: "--config narrow -e plain.yaml", code: 1},
		{words: noRule, args: "--config narrow encrypt plain.yaml", code: 1},
		{words: noRule, args: "--config emptyrules -e plain.yaml", code: 1},
		{words: noRule, args: "--config narrow updatekeys -y s.yaml", code: 1},
		{words: noRule, args: "--config narrow new.yaml", code: 1},
		{words: noGroup, args: "--config nokeys -e plain.yaml", code: 1},
		{words: noGroup, args: "--config emptygroup encrypt plain.yaml", code: 1},
		{words: noGroup, args: "rotate --rm-age " + p.recipient + " s.yaml", code: 1},
		{words: "could not read config file", args: "--config none -e plain.yaml", code: 1},
		// Damaged files.
		{words: "MAC mismatch", args: "-d mac.yaml", code: 51},
		{words: "MAC mismatch", args: `set mac.yaml ["a"] 1`, code: 51},
		{words: "Error decrypting tree", args: "-d value.yaml", code: 25},
		{words: "Error unmarshalling file", args: "--config own -e broken.yaml", code: 2},
		{words: "Error unmarshalling file", args: "--config own -e broken.json", code: 2},
		{words: "File cannot be completely empty, it must contain at least one document", args: "--config own -e empty.yaml", code: 92},
		// Editors.
		{words: "File has not changed, exiting.", env: "EDITOR=true", args: "edit s.yaml", code: 200},
		{words: "File has not changed, exiting.", env: "EDITOR=true", args: "s.yaml", code: 200},
		{words: "Could not run editor", env: "EDITOR=false", args: "s.yaml", code: 201},
		{words: "Could not run editor", env: "EDITOR=no-such-editor", args: "s.yaml", code: 201},
		// Paths, values, files.
		{words: "error truncating tree: component ['none'] not found", args: `-d --extract ["none"] s.yaml`, code: 1},
		{words: "error truncating tree: component [7] accesses out of bounds", args: `decrypt --extract ["b"][7] s.yaml`, code: 1},
		{words: "error parsing --extract path", args: `-d --extract x s.yaml`, code: 91},
		{words: "Key not found: none", args: `unset s.yaml ["none"]`, code: 1},
		{words: "Value for --set is not valid JSON", args: `set s.yaml ["a"] x`, code: 7},
		{words: "Invalid set index format", args: `set s.yaml x 1`, code: 7},
		{words: "Invalid unset index format", args: `unset s.yaml x`, code: 7},
		{words: "Invalid --set format", args: `--set x s.yaml`, code: 7},
		{words: noSuch, args: "-d none.yaml", code: 100},
		{words: noSuch, args: "encrypt none.yaml", code: 100},
		{words: "Error reading file", args: "rotate none.yaml", code: 2},
		{words: "Error reading file", args: `set none.yaml ["a"] 1`, code: 2},
		{words: "no file specified", args: "-d", code: 100},
		{words: "Could not open output file for writing", args: "-d --output none/x s.yaml", code: 3},
		{words: "cannot use complex value in environment; offending key b", args: "exec-env s.yaml true", code: 1},
		{words: "cannot operate on both --output and --in-place", args: "-d -i --output x s.yaml", code: 8},
		{words: "must specify --filename-override when reading from stdin", args: "encrypt", code: 8},
		{words: "flag provided but not defined: -", args: "decrypt --nonsense s.yaml", code: 1},
		{words: "Error dumping file", args: "-d --output-type dotenv s.yaml", code: 4},
		{words: "already up to date", args: "--config own updatekeys -y s.yaml"},
	} {
		q := *p
		if c.env != "" {
			q.env = append(q.env[:len(q.env):len(q.env)], c.env)
		}
		args := strings.Fields(c.args)
		sops, shim := q.real(args...), q.shimmed(args...)
		require.Contains(t, sops.stdout+sops.stderr, c.words, c.args)
		require.Equal(t, c.code, sops.code, c.args)
		assert.Equal(t, c.code, shim.code, "%s: %s", c.args, shim.stderr)
		assert.Contains(t, shim.stderr, c.words, c.args)
		if c.code != 0 {
			if !strings.Contains(c.args, "updatekeys") { // it prints the changes first
				assert.Empty(t, shim.stdout, c.args)
			}
			assert.Equal(t, p.files, shim.files, c.args)
		}
	}
}
