package pgp_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keystest"
	"github.com/sealcfg/sealcfg/services/pgp"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

// user has a home of GnuPG with one key, and no passphrase on it.
func user(t *testing.T) (*servicetest.GnuPG, *keys.Stanza) {
	t.Helper()
	g := servicetest.NewGnuPG(t)
	t.Setenv("GNUPGHOME", g.Home)
	t.Setenv("LC_ALL", "C")
	return g, key(g.Key("alice@example.com", ""))
}

func key(fp string) *keys.Stanza {
	return &keys.Stanza{Type: "pgp", Fields: []keys.Field{{Name: "fp", Value: fp}}}
}

func wrap(t *testing.T, k *keys.Stanza) *keys.Stanza {
	t.Helper()
	s, err := pgp.Service{}.Wrap(t.Context(), k, secret)
	require.NoError(t, err)
	return s
}

func TestGnuPGPassesTheSuite(t *testing.T) {
	_, k := user(t)
	p, err := keys.Default.Provider("pgp")
	require.NoError(t, err)
	keystest.Test(t, keystest.Setup{Provider: p, Key: k})
}

func TestGnuPGBothWaysWithSops(t *testing.T) {
	_, k := user(t)
	servicetest.BothWays(t, "pgp: "+k.Field("fp"))
}

// The spellings of a key that sops takes.
func TestGnuPGFingerprints(t *testing.T) {
	_, k := user(t)
	fp := k.Field("fp")
	for given, want := range map[string]string{
		fp[:4] + " " + fp[4:8] + "  " + fp[8:]: fp,
		fp[24:]:                                fp[24:],
		"0x" + fp:                              "0x" + fp,
	} {
		s := wrap(t, key(given))
		assert.Equal(t, want, s.Field("fp"))
		got, err := pgp.Service{}.Unwrap(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, secret, got)
	}
	for _, bad := range []string{"", "alice@example.com", "--output=/tmp/x", fp[32:], "0x", fp + "!!", fp + "\n--list-keys"} {
		_, err := pgp.Service{}.Wrap(t.Context(), key(bad), secret)
		require.EqualError(t, err, "expected a fingerprint of at least 16 hexadecimal digits", "%q", bad)
		_, err = pgp.Service{}.Unwrap(t.Context(), key(bad))
		require.Error(t, err)
	}
}

func TestGnuPGSaysWhy(t *testing.T) {
	_, k := user(t)
	_, err := pgp.Service{}.Wrap(t.Context(), key("0123456789ABCDEF0123456789ABCDEF01234567"), secret)
	require.EqualError(t, err, "gpg: encryption failed: No public key")

	s := wrap(t, k)
	broken := *s
	broken.Wrapped = "nothing of PGP"
	_, err = pgp.Service{}.Unwrap(t.Context(), &broken)
	require.EqualError(t, err, "gpg: decrypt_message failed: Unknown system error")

	// A user with another key.
	other := servicetest.NewGnuPG(t)
	other.Key("bob@example.com", "")
	t.Setenv("GNUPGHOME", other.Home)
	_, err = pgp.Service{}.Unwrap(t.Context(), s)
	require.EqualError(t, err, "gpg: decryption failed: No secret key")

	t.Setenv("SOPS_GPG_EXEC", filepath.Join(t.TempDir(), "no-gpg"))
	_, err = pgp.Service{}.Unwrap(t.Context(), s)
	require.EqualError(t, err, "gpg cannot be run, or failed without output")
}

// If no one can enter a passphrase, the call fails and does not wait forever.
func TestGnuPGPassphrase(t *testing.T) {
	g, _ := user(t)
	require.NoError(t, os.WriteFile(filepath.Join(g.Home, "gpg-agent.conf"), []byte("pinentry-program /bin/false\n"), 0o600))
	s := wrap(t, key(g.Key("carol@example.com", "correct horse")))
	g.Forget()
	_, err := pgp.Service{}.Unwrap(t.Context(), s)
	require.Error(t, err)
	assert.Regexp(t, `^gpg: [^\n]+$`, err.Error())
	assert.NotContains(t, err.Error(), "correct horse")
}

// gpg can be configured to print session keys. They do not get into an error.
func TestGnuPGKeepsSessionKeys(t *testing.T) {
	g, k := user(t)
	require.NoError(t, os.WriteFile(filepath.Join(g.Home, "gpg.conf"), []byte("show-session-key\n"), 0o600))
	s := wrap(t, k)
	script(t, `gpg "$@" 2>"$GNUPGHOME/said" >/dev/null; cat "$GNUPGHOME/said" >&2; echo "gpg: decryption failed: Bad session key" >&2; exit 2`)
	_, err := pgp.Service{}.Unwrap(t.Context(), s)
	require.EqualError(t, err, "gpg: decryption failed: Bad session key")
	said, err := os.ReadFile(filepath.Join(g.Home, "said"))
	require.NoError(t, err)
	require.Regexp(t, `session key: '\d+:[0-9A-F]{32,}'`, string(said), "the test is about this")
}

// gpg is killed when the context ends, and the call does not wait for gpg's
// children.
func TestGnuPGCancelled(t *testing.T) {
	_, k := user(t)
	s := wrap(t, k)
	dir := script(t, `running=$(dirname "$0")/running; : >"$running"
hold() { while [ -e "$running" ]; do sleep 0.05; done; }
hold & hold`)
	for name, call := range map[string]func(context.Context) error{
		"wrap":   func(ctx context.Context) error { _, err := pgp.Service{}.Wrap(ctx, k, secret); return err },
		"unwrap": func(ctx context.Context) error { _, err := pgp.Service{}.Unwrap(ctx, s); return err },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		begin := time.Now()
		go func() { done <- call(ctx) }()
		running := filepath.Join(dir, "running")
		require.Eventually(t, func() bool { _, err := os.Stat(running); return err == nil }, 10*time.Second, time.Millisecond, name)
		cancel()
		select {
		case err := <-done:
			require.ErrorIs(t, err, context.Canceled)
		case <-time.After(10 * time.Second):
			t.Fatalf("%s still waits", name)
		}
		assert.Less(t, time.Since(begin), 10*time.Second)
		require.NoError(t, os.Remove(running))
	}
}

// script puts a shell script in gpg's place.
func script(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "gpg-script")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700))
	t.Setenv("SOPS_GPG_EXEC", path)
	return dir
}

func TestServiceWithAnotherRegistry(t *testing.T) {
	var r keys.Registry
	r.Register(keys.ServiceProvider(pgp.Service{}))
	p, err := r.Provider("pgp")
	require.NoError(t, err)
	recipient, err := p.StanzaRecipient(key("0123456789ABCDEF0123456789ABCDEF01234567"))
	require.NoError(t, err)
	assert.Equal(t, "0123456789ABCDEF0123456789ABCDEF01234567", fmt.Sprint(recipient))
}

func TestGnuPGPrintsNothing(t *testing.T) {
	servicetest.PrintsNothing(t, func() string { _, k := user(t); return k.Field("fp") }, func(fp string) {
		s := wrap(t, key(fp))
		_, err := pgp.Service{}.Unwrap(t.Context(), s)
		require.NoError(t, err)
		s.Wrapped = "broken"
		_, err = pgp.Service{}.Unwrap(t.Context(), s)
		require.Error(t, err)
	})
}
