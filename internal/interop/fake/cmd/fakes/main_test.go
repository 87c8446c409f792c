package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/servicetest"
)

// The report lets the real sops use all fakes together. The fakes end with the
// input.
func TestSopsUsesTheReport(t *testing.T) {
	servicetest.NeedTrust(t)
	in, stop := io.Pipe()
	read, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(in, out) }()
	line, err := bufio.NewReader(read).ReadBytes('\n')
	require.NoError(t, err)
	var r report
	require.NoError(t, json.Unmarshal(line, &r))
	require.Len(t, r.Keys, 4)

	for name, value := range r.Variables {
		t.Setenv(name, value)
	}
	vault, _, _ := strings.Cut(r.Keys["azure_keyvault"], "/keys/")
	// Four groups of which all are needed: each service has to unwrap its share.
	sops := servicetest.NewSops(t, fmt.Sprintf(`creation_rules:
  - key_groups:
      - kms: [{arn: %q}]
      - gcp_kms: [{resource_id: %q}]
      - azure_keyvault: [{vaultUrl: %q, key: demo}]
      - hckms: [{key_id: %q}]
`, r.Keys["kms"], r.Keys["gcp_kms"], vault, r.Keys["hckms"]))
	sops.Write("a.yaml", "a: x\n")
	sops.Run("encrypt", "-i", "a.yaml")
	assert.NotContains(t, sops.Read("a.yaml"), "a: x")
	assert.Equal(t, "a: x\n", sops.Run("decrypt", "a.yaml"))

	require.NoError(t, stop.Close())
	require.NoError(t, <-ended)
	assert.NoFileExists(t, r.Variables["SSL_CERT_FILE"])
}
