package gcp_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/interop/fake/gcpkms"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keystest"
	"github.com/sealcfg/sealcfg/services/gcp"
)

var service *gcpkms.Server

func TestMain(m *testing.M) { servicetest.Main(m, &service, gcpkms.New) }

func stanza(resource string) *keys.Stanza {
	return &keys.Stanza{Type: "gcp_kms", Fields: []keys.Field{{Name: "resource_id", Value: resource}}}
}

func provider(t *testing.T) keys.Provider {
	t.Helper()
	servicetest.NeedTrust(t)
	p, err := keys.Default.Provider("gcp_kms")
	require.NoError(t, err, "the import registers it")
	return p
}

// transports are the two ways in which Google's client speaks to the service.
func transports(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Run("grpc", test)
	t.Run("rest", func(t *testing.T) {
		for name, value := range service.RESTVariables() {
			t.Setenv(name, value)
		}
		test(t)
	})
}

func TestSuiteWithFake(t *testing.T) {
	transports(t, func(t *testing.T) {
		keystest.Test(t, keystest.Setup{Provider: provider(t), Key: stanza(gcpkms.Key)})
	})
}

func TestBothWaysWithSopsAndFake(t *testing.T) {
	provider(t)
	transports(t, func(t *testing.T) { servicetest.BothWays(t, "gcp_kms: "+gcpkms.Key) })
}

var dataKey = []byte("canary: a data key of 32 bytes..")

// failure wraps and returns the error, which is one line without a secret.
func failure(t *testing.T, ctx context.Context, key *keys.Stanza) error {
	t.Helper()
	r, err := provider(t).StanzaRecipient(key)
	require.NoError(t, err)
	_, err = r.Wrap(ctx, dataKey)
	servicetest.Presentable(t, err, string(dataKey), os.Getenv("GOOGLE_OAUTH_ACCESS_TOKEN"), "canary")
	assert.Contains(t, err.Error(), keys.Name(key))
	return err
}

func TestRefusals(t *testing.T) {
	transports(t, func(t *testing.T) {
		err := failure(t, t.Context(), stanza(gcpkms.Denied))
		assert.Contains(t, err.Error(), "PermissionDenied: Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied")
		err = failure(t, t.Context(), stanza(gcpkms.Key+"-of-nobody"))
		assert.Contains(t, err.Error(), "NotFound: CryptoKey")
		err = failure(t, t.Context(), stanza("projects/half-a-name"))
		assert.Contains(t, err.Error(), "no valid resource ID")

		t.Setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "canary-token-that-is-wrong")
		err = failure(t, t.Context(), stanza(gcpkms.Key))
		assert.Contains(t, err.Error(), "Unauthenticated: Request had invalid authentication credentials")
	})
}

// A stanza does not unwrap if its key is replaced by another key of the same user.
func TestWrongKey(t *testing.T) {
	transports(t, func(t *testing.T) {
		r, err := provider(t).StanzaRecipient(stanza(gcpkms.Key))
		require.NoError(t, err)
		wrapped, err := r.Wrap(t.Context(), dataKey)
		require.NoError(t, err)
		wrapped.Fields[0].Value = gcpkms.OtherKey
		_, err = gcp.Service{}.Unwrap(t.Context(), wrapped)
		require.ErrorContains(t, err, "InvalidArgument: Decryption failed: the ciphertext is invalid.")
	})
}

func TestBrokenCredentials(t *testing.T) {
	for text, want := range map[string]string{
		"canary-that-is-no-json":    "the credentials are neither a file nor valid JSON",
		`{"private_key": "canary"}`: "credentials: unsupported unidentified file type",
		`{"type": "service_account", "client_email": "canary", "private_key": "canary"}`:     "the private key of the credentials cannot be parsed",
		`{"type": "of another age", "client_email": "canary@demo", "private_key": "canary"}`: `credentials: unsupported filetype "of another age"`,
	} {
		t.Setenv("GOOGLE_CREDENTIALS", text)
		err := failure(t, t.Context(), stanza(gcpkms.Key))
		assert.Contains(t, err.Error(), want)
		path := filepath.Join(t.TempDir(), "credentials.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		t.Setenv("GOOGLE_CREDENTIALS", path)
		err = failure(t, t.Context(), stanza(gcpkms.Key))
		assert.Contains(t, err.Error(), want)
	}
}

// No process listens on the discard port of this machine.
func TestUnreachable(t *testing.T) {
	for clientType, endpoint := range map[string]string{"grpc": "127.0.0.1:9", "rest": "https://127.0.0.1:9"} {
		t.Run(clientType, func(t *testing.T) {
			t.Setenv("SOPS_GCP_KMS_CLIENT_TYPE", clientType)
			t.Setenv("SOPS_GCP_KMS_ENDPOINT", endpoint)
			begin := time.Now()
			err := failure(t, t.Context(), stanza(gcpkms.Key))
			assert.Contains(t, err.Error(), "connection refused")
			assert.Less(t, time.Since(begin), 10*time.Second)
		})
	}
}

// A service that accepts the connection and never answers delays the caller no
// longer than the limit.
func TestSilentService(t *testing.T) {
	silent := servicetest.NoAnswer(t)
	for clientType, endpoint := range map[string]string{"grpc": silent, "rest": "https://" + silent} {
		t.Run(clientType, func(t *testing.T) {
			t.Setenv("SOPS_GCP_KMS_CLIENT_TYPE", clientType)
			t.Setenv("SOPS_GCP_KMS_ENDPOINT", endpoint)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			begin := time.Now()
			err := failure(t, ctx, stanza(gcpkms.Key))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Less(t, time.Since(begin), 5*time.Second)
		})
	}
}

// A host without a trusted certificate gets neither token nor key.
func TestUntrustedHost(t *testing.T) {
	other := servicetest.Untrusted(t, gcpkms.New)
	for name, value := range other.Variables() {
		t.Setenv(name, value)
	}
	err := failure(t, t.Context(), stanza(gcpkms.Key))
	assert.Contains(t, err.Error(), "certificate signed by unknown authority")
}
