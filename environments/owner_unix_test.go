//go:build unix

package environments_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

// In a directory such as /tmp, another user may have left a .sops.yaml for the
// users that work below it.
func TestPolicyOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can make a file that belongs to another")
	}
	const stranger, friend = 54321, 12345
	for name, c := range map[string]struct {
		folder         os.FileMode
		host, policyOf int
		refused        bool
	}{
		"in a folder for everybody":      {0o1777, 0, stranger, true},
		"in one without the sticky bit":  {0o777, 0, stranger, true},
		"in a folder of a third":         {0o777, friend, stranger, true},
		"of whom the folder belongs to":  {0o777, friend, friend, false},
		"of root":                        {0o1777, friend, 0, false},
		"in a folder that only few fill": {0o775, 0, stranger, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := real(t, map[string]string{".sops.yaml": empty, "mine/app.yaml": ""})
			require.NoError(t, os.Chown(filepath.Join(dir, ".sops.yaml"), c.policyOf, 0))
			require.NoError(t, os.Chown(dir, c.host, 0))
			require.NoError(t, os.Chmod(dir, c.folder|os.ModeSticky*(c.folder>>9)))
			_, err := environments.FindPolicy(filepath.Join(dir, "mine", "app.yaml"))
			if !c.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, environments.ErrForeign)
			require.NotErrorIs(t, err, environments.ErrNoPolicy)
			assert.ErrorContains(t, err, filepath.Join(dir, ".sops.yaml"))
		})
	}
}

// A .git that another user may have put there is no repository: it neither ends the
// search for a policy nor moves the root. One in a checkout of another user is.
func TestRepositoryOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can make a file that belongs to another")
	}
	const stranger, friend = 54321, 12345
	for name, c := range map[string]struct {
		folder      os.FileMode
		host, gitOf int
		counts      bool
	}{
		"in a directory for everybody":      {0o1777, 0, stranger, false},
		"in one without the sticky bit":     {0o777, friend, stranger, false},
		"in a checkout of another user":     {0o755, friend, friend, true},
		"in one that everybody can write":   {0o777, friend, friend, true},
		"in a directory that few can write": {0o775, 0, stranger, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := real(t, map[string]string{"p/.git/HEAD": "", ".sops.yaml": empty, "p/mine/app.yaml": ""})
			require.NoError(t, os.Chown(filepath.Join(dir, "p", ".git"), c.gitOf, 0))
			require.NoError(t, os.Chown(filepath.Join(dir, "p"), c.host, 0))
			require.NoError(t, os.Chmod(filepath.Join(dir, "p"), c.folder|os.ModeSticky*(c.folder>>9)))
			_, err := environments.FindPolicy(filepath.Join(dir, "p", "mine", "app.yaml"))
			location := locate(t, dir, "p/mine/app.yaml").String()
			if c.counts {
				require.ErrorIs(t, err, environments.ErrOutside)
				assert.Equal(t, "file mine/app.yaml", location)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "file p/mine/app.yaml", location)
		})
	}
}

// A sealcfg.yaml of a stranger is an error, as a .sops.yaml is.
func TestConfigOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can make a file that belongs to another")
	}
	dir := real(t, map[string]string{".git/HEAD": "", "sealcfg.yaml": "", "mine/app.yaml": ""})
	require.NoError(t, os.Chown(filepath.Join(dir, "sealcfg.yaml"), 54321, 0))
	require.NoError(t, os.Chmod(dir, 0o1777|os.ModeSticky))
	_, err := environments.FindConfig(filepath.Join(dir, "mine", "app.yaml"))
	require.ErrorIs(t, err, environments.ErrForeign)
}

// A file that is not regular is rejected at once, and not read.
func TestSpecialFiles(t *testing.T) {
	for name, find := range map[string]func(string) error{
		".sops.yaml":   func(file string) error { _, err := environments.FindPolicy(file); return err },
		"sealcfg.yaml": func(file string) error { _, err := environments.FindConfig(file); return err },
	} {
		dir := real(t, map[string]string{".sops.yaml": empty, "pipe/.sops.yaml": empty, "device/.sops.yaml": empty})
		for folder, special := range map[string]func(string) error{
			"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"device": func(path string) error { return os.Symlink("/dev/zero", path) },
		} {
			path := filepath.Join(dir, folder, name)
			if err := os.Remove(path); err != nil {
				require.ErrorIs(t, err, os.ErrNotExist)
			}
			require.NoError(t, special(path))
			require.ErrorContains(t, find(filepath.Join(dir, folder, "x.yaml")), "not a regular file", path)
		}
	}
}
