package aws

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// signed returns a request that is signed according to the documentation of AWS.
func signed(t *testing.T, c *Credentials, region, action, body string, at time.Time) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://kms.example/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "TrentService."+action)
	r.Header.Set("X-Amz-Date", at.UTC().Format(timestamp))
	headers := []string{"content-type", "host", "x-amz-date", "x-amz-target"}
	day := at.UTC().Format("20060102")
	scope := day + "/" + region + "/kms/aws4_request"
	text := algorithm + "\n" + r.Header.Get("X-Amz-Date") + "\n" + scope + "\n" + sum([]byte(canonical(r, []byte(body), headers)))
	mac := sign(sign(sign(sign(sign([]byte("AWS4"+c.SecretAccessKey), day), region), "kms"), "aws4_request"), text)
	r.Header.Set("Authorization", algorithm+" Credential="+c.AccessKeyID+"/"+scope+", SignedHeaders="+strings.Join(headers, ";")+
		", Signature="+hex.EncodeToString(mac))
	return r
}

func answer(s *Server, r *http.Request) (int, map[string]string) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var body map[string]string
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return w.Code, body
}

func TestSignatureIsVerified(t *testing.T) {
	s := newServer()
	user := s.AddUser("alice")
	body := `{"KeyId":"` + s.AddKey("eu-west-1") + `","Plaintext":"c2VjcmV0"}`
	now := time.Now()
	ask := func(change func(*http.Request)) string {
		r := signed(t, user, "eu-west-1", "Encrypt", body, now)
		if change != nil {
			change(r)
		}
		code, got := answer(s, r)
		if code == http.StatusOK {
			return "ok"
		}
		return got["__type"]
	}
	assert.Equal(t, "ok", ask(nil))
	for name, c := range map[string]struct {
		want   string
		change func(*http.Request)
	}{
		"not signed":      {"MissingAuthenticationTokenException", func(r *http.Request) { r.Header.Del("Authorization") }},
		"other scheme":    {"IncompleteSignatureException", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }},
		"other body":      {"InvalidSignatureException", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body + " ")) }},
		"other call":      {"InvalidSignatureException", func(r *http.Request) { r.Header.Set("X-Amz-Target", "TrentService.Decrypt") }},
		"other host":      {"InvalidSignatureException", func(r *http.Request) { r.Host = "evil.example" }},
		"another's name":  {"InvalidSignatureException", func(r *http.Request) { replace(r, user.AccessKeyID, s.AddUser("bob").AccessKeyID) }},
		"nobody":          {"UnrecognizedClientException", func(r *http.Request) { replace(r, user.AccessKeyID, "AKIANOBODY") }},
		"host not signed": {"InvalidSignatureException", func(r *http.Request) { replace(r, ";host", "") }},
		"stray token":     {"UnrecognizedClientException", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") }},
		"old":             {"InvalidSignatureException", func(r *http.Request) { *r = *signed(t, user, "eu-west-1", "Encrypt", body, now.Add(-time.Hour)) }},
		"another region":  {"NotFoundException", func(r *http.Request) { *r = *signed(t, user, "eu-west-2", "Encrypt", body, now) }},
		"unknown call":    {"UnknownOperationException", func(r *http.Request) { *r = *signed(t, user, "eu-west-1", "Guess", body, now) }},
	} {
		assert.Equal(t, c.want, ask(c.change), name)
	}
}

func replace(r *http.Request, old, new string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
}

// A ciphertext does not contain the plaintext, and differs each time.
func TestCiphertext(t *testing.T) {
	s := newServer()
	user := s.AddUser("alice")
	body := `{"KeyId":"` + s.AddKey("eu-west-1") + `","Plaintext":"c2VjcmV0"}`
	blobs := map[string]bool{}
	for range 2 {
		code, got := answer(s, signed(t, user, "eu-west-1", "Encrypt", body, time.Now()))
		require.Equal(t, http.StatusOK, code)
		assert.NotContains(t, got["CiphertextBlob"], "c2VjcmV0")
		blobs[got["CiphertextBlob"]] = true
	}
	assert.Len(t, blobs, 2)
}
