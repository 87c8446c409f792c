package sopscli

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// callGenerator generates command lines of sops.
type callGenerator struct {
	*rand.Rand
	recipient, stranger string
}

func (c *callGenerator) one(of ...string) string { return of[c.IntN(len(of))] }

func (c *callGenerator) chance(percent int) bool { return c.IntN(100) < percent }

var (
	encryptedFiles = []string{"s.yaml", "s.json", "s.env", "s.ini", "s.bin", "noext", "two.yaml", "flat.yaml"}
	plainFiles     = []string{"plain.yaml", "plain.json", "plain.env", "plain.ini", "plain.bin"}
	invalidFiles   = []string{"none.yaml", "broken.yaml", "broken.json", "empty.yaml", "mac.yaml", "value.yaml", "dir"}
	sopsFormats    = []string{"yaml", "json", "dotenv", "ini", "binary"}
)

// call returns a command line and its variables.
func (c *callGenerator) call() (args, env []string) {
	command := c.one("decrypt", "decrypt", "decrypt", "encrypt", "encrypt", "rotate", "set", "unset", "filestatus", "exec-env", "exec-file", "edit", "updatekeys")
	legacy := c.chance(40) && slices.Contains([]string{"decrypt", "encrypt", "rotate", "set", "edit"}, command)
	var before, flags, after []string // before the command, with it, after the file
	add := func(percent int, more ...string) {
		if c.chance(percent) {
			flags = append(flags, more...)
		}
	}
	file := c.one(encryptedFiles...)
	if command == "encrypt" {
		file = c.one(plainFiles...)
	}
	switch {
	case c.chance(10):
		file = c.one(slices.Concat(encryptedFiles, plainFiles)...)
	case c.chance(10):
		file = c.one(invalidFiles...)
	}
	if slices.Contains([]string{"decrypt", "encrypt", "rotate", "edit", "set", "unset", "exec-file"}, command) {
		add(15, "--input-type", c.one(append(sopsFormats, "env", "yml")...))
		add(15, "--output-type", c.one(append(sopsFormats, "env")...))
	}
	if slices.Contains([]string{"decrypt", "encrypt", "rotate"}, command) {
		add(15, c.one("-i", "--in-place", "-i=true", "--in-place=false"))
		add(10, "--output", c.one("out", "none/out", "/dev/stdout"))
		add(10, "--filename-override", c.one("x.yaml", "x.json", "x.env", "x"))
	}
	if command == "decrypt" {
		add(20, "--extract", c.one(`["a"]`, `["b"][0]`, `["b"]`, `["m"]["n"]`, `['a']`, `["none"]`, `["b"][9]`, `a`, `["A"]`, `["s"]["a"]`, ``))
		add(10, c.one("--ignore-mac", "--ignore-mac=false"))
	}
	if command == "encrypt" || command == "edit" {
		add(10, "--age", c.one(c.recipient, c.stranger, c.recipient+","+c.stranger, "age1nonsense", ""))
		add(10, c.one("--encrypted-regex", "--unencrypted-regex", "--encrypted-suffix", "--unencrypted-suffix"), c.one("^a$", "n", "_x"))
	}
	if command == "rotate" {
		add(15, "--add-age", c.one(c.stranger, c.recipient, "nonsense"))
		add(10, "--rm-age", c.one(c.stranger, c.recipient))
	}
	if command == "set" || command == "unset" {
		add(10, "--idempotent")
	}
	if command == "updatekeys" {
		flags = append(flags, c.one("-y", "--yes"))
	} else if command != "filestatus" && command != "encrypt" {
		add(5, "--decryption-order", c.one("age", "pgp,age", "age,nonsense", "age,age"))
		add(5, "--enable-local-keyservice")
	}
	global := func(percent int, more ...string) {
		if c.chance(percent) {
			before = append(before, more...)
		}
	}
	global(10, "--config", c.one("own", "narrow", "norules", "missing"))
	global(10, "--indent", c.one("2", "4", "0", "-1", "x"))
	global(5, "--verbose")
	if c.chance(4) {
		after = append(after, c.one("--output-type=json", "--bogus", "plain.yaml", "-v"))
	}
	if c.chance(2) {
		flags = append(flags, "--nonsense")
	}
	var more []string
	switch command {
	case "set":
		more = []string{c.one(`["a"]`, `["b"][0]`, `["new"]`, `["m"]["n"]`, `["m"]["o"]`, `a`, `["A"]`), c.one(`"text"`, `5`, `true`, `null`, `nonsense`, `1.5`, `{"x": "y"}`)}
	case "unset":
		more = []string{c.one(`["a"]`, `["b"][0]`, `["none"]`, `a`)}
	case "exec-env":
		more = []string{c.one("echo $a-$A", "exit 7", "true", "env | grep -c '^A='")}
	case "exec-file":
		more = []string{c.one("cat {}", "exit 7", "true", "basename {}")}
	}
	if legacy {
		switch command {
		case "edit":
		case "set":
			flags = append(flags, "--set", more[0]+" "+more[1])
			more = nil
		default:
			flags = append(flags, c.one("--"+command, "-"+command[:1]))
		}
		args = slices.Concat(before, flags, []string{file}, after)
	} else {
		args = slices.Concat(before, []string{command}, flags, []string{file}, more, after)
	}
	if c.chance(10) {
		env = append(env, c.one("SOPS_AGE_KEY_FILE=stranger.txt", "SOPS_AGE_KEY_FILE=none.txt", "SOPS_AGE_KEY_FILE=", "SOPS_AGE_KEY=oops"))
	}
	if c.chance(10) {
		env = append(env, c.one("SOPS_AGE_RECIPIENTS="+c.recipient, "SOPS_AGE_RECIPIENTS="+c.stranger, "SOPS_CONFIG=own", "SOPS_CONFIG=narrow",
			"SOPS_DECRYPTION_ORDER=pgp,age", "SOPS_DECRYPTION_ORDER=nonsense", "SOPS_PGP_FP=", "SOPS_ENABLE_LOCAL_KEYSERVICE=true"))
	}
	return args, append(env, "EDITOR=sh "+c.one("edit.sh", "edit.sh", "same.sh", "fail.sh"))
}

