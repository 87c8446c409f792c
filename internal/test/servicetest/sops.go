package servicetest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sops is the real sops with its own directory.
type Sops struct {
	t       testing.TB
	program string
	Dir     string
}

// NewSops finds sops: $SOPS, PATH, or where `go install` puts it. rules is the
// text of .sops.yaml.
func NewSops(t testing.TB, rules string) *Sops {
	t.Helper()
	s := &Sops{t: t, program: Program(t, "SOPS", "sops"), Dir: t.TempDir()}
	s.Write(".sops.yaml", rules)
	return s
}

// Write makes a file in the directory.
func (s *Sops) Write(name, text string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600))
}

// Read returns a file of the directory.
func (s *Sops) Read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, name))
	require.NoError(s.t, err)
	return string(text)
}

// Run runs sops with the variables of the test, but with its own home directory. It
// returns the output of sops.
func (s *Sops) Run(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.program, append([]string{"--disable-version-check"}, args...)...)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), "HOME="+s.Dir, "XDG_CONFIG_HOME="+s.Dir)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		s.t.Fatalf("sops %s: %s", strings.Join(args, " "), stderr.String())
	}
	require.NoError(s.t, err)
	return stdout.String()
}
