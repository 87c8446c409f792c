package settings_test

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// demoService represents a package such as services/huawei that a program imports. It protects
// nothing: these tests are about whether a service is contacted.
type demoService struct{}

func init() { keys.Default.Register(keys.ServiceProvider(demoService{})) }

var asked []string // the names of the keys

func (demoService) Type() string { return "hckms" }

func (demoService) Wrap(_ context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	return &keys.Stanza{Type: key.Type, Fields: slices.Clone(key.Fields), Wrapped: base64.StdEncoding.EncodeToString(secret)}, nil
}

func (demoService) Unwrap(_ context.Context, s *keys.Stanza) ([]byte, error) {
	asked = append(asked, keys.Name(s))
	return base64.StdEncoding.DecodeString(s.Wrapped)
}

const huaweiKey = "eu-west-1:11111111-2222-3333-4444-555555555555"

// sealForServices encrypts for a key of the demo service and for a key of AWS, whose package the
// program does not import.
func sealForServices(t *testing.T) []byte {
	t.Helper()
	d, err := envfile.Parse(envfile.YAML, []byte("a: x\n"))
	require.NoError(t, err)
	p, err := keys.Default.Provider("hckms")
	require.NoError(t, err)
	huawei, err := p.StanzaRecipient(&keys.Stanza{Type: "hckms", Fields: []keys.Field{{Name: "key_id", Value: huaweiKey}}})
	require.NoError(t, err)
	aws, err := keys.ServiceProvider(foreign{}).StanzaRecipient(&keys.Stanza{Type: "kms", Fields: []keys.Field{{Name: "arn", Value: "arn:x"}}})
	require.NoError(t, err)
	s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, envfile.Recipients{Groups: [][]keys.Recipient{{aws, huawei}}})
	require.NoError(t, err)
	return s.Bytes()
}

// foreign is the service of the program that encrypted the file.
type foreign struct{ demoService }

func (foreign) Type() string { return "kms" }

type oneSetting struct{ A string }

func TestServicesAreAskedOnlyForKeysThatSomebodyNames(t *testing.T) {
	sealed := sealForServices(t)
	policy := func(key string) string { return "creation_rules:\n  - hckms: [\"" + key + "\"]\n" }
	for name, c := range map[string]struct {
		policy string // "" is none
		opts   []sealcfg.Option
		want   string // "" is success
	}{
		"policy":        {policy(huaweiKey), nil, ""},
		"option":        {"", []sealcfg.Option{sealcfg.AllowKeys("another"), sealcfg.AllowKeys(huaweiKey)}, ""},
		"all":           {policy("another"), []sealcfg.Option{sealcfg.AllowKeys("all")}, ""},
		"another key":   {policy("another"), []sealcfg.Option{sealcfg.AllowKeys("another")}, "not contacted, because only the file lists it"},
		"no policy":     {"", nil, "not contacted, because only the file lists it: no .sops.yaml in"},
		"broken policy": {"creation_rules: 1\n", nil, "creation_rules must be a list"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fsys := fstest.MapFS{"app/environments/prod.yaml": {Data: sealed}}
			require.NoError(t, os.MkdirAll(filepath.Join(dir, ".git"), 0o755)) // directories above are not searched
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "app", "environments"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "app", "environments", "prod.yaml"), sealed, 0o600))
			if c.policy != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte(c.policy), 0o600))
				fsys[".sops.yaml"] = &fstest.MapFile{Data: []byte(c.policy)}
			}
			for _, where := range []sealcfg.Option{
				sealcfg.WithDir(filepath.Join(dir, "app", "environments")), sealcfg.WithFS(fsys, "app/environments"),
			} {
				asked = nil
				s, err := sealcfg.Load[oneSetting](t.Context(), append([]sealcfg.Option{
					where, sealcfg.WithEnv("prod"), sealcfg.WithEnviron()}, c.opts...)...)
				if c.want == "" {
					require.NoError(t, err)
					assert.Equal(t, "x", s.A)
					assert.Equal(t, []string{huaweiKey}, asked)
					continue
				}
				require.ErrorIs(t, err, keys.ErrNoIdentity)
				require.ErrorContains(t, err, c.want)
				require.ErrorContains(t, err, `no provider for keys of type "kms": missing import of github.com/sealcfg/sealcfg/services/aws`)
				assert.Empty(t, asked)
			}
		})
	}
}

// With explicit identities, a program contacts no service and requires none.
func TestOwnIdentitiesAskNoService(t *testing.T) {
	asked = nil
	fsys := fstest.MapFS{"environments/prod.yaml": {Data: sealForServices(t)}}
	_, err := sealcfg.Load[oneSetting](t.Context(), append(options(t, fsys), sealcfg.AllowKeys("all"))...)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	assert.NotContains(t, err.Error(), "missing import")
	assert.Empty(t, asked)
}
