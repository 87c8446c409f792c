package sopscli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys/kmswire"
)

// logLines returns the lines of sops's log.
func logLines(stderr string) []string {
	var lines []string
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "[") {
			lines = append(lines, line)
		}
	}
	return lines
}

// With --verbose, the shim prints the lines of sops. After a success, it prints only these.
func TestVerboseAsSops(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	_, stranger := newAgeKey(t)
	second, other := newAgeKey(t)
	p.files["both.txt"] = p.files["key.txt"] + second
	p.files["stranger.txt"], _ = newAgeKey(t)
	p.files["plain.yaml"] = "a: 1\nb:\n    - x1\n"
	p.files["same.sh"], p.files["edit.sh"] = "", `sed -i s/x1/x2/ "$1"`+"\n"
	p.files[".sops.yaml"] = "creation_rules:\n" +
		"  - path_regex: two\n    age: " + stranger + "," + p.recipient + "\n" +
		"  - path_regex: groups\n    shamir_threshold: 2\n    key_groups:\n" +
		"      - age: [" + p.recipient + "]\n      - age: [" + stranger + "]\n      - age: [" + stranger + ", " + other + "]\n" +
		"  - age: " + p.recipient + "\n"
	copyOf := func(name string) { p.files[name+".yaml"] = p.files["plain.yaml"] }
	for _, name := range []string{"one", "two", "groups"} {
		copyOf(name)
		o := p.real("-e", name+".yaml")
		require.Zero(t, o.code, o.stderr)
		p.files[name+".enc.yaml"] = o.stdout
	}
	one := p.files["one.enc.yaml"]
	p.files["value.yaml"] = strings.Replace(one, "a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AA", 1)
	require.NotEqual(t, one, p.files["value.yaml"])

	for _, c := range []struct {
		name string
		env  string
		args []string
		code int
	}{
		{name: "encrypt", args: []string{"-e", "one.yaml"}},
		{name: "encrypt in place", args: []string{"-e", "-i", "one.yaml"}},
		{name: "encrypt to a file", args: []string{"-e", "--output", "out", "one.yaml"}},
		{name: "encrypt for two", args: []string{"-e", "two.yaml"}},
		{name: "encrypt for groups", args: []string{"-e", "groups.yaml"}},
		{name: "encrypt for given recipients", args: []string{"--age", stranger + "," + other, "-e", "one.yaml"}},
		{name: "encrypt for an invalid recipient", args: []string{"--age", "age1nonsense", "-e", "one.yaml"}, code: 1},
		{name: "already encrypted", args: []string{"-e", "one.enc.yaml"}, code: 203},
		{name: "decrypt", args: []string{"-d", "one.enc.yaml"}},
		{name: "decrypt in place", args: []string{"-d", "-i", "one.enc.yaml"}},
		{name: "decrypt to a file", args: []string{"-d", "--output", "out", "one.enc.yaml"}},
		{name: "extract", args: []string{"-d", "--extract", `["b"][0]`, "one.enc.yaml"}},
		{name: "extract a missing field", args: []string{"-d", "--extract", `["none"]`, "one.enc.yaml"}, code: 1},
		{name: "the second key fits", args: []string{"-d", "two.enc.yaml"}},
		{name: "too few groups", args: []string{"-d", "groups.enc.yaml"}, code: 128},
		{name: "enough groups", env: "SOPS_AGE_KEY_FILE=both.txt", args: []string{"-d", "groups.enc.yaml"}},
		{name: "another order", args: []string{"--decryption-order", "pgp,age", "-d", "two.enc.yaml"}},
		{name: "no key", env: "SOPS_AGE_KEY_FILE=stranger.txt", args: []string{"-d", "two.enc.yaml"}, code: 128},
		{name: "a value was changed", args: []string{"-d", "value.yaml"}, code: 25},
		{name: "not encrypted", args: []string{"-d", "one.yaml"}, code: 1},
		{name: "rotate", args: []string{"-r", "one.enc.yaml"}},
		{name: "rotate in place", args: []string{"-r", "-i", "two.enc.yaml"}},
		{name: "rotate groups", env: "SOPS_AGE_KEY_FILE=both.txt", args: []string{"-r", "-i", "groups.enc.yaml"}},
		{name: "add", args: []string{"-r", "-i", "--add-age", other, "one.enc.yaml"}},
		{name: "remove", args: []string{"-r", "-i", "--rm-age", stranger, "two.enc.yaml"}},
		{name: "set", args: []string{"--set", `["a"] 5`, "one.enc.yaml"}},
		{name: "edit", env: "EDITOR=sh edit.sh", args: []string{"one.enc.yaml"}},
		{name: "edit without a change", env: "EDITOR=sh same.sh", args: []string{"one.enc.yaml"}, code: 200},
		{name: "edit a new file", env: "EDITOR=sh -c 'echo a: b >\"$0\"'", args: []string{"new.yaml"}},
		// The flag has no effect with a command.
		{name: "with a command", args: []string{"decrypt", "one.enc.yaml"}},
		{name: "with another", args: []string{"set", "one.enc.yaml", `["a"]`, "5"}},
	} {
		q := *p
		if c.env != "" {
			q.env = append(q.env[:len(q.env):len(q.env)], c.env)
		}
		args := append([]string{"--verbose"}, c.args...)
		sops, shim := q.real(args...), q.shimmed(args...)
		require.Equal(t, c.code, sops.code, "%s: %s", c.name, sops.stderr)
		assert.Equal(t, c.code, shim.code, "%s: %s", c.name, shim.stderr)
		assert.Equal(t, logLines(sops.stderr), logLines(shim.stderr), c.name)
		if c.code == 0 {
			assert.Equal(t, strings.Join(logLines(shim.stderr), ""), shim.stderr, c.name)
		}
	}
}

