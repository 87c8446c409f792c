package settings_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// The demo key in testdata. It was made for these tests and protects nothing.
const demoRecipient = "age12ln9cpdde5nex6ewl9gn4nrgrk256qa66gmcw30vzzxz83q4yasqz8uvv2"

func demoKey(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../../testdata/demo-key.txt")
	require.NoError(t, err)
	return string(text)
}

// seal encrypts YAML for the demo key.
func seal(t testing.TB, plain string) []byte {
	t.Helper()
	return sealedText(t, envfile.YAML, plain)
}

func sealedText(t testing.TB, f envfile.Format, plain string) []byte {
	t.Helper()
	d, err := envfile.Parse(f, []byte(plain))
	require.NoError(t, err)
	r, err := keys.ParseAgeRecipient(demoRecipient)
	require.NoError(t, err)
	sealed, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, envfile.Recipients{Groups: [][]keys.Recipient{{r}}})
	require.NoError(t, err)
	return sealed.Bytes()
}

// files returns a file system with encrypted environments: name, YAML, name, YAML ...
func files(t testing.TB, namesAndTexts ...string) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(namesAndTexts); i += 2 {
		fsys["environments/"+namesAndTexts[i]+".yaml"] = &fstest.MapFile{Data: seal(t, namesAndTexts[i+1])}
	}
	return fsys
}

// options returns the options for a test with one environment, prod. Tests do not depend on the
// variables or keys of the user.
func options(t testing.TB, fsys fstest.MapFS, environ ...string) []sealcfg.Option {
	return []sealcfg.Option{
		sealcfg.WithEnv("prod"), sealcfg.WithFS(fsys, "environments"), sealcfg.WithIdentityText(demoKey(t)),
		sealcfg.WithEnviron(environ...), sealcfg.WithEnvPrefix("APP_"),
	}
}

// loadYAML loads a T from one file, prod, and variables.
func loadYAML[T any](t testing.TB, plain string, environ ...string) (*T, error) {
	t.Helper()
	return sealcfg.Load[T](context.WithoutCancel(t.Context()), options(t, files(t, "prod", plain), environ...)...)
}

// problemsOf returns the lines of the error's table, without indentation.
func problemsOf(t testing.TB, err error) []string {
	t.Helper()
	var e *sealcfg.Error
	require.ErrorAs(t, err, &e)
	lines := strings.Split(e.Error(), "\n")[1:]
	require.Len(t, lines, len(e.Problems))
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return lines
}
