//go:build unix

package environments_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

// In a folder such as /tmp, somebody else may have left a .sops.yaml for those who
// work below it.
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
