package gcpkms_test

import (
	"context"
	"testing"

	"cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sealcfg/sealcfg/internal/interop/fake/gcpkms"
	"github.com/sealcfg/sealcfg/internal/test/fake"
)

func start(t *testing.T) (*gcpkms.Server, context.Context) {
	t.Helper()
	ca, err := fake.NewCA()
	require.NoError(t, err)
	s, err := gcpkms.New(ca)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s, metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+gcpkms.Token))
}

// The client of sops does not send checksums, but other clients do.
func TestChecksums(t *testing.T) {
	s, ctx := start(t)
	text := []byte("123456789")
	const castagnoli = 0xE3069283 // of the nine digits, from the catalogue of CRCs
	r, err := s.Encrypt(ctx, &kmspb.EncryptRequest{Name: gcpkms.Key, Plaintext: text, PlaintextCrc32C: wrapperspb.Int64(castagnoli)})
	require.NoError(t, err)
	assert.True(t, r.VerifiedPlaintextCrc32C)
	d, err := s.Decrypt(ctx, &kmspb.DecryptRequest{Name: gcpkms.Key, Ciphertext: r.Ciphertext, CiphertextCrc32C: r.CiphertextCrc32C})
	require.NoError(t, err)
	assert.Equal(t, text, d.Plaintext)
	assert.EqualValues(t, castagnoli, d.PlaintextCrc32C.Value)

	_, err = s.Encrypt(ctx, &kmspb.EncryptRequest{Name: gcpkms.Key, Plaintext: text, PlaintextCrc32C: wrapperspb.Int64(1)})
	assert.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = s.Decrypt(ctx, &kmspb.DecryptRequest{Name: gcpkms.Key, Ciphertext: r.Ciphertext, CiphertextCrc32C: wrapperspb.Int64(1)})
	assert.Equal(t, codes.InvalidArgument, status.Code(err))
}

func TestBoundData(t *testing.T) {
	s, ctx := start(t)
	r, err := s.Encrypt(ctx, &kmspb.EncryptRequest{Name: gcpkms.Key, Plaintext: []byte("x"), AdditionalAuthenticatedData: []byte("a")})
	require.NoError(t, err)
	for _, wrong := range []*kmspb.DecryptRequest{
		{Name: gcpkms.OtherKey, AdditionalAuthenticatedData: []byte("a")},
		{Name: gcpkms.Key, AdditionalAuthenticatedData: []byte("b")},
		{Name: gcpkms.Key},
	} {
		wrong.Ciphertext = r.Ciphertext
		_, err = s.Decrypt(ctx, wrong)
		assert.Equal(t, codes.InvalidArgument, status.Code(err), wrong.String())
	}
}
