package keys_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

func TestParseAgeIdentities(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"none":          {"", nil},
		"comments":      {"# a\n\n  # b\n", nil},
		"one":           {aliceKey, []string{alicePublic}},
		"file":          {"# created: today\n# public key: " + alicePublic + "\n" + aliceKey + "\n", []string{alicePublic}},
		"two":           {aliceKey + "\n" + bobKey + "\n", []string{alicePublic, bobPublic}},
		"two on a line": {aliceKey + " " + bobKey, []string{alicePublic, bobPublic}},
		"crlf":          {"# a\r\n" + aliceKey + "\r\n\r\n" + bobKey + "\r\n", []string{alicePublic, bobPublic}},
		"blanks around": {"\t" + aliceKey + "  \n", []string{alicePublic}},
		"same twice":    {aliceKey + "\n" + aliceKey, []string{alicePublic, alicePublic}},
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

// Errors name the line, and hold no part of a secret.
func TestParseAgeIdentitiesRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"truncated":      {"# a\n" + aliceKey[:60] + "\n", "line 2: malformed age identity"},
		"a letter wrong": {"\n\n" + strings.Replace(aliceKey, aliceKey[30:33], "ZZZ", 1), "line 3: malformed age identity"},
		"lower case":     {strings.ToLower(aliceKey), "line 1: not an age identity that this version knows"},
		"a recipient":    {aliceKey + "\n" + alicePublic, "line 2: a recipient, which is the public half of a key; want the identity: AGE-SECRET-KEY-1…"},
		"a plugin":       {"AGE-PLUGIN-YUBIKEY-1QQQ", `line 1: age keys of kind "plugin" need the package github.com/sealcfg/sealcfg/keys/ageplugin (missing import?)`},
		"second word":    {aliceKey + " hunter2", "line 1: not an age identity that this version knows"},
		"hybrid":         {hybridKey[:60], "line 1: malformed age identity"},
		"byte order":     {"\ufeff" + aliceKey, "line 1: not an age identity that this version knows"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := keys.ParseAgeIdentities(c.text)
			require.EqualError(t, err, c.want)
		})
	}
}

// places is a Source made of maps.
type places struct {
	env    map[string]string
	files  map[string]string
	output map[string]string // of commands
	ran    []string
	looked []string
}

func (p *places) source() keys.Source {
	return keys.Source{
		LookupEnv: func(name string) (string, bool) { v, ok := p.env[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := p.files[path]; ok {
				return []byte(text), nil
			}
			return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
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
	}
}

var keysFile = filepath.Join("conf", "sops", "age", "keys.txt")

func TestIdentitiesMergesAllPlaces(t *testing.T) {
	hybrid := identity(t, hybridKey)
	p := &places{
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
	p := &places{env: map[string]string{keys.EnvAgeKey: "", keys.EnvAgeKeyFile: "", keys.EnvAgeKeyCmd: ""}}
	ids, err := keys.Default.Identities(t.Context(), p.source())
	require.NoError(t, err)
	assert.Empty(t, ids)
	assert.Empty(t, p.ran, "an empty variable is no command")
	assert.Equal(t, []string{"$SOPS_AGE_KEY: 0", "$SOPS_AGE_KEY_FILE: 0", "$SOPS_AGE_KEY_CMD: 0", keysFile + ": 0"}, p.looked)

	ids, err = keys.Default.Identities(t.Context(), keys.Source{})
	require.NoError(t, err, "a source without any door")
	assert.Empty(t, ids)
}

func TestIdentitiesErrors(t *testing.T) {
	denied := errors.New("denied")
	for name, c := range map[string]struct {
		places places
		want   string
	}{
		"variable":     {places{env: map[string]string{keys.EnvAgeKey: "hunter2"}}, "load age identities: $SOPS_AGE_KEY: line 1: not an age identity that this version knows"},
		"missing file": {places{env: map[string]string{keys.EnvAgeKeyFile: "none.txt"}}, "load age identities: $SOPS_AGE_KEY_FILE: open none.txt: file does not exist"},
		"broken file": {places{env: map[string]string{keys.EnvAgeKeyFile: "my.txt"}, files: map[string]string{"my.txt": "\nhunter2"}},
			"load age identities: $SOPS_AGE_KEY_FILE (my.txt): line 2: not an age identity that this version knows"},
		"command fails":    {places{env: map[string]string{keys.EnvAgeKeyCmd: "none"}}, "load age identities: $SOPS_AGE_KEY_CMD: no such program"},
		"command unclosed": {places{env: map[string]string{keys.EnvAgeKeyCmd: "show 'x"}}, "load age identities: $SOPS_AGE_KEY_CMD: unclosed quote in command line"},
		"command blank":    {places{env: map[string]string{keys.EnvAgeKeyCmd: "  "}}, "load age identities: $SOPS_AGE_KEY_CMD is empty"},
		"command prints other things": {places{env: map[string]string{keys.EnvAgeKeyCmd: "show"}, output: map[string]string{"show": "hunter2"}},
			"load age identities: $SOPS_AGE_KEY_CMD: line 1: not an age identity that this version knows"},
		"own file broken": {places{files: map[string]string{keysFile: "hunter2"}}, "load age identities: " + keysFile + ": line 1: not an age identity that this version knows"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := keys.Default.Identities(t.Context(), c.places.source())
			require.EqualError(t, err, c.want)
		})
	}
	src := (&places{}).source()
	src.ReadFile = func(string) ([]byte, error) { return nil, denied }
	_, err := keys.Default.Identities(t.Context(), src)
	require.ErrorIs(t, err, denied, "a file that is there but cannot be read is not passed over")
}

func FuzzParseAgeIdentities(f *testing.F) {
	for _, s := range []string{aliceKey, "# c\n" + bobKey + "\n", hybridKey, aliceKey + " " + bobKey, "AGE-SECRET-KEY-1QQQQ", "AGE-PLUGIN-X-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ids, err := keys.ParseAgeIdentities(text)
		if err != nil {
			require.Regexp(t, `^line \d+: (malformed age identity|not an age identity that this version knows|age keys of kind "plugin" need .*)$`, err.Error())
			return
		}
		for _, id := range ids {
			_, err := keys.ParseAgeRecipient(public(id))
			require.NoError(t, err)
		}
	})
}
