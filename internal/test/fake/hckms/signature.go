package hckms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

var authorization = regexp.MustCompile(`^SDK-HMAC-SHA256 Access=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$`)

// maxSkew is how far the clocks of client and service may be apart.
const maxSkew = 15 * time.Minute

// unsigned returns the reason why the signature of a request is invalid, or "". The
// signature is an HMAC over method, path, query, signed headers and a digest of the
// body.
func unsigned(r *http.Request, body []byte) string {
	parts := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if parts == nil {
		return "Authorization is missing or malformed"
	}
	date := r.Header.Get("X-Sdk-Date")
	at, err := time.Parse("20060102T150405Z", date)
	if err != nil || time.Since(at).Abs() > maxSkew {
		return "X-Sdk-Date is missing, malformed or too far away"
	}
	signed := strings.Split(parts[2], ";")
	if !slices.IsSorted(signed) || !slices.Contains(signed, "x-sdk-date") {
		return "SignedHeaders is not sorted, or lacks x-sdk-date"
	}
	var headers strings.Builder
	for _, name := range signed {
		value := strings.TrimSpace(r.Header.Get(name))
		if name == "host" {
			value = r.Host
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	canonical := strings.Join([]string{
		r.Method, path(r.URL), query(r.URL), headers.String(), parts[2], digest(body),
	}, "\n")
	mac := hmac.New(sha256.New, []byte(SecretKey))
	mac.Write([]byte("SDK-HMAC-SHA256\n" + date + "\n" + digest([]byte(canonical))))
	if parts[1] != AccessKey {
		return "the access key is unknown"
	}
	if !hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(parts[3])) {
		return "verify aksk signature fail"
	}
	return ""
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func path(u *url.URL) string {
	if p := u.EscapedPath(); strings.HasSuffix(p, "/") {
		return p
	}
	return u.EscapedPath() + "/"
}

// query sorts parameters by name, and encodes a blank as %20.
func query(u *url.URL) string {
	return strings.ReplaceAll(u.Query().Encode(), "+", "%20")
}
