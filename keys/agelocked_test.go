package keys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keystest"
)

const passphrase = "correct horse"

// locked encrypts an identity file with a passphrase, with little work.
func locked(t testing.TB, text string, work int, armored bool) string {
	t.Helper()
	r, err := age.NewScryptRecipient(passphrase)
	require.NoError(t, err)
	r.SetWorkFactor(work)
	return encrypted(t, text, armored, r)
}

func encrypted(t testing.TB, text string, armored bool, to age.Recipient) string {
	t.Helper()
	var buf, plain bytes.Buffer
	aw := armor.NewWriter(&buf)
	w, err := age.Encrypt(aw, to)
	if !armored {
		w, err = age.Encrypt(&plain, to)
	}
	require.NoError(t, err)
	_, err = w.Write([]byte(text))
	require.NoError(t, errors.Join(err, w.Close(), aw.Close()))
	if !armored {
		return plain.String()
	}
	return buf.String()
}

// prompter answers, and counts the questions.
type prompter struct {
	mu     sync.Mutex
	answer string
	err    error
	asked  []string
}

func (p *prompter) prompt(_ context.Context, question string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, question)
	return []byte(p.answer), p.err
}

func lockedIn(t *testing.T, where *fakeSource, p *prompter) []keys.Identity {
	t.Helper()
	src := where.source()
	if p != nil {
		src.Prompt = p.prompt
	}
	ids, err := keys.Default.Identities(t.Context(), src)
	require.NoError(t, err)
	return ids
}

func TestLockedIdentities(t *testing.T) {
	binary, armored := locked(t, "# mine\n"+aliceKey, 2, false), locked(t, aliceKey, 2, true)
	for name, c := range map[string]struct {
		where    fakeSource
		question string
	}{
		"own file, binary":   {fakeSource{files: map[string]string{keysFile: binary}}, keysFile},
		"own file, armored":  {fakeSource{files: map[string]string{keysFile: "\n" + armored}}, keysFile},
		"named file":         {fakeSource{env: map[string]string{keys.EnvAgeKeyFile: "my.age"}, files: map[string]string{"my.age": binary}}, "$SOPS_AGE_KEY_FILE (my.age)"},
		"variable":           {fakeSource{env: map[string]string{keys.EnvAgeKey: armored}}, "$SOPS_AGE_KEY"},
		"output of command":  {fakeSource{env: map[string]string{keys.EnvAgeKeyCmd: "show"}, output: map[string]string{"show": armored}}, "$SOPS_AGE_KEY_CMD"},
		"named and own file": {fakeSource{env: map[string]string{keys.EnvAgeKeyFile: keysFile}, files: map[string]string{keysFile: binary}}, "$SOPS_AGE_KEY_FILE (" + keysFile + ")"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &prompter{answer: passphrase}
			ids := lockedIn(t, &c.where, p)
			require.Len(t, ids, 1)
			assert.Contains(t, c.where.looked, c.question+": -1")
			assert.Empty(t, p.asked, "not before it is needed")
			assert.Empty(t, keys.Recipients(ids...))
			assert.Equal(t, "[identities in "+c.question+"]", fmt.Sprintf("%+v", ids[0]))

			_, err := keys.Unwrap(t.Context(), []*keys.Stanza{{Type: "kms"}}, ids)
			require.ErrorIs(t, err, keys.ErrNoIdentity)
			assert.Empty(t, p.asked, "no stanza that it could open")

			for range 3 { // files, or groups
				got, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, bobPublic), wrap(t, alicePublic)}, ids)
				require.NoError(t, err)
				assert.Equal(t, secret, got)
			}
			_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, bobPublic)}, ids)
			require.ErrorIs(t, err, keys.ErrNoIdentity)
			assert.Equal(t, []string{"passphrase of " + c.question}, p.asked, "once")
			assert.Equal(t, []string{alicePublic}, keys.Recipients(ids...), "known by now")
		})
	}
}

// Identities that need no prompt are tried first, from every key source.
func TestLockedIsAskedLast(t *testing.T) {
	p := &prompter{answer: passphrase}
	ids := lockedIn(t, &fakeSource{env: map[string]string{keys.EnvAgeKey: locked(t, aliceKey, 2, true)}, files: map[string]string{keysFile: bobKey}}, p)
	_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, alicePublic), wrap(t, bobPublic)}, ids)
	require.NoError(t, err)
	assert.Empty(t, p.asked)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, alicePublic)}, ids)
	require.NoError(t, err)
	assert.Len(t, p.asked, 1)
}

