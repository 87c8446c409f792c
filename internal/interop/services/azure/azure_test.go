package azure_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/interop/fake/azurekv"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keycall"
	"github.com/sealcfg/sealcfg/keys/keystest"
	"github.com/sealcfg/sealcfg/services/azure"
)

var service *azurekv.Server

func TestMain(m *testing.M) { servicetest.Main(m, &service, azurekv.New) }

// stanza names a key; an empty version is left out, as in a policy.
func stanza(vault, name, version string) *keys.Stanza {
	s := &keys.Stanza{Type: "azure_kv", Fields: []keys.Field{{Name: "vault_url", Value: vault}, {Name: "name", Value: name}}}
	if version != "" {
		s.Fields = append(s.Fields, keys.Field{Name: "version", Value: version})
	}
	return s
}

func older() string  { return service.Versions()[0] }
func newest() string { return service.Versions()[1] }

func provider(t *testing.T) keys.Provider {
	t.Helper()
	servicetest.NeedTrust(t)
	p, err := keys.Default.Provider("azure_kv")
	require.NoError(t, err, "the import registers it")
	return p
}

func TestSuiteWithFake(t *testing.T) {
	for name, version := range map[string]string{"newest": "", "older": older()} {
		t.Run(name, func(t *testing.T) {
			keystest.Test(t, keystest.Setup{Provider: provider(t), Key: stanza(service.URL(), azurekv.Key, version)})
		})
	}
}

func TestBothWaysWithSopsAndFake(t *testing.T) {
	provider(t)
	_, key := service.PolicyKey()
	for name, rule := range map[string]string{
		"no version":    "azure_keyvault: " + key,
		"older version": "azure_keyvault: " + key + "/" + older(),
		"in a group":    fmt.Sprintf("key_groups: [{azure_keyvault: [{vaultUrl: %q, key: %s, version: \"\"}]}]", service.URL(), azurekv.Key),
	} {
		t.Run(name, func(t *testing.T) { servicetest.BothWays(t, rule) })
	}
}

func TestVersionIsFilledIn(t *testing.T) {
	for given, want := range map[string]string{"": newest(), older(): older(), newest(): newest()} {
		r, err := provider(t).StanzaRecipient(stanza(service.URL(), azurekv.Key, given))
		require.NoError(t, err)
		wrapped, err := r.Wrap(t.Context(), dataKey)
		require.NoError(t, err)
		assert.Equal(t, want, wrapped.Field("version"))
		assert.Contains(t, keys.Names(wrapped), r.String(), "it is still the key that the policy names")

		// An empty field is as good as none.
		key := stanza(service.URL(), azurekv.Key, "")
		key.Fields = append(key.Fields, keys.Field{Name: "version", Value: given})
		wrapped, err = azure.Service{}.Wrap(t.Context(), key, dataKey)
		require.NoError(t, err)
		assert.Equal(t, want, wrapped.Field("version"))
		assert.Len(t, wrapped.Fields, 3)
		assert.Equal(t, given, key.Field("version"), "the key is the caller's")
	}
}

var dataKey = []byte("canary: a data key of 32 bytes..")

// failure wraps and returns the error, which is one line without a secret.
func failure(t *testing.T, ctx context.Context, key *keys.Stanza) error {
	t.Helper()
	r, err := provider(t).StanzaRecipient(key)
	require.NoError(t, err)
	_, err = r.Wrap(ctx, dataKey)
	secrets := []string{string(dataKey), "canary"}
	if secret := os.Getenv("AZURE_CLIENT_SECRET"); secret != "" {
		secrets = append(secrets, secret)
	}
	servicetest.Presentable(t, err, secrets...)
	assert.Contains(t, err.Error(), keys.Name(key))
	return err
}

func TestRefusals(t *testing.T) {
	// The first call requests the version, the second uses the key. Both are
	// rejected.
	for _, version := range []string{"", "0123456789abcdef0123456789abcdef"} {
		err := failure(t, t.Context(), stanza(service.URL(), "nobody", version))
		assert.Contains(t, err.Error(), "404 Not Found: A key with (name/id) was not found in this key vault.")
	}
	err := failure(t, t.Context(), stanza(service.URL(), azurekv.Denied, ""))
	assert.Contains(t, err.Error(), "403 Forbidden: Caller is not authorized to perform action on resource.")
}

func TestRefusedLogin(t *testing.T) {
	t.Setenv("AZURE_CLIENT_SECRET", "canary-that-is-wrong")
	for _, version := range []string{"", newest()} {
		err := failure(t, t.Context(), stanza(service.URL(), azurekv.Key, version))
		assert.Contains(t, err.Error(), "login refused: 401 Unauthorized: AADSTS7000215: Invalid client secret provided.")
	}
}

func TestNoLogin(t *testing.T) {
	t.Setenv("AZURE_CLIENT_SECRET", "")
	err := failure(t, t.Context(), stanza(service.URL(), azurekv.Key, newest()))
	assert.Contains(t, err.Error(), "EnvironmentCredential: incomplete environment variable configuration")
}

// A stanza opens with the version that wrapped it and with no other.
func TestWrongVersion(t *testing.T) {
	provider(t)
	wrapped, err := azure.Service{}.Wrap(t.Context(), stanza(service.URL(), azurekv.Key, newest()), dataKey)
	require.NoError(t, err)
	got, err := azure.Service{}.Unwrap(t.Context(), wrapped)
	require.NoError(t, err)
	assert.Equal(t, dataKey, got)

	for _, version := range []string{older(), "0123456789abcdef0123456789abcdef"} {
		wrong := stanza(service.URL(), azurekv.Key, version)
		wrong.Wrapped = wrapped.Wrapped
		_, err = azure.Service{}.Unwrap(t.Context(), wrong)
		require.Error(t, err)
		assert.Regexp(t, `^40[04] (Bad Request|Not Found): `, err.Error())
	}
}

// Microsoft's libraries try four times, which takes them some seconds. So all cases
// run in parallel. No process listens on the discard port of this machine.
func TestUnreachable(t *testing.T) {
	t.Setenv("AZURE_AUTHORITY_HOST", "https://127.0.0.1:9")
	other := servicetest.Untrusted(t, azurekv.New)
	for name, c := range map[string]struct {
		vault string
		want  []string
	}{
		"vault": {"https://127.0.0.1:9", []string{"connection refused"}},
		"login": {service.URL(), []string{"no login: ClientSecretCredential: ", "connection refused"}},
		// A host without a trusted certificate gets neither token nor key.
		"untrusted": {other.URL(), []string{"certificate signed by unknown authority"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			err := failure(t, t.Context(), stanza(c.vault, azurekv.Key, newest()))
			for _, want := range c.want {
				assert.Contains(t, err.Error(), want)
			}
			assert.Less(t, time.Since(begin), keycall.Limit)
		})
	}
}

// A vault that accepts the connection and never answers delays the caller no longer
// than the limit, also in the request for the version.
func TestSilentService(t *testing.T) {
	for _, version := range []string{"", newest()} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := failure(t, ctx, stanza("https://"+servicetest.NoAnswer(t), azurekv.Key, version))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Less(t, time.Since(begin), 5*time.Second)
	}
}
