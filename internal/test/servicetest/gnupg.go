package servicetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// GnuPG is a home of GnuPG that lasts as long as the test, with its own agent.
type GnuPG struct {
	t    testing.TB
	Home string
}

// NewGnuPG makes a home directory. The caller must set GNUPGHOME to use it.
func NewGnuPG(t testing.TB) *GnuPG {
	t.Helper()
	Program(t, "", "gpg")
	// It contains a socket of the agent, whose path must not be long.
	home, err := os.MkdirTemp("", "gpg")
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, EndAgents(home))
		assert.NoError(t, os.RemoveAll(home))
	})
	return &GnuPG{t, home}
}

// Run runs gpg in the home.
func (g *GnuPG) Run(input string, args ...string) string {
	g.t.Helper()
	cmd := exec.Command("gpg", append([]string{"--homedir", g.Home, "--batch", "--no-tty", "--quiet"}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		g.t.Fatalf("gpg %s: %v: %s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}

// Key makes a key pair for user, with passphrase unless that is "", and returns
// its fingerprint.
func (g *GnuPG) Key(user, passphrase string) string {
	g.t.Helper()
	// One that may sign, with a subkey that may encrypt.
	g.Run("", "--pinentry-mode", "loopback", "--passphrase", passphrase, "--quick-generate-key", user, "ed25519", "sign", "never")
	var fp string
	for line := range strings.Lines(g.Run("", "--with-colons", "--list-keys", "="+user)) {
		if f := strings.Split(line, ":"); f[0] == "fpr" && len(f) > 9 {
			fp = f[9]
			break
		}
	}
	if fp == "" {
		g.t.Fatal("gpg made no key")
	}
	g.Run("", "--pinentry-mode", "loopback", "--passphrase", passphrase, "--quick-add-key", fp, "cv25519", "encrypt", "never")
	return fp
}

// Forget makes the agent read its configuration and forget passphrases.
func (g *GnuPG) Forget() {
	g.t.Helper()
	require.NoError(g.t, EndAgents(g.Home))
}

// EndAgents ends the agents that gpg has started for a home.
func EndAgents(home string) error {
	out, err := exec.Command("gpgconf", "--homedir", home, "--kill", "all").CombinedOutput()
	if err != nil {
		return fmt.Errorf("end gpg-agent: %w: %s", err, out)
	}
	return nil
}
