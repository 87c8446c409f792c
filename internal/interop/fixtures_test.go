package interop

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
)

// gpgIdentity opens pgp stanzas with the gpg program and the keys that it has.
type gpgIdentity struct{}

func (gpgIdentity) Unwrap(ctx context.Context, stanzas []*keys.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != "pgp" {
			continue
		}
		cmd := exec.CommandContext(ctx, "gpg", "--batch", "--quiet", "--decrypt")
		cmd.Stdin = strings.NewReader(s.Wrapped)
		if out, err := cmd.Output(); err == nil {
			return out, nil
		}
	}
	return nil, keys.ErrNoMatch
}

// functionalKey is one of the keys of sops's functional tests.
const functionalKey = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4"

// functionalKeys imports the PGP keys of sops's functional tests into a home
// that lives as long as the test.
func functionalKeys(t *testing.T) {
	t.Helper()
	g := servicetest.NewGnuPG(t)
	t.Setenv("GNUPGHOME", g.Home)
	g.Run("", "--import", filepath.Join(sopsSource, "pgp", "sops_functional_tests_key.asc"))
}

// fixtures are the sealed files in the source of sops, by their path in it.
func fixtures(t *testing.T) map[string][]byte {
	t.Helper()
	require.NotEmpty(t, sopsSource, "the source of sops in the module cache")
	found := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(sopsSource, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte("ENC[AES256_GCM,data:")) || !bytes.Contains(text, []byte("mac")) && !bytes.Contains(text, []byte("sops")) {
			return nil
		}
		name, err := filepath.Rel(sopsSource, path)
		found[filepath.ToSlash(name)] = text
		return err
	}))
	return found
}

// notOpened are fixtures that must be refused, with the reason.
var notOpened = map[string]string{"functional-tests/res/no_mac.yaml": "has no mac"}

// The files of sops's own tests and examples. We decrypt every file that the keys
// of its functional tests decrypt, and read the same values as sops. From the other
// files we read the recipients.
func TestFixturesOfSops(t *testing.T) {
	functionalKeys(t)
	opened := 0
	for name, text := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			format := formatOf(name)
			s, err := envfile.ParseSealed(format, text)
			require.NoError(t, err)
			require.NotEmpty(t, s.Metadata().Stanzas())
			o, err := s.Open(context.Background(), gpgIdentity{})
			if why, ok := notOpened[name]; ok {
				require.ErrorContains(t, err, why)
				return
			}
			var none *keys.NoIdentityError
			if errors.As(err, &none) {
				for _, stanza := range s.Metadata().Stanzas() {
					assert.NotEqual(t, functionalKey, stanza.Field("fp"))
				}
				return // wrapped for others; sops would go and ask AWS
			}
			require.NoError(t, err)
			want := mustSopsOpenAs(t, format, text)
			assert.Equal(t, sopsPlaces(t, format, want.branches), oursPlaces(format, o.Roots()))
			opened++
			d, err := o.Document()
			require.NoError(t, err)
			again, err := o.Reseal(d)
			require.NoError(t, err)
			got := mustSopsOpenAs(t, format, again.Bytes())
			assert.Equal(t, sopsPlaces(t, format, want.branches), sopsPlaces(t, format, got.branches))
		})
	}
	t.Logf("%d opened", opened)
	assert.GreaterOrEqual(t, opened, 14)
}
