// Package azurekv is a fake for Azure Key Vault and for the host that issues its
// tokens. It runs Microsoft's own fake servers of the azkeys and azsecrets modules
// over TLS, with RSA-OAEP-256 keys that have versions, and secrets. It is for tests
// only.
package azurekv

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	keysfake "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys/fake"
	secretsfake "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets/fake"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

// The keys of the fake.
const (
	Key    = "demo"
	Denied = "denied" // exists, but is not for the caller
)

// Server is a running fake.
type Server struct {
	*fake.Server
	vault *keysfake.ServerTransport
	keys  map[string][]version // the newest last

	secretVault *secretsfake.ServerTransport
	mu          sync.Mutex
	secrets     map[string]*Secret
	asked       []string // paths of requests for secrets
}

type version struct {
	name string
	key  *rsa.PrivateKey
}

// New starts a fake. Its key Key has two versions.
func New(ca *fake.CA) (*Server, error) {
	s := &Server{keys: map[string][]version{}, secrets: map[string]*Secret{}}
	for _, name := range []string{Key, Key, Denied} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		s.keys[name] = append(s.keys[name], version{fake.RandomID(16), key})
	}
	s.vault = keysfake.NewServerTransport(&keysfake.Server{Encrypt: s.encrypt, Decrypt: s.decrypt, GetKey: s.getKey})
	s.secretVault = secretsfake.NewServerTransport(&secretsfake.Server{GetSecret: s.getSecret, NewListSecretPropertiesPager: s.listSecrets})
	var err error
	s.Server, err = fake.Serve(ca, s)
	return s, err
}

// Versions lists the versions of Key, the newest last.
func (s *Server) Versions() []string {
	var names []string
	for _, v := range s.keys[Key] {
		names = append(names, v.name)
	}
	return names
}

// Variables lets a caller in with a client secret.
func (s *Server) Variables() map[string]string {
	all := maps.Clone(loginVariables)
	all["AZURE_AUTHORITY_HOST"] = s.URL()
	return all
}

// PolicyKey names the key that a caller may use, without a version.
func (s *Server) PolicyKey() (field, key string) { return "azure_keyvault", s.URL() + "/keys/" + Key }

// ServeHTTP serves the vault and the login host, which share a port.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/"+tenant+"/"):
		s.login(w, r)
	case r.Header.Get("Authorization") != "Bearer "+token:
		s.challenge(w)
	default:
		s.ask(w, r)
	}
}

// ask hands a request to Microsoft's server, which wants to know by which method
// of the client it was made, and panics at times if the client goes away.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	method, vault := "Client.GetKey", s.vault.Do
	if strings.HasPrefix(r.URL.Path, "/secrets") {
		method, vault = s.askSecrets(r), s.secretVault.Do
	} else if r.Method == http.MethodPost {
		switch {
		case strings.HasSuffix(r.URL.Path, "/encrypt"):
			method = "Client.Encrypt"
		case strings.HasSuffix(r.URL.Path, "/decrypt"):
			method = "Client.Decrypt"
		default:
			method = "none"
		}
	}
	resp, err := vault(r.WithContext(context.WithValue(context.WithoutCancel(r.Context()), runtime.CtxAPINameKey{}, method)))
	if err != nil {
		refuse(w, err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // the client may be gone
}

// messages are the service's messages for its error codes.
var messages = map[string]string{
	"KeyNotFound":    "A key with (name/id) was not found in this key vault.",
	"SecretNotFound": "A secret with (name/id) was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command.",
	"SecretDisabled": "Operation get is not allowed on a disabled secret.",
	"Forbidden":      "Caller is not authorized to perform action on resource.",
	"BadParameter":   "The parameter is incorrect.",
}

func refuse(w http.ResponseWriter, err error) {
	code, status := "BadParameter", http.StatusBadRequest
	var answer *azcore.ResponseError
	if errors.As(err, &answer) {
		code, status = answer.ErrorCode, answer.StatusCode
	}
	fake.JSON(w, status, map[string]any{"error": map[string]string{"code": code, "message": messages[code]}})
}

// find returns a version of a key, the newest for "". Microsoft's server takes
// name and version of a path together for the name.
func (s *Server) find(name, want string) (found *version, errResp azfake.ErrorResponder) {
	name, inName, _ := strings.Cut(name, "/")
	want += inName
	for i, v := range s.keys[name] {
		if v.name == want || want == "" {
			found = &s.keys[name][i]
		}
	}
	switch {
	case found == nil:
		errResp.SetResponseError(http.StatusNotFound, "KeyNotFound")
	case name == Denied:
		errResp.SetResponseError(http.StatusForbidden, "Forbidden")
		return nil, errResp
	}
	return found, errResp
}

func (s *Server) id(name string, v *version) *azkeys.ID {
	name, _, _ = strings.Cut(name, "/")
	id := azkeys.ID(s.URL() + "/keys/" + name + "/" + v.name)
	return &id
}

func (s *Server) getKey(_ context.Context, name, want string, _ *azkeys.GetKeyOptions) (resp azfake.Responder[azkeys.GetKeyResponse], errResp azfake.ErrorResponder) {
	v, errResp := s.find(name, want)
	if v == nil {
		return resp, errResp
	}
	kty := azkeys.KeyTypeRSA
	answer := azkeys.GetKeyResponse{KeyBundle: azkeys.KeyBundle{Key: &azkeys.JSONWebKey{
		KID: s.id(name, v), Kty: &kty, N: v.key.N.Bytes(), E: []byte{1, 0, 1},
	}}}
	resp.SetResponse(http.StatusOK, answer, nil)
	return resp, errResp
}

func (s *Server) encrypt(_ context.Context, name, want string, p azkeys.KeyOperationParameters, _ *azkeys.EncryptOptions) (resp azfake.Responder[azkeys.EncryptResponse], errResp azfake.ErrorResponder) {
	v, errResp := s.find(name, want)
	if v == nil {
		return resp, errResp
	}
	sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &v.key.PublicKey, p.Value, nil)
	if err != nil || !usesOAEP256(p) {
		errResp.SetResponseError(http.StatusBadRequest, "BadParameter")
		return resp, errResp
	}
	resp.SetResponse(http.StatusOK, azkeys.EncryptResponse{KeyOperationResult: azkeys.KeyOperationResult{KID: s.id(name, v), Result: sealed}}, nil)
	return resp, errResp
}

func (s *Server) decrypt(_ context.Context, name, want string, p azkeys.KeyOperationParameters, _ *azkeys.DecryptOptions) (resp azfake.Responder[azkeys.DecryptResponse], errResp azfake.ErrorResponder) {
	v, errResp := s.find(name, want)
	if v == nil {
		return resp, errResp
	}
	plain, err := rsa.DecryptOAEP(sha256.New(), nil, v.key, p.Value, nil)
	if err != nil || !usesOAEP256(p) {
		errResp.SetResponseError(http.StatusBadRequest, "BadParameter")
		return resp, errResp
	}
	resp.SetResponse(http.StatusOK, azkeys.DecryptResponse{KeyOperationResult: azkeys.KeyOperationResult{KID: s.id(name, v), Result: plain}}, nil)
	return resp, errResp
}

func usesOAEP256(p azkeys.KeyOperationParameters) bool {
	return p.Algorithm != nil && *p.Algorithm == azkeys.EncryptionAlgorithmRSAOAEP256
}
