// Package aws is a fake for AWS: for KMS, Secrets Manager, the parameters of
// Systems Manager (SSM), and the STS call that assumes a role. No emulator of them
// is available where the tests run.
//
// It uses the real protocol (AWS JSON 1.1, the query protocol for STS), verifies
// the signature of each request (version 4), and does real cryptography for KMS:
// AES-256-GCM under a key that does not leave it, with the encryption context as
// additional data. It stores no data on disk, and is for tests only.
package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

// Account is the number of the account of all keys and secrets. Region is the
// region of the first key.
const (
	Account = "000000000000"
	Region  = "eu-west-1"
)

// maxBody bounds a request. KMS encrypts 4 KiB at most.
const maxBody = 64 << 10

// Server is all of the services. It is an [http.Handler], safe for concurrent use.
type Server struct {
	*fake.Server
	mu          sync.Mutex
	credentials map[string]*Credentials // by access key
	keys        map[string]*key         // by ARN; an alias is a second one for a key
	roles       map[string][]string     // by ARN: the users that may assume it
	secrets     map[secretID]*Secret    // of Secrets Manager, by name
	parameters  map[secretID]string     // of SSM, by name
	calls       []Call
	first       string // the ARN of the first key
}

// Credentials sign the requests of a client.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Principal       string // the ARN of the user or role
}

// A Call is a request with a valid signature. Name is the name of the secret or
// parameter.
type Call struct{ Action, Principal, Region, Name string }

// New starts a fake with one key, and no users.
func New(ca *fake.CA) (*Server, error) {
	s := newServer()
	s.first = s.AddKey(Region)
	var err error
	s.Server, err = fake.Serve(ca, s)
	return s, err
}

func newServer() *Server {
	return &Server{
		credentials: map[string]*Credentials{}, keys: map[string]*key{}, roles: map[string][]string{},
		secrets: map[secretID]*Secret{}, parameters: map[secretID]string{},
	}
}

// Variables lets a caller in, as a new user.
func (s *Server) Variables() map[string]string {
	user := s.AddUser("tester")
	return map[string]string{
		"AWS_ENDPOINT_URL":          s.URL(),
		"AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID":         user.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":     user.SecretAccessKey,
	}
}

// PolicyKey names the key that the fake begins with.
func (s *Server) PolicyKey() (field, key string) { return "kms", s.first }

// AddUser makes a user with an access key.
func (s *Server) AddUser(name string) *Credentials {
	return s.addCredentials("AKIA", "arn:aws:iam::"+Account+":user/"+name, "")
}

func (s *Server) addCredentials(prefix, principal, token string) *Credentials {
	c := &Credentials{
		AccessKeyID:     prefix + strings.ToUpper(fake.RandomID(8)),
		SecretAccessKey: fake.RandomID(20),
		SessionToken:    token,
		Principal:       principal,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credentials[c.AccessKeyID] = c
	return c
}

// AddRole makes a role that the principals may take on, and returns its ARN.
func (s *Server) AddRole(name string, principals ...string) (arn string) {
	arn = "arn:aws:iam::" + Account + ":role/" + name
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[arn] = principals
	return arn
}

// Calls returns the requests so far that were signed well.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// failure is an error of the service, as a client gets to see it.
type failure struct {
	code, message string
	status        int
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func fail(code, format string, args ...any) *failure {
	return &failure{code, fmt.Sprintf(format, args...), http.StatusBadRequest}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "cannot read the request", http.StatusBadRequest)
		return
	}
	if r.Header.Get("X-Amz-Target") != "" {
		s.serveJSON(w, r, body)
	} else {
		s.serveSTS(w, r, body)
	}
}

// serveJSON serves the services that use AWS JSON 1.1. A header identifies the
// service.
func (s *Server) serveJSON(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", fake.RandomID(16))
	target, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var answer any
	err := error(fail("UnknownOperationException", "the fake does not support %q", target))
	switch target {
	case "TrentService":
		answer, err = s.doKMS(r, action, body)
	case "secretsmanager":
		answer, err = s.doSecrets(r, action, body)
	case "AmazonSSM":
		answer, err = s.doParameters(r, action, body)
	}
	if err == nil {
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	f := new(failure)
	if !errors.As(err, &f) {
		f = &failure{"InternalFailure", "internal error", http.StatusInternalServerError}
	}
	w.Header().Set("X-Amzn-Errortype", f.code)
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": f.code, "message": f.message})
}

// read verifies the signature and decodes the request.
func (s *Server) read(r *http.Request, service, action string, body []byte, q any) (Call, error) {
	call, err := s.admit(r, service, action, body)
	if err != nil {
		return call, err
	}
	if got := r.Header.Get("Content-Type"); got != "application/x-amz-json-1.1" {
		return call, fail("SerializationException", "content type %q", got)
	}
	if err := json.Unmarshal(body, q); err != nil {
		return call, fail("SerializationException", "not JSON of this call")
	}
	return call, nil
}

// admit verifies the signature.
func (s *Server) admit(r *http.Request, service, action string, body []byte) (Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scope, err := verify(r, body, time.Now(), func(id string) *Credentials { return s.credentials[id] })
	if err != nil {
		return Call{}, err
	}
	if scope.service != service {
		return Call{}, fail("SignatureDoesNotMatch", "Credential should be scoped to correct service: '%s'.", service)
	}
	return Call{Action: action, Principal: scope.principal, Region: scope.region}, nil
}
