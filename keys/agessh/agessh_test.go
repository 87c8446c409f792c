package agessh_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/agessh"
	"github.com/sealcfg/sealcfg/keys/keystest"
)

const passphrase = "correct horse"

var secret = []byte("0123456789abcdef0123456789abcdef")

// sshKey makes a key with ssh-keygen and returns the path of its private half
// and the line of its public one.
func sshKey(t testing.TB, args ...string) (path, public string) {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ssh-keygen is not installed: apt-get install -y openssh-client")
		}
		t.Skip("NOT TESTED: ssh-keygen is not installed (apt-get install -y openssh-client)")
	}
	path = filepath.Join(t.TempDir(), "id")
	out, err := exec.Command(program, append([]string{"-q", "-f", path, "-C", "demo key, for tests"}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(path + ".pub")
	require.NoError(t, err)
	return path, strings.TrimSpace(string(text))
}

// The forms of private keys. PEM hides the public half of an encrypted key.
var forms = map[string][]string{
	"ed25519":           {"-t", "ed25519", "-N", ""},
	"ed25519 locked":    {"-t", "ed25519", "-a", "1", "-N", passphrase},
	"rsa":               {"-t", "rsa", "-b", "2048", "-N", ""},
	"rsa locked":        {"-t", "rsa", "-b", "2048", "-a", "1", "-N", passphrase},
	"rsa pem":           {"-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""},
	"rsa pem locked":    {"-t", "rsa", "-b", "2048", "-m", "PEM", "-N", passphrase},
	"rsa pkcs8, opened": {"-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", ""},
}

// person has variables, a home directory, and answers passphrase prompts.
type person struct {
	env    map[string]string
	home   string
	answer string
	err    error

	mu     sync.Mutex
	asked  []string
	ran    []string
	looked []string
}

func (p *person) source() keys.Source {
	return keys.Source{
		LookupEnv: func(name string) (string, bool) { v, ok := p.env[name]; return v, ok },
		ReadFile:  os.ReadFile,
		HomeDir:   p.home,
		Run: func(ctx context.Context, argv []string) ([]byte, error) {
			p.ran = append(p.ran, strings.Join(argv, " "))
			return exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
		},
		Prompt: func(_ context.Context, question string) ([]byte, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.asked = append(p.asked, question)
			return []byte(p.answer), p.err
		},
		Looked: func(place string, found int) { p.looked = append(p.looked, fmt.Sprintf("%s: %d", place, found)) },
	}
}

func (p *person) identities(t testing.TB) []keys.Identity {
	t.Helper()
	ids, err := keys.Default.Identities(t.Context(), p.source())
	require.NoError(t, err)
	return ids
}

func wrap(t testing.TB, to string) *keys.Stanza {
	t.Helper()
	r, err := keys.ParseAgeRecipient(to)
	require.NoError(t, err)
	assert.Equal(t, to, r.String(), "as it is spelled, with its comment")
	s, err := r.Wrap(t.Context(), secret)
	require.NoError(t, err)
	return s
}

func TestEveryForm(t *testing.T) {
	for name, args := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, public := sshKey(t, args...)
			p := &person{env: map[string]string{agessh.EnvPrivateKeyFile: path}, answer: passphrase}
			keystest.Test(t, keystest.Setup{
				Provider: keys.Age,
				Key:      &keys.Stanza{Type: keys.AgeType, Fields: []keys.Field{{Name: "recipient", Value: public}}},
				Source:   p.source(),
			})
			locked := strings.HasSuffix(name, "locked")
			p.asked = nil
			ids := p.identities(t)
			assert.Empty(t, p.asked, "not before it is needed")
			words := strings.Fields(public)
			assert.Equal(t, []string{words[0] + " " + words[1]}, keys.Recipients(ids...))
			assert.Equal(t, "[identity of "+words[0]+" "+words[1]+"]", fmt.Sprintf("%+v", ids[0]))

			_, other := sshKey(t, "-t", "ed25519", "-N", "")
			_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, other)}, ids)
			require.ErrorIs(t, err, keys.ErrNoIdentity)
			assert.Empty(t, p.asked, "that one is for another")
			for range 3 { // files, or groups
				got, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, other), wrap(t, public)}, ids)
				require.NoError(t, err)
				assert.Equal(t, secret, got)
			}
			if locked {
				assert.Equal(t, []string{"passphrase of $SOPS_AGE_SSH_PRIVATE_KEY_FILE (" + path + ")"}, p.asked, "once")
			} else {
				assert.Empty(t, p.asked)
			}
		})
	}
}

