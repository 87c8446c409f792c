package sopscli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
)

// A pair runs the real sops and the shim, each in its own directory with the same
// files.
type pair struct {
	t         *testing.T
	sops      string
	shim      string
	recipient string            // of the identity in key.txt
	files     map[string]string // contents by name, before each call
	env       []string
}

// newPair skips the test if there is no real sops to compare with.
func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, sops: clitest.Sops(), files: map[string]string{}}
	if p.sops == "" {
		require.NotEqual(t, "true", os.Getenv("CI"), "the real sops is not installed")
		t.Skip("the real sops is not installed")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	p.shim = filepath.Join(t.TempDir(), "sops")
	require.NoError(t, os.Symlink(self, p.shim))
	home := t.TempDir()
	for name, value := range clitest.Isolated(home) {
		p.env = append(p.env, name+"="+value)
	}
	var identity string
	identity, p.recipient = newAgeKey(t)
	p.files["key.txt"] = identity
	p.env = append(p.env, "PATH="+os.Getenv("PATH"), "SOPS_DISABLE_VERSION_CHECK=1", "SOPS_AGE_KEY_FILE=key.txt", "NO_COLOR=1", "TZ=UTC")
	return p
}

func newAgeKey(t *testing.T) (identity, recipient string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	return id.String() + "\n", id.Recipient().String()
}

// An outcome holds the exit code, the output and the files after a call.
type outcome struct {
	code           int
	stdout, stderr string
	files          map[string]string
}

// real and shimmed run a command line on a fresh copy of the files.
func (p *pair) real(args ...string) outcome    { return p.call(p.sops, args) }
func (p *pair) shimmed(args ...string) outcome { return p.call(p.shim, args) }

func (p *pair) call(program string, args []string) outcome {
	p.t.Helper()
	dir := filepath.Join(p.t.TempDir(), "w")
	for name, text := range p.files {
		path := filepath.Join(dir, name)
		require.NoError(p.t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(p.t, os.WriteFile(path, []byte(text), 0o600))
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, p.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	o := outcome{files: map[string]string{}}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		o.code = exit.ExitCode()
	} else {
		require.NoError(p.t, err)
	}
	o.stdout, o.stderr = stdout.String(), normalize(dir, stderr.String())
	require.NoError(p.t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		o.files[strings.TrimPrefix(path, dir+"/")] = string(text)
		return err
	}))
	return o
}

var (
	logTime     = regexp.MustCompile(`time="[^"]*"`)
	logPointers = regexp.MustCompile(`\[0x[0-9a-f]+( 0x[0-9a-f]+)*\]`)
)

// normalize replaces the parts of messages that differ between any two calls.
func normalize(dir, text string) string {
	text = strings.ReplaceAll(text, dir+"/", "")
	text = logTime.ReplaceAllString(text, "time=T")
	return logPointers.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprint(strings.Count(s, "0x"), " pointers") })
}
