package ageplugin_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"
	"filippo.io/age/tag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/errchain"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/ageplugin"
	"github.com/sealcfg/sealcfg/keys/keystest"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

// TestMain makes the test binary also the program of a plugin.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "age-plugin-demo" {
		os.Exit(demoPlugin())
	}
	os.Exit(m.Run())
}

// demo is a user of the plugin: its keys, and the log of its runs.
type demo struct {
	recipient, identity string
	log                 string
}

// install sets PATH to the directory of the plugin.
func install(t *testing.T) *demo {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(dir, "age-plugin-demo")))
	d := &demo{log: filepath.Join(dir, "log")}
	d.recipient, d.identity = demoKeys(t)
	t.Setenv("PATH", dir)
	t.Setenv("DEMO_LOG", d.log)
	t.Setenv("DEMO_MODE", "")
	t.Setenv("DEMO_PIN", demoPIN)
	return d
}

// runs are the state machines that were started so far.
func (d *demo) runs(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(d.log)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	return strings.Fields(string(text))
}

func recipient(t testing.TB, text string) keys.Recipient {
	t.Helper()
	r, err := keys.ParseAgeRecipient(text)
	require.NoError(t, err)
	return r
}

func wrap(t testing.TB, to string) *keys.Stanza {
	t.Helper()
	s, err := recipient(t, to).Wrap(t.Context(), secret)
	require.NoError(t, err)
	assert.Equal(t, to, keys.Name(s))
	return s
}

// fakePrompts answers prompts and records them.
type fakePrompts struct {
	mu                     sync.Mutex
	answer                 string
	yes                    bool
	err                    error
	asked, confirmed, told []string
}

func (p *fakePrompts) source(identities string) keys.Source {
	note := func(list *[]string, text string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		*list = append(*list, text)
	}
	return keys.Source{
		LookupEnv: func(name string) (string, bool) { return identities, name == keys.EnvAgeKey },
		Prompt: func(_ context.Context, question string) ([]byte, error) {
			note(&p.asked, question)
			return []byte(p.answer), p.err
		},
		Confirm: func(_ context.Context, question, yes, no string) (bool, error) {
			note(&p.confirmed, question+"|"+yes+"|"+no)
			return p.yes, p.err
		},
		Notify: func(message string) { note(&p.told, message) },
	}
}

func identities(t testing.TB, src keys.Source) []keys.Identity {
	t.Helper()
	ids, err := keys.Default.Identities(t.Context(), src)
	require.NoError(t, err)
	return ids
}

func TestPluginPassesTheSuite(t *testing.T) {
	d := install(t)
	keystest.Test(t, keystest.Setup{
		Provider: keys.Age,
		Key:      &keys.Stanza{Type: keys.AgeType, Fields: []keys.Field{{Name: "recipient", Value: d.recipient}}},
		Source:   new(fakePrompts).source(d.identity),
	})
	assert.Contains(t, d.runs(t), "recipient-v1")
	assert.Contains(t, d.runs(t), "identity-v1")
}

// A file's metadata starts no plugin. An identity of the user starts one, once for
// all stanzas.
func TestWhatStartsAPlugin(t *testing.T) {
	d := install(t)
	other, _ := demoKeys(t)
	mine, others := wrap(t, d.recipient), wrap(t, other)
	require.Equal(t, []string{"recipient-v1", "recipient-v1"}, d.runs(t))
	require.NoError(t, os.Remove(d.log))

	p, err := keys.Default.Provider(keys.AgeType)
	require.NoError(t, err)
	r, err := p.StanzaRecipient(mine)
	require.NoError(t, err)
	assert.Equal(t, d.recipient, r.String())
	native, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{mine}, identities(t, new(fakePrompts).source(native.String())))
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.Empty(t, d.runs(t), "it stands in the file only")

	ids := identities(t, new(fakePrompts).source(d.identity))
	assert.Empty(t, d.runs(t), "loading starts nothing")
	stanzas := []*keys.Stanza{others, wrap(t, native.Recipient().String()), mine, others}
	got, err := keys.Unwrap(t.Context(), stanzas, ids)
	require.NoError(t, err)
	assert.Equal(t, secret, got)
	assert.Equal(t, []string{"identity-v1"}, d.runs(t), "once, not for each of the stanzas")

	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{others}, ids)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{{Type: "kms"}, {Type: "age", Wrapped: "broken"}}, ids)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.Len(t, d.runs(t), 2, "there was nothing that it could open")
	both := identities(t, new(fakePrompts).source(d.identity+" "+native.String()))
	_, err = keys.Unwrap(t.Context(), stanzas, both)
	require.NoError(t, err)
	assert.Len(t, d.runs(t), 2, "the native one is tried first")
}