// gpg has its own line, after age.
func TestVerboseWithGnuPG(t *testing.T) {
	t.Parallel()
	if ok, err := clitest.Have(servicetest.Find("gpg"), "gpg"); !ok {
		require.NoError(t, err)
		t.Skip("gpg is not installed")
	}
	p := newPair(t)
	helper, err := clitest.KMSHelper()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(helper, filepath.Join(filepath.Dir(p.shim), kmswire.Program)))
	gpg := servicetest.NewGnuPG(t)
	fp := gpg.Key("demo <demo@example.com>", "")
	p.env = append(p.env, "GNUPGHOME="+gpg.Home, "PATH="+filepath.Dir(p.shim)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	_, stranger := newAgeKey(t)
	p.files["p.yaml"] = "a: x\n"
	for name, recipients := range map[string][]string{
		"pgp.yaml": {"--pgp", fp}, "both.yaml": {"--pgp", fp, "--age", stranger}, "mine.yaml": {"--pgp", fp, "--age", p.recipient},
	} {
		args := append(append([]string{"--verbose"}, recipients...), "-e", "p.yaml")
		sops, shim := p.real(args...), p.shimmed(args...)
		require.Zero(t, sops.code, sops.stderr)
		require.Zero(t, shim.code, shim.stderr)
		assert.Equal(t, logLines(sops.stderr), logLines(shim.stderr))
		p.files[name] = sops.stdout
	}
	for _, args := range [][]string{
		{"-d", "pgp.yaml"}, {"-d", "both.yaml"}, {"-d", "mine.yaml"}, {"--decryption-order", "pgp,age", "-d", "mine.yaml"}, {"-r", "-i", "both.yaml"},
	} {
		args = append([]string{"--verbose"}, args...)
		sops, shim := p.real(args...), p.shimmed(args...)
		require.Zero(t, sops.code, sops.stderr)
		require.Zero(t, shim.code, shim.stderr)
		require.NotEmpty(t, logLines(sops.stderr))
		assert.Equal(t, logLines(sops.stderr), logLines(shim.stderr), args)
	}
}

func TestLogText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a.b-c_d/e@f^g+1": "a.b-c_d/e@f^g+1", "a b": `"a b"`, "x:y": `"x:y"`, `"`: `"\""`, "é": `"é"`, "\x1b[1m": `"\x1b[1m"`,
	} {
		assert.Equal(t, want, logText(text))
	}
	assert.Equal(t, "[a 0 b c]", logPath(envfile.Path{{Key: "a"}, {IsIndex: true}, {Key: "b c"}}))
	assert.NotContains(t, recovered{nil: []byte("CANARY")}.String(), "CANARY")
}