func TestAskedOnceByMany(t *testing.T) {
	path, public := sshKey(t, forms["ed25519 locked"]...)
	p := &person{env: map[string]string{agessh.EnvPrivateKeyFile: path}, answer: passphrase}
	ids, stanzas := p.identities(t), []*keys.Stanza{wrap(t, public)}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := keys.Unwrap(t.Context(), stanzas, ids)
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Len(t, p.asked, 1)
}

// All key sources of sops, in its order. Each command runs once for any number of
// stanzas.
func TestPlaces(t *testing.T) {
	named, namedPublic := sshKey(t, forms["ed25519"]...)
	printed, printedPublic := sshKey(t, forms["rsa locked"]...)
	home := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(home, ".ssh"), 0o700))
	own := map[string]string{}
	for name, args := range map[string][]string{"id_ed25519": forms["ed25519 locked"], "id_rsa": forms["rsa"]} {
		path, public := sshKey(t, args...)
		own[name] = public
		require.NoError(t, os.Rename(path, filepath.Join(home, ".ssh", name)))
	}
	p := &person{
		env:  map[string]string{agessh.EnvPrivateKeyFile: named, agessh.EnvPrivateKeyCmd: "cat '" + printed + "'"},
		home: home, answer: passphrase,
	}
	ids := p.identities(t)
	const nativePlaces = 3 // variable, file, command
	assert.Equal(t, []string{
		"$SOPS_AGE_SSH_PRIVATE_KEY_FILE (" + named + "): 1", "$SOPS_AGE_SSH_PRIVATE_KEY_CMD: 1",
		filepath.Join(home, ".ssh", "id_ed25519") + ": 1", filepath.Join(home, ".ssh", "id_rsa") + ": 1",
	}, p.looked[nativePlaces:])
	for _, public := range []string{namedPublic, own["id_rsa"], printedPublic, own["id_ed25519"], printedPublic} {
		_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, public)}, ids)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"cat " + printed}, p.ran)
	assert.Equal(t, []string{"passphrase of $SOPS_AGE_SSH_PRIVATE_KEY_CMD", "passphrase of " + filepath.Join(home, ".ssh", "id_ed25519")}, p.asked)

	_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, own["id_ed25519"]), wrap(t, own["id_rsa"])}, (&person{home: home}).identities(t))
	require.NoError(t, err, "what takes no passphrase goes first")
	p = &person{home: home, env: map[string]string{agessh.EnvPrivateKeyFile: filepath.Join(home, ".ssh", "id_ed25519")}, answer: "guess"}
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, own["id_ed25519"])}, p.identities(t))
	require.ErrorIs(t, err, keys.ErrPassphrase)
	assert.Len(t, p.asked, 1, "the same key in two places")

	p = &person{home: t.TempDir()}
	assert.Empty(t, p.identities(t))
	assert.Len(t, p.looked, nativePlaces+4)
	ids, err = keys.Default.Identities(t.Context(), keys.Source{})
	require.NoError(t, err, "a source without any door")
	assert.Empty(t, ids)
}

func TestWrongPassphrase(t *testing.T) {
	path, public := sshKey(t, forms["ed25519 locked"]...)
	for want, p := range map[string]*person{
		"): wrong passphrase":                           {answer: "guess"},
		"): prompt for the passphrase: nobody is there": {err: errors.New("nobody is there")},
	} {
		p.env = map[string]string{agessh.EnvPrivateKeyFile: path}
		ids := p.identities(t)
		for range 2 {
			_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, public)}, ids)
			require.ErrorIs(t, err, keys.ErrNoIdentity)
			require.ErrorIs(t, err, keys.ErrPassphrase)
			assert.Contains(t, err.Error(), want)
			assert.NotContains(t, err.Error(), "guess")
		}
		assert.Len(t, p.asked, 1)
	}
	src := (&person{env: map[string]string{agessh.EnvPrivateKeyFile: path}}).source()
	src.Prompt = nil
	ids, err := keys.Default.Identities(t.Context(), src)
	require.NoError(t, err)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, public)}, ids)
	require.ErrorIs(t, err, keys.ErrPassphrase)
	assert.Contains(t, err.Error(), "a passphrase is required, but no prompt is possible")
}

// An encrypted key in the old form, without its .pub file or with another's.
func TestHiddenPublicHalf(t *testing.T) {
	path, public := sshKey(t, forms["rsa pem locked"]...)
	_, other := sshKey(t, forms["rsa"]...)
	p := &person{env: map[string]string{agessh.EnvPrivateKeyFile: path}, answer: passphrase}

	require.NoError(t, os.WriteFile(path+".pub", []byte(other), 0o600))
	_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, other)}, p.identities(t))
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.Contains(t, err.Error(), "the .pub file belongs to another key")
	assert.Contains(t, public, "ssh-rsa")

	require.NoError(t, os.WriteFile(path+".pub", []byte("hunter2"), 0o600))
	require.ErrorContains(t, p.brokenKey(t), "the .pub file of the encrypted SSH key is malformed")
	require.NoError(t, os.Remove(path+".pub"))
	err = p.brokenKey(t)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Contains(t, err.Error(), "ssh-keygen -p adds the public key")
}

