package scratch

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// make1 makes a directory that is closed with the test.
func make1(t *testing.T, opt Options) *Dir {
	t.Helper()
	d, err := New(opt)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, d.Close()) })
	return d
}

func TestNewInTemp(t *testing.T) {
	temp := t.TempDir()
	// No entry of Memory is usable: missing, relative, a file, empty.
	file := filepath.Join(temp, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	d := make1(t, Options{Memory: []string{"", "relative", file, filepath.Join(temp, "none")}, Temp: temp})
	assert.Equal(t, temp, filepath.Dir(d.Path()))
	assert.Equal(t, onMemory(temp), d.Memory())

	other := make1(t, Options{Temp: temp})
	assert.NotEqual(t, d.Path(), other.Path())
	assert.DirExists(t, d.Path(), "a living process's directory is not stale")
}

func TestNewFails(t *testing.T) {
	_, err := New(Options{})
	require.Error(t, err)
	_, err = New(Options{Temp: filepath.Join(t.TempDir(), "none")})
	require.ErrorIs(t, err, os.ErrNotExist)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = New(Options{Temp: file})
	require.Error(t, err)
}

func TestRelativeTempSurvivesChdir(t *testing.T) {
	parent := t.TempDir()
	t.Chdir(parent)
	require.NoError(t, os.Mkdir("tmp", 0o700))
	d := make1(t, Options{Temp: "tmp"})
	t.Chdir(t.TempDir())
	require.True(t, filepath.IsAbs(d.Path()))
	require.NoError(t, d.Close())
	assert.NoDirExists(t, d.Path())
}

func TestFileStaysInside(t *testing.T) {
	d := make1(t, Options{Temp: t.TempDir()})
	for name, want := range map[string]string{
		"prod.yaml":              "prod.yaml",
		"environments/prod.yaml": "prod.yaml",
		"../../etc/passwd":       "passwd",
		"/etc/passwd":            "passwd",
		"..":                     "file",
		".":                      "file",
		"":                       "file",
		"/":                      "file",
		"a/..":                   "file",
		".env":                   ".env",
		"with space":             "with space",
	} {
		assert.Equal(t, filepath.Join(d.Path(), want), d.File(name), name)
	}
}

func TestCloseRemovesEverything(t *testing.T) {
	temp := t.TempDir()
	d := make1(t, Options{Temp: temp})
	path, err := d.WriteFile("prod.yaml", []byte("a: 1\n"))
	require.NoError(t, err)
	require.Equal(t, d.File("prod.yaml"), path)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "a: 1\n", string(got))

	// Files that an editor may leave in the same directory.
	deep := filepath.Join(d.Path(), ".cache", "deep")
	require.NoError(t, os.MkdirAll(deep, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(deep, "prod.yaml~"), nil, 0o400))

	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	entries, err := os.ReadDir(temp)
	require.NoError(t, err)
	assert.Empty(t, entries)
	_, err = d.WriteFile("prod.yaml", nil)
	require.Error(t, err)
}

func TestCloseFromSeveralGoroutines(t *testing.T) {
	d := make1(t, Options{Temp: t.TempDir()})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { assert.NoError(t, d.Close()) })
	}
	all.Wait()
	assert.NoDirExists(t, d.Path())
}

// An editor that is ending may still write while the directory is removed.
func TestCloseAgainstAWriter(t *testing.T) {
	temp := t.TempDir()
	for range 20 {
		d := make1(t, Options{Temp: temp})
		var writer sync.WaitGroup
		writer.Go(func() {
			for i := range 200 {
				name := strings.Repeat("x", i%50+1)
				if os.WriteFile(d.File(name), []byte("x"), 0o600) != nil {
					return
				}
			}
		})
		require.NoError(t, d.Close())
		writer.Wait()
		entries, err := os.ReadDir(temp)
		require.NoError(t, err)
		require.Empty(t, entries)
	}
}

func TestErrorsCarryNoContent(t *testing.T) {
	const canary = "CANARY-41c7"
	d := make1(t, Options{Temp: t.TempDir()})
	require.NoError(t, os.Mkdir(d.File("prod.yaml"), 0o700))
	_, err := d.WriteFile("prod.yaml", []byte(canary))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), canary)
}

func TestOwnerPID(t *testing.T) {
	for name, want := range map[string]int{
		"sealcfg-12-ABC":                   12,
		"sealcfg-1-x-y":                    1,
		"sealcfg-12":                       0,
		"sealcfg-12-":                      0,
		"sealcfg--ABC":                     0,
		"sealcfg-0-ABC":                    0,
		"sealcfg--1-ABC":                   0,
		"sealcfg-+1-ABC":                   0,
		"sealcfg-01-ABC":                   0,
		"sealcfg-x-ABC":                    0,
		"sealcfg-test-dir":                 0,
		"other-12-ABC":                     0,
		"sealcfg-99999999999999999999-ABC": 0,
	} {
		got, ok := ownerPID(name)
		assert.Equal(t, want, got, name)
		assert.Equal(t, want != 0, ok, name)
	}
}
