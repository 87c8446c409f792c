package envfile_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// keyVault is a fake key service with one key that has versions. Like Azure, it fills in the newest
// version. It does no cryptography.
type keyVault struct{ newest string }

func (keyVault) Type() string { return "azure_kv" }

func (v keyVault) Wrap(_ context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	s := &keys.Stanza{Type: key.Type, Fields: slices.Clone(key.Fields), Wrapped: base64.StdEncoding.EncodeToString(secret)}
	if key.Field("version") == "" {
		s.Fields = append(s.Fields, keys.Field{Name: "version", Value: v.newest})
	}
	return s, nil
}

func (keyVault) Unwrap(_ context.Context, s *keys.Stanza) ([]byte, error) {
	return base64.StdEncoding.DecodeString(s.Wrapped)
}

// vaultKey is a recipient of a policy. Without a version, it means the newest one.
func vaultKey(t *testing.T, newest, version string) keys.Recipient {
	t.Helper()
	fields := []keys.Field{{Name: "vault_url", Value: "https://demo.vault.azure.net"}, {Name: "name", Value: "sops"}}
	if version != "" {
		fields = append(fields, keys.Field{Name: "version", Value: version})
	}
	r, err := keys.ServiceProvider(keyVault{newest}).StanzaRecipient(&keys.Stanza{Type: "azure_kv", Fields: fields})
	require.NoError(t, err)
	return r
}

func versions(s *envfile.Sealed) string {
	var all []string
	for _, st := range s.Metadata().Stanzas() {
		all = append(all, st.Field("version"))
	}
	return strings.Join(all, " ")
}

// If the policy does not specify a key version, Rewrap keeps the stanza of an older version.
func TestRewrapKeepsTheVersionThatTheFileHas(t *testing.T) {
	to := func(rs ...keys.Recipient) envfile.Recipients {
		return envfile.Recipients{Groups: [][]keys.Recipient{rs}}
	}
	sealed, opened, err := envfile.Seal(t.Context(), parse(t, "a: x\n"), envfile.Rules{}, to(vaultKey(t, "v1", "")))
	require.NoError(t, err)
	require.Equal(t, "v1", versions(sealed))

	for name, c := range map[string]struct {
		policy []keys.Recipient
		want   string
	}{
		"no version":                 {[]keys.Recipient{vaultKey(t, "v2", "")}, "v1"},
		"the same version":           {[]keys.Recipient{vaultKey(t, "v2", "v1")}, "v1"},
		"another version":            {[]keys.Recipient{vaultKey(t, "v2", "v2")}, "v2"},
		"the same and the newest":    {[]keys.Recipient{vaultKey(t, "v2", "v1"), vaultKey(t, "v2", "")}, "v1 v2"},
		"the newest and the same":    {[]keys.Recipient{vaultKey(t, "v2", ""), vaultKey(t, "v2", "v1")}, "v2 v1"},
		"another key of another one": {[]keys.Recipient{recipient(alice)}, ""},
	} {
		rewrapped, err := opened.Rewrap(t.Context(), to(c.policy...))
		require.NoError(t, err, name)
		assert.Equal(t, c.want, versions(rewrapped), name)
		if c.want == "v1" {
			assert.Equal(t, string(sealed.Bytes()), string(rewrapped.Bytes()), name)
		}
	}

	rotated, err := opened.Rotate(t.Context(), sealed.Metadata().Rules, to(vaultKey(t, "v2", "")))
	require.NoError(t, err)
	assert.Equal(t, "v2", versions(rotated), "a new data key is wrapped with the newest version")
}
