package interop

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// sops encrypts an encrypted file once more as one value, without a message.
func TestBinarySealedTwice(t *testing.T) {
	once, err := sopsSealAs(envfile.Binary, []byte("hello\n"), envfile.Rules{})
	require.NoError(t, err)
	twice, err := sopsSealAs(envfile.Binary, once, envfile.Rules{})
	require.NoError(t, err)
	o := mustOpenAs(t, envfile.Binary, twice)
	text, err := o.Text()
	require.NoError(t, err)
	require.Equal(t, string(once), string(text))
	rotated, err := o.Rotate(t.Context(), envfile.Rules{}, demo.to)
	require.NoError(t, err)
	require.Equal(t, string(once), string(mustSopsOpenAs(t, envfile.Binary, rotated.Bytes()).plain))
}

// folder is a fresh folder with a .sops.yaml for the demo recipients.
type folder struct {
	t    testing.TB
	sops string
	dir  string
	env  []string // in addition to the variables of the tests
}

func newFolder(t testing.TB, recipients ...string) *folder {
	f := &folder{t: t, sops: sopsBinary(t), dir: t.TempDir()}
	if len(recipients) == 0 {
		recipients = []string{demo.recipient}
	}
	f.write(".sops.yaml", "creation_rules:\n  - age: "+strings.Join(recipients, ",")+"\n")
	return f
}

func (f *folder) write(name, text string) {
	f.t.Helper()
	require.NoError(f.t, os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600))
}

func (f *folder) read(name string) []byte {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join(f.dir, name))
	require.NoError(f.t, err)
	return text
}

// try runs sops in the directory and returns its output and its exit code.
func (f *folder) try(args ...string) (stdout, stderr string, code int) {
	f.t.Helper()
	cmd := exec.Command(f.sops, append([]string{"--disable-version-check"}, args...)...)
	cmd.Dir = f.dir
	cmd.Env = append(os.Environ(), f.env...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	runErr := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(runErr, &exit) {
		require.NoError(f.t, runErr)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

func (f *folder) run(args ...string) string {
	f.t.Helper()
	out, stderr, code := f.try(args...)
	require.Zero(f.t, code, "sops %s: %s", strings.Join(args, " "), stderr)
	require.NotContains(f.t, stderr, "possibly unencrypted comment")
	return out
}