func TestNames(t *testing.T) {
	d := install(t)
	ids := identities(t, new(fakePrompts).source("# Recipient: "+d.recipient+"\n"+d.identity))
	assert.Equal(t, []string{d.recipient}, keys.Recipients(ids...))
	assert.Equal(t, "[identity of "+d.recipient+"]", fmt.Sprintf("%#v", ids[0]))
	ids = identities(t, new(fakePrompts).source(d.identity+"\n"+d.identity))
	assert.Len(t, ids, 1, "the same twice")
	assert.Equal(t, "[identity of age-plugin-demo]", fmt.Sprintf("%x", ids[0]))
}

func TestNotInstalled(t *testing.T) {
	d := install(t)
	s := wrap(t, d.recipient)
	t.Setenv("PATH", t.TempDir())
	native, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	ids := identities(t, new(fakePrompts).source(d.identity))
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{s}, ids)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	var missing *ageplugin.NotInstalledError
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, "age-plugin-demo", missing.Program)
	assert.Contains(t, err.Error(), "age-plugin-demo not found on PATH")
	assert.NotContains(t, err.Error(), "AGE-PLUGIN")
	_, err = recipient(t, d.recipient).Wrap(t.Context(), secret)
	require.ErrorAs(t, err, &missing)

	stanzas := []*keys.Stanza{s, wrap(t, native.Recipient().String())}
	_, err = keys.Unwrap(t.Context(), stanzas, append(ids, identities(t, new(fakePrompts).source(native.String()))...))
	require.NoError(t, err, "it keeps nobody else from opening")
}

// Only PATH is searched, not the working directory.
func TestNotFromTheWorkingDirectory(t *testing.T) {
	d := install(t)
	t.Chdir(filepath.Dir(d.log))
	for _, path := range []string{"", ".", ".:"} {
		t.Setenv("PATH", path)
		_, err := recipient(t, d.recipient).Wrap(t.Context(), secret)
		require.Error(t, err, "PATH=%q", path)
	}
	assert.Empty(t, d.runs(t))
}

// A right answer needs one prompt per run, and a wrong answer is not repeated.
func TestPluginAsks(t *testing.T) {
	d := install(t)
	mine := []*keys.Stanza{wrap(t, d.recipient)}
	t.Setenv("DEMO_MODE", "pin")
	p := &fakePrompts{answer: demoPIN}
	ids := identities(t, p.source(d.identity))
	var all sync.WaitGroup
	for range 4 { // files
		all.Go(func() {
			got, err := keys.Unwrap(t.Context(), mine, ids)
			assert.NoError(t, err)
			assert.Equal(t, secret, got)
		})
	}
	all.Wait()
	assert.Equal(t, []string{"age-plugin-demo: PIN of the demo token"}, p.asked)
	assert.Equal(t, "age-plugin-demo: touch the demo token", p.told[0])

	t.Setenv("DEMO_PIN", "654321") // changed in the meantime: the old answer is tried once, then there is a prompt
	p.answer = "654321"
	for range 2 {
		_, err := keys.Unwrap(t.Context(), mine, ids)
		require.NoError(t, err)
	}
	assert.Len(t, p.asked, 2)

	p = &fakePrompts{answer: "guess"}
	ids = identities(t, p.source(d.identity))
	for range 2 {
		_, err := keys.Unwrap(t.Context(), mine, ids)
		require.ErrorIs(t, err, keys.ErrNoIdentity)
		assert.Contains(t, err.Error(), "wrong PIN")
		assert.NotContains(t, err.Error(), "guess")
	}
	assert.Len(t, p.asked, 4, "the plugin asks twice in a run, and gets a person each time")

	src := p.source(d.identity)
	src.Prompt = nil
	_, err := keys.Unwrap(t.Context(), mine, identities(t, src))
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.Contains(t, err.Error(), `it prompted "PIN of the demo token" and got no answer`)
	assert.NotContains(t, err.Error(), "guess")
}

// The program may quote an identity and an answer; errors do not.
func TestPluginQuotes(t *testing.T) {
	d := install(t)
	mine := []*keys.Stanza{wrap(t, d.recipient)}
	t.Setenv("DEMO_MODE", "quote")
	_, err := keys.Unwrap(t.Context(), mine, identities(t, (&fakePrompts{answer: demoPIN}).source(d.identity)))
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.Contains(t, err.Error(), `cannot use [private key] with "[answer]"`)
	for e := range errchain.All(err) {
		assert.NotContains(t, e.Error(), "AGE-SECRET-KEY")
		assert.NotContains(t, e.Error(), demoPIN)
	}
}

func TestPluginConfirms(t *testing.T) {
	d := install(t)
	t.Setenv("DEMO_MODE", "confirm")
	p := &fakePrompts{yes: true}
	ctx := keys.WithSource(t.Context(), p.source(""))
	s, err := recipient(t, d.recipient).Wrap(ctx, secret)
	require.NoError(t, err)
	assert.Equal(t, []string{"age-plugin-demo: wrap it?|sure|never"}, p.confirmed)
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{s}, identities(t, p.source(d.identity)))
	require.NoError(t, err)

	p.yes = false
	_, err = recipient(t, d.recipient).Wrap(ctx, secret)
	require.ErrorContains(t, err, "they said never")
	_, err = recipient(t, d.recipient).Wrap(t.Context(), secret)
	require.ErrorContains(t, err, `it prompted "wrap it?" and got no answer`)
}

