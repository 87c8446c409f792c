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
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/logging"
	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/test/corpus"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
)

const conformance = "testdata/conformance"

// demo is the identity of the conformance files. It protects no data.
var demo = struct {
	secret    string
	recipient string
	ids       []keys.Identity
	to        envfile.Recipients
}{}

var (
	corpusFiles []corpus.File
	errCorpus   error
	sopsProgram string // the real sops, found before HOME changes; "" if it is not installed
	sopsSource  string // where the module cache has sops
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

	sopsProgram = os.Getenv("SOPS")
	if sopsProgram == "" {
		sopsProgram = servicetest.Find("sops")
	}
	out, _ := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getsops/sops/v3").Output()
	sopsSource = strings.TrimSpace(string(out))
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

// sopsBinary returns the path of the real sops. Without it, the test ends.
func sopsBinary(t testing.TB) string {
	t.Helper()
	if sopsProgram == "" {
		servicetest.Missing(t, "sops (go install github.com/getsops/sops/v3/cmd/sops@v3.13.3)")
	}
	return sopsProgram
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

// sopsPlain reads plain YAML as sops does.
func sopsPlain(src []byte) (sops.TreeBranches, error) { return sopsPlainAs(envfile.YAML, src) }

// sopsPlainAs reads plain text of a format as sops does.
func sopsPlainAs(format envfile.Format, src []byte) (branches sops.TreeBranches, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("sops panics: %v", r)
		}
	}()
	return sopsStore(format).LoadPlainFile(src)
}

// opened is a file as sops decrypts it.
type opened struct {
	branches sops.TreeBranches
	plain    []byte   // as sops emits it
	warnings []string // the comments that it could not decrypt though the rules seal them
	mac      string   // the text that the file authenticates with
	key      []byte   // the data key
}

// sopsOpen decrypts YAML as sops does.
func sopsOpen(src []byte) (opened, error) { return sopsOpenAs(envfile.YAML, src) }

// sopsOpenAs decrypts and verifies as `sops decrypt` does, with the data key
// recovered by sops itself.
func sopsOpenAs(format envfile.Format, src []byte) (out opened, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("sops panics: %v", r)
		}
	}()
	hook := test.NewLocal(logging.Loggers["SOPS"])
	defer logging.Loggers["SOPS"].ReplaceHooks(make(logrus.LevelHooks))

	tree, err := sopsStore(format).LoadEncryptedFile(src)
	if err != nil {
		return opened{}, fmt.Errorf("load: %w", err)
	}
	key, err := sopsDataKey(&tree)
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
	out.branches, out.mac, out.key = tree.Branches, mac, key
	for _, e := range hook.AllEntries() {
		out.warnings = append(out.warnings, fmt.Sprint(e.Data["comment"]))
	}
	out.plain, err = sopsStore(format).EmitPlainFile(tree.Branches)
	return out, err
}

// sopsDataKey tries age and gpg first, as the command does: the library would
// contact a cloud for the key, if the file lists one.
func sopsDataKey(tree *sops.Tree) ([]byte, error) {
	return tree.Metadata.GetDataKeyWithKeyServices([]keyservice.KeyServiceClient{keyservice.NewLocalClient()}, sops.DefaultDecryptionOrder)
}

// sopsSeal encrypts YAML as sops does.
func sopsSeal(src []byte, r envfile.Rules) ([]byte, error) { return sopsSealAs(envfile.YAML, src, r) }

// sopsSealAs encrypts as `sops encrypt --age` does.
func sopsSealAs(format envfile.Format, src []byte, r envfile.Rules) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sops panics: %v", p)
		}
	}()
	branches, err := sopsPlainAs(format, src)
	if err != nil {
		return nil, err
	}
	for _, b := range branches {
		if sopsStore(format).HasSopsTopLevelKey(b) {
			return nil, fmt.Errorf("already encrypted")
		}
	}
	key, err := age.MasterKeyFromRecipient(demo.recipient)
	if err != nil {
		return nil, err
	}
	if r = r.Normal(); format == envfile.Binary {
		r = envfile.Rules{} // sops writes no selector there
	}
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
	return sopsEmit(format, &tree, dataKey, aes.NewCipher())
}

// sopsEmit encrypts a tree and writes it. A cipher that decrypted the tree before
// uses the same nonce again for unchanged values, as in `sops edit`.
func sopsEmit(format envfile.Format, tree *sops.Tree, dataKey []byte, c sops.Cipher) ([]byte, error) {
	mac, err := tree.Encrypt(dataKey, c)
	if err != nil {
		return nil, err
	}
	tree.Metadata.LastModified = time.Now().UTC()
	tree.Metadata.MessageAuthenticationCode, err = c.Encrypt(mac, dataKey, tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil {
		return nil, err
	}
	return sopsStore(format).EmitEncryptedFile(*tree)
}

// seal seals YAML with sealcfg, for the demo identity.
func seal(src []byte, r envfile.Rules) (*envfile.Document, *envfile.Sealed, error) {
	return sealAs(envfile.YAML, src, r)
}

func sealAs(format envfile.Format, src []byte, r envfile.Rules) (*envfile.Document, *envfile.Sealed, error) {
	d, err := envfile.Parse(format, src)
	if err != nil {
		return nil, nil, err
	}
	s, _, err := envfile.Seal(context.Background(), d, r, demo.to)
	return d, s, err
}

// open reads sealed YAML with sealcfg.
func open(src []byte) (*envfile.Opened, error) { return openAs(envfile.YAML, src) }

func openAs(format envfile.Format, src []byte) (*envfile.Opened, error) {
	s, err := envfile.ParseSealed(format, src)
	if err != nil {
		return nil, err
	}
	return s.Open(context.Background(), demo.ids...)
}

func mustOpen(t testing.TB, src []byte) *envfile.Opened {
	t.Helper()
	return mustOpenAs(t, envfile.YAML, src)
}

func mustOpenAs(t testing.TB, format envfile.Format, src []byte) *envfile.Opened {
	t.Helper()
	o, err := openAs(format, src)
	require.NoError(t, err, "%s", src)
	return o
}

func mustSopsOpen(t testing.TB, src []byte) opened {
	t.Helper()
	return mustSopsOpenAs(t, envfile.YAML, src)
}

func mustSopsOpenAs(t testing.TB, format envfile.Format, src []byte) opened {
	t.Helper()
	o, err := sopsOpenAs(format, src)
	require.NoError(t, err, "%s", src)
	return o
}
