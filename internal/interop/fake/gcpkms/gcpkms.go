// Package gcpkms is a fake for Google Cloud KMS. It serves Google's generated
// service stubs over TLS, by gRPC and by REST on the same port, with AES-256-GCM
// keys whose ciphertexts are bound to the key's name. It is for tests only.
package gcpkms

import (
	"context"
	"hash/crc32"
	"io"
	"net/http"
	"strings"

	"cloud.google.com/go/kms/apiv1/kmspb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

// The keys of the fake, and the token of its user. None of them is secret.
const (
	Key      = ring + "/cryptoKeys/demo"
	OtherKey = ring + "/cryptoKeys/other"
	Denied   = ring + "/cryptoKeys/denied" // exists, but is not for the caller
	Token    = "demo-token-of-the-gcp-fake"

	ring = "projects/sealcfg-tests/locations/global/keyRings/demo"
)

// Server is a running fake.
type Server struct {
	*fake.Server
	kmspb.UnimplementedKeyManagementServiceServer
	keys map[string]*fake.AEAD
}

// New starts a fake with new keys.
func New(ca *fake.CA) (*Server, error) {
	s := &Server{keys: map[string]*fake.AEAD{Key: fake.NewAEAD(), OtherKey: fake.NewAEAD(), Denied: fake.NewAEAD()}}
	rpc := grpc.NewServer()
	kmspb.RegisterKeyManagementServiceServer(rpc, s)
	var err error
	s.Server, err = fake.Serve(ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			rpc.ServeHTTP(w, r)
			return
		}
		s.rest(w, r)
	}))
	return s, err
}

// Variables lets a caller in, by gRPC.
func (s *Server) Variables() map[string]string {
	return map[string]string{
		"SOPS_GCP_KMS_ENDPOINT":     s.Host,
		"GOOGLE_OAUTH_ACCESS_TOKEN": Token,
	}
}

// PolicyKey names the key that a caller may use.
func (s *Server) PolicyKey() (field, key string) { return "gcp_kms", Key }

// RESTVariables lets a caller in, by REST.
func (s *Server) RESTVariables() map[string]string {
	return map[string]string{
		"SOPS_GCP_KMS_CLIENT_TYPE":  "rest",
		"SOPS_GCP_KMS_ENDPOINT":     s.URL(),
		"GOOGLE_OAUTH_ACCESS_TOKEN": Token,
	}
}

// Encrypt is a method of the service.
func (s *Server) Encrypt(ctx context.Context, r *kmspb.EncryptRequest) (*kmspb.EncryptResponse, error) {
	key, err := s.key(ctx, r.Name, "useToEncrypt")
	if err != nil {
		return nil, err
	}
	if !intact(r.Plaintext, r.PlaintextCrc32C) {
		return nil, status.Error(codes.InvalidArgument, "The checksum in field plaintext_crc32c did not match the data in field plaintext.")
	}
	sealed := key.Seal(r.Plaintext, bound(r.Name, r.AdditionalAuthenticatedData))
	return &kmspb.EncryptResponse{
		Name: r.Name + "/cryptoKeyVersions/1", Ciphertext: sealed, CiphertextCrc32C: checksum(sealed),
		VerifiedPlaintextCrc32C: r.PlaintextCrc32C != nil, ProtectionLevel: kmspb.ProtectionLevel_SOFTWARE,
	}, nil
}

// Decrypt is a method of the service.
func (s *Server) Decrypt(ctx context.Context, r *kmspb.DecryptRequest) (*kmspb.DecryptResponse, error) {
	key, err := s.key(ctx, r.Name, "useToDecrypt")
	if err != nil {
		return nil, err
	}
	if !intact(r.Ciphertext, r.CiphertextCrc32C) {
		return nil, status.Error(codes.InvalidArgument, "The checksum in field ciphertext_crc32c did not match the data in field ciphertext.")
	}
	plain, err := key.Open(r.Ciphertext, bound(r.Name, r.AdditionalAuthenticatedData))
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "Decryption failed: the ciphertext is invalid.")
	}
	return &kmspb.DecryptResponse{Plaintext: plain, PlaintextCrc32C: checksum(plain), UsedPrimary: true}, nil
}

// key finds the key of a request and checks the caller.
func (s *Server) key(ctx context.Context, name, permission string) (*fake.AEAD, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if got := md.Get("authorization"); len(got) != 1 || got[0] != "Bearer "+Token {
		return nil, status.Error(codes.Unauthenticated, "Request had invalid authentication credentials. Expected OAuth 2 access token.")
	}
	key := s.keys[name]
	if key == nil {
		return nil, status.Errorf(codes.NotFound, "CryptoKey %s not found.", name)
	}
	if name == Denied {
		return nil, status.Errorf(codes.PermissionDenied,
			"Permission 'cloudkms.cryptoKeyVersions.%s' denied on resource '%s' (or it may not exist).", permission, name)
	}
	return key, nil
}

func bound(name string, additional []byte) string { return name + "\x00" + string(additional) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) *wrapperspb.Int64Value {
	return wrapperspb.Int64(int64(crc32.Checksum(b, castagnoli)))
}

func intact(b []byte, sum *wrapperspb.Int64Value) bool {
	return sum == nil || sum.Value == checksum(b).Value
}

// rest answers POST /v1/{name}:encrypt and :decrypt, with the messages of the
// gRPC service as JSON.
func (s *Server) rest(w http.ResponseWriter, r *http.Request) {
	ctx := metadata.NewIncomingContext(r.Context(), metadata.Pairs("authorization", r.Header.Get("Authorization")))
	name, method, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), ":")
	body, err := io.ReadAll(r.Body)
	var answer proto.Message
	switch {
	case err != nil || r.Method != http.MethodPost:
		err = status.Error(codes.InvalidArgument, "Unreadable request.")
	case method == "encrypt":
		m := new(kmspb.EncryptRequest)
		if err = protojson.Unmarshal(body, m); err == nil {
			m.Name = name
			answer, err = s.Encrypt(ctx, m)
		}
	case method == "decrypt":
		m := new(kmspb.DecryptRequest)
		if err = protojson.Unmarshal(body, m); err == nil {
			m.Name = name
			answer, err = s.Decrypt(ctx, m)
		}
	default:
		err = status.Error(codes.Unimplemented, "The fake does not support this call.")
	}
	var out []byte
	if err == nil {
		out, err = protojson.Marshal(answer)
	}
	if err != nil {
		restError(w, status.Convert(err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(out)
}

// restError answers as Google's front end does.
func restError(w http.ResponseWriter, s *status.Status) {
	code, name := http.StatusBadRequest, "INVALID_ARGUMENT"
	switch s.Code() {
	case codes.Unauthenticated:
		code, name = http.StatusUnauthorized, "UNAUTHENTICATED"
	case codes.PermissionDenied:
		code, name = http.StatusForbidden, "PERMISSION_DENIED"
	case codes.NotFound:
		code, name = http.StatusNotFound, "NOT_FOUND"
	}
	fake.JSON(w, code, map[string]any{"error": map[string]any{"code": code, "message": s.Message(), "status": name}})
}