func TestPluginHangs(t *testing.T) {
	d := install(t)
	s := wrap(t, d.recipient)
	t.Setenv("DEMO_MODE", "hang")
	ids := identities(t, new(fakePrompts).source(d.identity))
	for name, call := range map[string]func(context.Context) error{
		"unwrap": func(ctx context.Context) error {
			_, err := keys.Unwrap(ctx, []*keys.Stanza{s}, ids)
			return err
		},
		"unwrap, in the queue": func(ctx context.Context) error {
			_, err := keys.Unwrap(ctx, []*keys.Stanza{s}, ids)
			return err
		},
		"wrap": func(ctx context.Context) error {
			_, err := recipient(t, d.recipient).Wrap(ctx, secret)
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		begin := time.Now()
		require.ErrorIs(t, call(ctx), context.DeadlineExceeded, name)
		assert.Less(t, time.Since(begin), 10*time.Second, name)
		cancel()
	}
	// They end by themselves here; the next test must not find one in its turn.
	ids = identities(t, new(fakePrompts).source(d.identity))
	t.Setenv("DEMO_MODE", "")
	_, err := keys.Unwrap(t.Context(), []*keys.Stanza{s}, ids)
	require.NoError(t, err)
}

func TestMalformed(t *testing.T) {
	install(t)
	for _, text := range []string{"age1demo1qqqq", "age1tag1qqqq", "age1tagpq1qqqq", "age1../x1qqqq", "age11"} {
		_, err := keys.ParseAgeRecipient(text)
		require.ErrorContains(t, err, "malformed age recipient", text)
	}
	for _, text := range []string{"AGE-PLUGIN-DEMO-1CANARY", "AGE-PLUGIN-", "AGE-PLUGIN-../X-1QQQQ"} {
		_, err := keys.ParseAgeIdentities("\n" + text)
		require.EqualError(t, err, "line 2: malformed age identity")
	}
}

// Recipients of which a plugin holds the private half, but that take none to
// wrap for. The real plugin, which sops uses for them, makes the same stanza.
func TestTagged(t *testing.T) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	point := private.PublicKey().Bytes() // uncompressed
	classic, err := tag.NewClassicRecipient(append([]byte{2 + point[64]&1}, point[1:33]...))
	require.NoError(t, err)
	pluginDir := build(t, "filippo.io/age/extra/age-plugin-tag")
	t.Setenv("PATH", t.TempDir())
	ours := wrap(t, classic.String())
	assert.Equal(t, []string{"p256tag"}, stanzaTypes(ours))
	t.Setenv("PATH", pluginDir)
	r, err := plugin.NewRecipient(classic.String(), &plugin.ClientUI{})
	require.NoError(t, err)
	theirs, err := keys.AgeRecipient(r, classic.String()).Wrap(t.Context(), secret)
	require.NoError(t, err)
	assert.Equal(t, stanzaTypes(ours), stanzaTypes(theirs))
}

func stanzaTypes(s *keys.Stanza) []string {
	var none *age.NoIdentityMatchError
	id, _ := age.GenerateX25519Identity()
	_, err := age.Decrypt(armor.NewReader(strings.NewReader(s.Wrapped)), id)
	if errors.As(err, &none) {
		return none.StanzaTypes
	}
	return nil
}

// The real plugin for passphrases of age itself.
func TestBatchpass(t *testing.T) {
	dir := build(t, "filippo.io/age/cmd/age-plugin-batchpass")
	t.Setenv("PATH", dir)
	t.Setenv("AGE_PASSPHRASE", "correct horse")
	r, err := age.NewScryptRecipient("correct horse")
	require.NoError(t, err)
	r.SetWorkFactor(2)
	s, err := keys.AgeRecipient(r, "passphrase").Wrap(t.Context(), secret)
	require.NoError(t, err)
	ids := identities(t, new(fakePrompts).source(plugin.EncodeIdentity("batchpass", nil)))
	got, err := keys.Unwrap(t.Context(), []*keys.Stanza{s}, ids)
	require.NoError(t, err)
	assert.Equal(t, secret, got)
	t.Setenv("AGE_PASSPHRASE", "guess")
	_, err = keys.Unwrap(t.Context(), []*keys.Stanza{s}, ids)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.NotContains(t, err.Error(), "guess")
}

// build builds a program of the module of age, which is in go.mod: it takes no
// network if the module cache is filled.
func build(t *testing.T, path string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", dir+string(filepath.Separator), path)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Run(), "%s", &out)
	return dir
}
