package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// secrets creates a secrets directory from names and texts.
func secrets(t testing.TB, byName map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range byName {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

type mounted struct {
	APIKey sealcfg.Secret[string] `cfg:",optional"`
	DB     struct {
		Password sealcfg.Secret[string]
		User     string
		Port     uint16
	} `cfg:",optional"`
	Hosts []string `cfg:",optional"`
}

func TestSecretsDirectory(t *testing.T) {
	for name, byName := range map[string]map[string]string{
		"Docker":     {"api_key": "k\n", "db__password": "p\r\n", "DB__USER": "u", "db__port": "1\n", "hosts": "a,b"},
		"dots":       {"api-key": "k", "db.password": "p", "db.user": "u", "db.port": "1", "hosts": `["a", "b"]`},
		"folders":    {"API_KEY": "k", "db/password": "p", "db/user": "u", "db/port": "1", "hosts/0": "a", "hosts/1": "b"},
		"and others": {"api_key": "k", "db/password": "p", "db/user": "u", "db/port": "1", "hosts": "a,b", "kubernetes.io/serviceaccount/token": "x", ".hidden": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := secrets(t, byName)
			h, err := loadWith[mounted](t, sealcfg.WithSecretsDir(filepath.Join(dir, "absent"), dir))
			require.NoError(t, err)
			got := h.Get()
			assert.Equal(t, "k", got.APIKey.Expose())
			assert.Equal(t, "p", got.DB.Password.Expose())
			assert.Equal(t, "u", got.DB.User)
			assert.Equal(t, uint16(1), got.DB.Port)
			assert.Equal(t, []string{"a", "b"}, got.Hosts)
			assert.True(t, strings.HasPrefix(h.Origins().Of("db.password").String(), dir+string(filepath.Separator)))
			assert.Empty(t, h.Warnings(), "a folder may hold what is meant for others")
		})
	}
}

// A secret as Kubernetes mounts it: the files are links into a directory that is a link.
func TestSecretsDirectoryOfKubernetes(t *testing.T) {
	dir := secrets(t, map[string]string{"..2026_01_01/db.password": "old", "..2026_01_02/db.password": "new"})
	link := func(to string) {
		require.NoError(t, os.Symlink(to, filepath.Join(dir, "..tmp")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
	}
	link("..2026_01_01")
	require.NoError(t, os.Symlink(filepath.Join("..data", "db.password"), filepath.Join(dir, "db.password")))
	h, err := loadWith[mounted](t, sealcfg.WithSecretsDir(dir), sealcfg.Set("db.user", "u"), sealcfg.Set("db.port", 1))
	require.NoError(t, err)
	assert.Equal(t, "old", h.Get().DB.Password.Expose())

	link("..2026_01_02")
	changed, err := h.Reload(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"db.password"}, changed)
	assert.Equal(t, "new", h.Get().DB.Password.Expose())
}

func TestSecretsDirectoryDoesNotLeadElsewhere(t *testing.T) {
	elsewhere := filepath.Join(secrets(t, map[string]string{"shadow": "canary"}), "shadow")
	for _, to := range []string{elsewhere, filepath.Join("..", "..", filepath.Base(filepath.Dir(elsewhere)), "shadow")} {
		dir := secrets(t, map[string]string{"db/user": "u", "db/port": "1"})
		require.NoError(t, os.Symlink(to, filepath.Join(dir, "db", "password")))
		require.NoError(t, os.Symlink(to, filepath.Join(dir, "not-ours")))
		_, err := loadWith[mounted](t, sealcfg.WithSecretsDir(dir))
		require.ErrorContains(t, err, filepath.Join(dir, "db", "password")+": read: path escapes from parent")
		require.NoError(t, os.Remove(filepath.Join(dir, "db", "password")))
		require.NoError(t, os.Symlink(filepath.Join("..", "db", "user"), filepath.Join(dir, "db", "password")))
		h, err := loadWith[mounted](t, sealcfg.WithSecretsDir(dir))
		require.NoError(t, err)
		assert.Equal(t, "u", h.Get().DB.Password.Expose(), "a link within it")
	}
	_, err := loadWith[mounted](t, sealcfg.WithSecretsDir(elsewhere))
	require.ErrorContains(t, err, elsewhere+": read: ")
}

func TestSecretsDirectoryMistakes(t *testing.T) {
	dir := secrets(t, map[string]string{"db__pasword": "canary", "db__port": "canary"})
	h, err := loadWith[mounted](t, sealcfg.WithSecretsDir(dir))
	assert.Nil(t, h)
	assert.Equal(t, []string{
		"db.port " + filepath.Join(dir, "db__port") + " expected uint16",
		"db.password not set is required", "db.user not set is required",
	}, problemsOf(t, err))

	require.NoError(t, os.Remove(filepath.Join(dir, "db__port")))
	var warned []string
	_, err = loadWith[mounted](t, sealcfg.WithSecretsDir(dir), sealcfg.OnWarning(func(p *sealcfg.Problem) { warned = append(warned, p.Error()) }))
	require.NoError(t, err, "nothing of the optional group is set")
	assert.Equal(t, []string{"(all): " + filepath.Join(dir, "db__pasword") + ": unknown secret; did you mean db__password?"}, warned)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "api_key"), make([]byte, 1<<20+1), 0o600))
	_, err = loadWith[mounted](t, sealcfg.WithSecretsDir(dir))
	require.EqualError(t, err, "load settings: "+filepath.Join(dir, "api_key")+": larger than 1048576 bytes")

	loop := secrets(t, nil)
	require.NoError(t, os.Symlink(".", filepath.Join(loop, "db")))
	_, err = loadWith[mounted](t, sealcfg.WithSecretsDir(loop))
	require.NoError(t, err, "a link that leads back ends somewhere")
}

func TestWhatNobodyAsksForMayBeBroken(t *testing.T) {
	type settings struct {
		A  string
		DB struct {
			Pass string `cfg:",optional"`
		}
	}
	dir := secrets(t, map[string]string{"a": "x"})
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "stranger")))
	got, err := loadWith[settings](t, sealcfg.WithSecretsDir(dir))
	require.NoError(t, err)
	assert.Equal(t, "x", got.Get().A)

	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "db")))
	_, err = loadWith[settings](t, sealcfg.WithSecretsDir(dir))
	assert.ErrorContains(t, err, filepath.Join(dir, "db")+": read: ", "settings may lie in it")
}