func TestLockedIsAskedOnceByMany(t *testing.T) {
	p := &prompter{answer: passphrase}
	ids := lockedIn(t, &fakeSource{files: map[string]string{keysFile: locked(t, aliceKey, 2, false)}}, p)
	stanzas := []*keys.Stanza{wrap(t, alicePublic)}
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

func TestLockedFails(t *testing.T) {
	interrupted := errors.New("interrupted")
	for name, c := range map[string]struct {
		text string
		p    *prompter
		want string
	}{
		"wrong":     {locked(t, aliceKey, 2, false), &prompter{answer: "guess"}, "keys.txt: wrong passphrase"},
		"empty":     {locked(t, aliceKey, 2, false), &prompter{}, "keys.txt: the passphrase is empty"},
		"no answer": {locked(t, aliceKey, 2, false), &prompter{err: interrupted}, "keys.txt: prompt for the passphrase: interrupted"},
		"nobody":    {locked(t, aliceKey, 2, false), nil, "keys.txt: a passphrase is required, but no prompt is possible"},
		"garbage":   {locked(t, "hunter2", 2, false), &prompter{answer: passphrase}, "keys.txt: line 1: unknown kind of age identity"},
		"truncated": {locked(t, aliceKey, 2, false)[:200], &prompter{answer: passphrase}, "keys.txt: the encrypted identity file is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			ids := lockedIn(t, &fakeSource{files: map[string]string{keysFile: c.text}}, c.p)
			for range 2 {
				_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, alicePublic)}, ids)
				var none *keys.NoIdentityError
				require.ErrorAs(t, err, &none)
				require.Len(t, none.Reasons, 1)
				assert.Contains(t, none.Reasons[0].Error(), c.want)
				assert.NotContains(t, err.Error(), "hunter2")
				assert.NotContains(t, err.Error(), "guess")
			}
			if c.p != nil {
				assert.Len(t, c.p.asked, 1, "a wrong answer is not asked for again in one run")
			}
			ids = append(ids, identity(t, bobKey))
			_, err := keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, alicePublic), wrap(t, bobPublic)}, ids)
			require.NoError(t, err, "it keeps nobody else from opening")
		})
	}
}

func TestLockedInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	where := &fakeSource{files: map[string]string{keysFile: locked(t, aliceKey, 2, false)}}
	src := where.source()
	src.Prompt = func(ctx context.Context, _ string) ([]byte, error) { cancel(); return nil, ctx.Err() }
	ids, err := keys.Default.Identities(t.Context(), src)
	require.NoError(t, err)
	_, err = keys.Unwrap(ctx, []*keys.Stanza{wrap(t, alicePublic)}, ids)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, keys.ErrNoIdentity, "it is not known whether one fits")
}

func TestUnlock(t *testing.T) {
	p := &prompter{answer: passphrase}
	ids := lockedIn(t, &fakeSource{files: map[string]string{keysFile: locked(t, aliceKey, 2, false)}}, p)
	behind, err := ids[0].(keys.Locker).Unlock(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{alicePublic}, keys.Recipients(behind...))
	assert.Equal(t, []string{alicePublic}, keys.Recipients(ids...))
}

// These are broken with any passphrase, so there is no prompt.
func TestLockedRefused(t *testing.T) {
	bob, err := age.ParseX25519Recipient(bobPublic)
	require.NoError(t, err)
	for name, c := range map[string]struct{ text, want string }{
		"for somebody": {encrypted(t, aliceKey, true, bob), "encrypted, but not with a passphrase"},
		"cut":          {locked(t, aliceKey, 2, true)[:60], "malformed encrypted identity file"},
		"much work":    {string(bytes.Replace([]byte(locked(t, aliceKey, 2, false)), []byte(" 2\n"), []byte(" 23\n"), 1)), "its passphrase has the work factor 2^23, above the limit of 2^22"},
		"too long":     {"age-encryption.org/v1\n" + string(make([]byte, keys.MaxSource)), "too long for a key"},
		"ssh key":      {"-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2", "put the path of an SSH key into $SOPS_AGE_SSH_PRIVATE_KEY_FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			where := &fakeSource{files: map[string]string{keysFile: c.text}}
			_, err := keys.Default.Identities(t.Context(), where.source())
			require.NoError(t, err)
			require.Len(t, where.broken, 1)
			assert.Contains(t, where.broken[0], keysFile+": ")
			assert.Contains(t, where.broken[0], c.want)
			assert.NotContains(t, where.broken[0], "hunter2")
		})
	}
}

// The list in an encrypted file may be UTF-16, and one line of it may be broken.
func TestLockedList(t *testing.T) {
	where := &fakeSource{files: map[string]string{keysFile: locked(t, utf16le("hunter2\n"+aliceKey), 2, false)}}
	src := where.source()
	src.Prompt = (&prompter{answer: passphrase}).prompt
	ids, err := keys.Default.Identities(t.Context(), src)
	require.NoError(t, err)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{wrap(t, alicePublic)}, ids)
	require.NoError(t, err)
	assert.Equal(t, []string{keysFile + ": line 1: unknown kind of age identity"}, where.broken)
}

func TestLockedPassesTheSuite(t *testing.T) {
	where := &fakeSource{files: map[string]string{keysFile: locked(t, aliceKey, 2, true)}}
	src := where.source()
	src.Prompt = (&prompter{answer: passphrase}).prompt
	keystest.Test(t, keystest.Setup{
		Provider: keys.Age,
		Key:      &keys.Stanza{Type: keys.AgeType, Fields: []keys.Field{{Name: "recipient", Value: alicePublic}}},
		Source:   src,
	})
}
