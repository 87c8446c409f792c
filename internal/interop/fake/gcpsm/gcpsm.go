// Package gcpsm is a fake for Google Cloud Secret Manager: Google's generated
// service stubs over TLS, by gRPC. It verifies the token of each call, which a
// service account signs itself. For tests alone.
package gcpsm

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

// Project is the project of all secrets.
const Project = "sealcfg-tests"

// account is the account that may read them.
const account = "demo@sealcfg-tests.iam.gserviceaccount.com"

// Server is a running fake.
type Server struct {
	*fake.Server
	secretmanagerpb.UnimplementedSecretManagerServiceServer
	key *rsa.PrivateKey
	dir string // of the credentials file

	mu      sync.Mutex
	secrets map[string]*Secret
	calls   []string
}

// Secret is a secret with its versions.
type Secret struct {
	Versions []string // the newest last
	Denied   bool     // exists, but is not for the caller
	Damaged  bool     // on the way, so that the checksum does not fit
}

// New starts a fake without secrets.
func New(ca *fake.CA) (*Server, error) {
	s := &Server{secrets: map[string]*Secret{}}
	var err error
	if s.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "sealcfg-gcpsm-"); err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.credentials(), s.Credentials(), 0o600); err != nil {
		return nil, err
	}
	rpc := grpc.NewServer()
	secretmanagerpb.RegisterSecretManagerServiceServer(rpc, s)
	s.Server, err = fake.Serve(ca, rpc)
	return s, err
}

func (s *Server) credentials() string { return filepath.Join(s.dir, "credentials.json") }

// Close stops it.
func (s *Server) Close() error {
	_ = os.RemoveAll(s.dir)
	return s.Server.Close()
}

// Credentials returns a service account's credentials file in Google's format.
func (s *Server) Credentials() []byte {
	der, _ := x509.MarshalPKCS8PrivateKey(s.key) // of an RSA key, never fails
	text, _ := json.Marshal(map[string]string{
		"type": "service_account", "project_id": Project, "client_email": account, "client_id": "1", "private_key_id": "demo",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":   "https://127.0.0.1:9/token", // a token that the account signs itself requires no server
	})
	return text
}

// Variables lets a caller in.
func (s *Server) Variables() map[string]string {
	return map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": s.credentials()}
}

// PolicyKey is for the fakes of key services.
func (*Server) PolicyKey() (field, key string) { return "", "" }

// Add puts a secret there.
func (s *Server) Add(name string, secret *Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[name] = secret
}

// Calls returns the calls so far: a method and a name.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// AccessSecretVersion is a method of the service.
func (s *Server) AccessSecretVersion(ctx context.Context, r *secretmanagerpb.AccessSecretVersionRequest) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	if err := s.authenticate(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "access "+r.Name)
	name, version, _ := strings.Cut(strings.TrimPrefix(r.Name, "projects/"+Project+"/secrets/"), "/versions/")
	secret := s.secrets[name]
	switch {
	case secret == nil:
		return nil, status.Errorf(codes.NotFound, "Secret [%s] not found or has no versions.", r.Name)
	case secret.Denied:
		return nil, status.Errorf(codes.PermissionDenied, "Permission 'secretmanager.versions.access' denied for resource '%s' (or it may not exist).", r.Name)
	}
	for i, text := range slices.Backward(secret.Versions) {
		number := fmt.Sprint(i + 1)
		if version != "latest" && version != number {
			continue
		}
		sum := int64(crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
		if secret.Damaged {
			sum++
		}
		return &secretmanagerpb.AccessSecretVersionResponse{
			Name:    strings.TrimSuffix(r.Name, version) + number,
			Payload: &secretmanagerpb.SecretPayload{Data: []byte(text), DataCrc32C: &sum},
		}, nil
	}
	return nil, status.Errorf(codes.NotFound, "Secret Version [%s] not found.", r.Name)
}

// ListSecrets is a method of the service, with two secrets on a page.
func (s *Server) ListSecrets(ctx context.Context, r *secretmanagerpb.ListSecretsRequest) (*secretmanagerpb.ListSecretsResponse, error) {
	if err := s.authenticate(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "list "+r.Parent)
	if r.Parent != "projects/"+Project {
		return nil, status.Errorf(codes.PermissionDenied, "Permission 'secretmanager.secrets.list' denied for resource '%s' (or it may not exist).", r.Parent)
	}
	var names []string
	for name := range s.secrets {
		if name > r.PageToken && strings.Contains(name, strings.TrimPrefix(r.Filter, "name:")) { // as the real one filters
			names = append(names, name)
		}
	}
	slices.Sort(names)
	answer := &secretmanagerpb.ListSecretsResponse{}
	if len(names) > 2 {
		names = names[:2]
		answer.NextPageToken = names[1]
	}
	for _, name := range names {
		answer.Secrets = append(answer.Secrets, &secretmanagerpb.Secret{Name: "projects/123456789/secrets/" + name}) // with the project's number
	}
	return answer, nil
}

// authenticate verifies the token of a call: a JWT that the account signed.
func (s *Server) authenticate(ctx context.Context) error {
	refused := status.Error(codes.Unauthenticated, "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	md, _ := metadata.FromIncomingContext(ctx)
	if len(md.Get("authorization")) != 1 {
		return refused
	}
	token, _ := strings.CutPrefix(md.Get("authorization")[0], "Bearer ")
	end := strings.LastIndex(token, ".")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return refused
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(token[:end]))
	if err != nil || rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return refused
	}
	var claims struct {
		Iss, Aud, Scope string
		Exp             int64
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil || claims.Iss != account || time.Unix(claims.Exp, 0).Before(time.Now()) ||
		claims.Aud != "https://secretmanager.googleapis.com/" && !strings.Contains(claims.Scope, "cloud-platform") {
		return refused
	}
	return nil
}
