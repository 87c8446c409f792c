package keys_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

func TestParseAgeIdentities(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"none":                 {"", nil},
		"comments":             {"# a\n\n  # b\n", nil},
		"one":                  {aliceKey, []string{alicePublic}},
		"file":                 {"# created: today\n# public key: " + alicePublic + "\n" + aliceKey + "\n", []string{alicePublic}},
		"two":                  {aliceKey + "\n" + bobKey + "\n", []string{alicePublic, bobPublic}},
		"two on a line":        {aliceKey + " " + bobKey, []string{alicePublic, bobPublic}},
		"crlf":                 {"# a\r\n" + aliceKey + "\r\n\r\n" + bobKey + "\r\n", []string{alicePublic, bobPublic}},
		"blanks around":        {"\t" + aliceKey + "  \n", []string{alicePublic}},
		"same twice":           {aliceKey + "\n" + aliceKey, []string{alicePublic, alicePublic}},
		"byte order":           {"\ufeff" + aliceKey + "\n", []string{alicePublic}},
		"UTF-16":               {utf16le("# clé\r\n" + aliceKey + "\r\n"), []string{alicePublic}},
		"UTF-16, no mark":      {utf16le(aliceKey + "\r\n")[2:], []string{alicePublic}},
		"UTF-16, big, no mark": {utf16be(aliceKey + "\n")[2:], []string{alicePublic}},
		"UTF-16, big":          {utf16be(aliceKey + "\n" + bobKey), []string{alicePublic, bobPublic}},
	} {
		t.Run(name, func(t *testing.T) {
			ids, err := keys.ParseAgeIdentities(c.text)
			require.NoError(t, err)
			var got []string
			for _, id := range ids {
				got = append(got, public(id))
			}
			assert.Equal(t, c.want, got)
		})
	}
	ids, err := keys.ParseAgeIdentities(hybridKey)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(public(ids[0]), "age1pq1"))
}

// utf16le encodes a string like PowerShell's > operator.
func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func utf16be(s string) string {
	b := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return string(b)
}

// Errors name the line, and hold no part of a secret.
func TestParseAgeIdentitiesRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"truncated":      {"# a\n" + aliceKey[:60] + "\n", "line 2: malformed age identity"},
		"a letter wrong": {"\n\n" + strings.Replace(aliceKey, aliceKey[30:33], "ZZZ", 1), "line 3: malformed age identity"},
		"lower case":     {strings.ToLower(aliceKey), "line 1: unknown kind of age identity"},
		"a recipient":    {aliceKey + "\n" + alicePublic, "line 2: expected an identity (AGE-SECRET-KEY-1…), got a recipient"},
		"a plugin":       {"AGE-PLUGIN-YUBIKEY-1QQQ", `line 1: age keys of kind "plugin" require the package github.com/sealcfg/sealcfg/keys/ageplugin (missing import?)`},
		"second word":    {aliceKey + " hunter2", "line 1: unknown kind of age identity"},
		"hybrid":         {hybridKey[:60], "line 1: malformed age identity"},
		"UTF-32":         {"\xff\xfe\x00\x00A\x00\x00\x00", "UTF-32 text; convert it to UTF-8: iconv -f UTF-32 -t UTF-8"},
		"UTF-32, big":    {"\x00\x00\xfe\xff\x00\x00\x00A", "UTF-32 text; convert it to UTF-8: iconv -f UTF-32 -t UTF-8"},
		"no text":        {aliceKey[:20] + "\x00\x01\x00\x00", "the contents are not text; save the file as UTF-8"},
		"half of UTF-16": {utf16le(aliceKey) + "x", "UTF-16 text with an odd number of bytes; save the file as UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := keys.ParseAgeIdentities(c.text)
			require.EqualError(t, err, c.want)
		})
	}
}

// fakeSource is a Source made of maps.
type fakeSource struct {
	env    map[string]string
	files  map[string]string
	output map[string]string // of commands
	ran    []string
	looked []string
	broken []string
}

