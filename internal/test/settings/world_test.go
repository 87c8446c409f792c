package settings_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
)

type worldly struct {
	Port int
	Name sealcfg.Secret[string]
}

// Lines that end in CR LF give the same settings.
func TestLoadLinesOfWindows(t *testing.T) {
	for ext, c := range map[string]struct {
		format envfile.Format
		text   string
	}{
		"yaml": {envfile.YAML, "# c\r\nport: 80\r\nname: \"x y\"  # c\r\n"},
		"json": {envfile.JSON, "{\r\n  \"port\": 80,\r\n  \"name\": \"x y\"\r\n}\r\n"},
		"ini":  {envfile.INI, "port = 80\r\nname = x y\r\n"},
		"toml": {envfile.TOML, "port = 80\r\nname = \"x y\"\r\n"},
	} {
		fsys := fstest.MapFS{"environments/prod." + ext: {Data: sealedText(t, c.format, c.text)}}
		got, err := sealcfg.Load[worldly](t.Context(), options(t, fsys)...)
		if assert.NoError(t, err, ext) {
			assert.Equal(t, 80, got.Port, ext)
			assert.Equal(t, "x y", got.Name.Expose(), ext)
		}
	}
}

// In dotenv, a carriage return is part of the value, as in sops. If a password is rejected for that
// reason, the warning names it.
func TestLoadWarnsOfReturnsInDotenv(t *testing.T) {
	load := func(text string) (warned []string, err error) {
		fsys := fstest.MapFS{"environments/prod.env": {Data: sealedText(t, envfile.Dotenv, text)}}
		_, err = sealcfg.Load[worldly](t.Context(), append(options(t, fsys),
			sealcfg.OnWarning(func(p *sealcfg.Problem) { warned = append(warned, p.Error()) }))...)
		return warned, err
	}
	want := "(all): environments/prod.env:2:6: the value ends in a carriage return; end the lines of the file with a line feed alone"
	warned, err := load("PORT=80\nNAME=canary\r\n# c\r\n")
	require.NoError(t, err)
	assert.Equal(t, []string{want}, warned)

	warned, err = load("# c\r\nPORT=80\r\nNAME=canary\r\n")
	require.Error(t, err)
	assert.Equal(t, []string{want}, warned, "once a file")

	warned, err = load("PORT=80\nNAME=canary\n")
	require.NoError(t, err)
	assert.Empty(t, warned)
}

// Without a home directory and without keys, the error lists the key sources.
func TestLoadWithoutHome(t *testing.T) {
	fsys := files(t, "prod", "port: 80\nname: x\n")
	_, err := sealcfg.Load[worldly](t.Context(), sealcfg.WithEnv("prod"), sealcfg.WithFS(fsys, "environments"), sealcfg.WithEnviron())
	require.ErrorContains(t, err, "environments/prod.yaml")
	require.ErrorContains(t, err, "$SOPS_AGE_KEY")
	assert.NotContains(t, err.Error(), "/.config", "no place without a home")
}

// deniedFS denies access to the file.
type deniedFS struct {
	fstest.MapFS
	name string
}

func (f deniedFS) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

func (f deniedFS) ReadFile(name string) ([]byte, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadFile(name)
}

// A layer without read permission is an error, not a missing layer.
func TestLoadOfWhatMayNotBeRead(t *testing.T) {
	for _, layer := range []string{"base", "prod", "prod.local"} {
		name := "environments/" + layer + ".yaml"
		fsys := deniedFS{files(t, "base", "port: 1\nname: x\n", "prod", "port: 80\n", "prod.local", "port: 90\n"), name}
		opts := append(options(t, nil), sealcfg.WithFS(fsys, "environments"), sealcfg.WithLocal())
		_, err := sealcfg.Load[worldly](t.Context(), opts...)
		require.ErrorIs(t, err, fs.ErrPermission, layer)
		require.ErrorContains(t, err, name)
	}
}

// Load writes no file, and the working directory may be read-only.
func TestLoadFromAFolderThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prod.yaml"), seal(t, "port: 80\nname: x\n"), 0o400))
	require.NoError(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	key := demoKey(t)
	t.Chdir(dir)
	got, err := sealcfg.Load[worldly](t.Context(), sealcfg.WithEnv("prod"), sealcfg.WithDir(dir), sealcfg.WithIdentityText(key), sealcfg.WithEnviron())
	require.NoError(t, err)
	assert.Equal(t, 80, got.Port)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}
