package interop

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/logging"
	sopsyaml "github.com/getsops/sops/v3/stores/yaml"
	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/corpus"
	"github.com/sealcfg/sealcfg/keys"
)

const conformance = "testdata/conformance"

// demo is the identity of the conformance files, worth nothing.
var demo = struct {
	secret    string
	recipient string
	ids       []keys.Identity
	to        envfile.Recipients
}{}

var (
	corpusFiles []corpus.File
	errCorpus   error
	goBin       string // where go install puts programs
)

func TestMain(m *testing.M) {
	text, err := os.ReadFile(filepath.Join(conformance, "age-key.txt"))
	if err == nil {
		demo.secret = string(text)
		demo.ids, err = keys.ParseAgeIdentities(demo.secret)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
	demo.recipient = demo.ids[0].(keys.Recipienter).Recipient()
	demo.to = recipients(demo.recipient)

	goBin = os.Getenv("GOBIN")
	if goBin == "" {
		out, _ := exec.Command("go", "env", "GOPATH").Output()
		goBin = filepath.Join(strings.TrimSpace(string(out)), "bin")
	}
	corpusFiles, errCorpus = corpus.Files() // before HOME, which names the module cache, changes

	// sops looks for identities in the user's own places too.
	home, err := os.MkdirTemp("", "sealcfg-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, ".config"),
		"SOPS_AGE_KEY": demo.secret, "SOPS_AGE_KEY_FILE": "", "SOPS_AGE_KEY_CMD": "",
	} {
		_ = os.Setenv(name, value)
	}
	_ = os.Unsetenv("SOPS_AGE_KEY_FILE")
	_ = os.Unsetenv("SOPS_AGE_KEY_CMD")
	for _, l := range logging.Loggers {
		l.SetOutput(io.Discard)
	}
	code := m.Run()
	_ = os.RemoveAll(home)
	os.Exit(code)
}

func recipients(names ...string) envfile.Recipients {
	var group []keys.Recipient
	for _, n := range names {
		r, err := keys.ParseAgeRecipient(n)
		if err != nil {
			panic(err)
		}
		group = append(group, r)
	}
	return envfile.Recipients{Groups: [][]keys.Recipient{group}}
}

func sopsStore() *sopsyaml.Store { return sopsyaml.NewStore(&config.YAMLStoreConfig{}) }

// sopsPlain reads plain text as sops does.
func sopsPlain(src []byte) (branches sops.TreeBranches, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("sops panics: %v", r)
		}
	}()
	return sopsStore().LoadPlainFile(src)
}

// opened is a file as sops decrypts it.
type opened struct {
	branches sops.TreeBranches
	plain    []byte   // as sops emits it
	warnings []string // the comments that it could not decrypt though the rules seal them
}

// sopsOpen decrypts and verifies as `sops decrypt` does, with the data key
// recovered by sops itself.
func sopsOpen(src []byte) (out opened, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("sops panics: %v", r)
		}
	}()
	hook := test.NewLocal(logging.Loggers["SOPS"])
	defer logging.Loggers["SOPS"].ReplaceHooks(make(logrus.LevelHooks))

	tree, err := sopsStore().LoadEncryptedFile(src)
	if err != nil {
		return opened{}, fmt.Errorf("load: %w", err)
	}
	key, err := tree.Metadata.GetDataKey()
	if err != nil {
		return opened{}, fmt.Errorf("data key: %w", err)
	}
	c := aes.NewCipher()
	mac, err := tree.Decrypt(key, c)
	if err != nil {
		return opened{}, fmt.Errorf("decrypt: %w", err)
	}
	want, err := c.Decrypt(tree.Metadata.MessageAuthenticationCode, key, tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil {
		return opened{}, fmt.Errorf("decrypt mac: %w", err)
	}
	if want != mac {
		return opened{}, fmt.Errorf("mac mismatch")
	}
	out.branches = tree.Branches
	for _, e := range hook.AllEntries() {
		out.warnings = append(out.warnings, fmt.Sprint(e.Data["comment"]))
	}
	out.plain, err = sopsStore().EmitPlainFile(tree.Branches)
	return out, err
}

// sopsSeal encrypts as `sops encrypt --age` does.
func sopsSeal(src []byte, r envfile.Rules) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sops panics: %v", p)
		}
	}()
	branches, err := sopsPlain(src)
	if err != nil {
		return nil, err
	}
	for _, b := range branches {
		if sopsStore().HasSopsTopLevelKey(b) {
			return nil, fmt.Errorf("already sealed")
		}
	}
	key, err := age.MasterKeyFromRecipient(demo.recipient)
	if err != nil {
		return nil, err
	}
	r = r.Normal()
	tree := sops.Tree{Branches: branches, Metadata: sops.Metadata{
		KeyGroups:         []sops.KeyGroup{{key}},
		UnencryptedSuffix: r.UnencryptedSuffix, EncryptedSuffix: r.EncryptedSuffix,
		UnencryptedRegex: r.UnencryptedRegex, EncryptedRegex: r.EncryptedRegex,
		UnencryptedCommentRegex: r.UnencryptedCommentRegex, EncryptedCommentRegex: r.EncryptedCommentRegex,
		MACOnlyEncrypted: r.MACOnlyEncrypted, Version: envfile.FormatVersion,
	}}
	dataKey, errs := tree.GenerateDataKey()
	if len(errs) > 0 {
		return nil, fmt.Errorf("generate data key: %v", errs)
	}
	c := aes.NewCipher()
	mac, err := tree.Encrypt(dataKey, c)
	if err != nil {
		return nil, err
	}
	tree.Metadata.LastModified = time.Now().UTC()
	tree.Metadata.MessageAuthenticationCode, err = c.Encrypt(mac, dataKey, tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil {
		return nil, err
	}
	return sopsStore().EmitEncryptedFile(tree)
}

// seal seals with sealcfg, for the demo identity.
func seal(src []byte, r envfile.Rules) (*envfile.Document, *envfile.Sealed, error) {
	d, err := envfile.Parse(envfile.YAML, src)
	if err != nil {
		return nil, nil, err
	}
	s, _, err := envfile.Seal(context.Background(), d, r, demo.to)
	return d, s, err
}

// open reads a sealed text with sealcfg.
func open(src []byte) (*envfile.Opened, error) {
	s, err := envfile.ParseSealed(envfile.YAML, src)
	if err != nil {
		return nil, err
	}
	return s.Open(context.Background(), demo.ids...)
}

func mustOpen(t testing.TB, src []byte) *envfile.Opened {
	t.Helper()
	o, err := open(src)
	require.NoError(t, err, "%s", src)
	return o
}

func mustSopsOpen(t testing.TB, src []byte) opened {
	t.Helper()
	o, err := sopsOpen(src)
	require.NoError(t, err, "%s", src)
	return o
}
