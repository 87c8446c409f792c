package aws

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

type assumeRoleResponse struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
	Result  struct {
		User struct {
			ARN string `xml:"Arn"`
			ID  string `xml:"AssumedRoleId"`
		} `xml:"AssumedRoleUser"`
		Credentials struct {
			AccessKeyID     string `xml:"AccessKeyId"`
			SecretAccessKey string
			SessionToken    string
			Expiration      string
		}
	} `xml:"AssumeRoleResult"`
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

type errorResponse struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Type", "text/xml")
	answer, err := s.assumeRole(r, body)
	if err == nil {
		_ = xml.NewEncoder(w).Encode(answer)
		return
	}
	f := new(failure)
	if !errors.As(err, &f) {
		f = &failure{"InternalFailure", "internal error", http.StatusInternalServerError}
	}
	status := f.status
	if f.code == "AccessDenied" || strings.Contains(f.code, "Signature") || f.code == "InvalidClientTokenId" {
		status = http.StatusForbidden
	}
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(errorResponse{Type: "Sender", Code: f.code, Message: f.message, RequestID: fake.RandomID(16)})
}

func (s *Server) assumeRole(r *http.Request, body []byte) (*assumeRoleResponse, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fail("MalformedQueryString", "not a form")
	}
	action := form.Get("Action")
	call, err := s.admit(r, "sts", action, body)
	if err != nil {
		return nil, err
	}
	if action != "AssumeRole" {
		return nil, fail("InvalidAction", "the fake does not support %q", action)
	}
	role, session := form.Get("RoleArn"), form.Get("RoleSessionName")
	if session == "" || strings.ContainsAny(session, "/: ") {
		return nil, fail("ValidationError", "Value at 'roleSessionName' failed to satisfy constraint")
	}
	s.mu.Lock()
	s.note(call, "")
	allowed := slices.Contains(s.roles[role], call.Principal)
	s.mu.Unlock()
	if !allowed { // the same for a role that there is not
		return nil, fail("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", call.Principal, role)
	}
	// The rights belong to the role here, not to the session.
	c := s.addCredentials("ASIA", role, fake.RandomID(32))
	a := &assumeRoleResponse{RequestID: fake.RandomID(16)}
	a.Result.User.ARN = strings.Replace(strings.Replace(role, ":iam:", ":sts:", 1), ":role/", ":assumed-role/", 1) + "/" + session
	a.Result.User.ID = "AROA" + strings.ToUpper(fake.RandomID(8)) + ":" + session
	a.Result.Credentials.AccessKeyID = c.AccessKeyID
	a.Result.Credentials.SecretAccessKey = c.SecretAccessKey
	a.Result.Credentials.SessionToken = c.SessionToken
	a.Result.Credentials.Expiration = time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	return a, nil
}
