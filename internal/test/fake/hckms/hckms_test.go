package hckms_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/fake"
	"github.com/sealcfg/sealcfg/internal/test/fake/hckms"
)

// Unsigned and wrongly signed requests are rejected. The tests of services/huawei show
// with Huawei's own client that a right signature is accepted and a wrong key is
// not.
func TestUnsignedRequests(t *testing.T) {
	ca, err := fake.NewCA()
	require.NoError(t, err)
	s, err := hckms.New(ca)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(ca.PEM))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)

	now := time.Now().UTC().Format("20060102T150405Z")
	signature := strings.Repeat("0", 64)
	for name, c := range map[string]struct{ authorization, date, want string }{
		"nothing":        {"", now, "Authorization is missing"},
		"another scheme": {"Bearer x", now, "Authorization is missing"},
		"no date":        {"SDK-HMAC-SHA256 Access=" + hckms.AccessKey + ", SignedHeaders=x-sdk-date, Signature=" + signature, "", "X-Sdk-Date is missing"},
		"old date":       {"SDK-HMAC-SHA256 Access=" + hckms.AccessKey + ", SignedHeaders=x-sdk-date, Signature=" + signature, "20200101T000000Z", "X-Sdk-Date is missing"},
		"date unsigned":  {"SDK-HMAC-SHA256 Access=" + hckms.AccessKey + ", SignedHeaders=host, Signature=" + signature, now, "lacks x-sdk-date"},
		"wrong":          {"SDK-HMAC-SHA256 Access=" + hckms.AccessKey + ", SignedHeaders=host;x-sdk-date, Signature=" + signature, now, "verify aksk signature fail"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/v1.0/"+hckms.Project+"/kms/encrypt-data", strings.NewReader("{}"))
		require.NoError(t, err)
		r.Header.Set("Authorization", c.authorization)
		r.Header.Set("X-Sdk-Date", c.date)
		resp, err := (&http.Client{Transport: transport}).Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusUnauthorized, resp.StatusCode, name)
		assert.Contains(t, string(body), c.want, name)
	}
}
