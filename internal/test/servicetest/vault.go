package servicetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// EnvVault is the variable that names the Vault server of .ci/vault.
const EnvVault = "SEALCFG_TEST_VAULT"

// Vault is a running HashiCorp Vault. Its storage is empty, except for a transit
// engine at "transit" with the key "app".
type Vault struct {
	t       testing.TB
	Address string // http://127.0.0.1:port
	Token   string // of root
}

// LaunchVault starts a Vault. stop ends it.
func LaunchVault(program string) (v *Vault, stop func() error, err error) {
	v = new(Vault)
	if stop, err = Launch(v, program); err != nil {
		return nil, nil, err
	}
	_, err = v.ask("POST", "sys/mounts/transit", map[string]any{"type": "transit"})
	if err == nil {
		_, err = v.ask("POST", "transit/keys/app", map[string]any{})
	}
	if err != nil {
		_ = stop()
		return nil, nil, err
	}
	return v, stop, nil
}

// NewVault starts a Vault for a test.
func NewVault(t testing.TB) *Vault {
	t.Helper()
	v, stop, err := LaunchVault(Program(t, EnvVault, ""))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stop()) })
	v.t = t
	return v
}

// Do sends a request to Vault as root, and returns the answer.
func (v *Vault) Do(method, path string, body any) map[string]any {
	v.t.Helper()
	answer, err := v.ask(method, path, body)
	require.NoError(v.t, err)
	return answer
}

// Try is Do for a request that may fail.
func (v *Vault) Try(method, path string, body any) error {
	_, err := v.ask(method, path, body)
	return err
}

func (v *Vault) ask(method, path string, body any) (answer map[string]any, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, v.Address+"/v1/"+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Vault-Token", v.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if text, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		return nil, fmt.Errorf("vault: %s %s: %s: %s", method, path, resp.Status, text)
	}
	if len(text) > 0 {
		err = json.Unmarshal(text, &answer)
	}
	return answer, err
}

// TokenFor makes a token with a policy in Vault's language.
func (v *Vault) TokenFor(policy string) string {
	v.t.Helper()
	v.Do("PUT", "sys/policies/acl/test", map[string]any{"policy": policy})
	made := v.Do("POST", "auth/token/create", map[string]any{"policies": []string{"test"}, "no_parent": true})
	token, _ := made["auth"].(map[string]any)["client_token"].(string)
	return token
}
