package sopscli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCalledAsSops(t *testing.T) {
	t.Parallel()
	for argv0, want := range map[string]bool{
		"sops": true, "/usr/local/bin/sops": true, "sops.exe": true, "SOPS.EXE": true,
		"sealcfg": false, "sops-3.13": false, "mysops": false, "": false, "/opt/sops/sealcfg": false,
	} {
		assert.Equal(t, want, Called(argv0), argv0)
	}
}

// run calls the shim in this process, without environment variables.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	file := func() *os.File {
		f, err := os.CreateTemp(t.TempDir(), "")
		require.NoError(t, err)
		return f
	}
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	a := &cli.App{Stdin: null, Stdout: file(), Stderr: cli.NewErrorStream(file()), LookupEnv: func(string) (string, bool) { return "", false }, Finder: new(environments.Finder)}
	code = Run(context.Background(), a, args)
	read := func(f *os.File) string {
		b, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		return string(b)
	}
	return code, read(a.Stdout), read(a.Stderr.File)
}

// helpFlag matches the flags in the help of sops: "   --age value, -a value   comma …".
var helpFlag = regexp.MustCompile(`(?m)^   (--?[a-z][a-z-]*)(?: value)?(?:, (--?[a-z][a-z-]*)(?: value)?)?(?:  |$)`)

func flagsInHelp(t *testing.T, sops string, command ...string) map[string]bool {
	t.Helper()
	cmd := exec.Command(sops, append(command, "--help")...)
	cmd.Env = append(os.Environ(), "SOPS_DISABLE_VERSION_CHECK=1")
	out, err := cmd.Output()
	require.NoError(t, err)
	flags := map[string]bool{}
	for _, m := range helpFlag.FindAllSubmatch(out, -1) {
		for _, name := range m[1:] {
			if len(name) > 0 {
				flags[strings.TrimLeft(string(name), "-")] = bytes.Contains(m[0], []byte(" value"))
			}
		}
	}
	return flags
}

// The shim knows every command and flag of sops. It supports it or rejects it by name.
func TestEveryFlagOfSops(t *testing.T) {
	t.Parallel()
	sops := clitest.Sops()
	if sops == "" {
		t.Skip("the real sops is not installed")
	}
	top, err := exec.Command(sops, "--help").Output()
	require.NoError(t, err)
	_, list, ok := strings.Cut(string(top), "COMMANDS:\n")
	require.True(t, ok)
	list, _, _ = strings.Cut(list, "\n\n")
	commands := []string{""}
	for line := range strings.Lines(list) {
		if name := strings.Fields(line)[0]; name != "help," {
			commands = append(commands, name)
		}
	}
	require.Greater(t, len(commands), 12)
	names := append(commandNames(), "")
	slices.Sort(names)
	slices.Sort(commands)
	require.Equal(t, commands, names)

	tried := 0
	for _, name := range commands {
		var args []string
		known := strings.Fields(globalFlags())
		if name != "" {
			args = []string{name}
			cmd := commandSpecs()[slices.Index(commandNames(), name)]
			if cmd.reject != "" {
				code, _, stderr := run(t, name)
				assert.Equal(t, 1, code)
				assert.Contains(t, stderr, "sops "+name+" is not supported: ")
				continue
			}
			known = strings.Fields(cmd.flags)
		}
		flags := flagsInHelp(t, sops, args...)
		require.NotEmpty(t, flags, name)
		for f, value := range flags {
			tried++
			entry := findFlag(f)
			require.NotNil(t, entry, f)
			assert.True(t, slices.Contains(known, entry.name) || entry.name == "help", "%s: %s", name, f)
			assert.Equal(t, value, entry.kind != boolFlag, "%s: %s takes a value", name, f)
			if entry.reject != "" {
				code, stdout, stderr := run(t, append(args, dashed(f)+"=true", "no-such-file")...)
				assert.Equal(t, 1, code, f)
				assert.Empty(t, stdout)
				assert.Contains(t, stderr, dashed(entry.name)+" is not supported: ", f)
			}
		}
		for _, f := range known {
			_, there := flags[f]
			assert.True(t, there, "%s has no --%s in sops", name, f)
		}
	}
	assert.Greater(t, tried, 150)
}

func TestSopsCommandLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line   string
		code   int
		stderr string
	}{
		{"--nonsense x.yaml", 1, "flag provided but not defined: --nonsense"},
		{"decrypt --nonsense x.yaml", 1, "flag provided but not defined: --nonsense"},
		{"decrypt --config x y.yaml", 1, "write it before the command: sealcfg sops --config x decrypt y.yaml"},
		{"--input-type yaml decrypt x.yaml", 100, "--input-type comes before the command"},
		{"-i decrypt x.yaml", 1, "--in-place comes before the command"},
		{"--age x encrypt x.yaml", 1, "--age comes before the command"},
		{"-d decrypt x.yaml", 100, "non-existent file"},
		{"-d x.yaml --output-type json", 100, "--output-type comes after the file"},
		{"-d x.yaml --output json", 1, "--output comes after the file"},
		{"-d x.yaml -i", 1, "-i comes after the file"},
		{"-d --extract=[] x.yaml --extract=[]", 1, "--extract comes after the file"},
		{"-e x.yaml -i", 1, "write the flags before the file: sealcfg sops encrypt -i x.yaml"},
		{"-e x.yaml --input-type yaml", 100, "--input-type comes after the file"},
		{"-e x.yaml --input-type yaml y.yaml", 1, "expected one file, got 2"},
		{"-e x.yaml --age age1x", 1, "--age comes after the file"},
		{"rotate --rm-age x x.yaml y.yaml", 1, "expected one file, got 2"},
		{"-d x.yaml --output-type=CANARY", 100, "--output-type comes after the file"},
		{"x.yaml -d", 1, "-d comes after the file"},
		{"-d a.yaml b.yaml", 100, "expected one file, got 2"},
		{"-e a.yaml b.yaml", 1, "expected one file, got 2"},
		{"decrypt a.yaml --bogus=CANARY", 100, "--bogus comes after the file"},
		{"encrypt a.yaml --bogus=CANARY", 1, "--bogus comes after the file"},
		{"decrypt a.yaml b.yaml", 100, "expected one file, got 2"},
		{"-d -e a.yaml", 8, "cannot combine --decrypt and --encrypt"},
		{"--indent CANARY -d a.yaml", 1, "--indent: invalid value, expected a number"},
		{"-d=CANARY a.yaml", 1, "-d: invalid value, expected true or false"},
		{"-d --output", 1, "--output requires a value"},
		{"--=x", 1, "bad flag syntax"},
		{"-d --decryption-order age,pgp,age a.yaml", 112, "duplicate decryption key type: age"},
		{"decrypt --enable-local-keyservice=false a.yaml", 1, "--enable-local-keyservice=false is not supported"},
		{"decrypt --enable-local-keyservice a.yaml", 100, "non-existent file"},
		{"decrypt --ignore-mac=false a.yaml", 100, "non-existent file"},
		{"--extract x a.yaml", 1, "--extract requires --decrypt"},
		{"--output x a.yaml", 1, "cannot combine --output with edit"},
		{"-d --age age1x --kms arn --encrypted-regex x no-such.yaml", 100, "non-existent file"},
		{"--verbose --disable-version-check decrypt no-such.yaml", 100, "non-existent file"},
		{"decrypt -- --no-such", 100, "--no-such"},
		{"exec-env a.yaml", 1, "expected a file and a command in quotes, got 1 argument"},
		{"", 100, "no file specified"},
	} {
		code, stdout, stderr := run(t, strings.Fields(c.line)...)
		assert.Equal(t, c.code, code, "%s: %s", c.line, stderr)
		assert.Contains(t, stderr, c.stderr, c.line)
		assert.NotContains(t, stderr, "CANARY", c.line)
		assert.Empty(t, stdout, c.line)
	}
}