// brokenKey returns the reported reason of the one broken key source.
func (p *person) brokenKey(t *testing.T) error {
	t.Helper()
	var broken []error
	src := p.source()
	src.Broken = func(reason error) { broken = append(broken, reason) }
	ids, err := keys.Default.Identities(t.Context(), src)
	require.NoError(t, err)
	require.Len(t, broken, 1)
	_, public := sshKey(t, forms["ed25519"]...)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, public)}, ids)
	require.ErrorContains(t, err, broken[0].Error())
	return broken[0]
}

// A key as PowerShell writes it has a byte order mark.
func TestByteOrderMark(t *testing.T) {
	path, public := sshKey(t, forms["ed25519"]...)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append([]byte("\ufeff"), text...), 0o600))
	p := &person{env: map[string]string{agessh.EnvPrivateKeyFile: path}}
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, public)}, p.identities(t))
	require.NoError(t, err)
}

func TestNamedKeyIsBroken(t *testing.T) {
	dir := t.TempDir()
	ecdsa, _ := sshKey(t, "-t", "ecdsa", "-N", "")
	ecdsaLocked, _ := sshKey(t, "-t", "ecdsa", "-N", passphrase)
	broken, large := filepath.Join(dir, "broken"), filepath.Join(dir, "large")
	require.NoError(t, os.WriteFile(broken, []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n"), 0o600))
	require.NoError(t, os.WriteFile(large, make([]byte, 1<<15), 0o600))
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "$SOPS_AGE_SSH_PRIVATE_KEY_FILE: no such file",
		broken:                     "malformed SSH private key",
		large:                      "too long for an SSH key",
		ecdsa:                      "unsupported type of SSH key",
		ecdsaLocked:                "unsupported type of SSH key",
	} {
		err := (&person{env: map[string]string{agessh.EnvPrivateKeyFile: path}}).brokenKey(t)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "hunter2")
		if want[0] != '$' {
			err = (&person{env: map[string]string{agessh.EnvPrivateKeyCmd: "cat " + path}}).brokenKey(t)
			require.ErrorContains(t, err, "$SOPS_AGE_SSH_PRIVATE_KEY_CMD: ")
			assert.Contains(t, err.Error(), want)
		}
	}
	err := (&person{env: map[string]string{agessh.EnvPrivateKeyCmd: "false"}}).brokenKey(t)
	require.ErrorContains(t, err, "$SOPS_AGE_SSH_PRIVATE_KEY_CMD: exit status 1")
}

// An unsuitable key in ~/.ssh may have another purpose. It is reported only if it
// might have mattered.
func TestOwnKeyMayBeBad(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, ".ssh", "id_rsa")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte("hunter2"), 0o600))
	ids := (&person{home: home}).identities(t)
	_, public := sshKey(t, forms["ed25519"]...)
	_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, public)}, ids)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.Contains(t, err.Error(), path+": malformed SSH private key")
	assert.NotContains(t, err.Error(), "hunter2")
	native := wrap(t, "age1yusnsgd7fzt3zfq823knc59v8hkmnzl3m47l6evn3h0z6urvuugsnxef95")
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{native}, ids)
	assert.NotContains(t, err.Error(), "malformed")
}

func TestParseRecipient(t *testing.T) {
	_, ecdsa := sshKey(t, "-t", "ecdsa", "-N", "")
	_, small := sshKey(t, "-t", "rsa", "-b", "1024", "-N", "")
	_, good := sshKey(t, forms["ed25519"]...)
	for _, text := range []string{"ssh-ed25519 AAAA", "ssh-ed25519", "ssh-dss AAAA", "ssh-" + ecdsa, small} {
		_, err := keys.ParseAgeRecipient(text)
		require.ErrorContains(t, err, "malformed or not supported by age", text)
	}
	_, err := keys.ParseAgeRecipient(good + "\n" + good)
	require.ErrorContains(t, err, "more than one line")
	// It would be compared as the first key, and be the second.
	_, other := sshKey(t, forms["ed25519"]...)
	for _, between := range []string{"\v", "\f", "\u00a0", "\u2028"} {
		words := strings.Fields(good)
		_, err = keys.ParseAgeRecipient(words[0] + between + words[1] + " " + other)
		require.ErrorContains(t, err, "malformed", "%q", between)
	}
	_, err = keys.ParseAgeRecipient(ecdsa)
	require.ErrorContains(t, err, "unknown kind of age recipient")
}
