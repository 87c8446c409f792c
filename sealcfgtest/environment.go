package sealcfgtest

import (
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// An Environment is a directory of encrypted files on disk. Only the Environment
// has the key. The directory is removed when the test ends.
type Environment struct {
	// Name is the name of the environment.
	Name string
	// Dir is the directory of its files.
	Dir string

	identity  keys.Identity
	recipient keys.Recipient
}

// NewEnvironment encrypts a YAML text as the file of the environment name, in a temporary
// directory and for a new key. If this fails, the test ends.
func NewEnvironment(t testing.TB, name, yaml string) *Environment {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	ids, err := keys.ParseAgeIdentities(key.String())
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := keys.ParseAgeRecipient(key.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	e := &Environment{Name: name, Dir: t.TempDir(), identity: ids[0], recipient: recipient}
	e.Write(t, name, yaml)
	return e
}

// Options returns the options that load the environment, without the variables of
// the process. Add [sealcfg.WithEnviron] for variables.
func (e *Environment) Options() []sealcfg.Option {
	return []sealcfg.Option{sealcfg.WithDir(e.Dir), sealcfg.WithEnv(e.Name), sealcfg.WithIdentity(e.identity), sealcfg.WithEnviron()}
}

// Path returns the path of a layer's file. The layer is base, the environment's name,
// or that name with .local, for programs that use [sealcfg.WithLocal].
func (e *Environment) Path(layer string) string { return filepath.Join(e.Dir, layer+".yaml") }

// Write encrypts a YAML text as the file of a layer. It replaces an existing file
// atomically, as editors and deployments do. If this fails, the test ends.
func (e *Environment) Write(t testing.TB, layer, yaml string) {
	t.Helper()
	plain, err := envfile.Parse(envfile.YAML, []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	sealed, _, err := envfile.Seal(t.Context(), plain.WithLocation(environments.Layer{Name: layer}.Location()), envfile.Rules{}, envfile.Recipients{Groups: [][]keys.Recipient{{e.recipient}}})
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(e.Dir, ".new")
	if err := os.WriteFile(beside, sealed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(beside, e.Path(layer)); err != nil {
		t.Fatal(err)
	}
}