// Tools parse the version: a word, three numbers with dots, and a space or the end of the line.
func TestSopsVersion(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"--version", "-v", "--version --disable-version-check", "--disable-version-check --version"} {
		code, stdout, stderr := run(t, strings.Fields(args)...)
		assert.Equal(t, 0, code)
		assert.Regexp(t, `^sops `+regexp.QuoteMeta(envfile.FormatVersion)+` \(sealcfg [^()\s]+\)\n$`, stdout)
		assert.Empty(t, stderr)
	}
	for _, args := range []string{"--help", "-h", "help", "decrypt --help", "exec-env -h"} {
		code, stdout, _ := run(t, strings.Fields(args)...)
		assert.Equal(t, 0, code)
		assert.Contains(t, stdout, "--ignore-mac", args)
	}
	code, _, stderr := run(t, "--version", "--check-for-updates")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "--check-for-updates is not supported")
}

func TestSopsPath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]envfile.Path{
		``:                nil,
		`["a"]`:           {{Key: "a"}},
		`['a']["b"][0]`:   {{Key: "a"}, {Key: "b"}, {Index: 0, IsIndex: true}},
		`["a.b"]["c[0]"]`: {{Key: "a.b"}, {Key: "c[0]"}},
		`["a\b"]`:         {{Key: `a\b`}},
		`[""]`:            {{Key: ""}},
		` ["x"] `:         {{Key: "x"}},
	} {
		got, err := parsePath(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"a", `["a"`, `[a]`, `[-1]`, `["a"]x`, `[`, `[]`, `["a']`} {
		_, err := parsePath(text)
		assert.ErrorIs(t, err, envfile.ErrPath, text)
	}
}

// An encrypted file of any format is not encrypted again, under any name and with any type.
func TestEncryptRejectsEncryptedFile(t *testing.T) {
	t.Parallel()
	_, recipient := newAgeKey(t)
	dir := t.TempDir()
	for format, plain := range map[string]string{
		"yaml": "a: 1\nb: two\n", "json": "{\n  \"a\": 1\n}\n", "dotenv": "A=1\n", "ini": "[s]\na = 1\n", "toml": "a = 1\n", "binary": "hello",
	} {
		source := filepath.Join(dir, format)
		require.NoError(t, os.WriteFile(source, []byte(plain), 0o600))
		code, encrypted, stderr := run(t, "--age", recipient, "--input-type", format, "--output-type", format, "-e", source)
		require.Zero(t, code, stderr)
		texts := []string{encrypted}
		if format == "json" {
			texts = append(texts, strings.Join(strings.Fields(encrypted), "")) // a line that is dotenv and INI too
		}
		for _, text := range texts {
			for _, name := range []string{"x", ".env.production", "a.yaml", "a.json", "a.env", "a.ini", "a.toml", "a.txt"} {
				for _, typ := range append(envfile.FormatNames(), "") {
					path := filepath.Join(dir, name)
					require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
					args := []string{"--age", recipient, "-e", "-i", path}
					if typ != "" {
						args = append([]string{"--input-type", typ}, args...)
					}
					code, _, stderr := run(t, args...)
					assert.Equal(t, codeAlreadyEncrypted, code, "%s as %s, type %q: %s", format, name, typ, stderr)
					now, err := os.ReadFile(path)
					require.NoError(t, err)
					assert.Equal(t, text, string(now), "%s as %s, type %q", format, name, typ)
				}
			}
		}
	}
}

func FuzzSopsArguments(f *testing.F) {
	f.Add("-d\x00--output-type\x00json\x00x.yaml")
	f.Add("set\x00x\x00[\"a\"]\x00-5")
	f.Add("decrypt\x00x\x00--\x00-i")
	f.Fuzz(func(t *testing.T, line string) {
		s := arguments{text: map[string]string{}, cli: map[string]bool{}}
		args := strings.Split(line, "\x00")
		err := s.read(args, strings.Fields(globalFlags()), len(line)%2 == 0)
		if err != nil {
			return
		}
		for _, rest := range s.rest {
			if !slices.Contains(args, rest) {
				t.Fatal("an argument that is not in the command line")
			}
		}
		_, _ = parsePath(line)
	})
}