func (p *fakeSource) source() keys.Source {
	return keys.Source{
		LookupEnv: func(name string) (string, bool) { v, ok := p.env[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := p.files[path]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
		ConfigDir: "conf",
		Run: func(_ context.Context, argv []string) ([]byte, error) {
			p.ran = append(p.ran, strings.Join(argv, "|"))
			if text, ok := p.output[argv[0]]; ok {
				return []byte(text), nil
			}
			return nil, errors.New("no such program")
		},
		Looked: func(place string, found int) { p.looked = append(p.looked, fmt.Sprintf("%s: %d", place, found)) },
		Broken: func(reason error) { p.broken = append(p.broken, reason.Error()) },
	}
}

var keysFile = filepath.Join("conf", "sops", "age", "keys.txt")

func TestIdentitiesMergesAllPlaces(t *testing.T) {
	hybrid := identity(t, hybridKey)
	p := &fakeSource{
		env:    map[string]string{keys.EnvAgeKey: bobKey, keys.EnvAgeKeyFile: "my.txt", keys.EnvAgeKeyCmd: `show "my key"`},
		files:  map[string]string{"my.txt": "# x\n" + aliceKey + "\n", keysFile: hybridKey},
		output: map[string]string{"show": bobKey + "\n" + aliceKey},
	}
	ids, err := keys.Default.Identities(t.Context(), p.source())
	require.NoError(t, err)
	var got []string
	for _, id := range ids {
		got = append(got, public(id))
	}
	assert.Equal(t, []string{bobPublic, alicePublic, bobPublic, alicePublic, public(hybrid)}, got, "variable, file, command, own file")
	assert.Equal(t, []string{"show|my key"}, p.ran, "once, whatever the number of recipients")
	assert.Equal(t, []string{"$SOPS_AGE_KEY: 1", "$SOPS_AGE_KEY_FILE (my.txt): 1", "$SOPS_AGE_KEY_CMD: 2", keysFile + ": 1"}, p.looked)
	assert.Equal(t, keysFile, keys.AgeKeyFile("conf"))
}

func TestIdentitiesOfNobody(t *testing.T) {
	p := &fakeSource{env: map[string]string{keys.EnvAgeKey: "", keys.EnvAgeKeyFile: "", keys.EnvAgeKeyCmd: ""}}
	ids, err := keys.Default.Identities(t.Context(), p.source())
	require.NoError(t, err)
	assert.Empty(t, ids)
	assert.Empty(t, p.ran, "an empty variable is no command")
	assert.Equal(t, []string{"$SOPS_AGE_KEY: 0", "$SOPS_AGE_KEY_FILE: 0", "$SOPS_AGE_KEY_CMD: 0", keysFile + ": 0"}, p.looked)

	ids, err = keys.Default.Identities(t.Context(), keys.Source{})
	require.NoError(t, err, "a source without any door")
	assert.Empty(t, ids)
}

// A broken key source is reported, its reason is in the error if no identity
// decrypts a file, and the other key sources still work.
func TestBrokenKeySources(t *testing.T) {
	alice := []*keys.Stanza{wrap(t, alicePublic)}
	for name, c := range map[string]struct {
		fakeSource fakeSource
		want       string
	}{
		"variable":         {fakeSource{env: map[string]string{keys.EnvAgeKey: "hunter2"}}, "$SOPS_AGE_KEY: line 1: unknown kind of age identity"},
		"missing file":     {fakeSource{env: map[string]string{keys.EnvAgeKeyFile: "hunter2.txt"}}, "$SOPS_AGE_KEY_FILE: file does not exist"},
		"a key for a path": {fakeSource{env: map[string]string{keys.EnvAgeKeyFile: bobKey}}, "$SOPS_AGE_KEY_FILE holds an identity, expected a path: put it into $SOPS_AGE_KEY"},
		"broken file": {fakeSource{env: map[string]string{keys.EnvAgeKeyFile: "my.txt"}, files: map[string]string{"my.txt": "\nhunter2"}},
			"$SOPS_AGE_KEY_FILE (my.txt): line 2: unknown kind of age identity"},
		"an SSH key": {fakeSource{env: map[string]string{keys.EnvAgeKeyFile: "my.txt"}, files: map[string]string{"my.txt": "-----BEGIN OPENSSH PRIVATE KEY-----"}},
			"$SOPS_AGE_KEY_FILE (my.txt): a private key that is not an age identity: put the path of an SSH key into $SOPS_AGE_SSH_PRIVATE_KEY_FILE"},
		"for a recipient": {fakeSource{env: map[string]string{keys.EnvAgeKeyFile: "my.txt"}, files: map[string]string{"my.txt": "age-encryption.org/v1\n"}},
			"$SOPS_AGE_KEY_FILE (my.txt): malformed encrypted identity file"},
		"too long": {fakeSource{env: map[string]string{keys.EnvAgeKeyFile: "my.txt"}, files: map[string]string{"my.txt": strings.Repeat("#", keys.MaxSource+1)}},
			"$SOPS_AGE_KEY_FILE (my.txt): too long for a key: more than 1 MB"},
		"command fails":    {fakeSource{env: map[string]string{keys.EnvAgeKeyCmd: "none"}}, "$SOPS_AGE_KEY_CMD: no such program"},
		"command unclosed": {fakeSource{env: map[string]string{keys.EnvAgeKeyCmd: "show 'x"}}, "$SOPS_AGE_KEY_CMD: unclosed quote in command line"},
		"command blank":    {fakeSource{env: map[string]string{keys.EnvAgeKeyCmd: "  "}}, "$SOPS_AGE_KEY_CMD is empty"},
		"command prints other things": {fakeSource{env: map[string]string{keys.EnvAgeKeyCmd: "show"}, output: map[string]string{"show": "hunter2"}},
			"$SOPS_AGE_KEY_CMD: line 1: unknown kind of age identity"},
		"command prints too much": {fakeSource{env: map[string]string{keys.EnvAgeKeyCmd: "show"}, output: map[string]string{"show": strings.Repeat("#", keys.MaxSource+1)}},
			"$SOPS_AGE_KEY_CMD: too long for a key: more than 1 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.fakeSource
			ids, err := keys.Default.Identities(t.Context(), p.source())
			require.NoError(t, err)
			assert.Equal(t, []string{c.want}, p.broken)
			_, err = keys.Unwrap(t.Context(), alice, ids)
			var none *keys.NoIdentityError
			require.ErrorAs(t, err, &none)
			assert.Zero(t, none.Tried)
			assert.Contains(t, err.Error(), c.want)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NotContains(t, err.Error(), bobKey)
			assert.Empty(t, keys.Recipients(ids...))
			_, err = keys.Unwrap(t.Context(), []*keys.Stanza{{Type: "pgp", Fields: []keys.Field{{Name: "fp", Value: "AB"}}}}, ids)
			assert.NotContains(t, err.Error(), c.want, "no age key source matters to a file for PGP")

			p.files = maps.Clone(p.files)
			if p.files == nil {
				p.files = map[string]string{}
			}
			p.files[keysFile] = aliceKey
			ids, err = keys.Default.Identities(t.Context(), p.source())
			require.NoError(t, err)
			got, err := keys.Unwrap(t.Context(), alice, ids)
			require.NoError(t, err, "another key source has the key")
			assert.Equal(t, secret, got)
		})
	}
}

func TestBrokenKeysFile(t *testing.T) {
	p := &fakeSource{files: map[string]string{keysFile: "# mine\n" + aliceKey + "\nhunter2\nhunter3\n" + bobKey}}
	ids, err := keys.Default.Identities(t.Context(), p.source())
	require.NoError(t, err)
	assert.Equal(t, []string{alicePublic, bobPublic}, keys.Recipients(ids...), "the good lines count")
	assert.Equal(t, []string{keysFile + ": line 3: unknown kind of age identity"}, p.broken)

	p = &fakeSource{}
	src := p.source()
	src.ReadFile = func(string) ([]byte, error) { return nil, fs.ErrPermission }
	_, err = keys.Default.Identities(t.Context(), src)
	require.NoError(t, err)
	assert.Equal(t, []string{keysFile + ": permission denied"}, p.broken)
}

// When the context ends, the error is its cause, and no key source counts as
// broken.
func TestIdentitiesInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := &fakeSource{env: map[string]string{keys.EnvAgeKeyCmd: "show"}}
	src := p.source()
	src.Run = func(ctx context.Context, _ []string) ([]byte, error) {
		cancel()
		return nil, ctx.Err()
	}
	_, err := keys.Default.Identities(ctx, src)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, p.broken)
}

func FuzzParseAgeIdentities(f *testing.F) {
	for _, s := range []string{aliceKey, "# c\n" + bobKey + "\n", hybridKey, aliceKey + " " + bobKey, "AGE-SECRET-KEY-1QQQQ", "AGE-PLUGIN-X-1"} {
		f.Add(s)
	}
	f.Add(utf16le(aliceKey))
	f.Fuzz(func(t *testing.T, text string) {
		ids, err := keys.ParseAgeIdentities(text)
		if err != nil {
			require.Regexp(t, `^line \d+: (malformed age identity|unknown kind of age identity|expected an identity .*|age keys of kind "plugin" require .*)$|^(the contents are|UTF-(16|32)) `, err.Error())
			return
		}
		for _, id := range ids {
			_, err := keys.ParseAgeRecipient(public(id))
			require.NoError(t, err)
		}
	})
}
