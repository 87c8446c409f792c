// Package gcp wraps data keys with keys of Google Cloud KMS. Import it for its side
// effect, in the manner of a database/sql driver:
//
//	import _ "github.com/sealcfg/sealcfg/services/gcp"
//
// Each call contacts cloudkms.googleapis.com to encrypt or decrypt with the key in
// the stanza's resource_id. It first logs in with one of these, in this order:
//
//   - $GOOGLE_CREDENTIALS: the path of a credentials file, or its JSON
//   - $GOOGLE_OAUTH_ACCESS_TOKEN: a token
//   - Google's application default credentials: $GOOGLE_APPLICATION_CREDENTIALS,
//     the file of `gcloud auth application-default login`, or the metadata
//     server of a machine in Google's cloud
//
// $SOPS_GCP_KMS_ENDPOINT names another host, $SOPS_GCP_KMS_UNIVERSE_DOMAIN another
// cloud, and $SOPS_GCP_KMS_CLIENT_TYPE=rest selects HTTP instead of gRPC. Google's
// libraries also read other variables, such as those for proxies.
package gcp

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"

	"github.com/getsops/sops/v3/gcpkms"
	"github.com/getsops/sops/v3/logging"
	"google.golang.org/grpc"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keycall"
	"github.com/sealcfg/sealcfg/services/gcp/internal/gcpcause"
)

func init() {
	keys.Default.Register(keys.ServiceProvider(Service{}))
}

// Service is Google Cloud KMS as a [keys.Service], for a custom registry.
type Service struct{}

// Type returns "gcp_kms".
func (Service) Type() string { return gcpkms.KeyTypeIdentifier }

// Wrap encrypts secret with the key that resource_id names.
func (Service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	plain := bytes.Clone(secret) // an abandoned call may still read it
	wrapped, err := keycall.Do(ctx, describe, [][]byte{plain}, func(ctx context.Context) (string, error) {
		k := masterKey(key)
		err := k.EncryptContext(ctx, plain)
		return k.EncryptedKey, err
	})
	if err != nil {
		return nil, err
	}
	return &keys.Stanza{Type: key.Type, Fields: key.Fields, Wrapped: wrapped}, nil
}

// Unwrap decrypts the stanza's data key.
func (Service) Unwrap(ctx context.Context, s *keys.Stanza) ([]byte, error) {
	return keycall.Do(ctx, describe, nil, func(ctx context.Context) ([]byte, error) {
		return masterKey(s).DecryptContext(ctx)
	})
}

// quiet keeps sops's package from writing to stderr, as it does when it cannot
// close a connection.
var quiet = sync.OnceFunc(func() { logging.Loggers["GCPKMS"].SetOutput(io.Discard) })

func masterKey(s *keys.Stanza) *gcpkms.MasterKey {
	quiet()
	k := gcpkms.NewMasterKeyFromResourceID(s.Field("resource_id"))
	k.EncryptedKey = s.Wrapped
	gcpkms.DialOptions{grpc.WithChainUnaryInterceptor(gcpcause.GiveUp())}.ApplyToMasterKey(k)
	return k
}

func describe(err error) string {
	return strings.TrimPrefix(gcpcause.Text(err), "failed to encrypt sops data key with GCP KMS key: ")
}
