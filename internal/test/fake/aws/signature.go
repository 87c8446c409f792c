package aws

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scope is the signer of a request and the service that it is for.
type scope struct{ principal, region, service string }

const (
	algorithm = "AWS4-HMAC-SHA256"
	timestamp = "20060102T150405Z"
	// maxSkew is how far the clock of a client may be off.
	maxSkew = 5 * time.Minute
)

// verify checks a signature of version 4 over the request, body included.
func verify(r *http.Request, body []byte, now time.Time, find func(id string) *Credentials) (*scope, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, fail("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	fields := map[string]string{}
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	// key ID / date / region / service / aws4_request
	credential := strings.Split(fields["Credential"], "/")
	if !ok || len(credential) != 5 || credential[4] != "aws4_request" {
		return nil, fail("IncompleteSignatureException", "not an authorization of version 4")
	}
	c := find(credential[0])
	if c == nil || subtle.ConstantTimeCompare([]byte(c.SessionToken), []byte(r.Header.Get("X-Amz-Security-Token"))) != 1 {
		code := "UnrecognizedClientException"
		if credential[3] == "sts" {
			code = "InvalidClientTokenId"
		}
		return nil, fail(code, "The security token included in the request is invalid.")
	}
	at, err := time.Parse(timestamp, r.Header.Get("X-Amz-Date"))
	if err != nil || at.Format("20060102") != credential[1] || now.Sub(at).Abs() > maxSkew {
		return nil, fail("InvalidSignatureException", "Signature expired or not yet current")
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	for _, must := range []string{"host", "x-amz-date"} {
		if !slices.Contains(signed, must) {
			return nil, fail("InvalidSignatureException", "'%s' is not signed", must)
		}
	}
	text := strings.Join([]string{
		algorithm, r.Header.Get("X-Amz-Date"), strings.Join(credential[1:], "/"), sum([]byte(canonical(r, body, signed))),
	}, "\n")
	mac := []byte("AWS4" + c.SecretAccessKey)
	for _, part := range append(credential[1:], text) {
		mac = sign(mac, part)
	}
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(mac)), []byte(fields["Signature"])) != 1 {
		code := "InvalidSignatureException"
		if credential[3] == "sts" {
			code = "SignatureDoesNotMatch"
		}
		// Like the real one, this repeats the request, which clients must not print.
		return nil, fail(code, "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method.\n\nThe Canonical String for this request should have been\n'%s'",
			canonical(r, body, signed))
	}
	return &scope{principal: c.Principal, region: credential[2], service: credential[3]}, nil
}

// canonical returns the signed form of a request. Requests to both services use the
// root of a host, without a query.
func canonical(r *http.Request, body []byte, signed []string) string {
	lines := []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery}
	for _, name := range signed {
		values := slices.Clone(r.Header.Values(name))
		switch name {
		case "host":
			values = []string{r.Host}
		case "content-length":
			values = []string{strconv.FormatInt(r.ContentLength, 10)}
		}
		for i, v := range values {
			values[i] = strings.Join(strings.Fields(v), " ")
		}
		lines = append(lines, name+":"+strings.Join(values, ","))
	}
	return strings.Join(append(lines, "", strings.Join(signed, ";"), sum(body)), "\n")
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
