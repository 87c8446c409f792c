// Package hckms is a fake for Huawei Cloud KMS, with AES-256-GCM keys, and
// for the part of its IAM that lists projects. It speaks their REST over TLS and
// verifies the signature of each request. For tests alone.
package hckms

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

// The keys of the fake, and the credentials of its user. None of them is secret.
const (
	Region   = "demo-west-1"
	Key      = Region + ":00000000-0000-4000-8000-000000000001"
	OtherKey = Region + ":00000000-0000-4000-8000-000000000002"
	Denied   = Region + ":00000000-0000-4000-8000-000000000003" // exists, but is not for the caller

	AccessKey = "DEMOACCESSKEYOFTHESTANDIN"
	SecretKey = "demo-secret-of-the-huawei-fake"
	Project   = "demo0project0of0the0stand0in"
)

// Server is a running fake.
type Server struct {
	*fake.Server
	keys map[string]*fake.AEAD // by the part of the key's name after the region
}

// New starts a fake with new keys.
func New(ca *fake.CA) (*Server, error) {
	s := &Server{keys: map[string]*fake.AEAD{}}
	for _, name := range []string{Key, OtherKey, Denied} {
		s.keys[inRegion(name)] = fake.NewAEAD()
	}
	var err error
	s.Server, err = fake.Serve(ca, s)
	return s, err
}

func inRegion(key string) string { return strings.TrimPrefix(key, Region+":") }

// regionVariable names the host of the region to Huawei's library.
const regionVariable = "HUAWEICLOUD_SDK_REGION_KMS_DEMO_WEST_1"

// Variables lets a caller in.
func (s *Server) Variables() map[string]string {
	return map[string]string{
		regionVariable:                 s.URL(),
		"HUAWEICLOUD_SDK_IAM_ENDPOINT": s.URL(),
		"HUAWEICLOUD_SDK_AK":           AccessKey,
		"HUAWEICLOUD_SDK_SK":           SecretKey,
		"HUAWEICLOUD_SDK_PROJECT_ID":   Project,
	}
}

// PolicyKey names the key that a caller may use.
func (s *Server) PolicyKey() (field, key string) { return "hckms", Key }

// request is the body of encrypt-data and decrypt-data.
type request struct {
	KeyID      string `json:"key_id"`
	PlainText  string `json:"plain_text"`
	CipherText string `json:"cipher_text"`
	Algorithm  string `json:"encryption_algorithm"`
}

// failure is the response to a rejected request.
type failure struct {
	status     int
	code, text string
}

// ServeHTTP verifies the signature, and answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	if why := unsigned(r, body); why != "" {
		fake.JSON(w, http.StatusUnauthorized, map[string]string{"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information: " + why})
		return
	}
	if r.Method == http.MethodGet && r.URL.Path == "/v3/projects" {
		fake.JSON(w, http.StatusOK, map[string]any{"projects": []map[string]string{{"id": Project, "name": r.URL.Query().Get("name")}}})
		return
	}
	answer, failed := s.answer(r, body)
	if failed != nil {
		fake.JSON(w, failed.status, map[string]any{"error": map[string]string{"error_code": failed.code, "error_msg": failed.text}})
		return
	}
	fake.JSON(w, http.StatusOK, answer)
}

func (s *Server) answer(r *http.Request, body []byte) (map[string]string, *failure) {
	var q request
	operation, found := strings.CutPrefix(r.URL.Path, "/v1.0/"+Project+"/kms/")
	if !found || r.Method != http.MethodPost || json.Unmarshal(body, &q) != nil || q.Algorithm != "SYMMETRIC_DEFAULT" {
		return nil, &failure{http.StatusBadRequest, "KMS.0201", "Invalid request URL or body."}
	}
	key := s.keys[q.KeyID]
	switch {
	case key == nil:
		return nil, &failure{http.StatusNotFound, "KMS.0306", "CMK does not exist."}
	case q.KeyID == inRegion(Denied):
		return nil, &failure{http.StatusForbidden, "KMS.0303", "You do not have permission to perform this operation."}
	}
	switch operation {
	case "encrypt-data":
		sealed := key.Seal([]byte(q.PlainText), q.KeyID)
		return map[string]string{"key_id": q.KeyID, "cipher_text": base64.StdEncoding.EncodeToString(sealed)}, nil
	case "decrypt-data":
		sealed, err := base64.StdEncoding.DecodeString(q.CipherText)
		plain := []byte(nil)
		if err == nil {
			plain, err = key.Open(sealed, q.KeyID)
		}
		if err != nil {
			return nil, &failure{http.StatusBadRequest, "KMS.0310", "Invalid ciphertext."}
		}
		return map[string]string{"key_id": q.KeyID, "plain_text": string(plain), "plain_text_base64": base64.StdEncoding.EncodeToString(plain)}, nil
	}
	return nil, &failure{http.StatusBadRequest, "KMS.0201", "The fake does not support this call."}
}