// Random command lines have the same exit code, print the same plaintext and leave the
// same values as with sops, except for the differences in docs/sops-shim.md.
func TestRandomCallsAsSops(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	stranger, strange := newAgeKey(t)
	own := "creation_rules:\n  - age: " + p.recipient + "\n"
	maps.Copy(p.files, map[string]string{
		"stranger.txt": stranger, ".sops.yaml": own, "own": own, "norules": "stores: {yaml: {indent: 2}}\n",
		"narrow":     "creation_rules:\n  - path_regex: never\n    age: " + p.recipient + "\n",
		"plain.yaml": "a: 1\nb:\n    - x1\n    - y2\nm:\n    n: text\n", "plain.json": "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t\"x1\"\n\t]\n}\n",
		"plain.env": "A=one\nB=two\n", "plain.ini": "[s]\na = one\n", "plain.bin": "just text\n",
		"flat.plain.yaml": "a: x1\nA: one\n", "broken.yaml": "a: [\n", "broken.json": `{"a": x}`, "empty.yaml": "", "dir/x": "",
		"edit.sh": `sed -i s/x1/x2/ "$1"` + "\n", "same.sh": "", "fail.sh": "exit 3\n",
	})
	for _, name := range []string{"yaml", "json", "env", "ini", "bin"} {
		p.files["s."+name] = p.encryptedBySops("plain." + name)
	}
	p.files["flat.yaml"], p.files["noext"] = p.encryptedBySops("flat.plain.yaml"), p.files["s.yaml"]
	p.files["two.yaml"] = p.encryptedBySops("plain.yaml", "--age", strange+","+p.recipient)
	p.files["mac.yaml"] = strings.Replace(p.files["s.yaml"], "unencrypted_suffix: _unencrypted", "unencrypted_suffix: _other", 1)
	p.files["value.yaml"] = strings.Replace(p.files["s.yaml"], "a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AA", 1)

	calls, seed := 100, uint64(1)
	if text := os.Getenv("SEALCFG_SOPS_CALLS"); text != "" { // such as 2000, or 2000/7 with another seed
		n, s, _ := strings.Cut(text, "/")
		calls, _ = strconv.Atoi(n)
		seed, _ = strconv.ParseUint(s+"1", 10, 64)
	}
	c := &callGenerator{rand.New(rand.NewPCG(seed, 2)), p.recipient, strange}
	alike, documented := 0, map[string]int{}
	for range calls {
		args, env := c.call()
		q := *p
		q.env = append(q.env[:len(q.env):len(q.env)], env...)
		sops, shim := q.real(args...), q.shimmed(args...)
		why := knownDifference(args, sops, shim)
		if why == "" && sops.code == shim.code && q.samePlaintext(t, args, sops, shim) {
			alike++
			continue
		}
		if documented[why]++; why == "" {
			t.Errorf("%q %q\nsops: %d %q\n%s\nshim: %d %q\n%s", env, args, sops.code, shortened(sops.stdout), sops.stderr, shim.code, shortened(shim.stdout), shim.stderr)
		}
	}
	t.Logf("%d alike, documented: %v", alike, documented)
	assert.Greater(t, alike, calls/2)
	require.Less(t, len(documented), calls)
}

func shortened(s string) string { return s[:min(len(s), 300)] }

// encryptedBySops encrypts a file with the real sops.
func (p *pair) encryptedBySops(name string, flags ...string) string {
	p.t.Helper()
	o := p.real(append(flags, "-e", name)...)
	require.Zero(p.t, o.code, o.stderr)
	return o.stdout
}

