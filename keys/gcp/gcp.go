// Package gcp opens files with keys of Google Cloud KMS. Import it for its side
// effect, in the manner of a database/sql driver:
//
//	import _ "github.com/sealcfg/sealcfg/keys/gcp"
//
// Each call asks cloudkms.googleapis.com to encrypt or decrypt with the key that
// the stanza's resource_id names, once it has logged in with, in this order:
//
//   - $GOOGLE_CREDENTIALS: the path of a credentials file, or its JSON
//   - $GOOGLE_OAUTH_ACCESS_TOKEN: a token
//   - Google's application default credentials: $GOOGLE_APPLICATION_CREDENTIALS,
//     what `gcloud auth application-default login` left behind, or the metadata
//     server of a machine in Google's cloud
//
// $SOPS_GCP_KMS_ENDPOINT names another host, $SOPS_GCP_KMS_UNIVERSE_DOMAIN another
// cloud, and $SOPS_GCP_KMS_CLIENT_TYPE=rest speaks HTTP in place of gRPC. Google's
// libraries obey variables of their own besides, such as those for proxies.
package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"

	"github.com/getsops/sops/v3/gcpkms"
	"github.com/getsops/sops/v3/logging"
	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sealcfg/sealcfg/internal/keycall"
	"github.com/sealcfg/sealcfg/keys"
)

func init() {
	keys.Default.Register(keys.ServiceProvider(Service{}))
}

// Service is Google Cloud KMS as a [keys.Service], for a registry of your own.
type Service struct{}

// Type returns "gcp_kms".
func (Service) Type() string { return gcpkms.KeyTypeIdentifier }

// Wrap encrypts secret with the key that resource_id names.
func (Service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	plain := bytes.Clone(secret) // a call that is left behind may still read it
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
	gcpkms.DialOptions{grpc.WithChainUnaryInterceptor(giveUp())}.ApplyToMasterKey(k)
	return k
}

// maxAttempts makes up for a hiccup of the network. It takes half a second.
const maxAttempts = 3

// giveUp ends the retries of Google's client, which would go on for as long as
// the context allows and then say nothing of the cause: it retries what has the
// status Unavailable, and what giveUp returns has none.
func giveUp() grpc.UnaryClientInterceptor {
	attempts := 0
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		err := call(ctx, method, req, reply, conn, opts...)
		if attempts++; attempts >= maxAttempts && status.Code(err) == codes.Unavailable {
			return errors.New(status.Convert(err).Message())
		}
		return err
	}
}

// describe picks out what the service answered, or why it could not be asked.
// Errors about credentials may quote bytes of them, so they are not passed on.
func describe(err error) string {
	var api *apierror.APIError
	var malformed *json.SyntaxError
	var transport *url.Error
	switch {
	case errors.As(err, &api):
		if s := api.GRPCStatus(); s != nil && s.Code() != codes.Unknown {
			return fmt.Sprintf("%s: %s", s.Code(), s.Message())
		}
		return api.Error()
	case errors.As(err, &malformed):
		return "the credentials are neither a file nor valid JSON"
	case strings.Contains(err.Error(), "could not parse key"):
		return "the private key of the credentials cannot be parsed"
	case errors.As(err, &transport):
		return transport.Err.Error()
	}
	return strings.TrimPrefix(err.Error(), "failed to encrypt sops data key with GCP KMS key: ")
}