// samePlaintext reports whether two calls have the same output and the same values in
// their files.
func (p *pair) samePlaintext(t *testing.T, args []string, sops, shim outcome) bool {
	t.Helper()
	if sops.code != 0 {
		return true
	}
	if !p.equal(sops.stdout, shim.stdout) {
		return false
	}
	for name, text := range sops.files {
		if !p.equal(text, shim.files[name]) {
			return false
		}
	}
	return len(sops.files) == len(shim.files)
}

// equal reports whether two files are equal. If both are encrypted, it compares their
// plaintext.
func (p *pair) equal(a, b string) bool {
	if a == b {
		return true
	}
	if !strings.Contains(a, "ENC[") || !strings.Contains(b, "ENC[") {
		return false
	}
	plain := func(text string) string {
		q := *p
		q.files = maps.Clone(p.files)
		q.env = append(q.env[:len(q.env):len(q.env)], "SOPS_AGE_KEY_FILE=both.txt", "SOPS_AGE_RECIPIENTS=", "SOPS_CONFIG=", "SOPS_DECRYPTION_ORDER=")
		q.files["both.txt"] = p.files["key.txt"] + p.files["stranger.txt"]
		typ := "yaml"
		switch {
		case strings.HasPrefix(text, "{"):
			typ = "json"
		case strings.Contains(text, "\nsops_mac="):
			typ = "dotenv"
		case strings.Contains(text, "[sops]"):
			typ = "ini"
		}
		q.files["text"] = text
		o := q.real("-d", "--input-type", typ, "--output-type", typ, "text")
		return fmt.Sprint(o.code, o.stdout)
	}
	return plain(a) == plain(b)
}

// knownDifference returns the documented difference between two outcomes, or "".
func knownDifference(args []string, sops, shim outcome) string {
	has := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return slices.Contains(args, text) })
	}
	switch {
	case strings.Contains(sops.stderr, "goroutine 1 [running]"):
		return "sops crashes"
	case strings.Contains(sops.stderr, "/tmp-file: no such file or directory"):
		return "sops removes the pipe before the command opens it"
	case has("norules") && sops.code == 0 && shim.code == 0:
		return "stores.yaml.indent alone does not change the layout"
	case has("age,age", "dir", "missing") && sops.code != 0 && shim.code != 0:
		return "of several errors, another one is reported"
	case has("s.env", "s.ini") && has("5", `["a"] 5`, `["A"] 5`, `["new"] 5`, `["m"]["o"] 5`, `["m"]["n"] 5`) && sops.code == 0 && shim.code == 0:
		return "set writes 5 as an integer"
	case shim.code == 4 && strings.Contains(shim.stderr, "the format cannot hold lists or maps"):
		return "set rejects null if the format has no null"
	case has("updatekeys") && strings.HasPrefix(sops.stdout, "The following changes") && strings.HasPrefix(shim.stdout, "The following changes") && sops.code == shim.code:
		return "updatekeys shows changes by name"
	case sops.code != 0 && (strings.Contains(sops.stderr, "Could not unmarshal input data") || strings.Contains(sops.stderr, "yaml: unmarshal errors") ||
		strings.Contains(sops.stderr, "invalid dotenv input line")) && (has("noext", "--filename-override") || shim.code == 0):
		return "the format of an encrypted file is in its contents"
	case strings.Contains(shim.stderr, "rotate would give the new data key to"):
		return "rotate rejects recipients that only the file lists"
	case strings.Contains(shim.stderr, "every recipient in the file gets the new data key"):
		return "rotate warns without a creation rule"
	case strings.Contains(shim.stderr, "lock yourself out"), strings.Contains(shim.stderr, "you cannot decrypt"):
		return "the user keeps access"
	case has("--filename-override") && sops.code == shim.code && !has("--extract"):
		return "decrypt keeps the layout under another name"
	case strings.Contains(sops.stdout, `"DEFAULT": {}`), strings.Contains(sops.stdout, "DEFAULT: {}"):
		return "an empty DEFAULT section is not printed"
	case strings.Contains(sops.stderr, "no matching creation rules") && (shim.code == 200 || shim.code == 201):
		return "an existing file can be edited without a rule"
	case has("s.bin") && (strings.Contains(shim.stderr, "the file is one value, named data") || strings.Contains(shim.stderr, "a binary file cannot hold lists or maps")):
		return "a binary file has only one field"
	case strings.Contains(shim.stderr, "keeps its format"):
		return "a changed file keeps its format"
	case has("-1") && strings.Contains(sops.stderr, "Negative indentation"):
		return "a changed file keeps its layout"
	case shim.code == 1 && (strings.Contains(shim.stderr, "comes after the file, where") || strings.Contains(shim.stderr, "expected one file")):
		return "a flag that sops ignores is an error if it matters"
	case shim.code == 203:
		return "an encrypted file is not encrypted again"
	}
	return ""
}
