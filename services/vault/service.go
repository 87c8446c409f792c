// Package vault wraps data keys with the transit engine of HashiCorp Vault (or of
// OpenBao). A program imports it for its side effect:
//
//	import _ "github.com/sealcfg/sealcfg/services/vault"
//
// The package contacts only the server at the address of the key. It follows a
// redirect only to the same host, because the request contains the token. As in
// Vault's own command, requests go through proxies and VAULT_AGENT_ADDR if they are
// set.
//
// The token comes from VAULT_TOKEN, or from ~/.vault-token, where `vault login`
// stores it. Of Vault's other variables, these have an effect: VAULT_NAMESPACE,
// VAULT_CACERT, VAULT_CACERT_BYTES, VAULT_CAPATH, VAULT_CLIENT_CERT,
// VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME, VAULT_SKIP_VERIFY, VAULT_CLIENT_TIMEOUT
// (a minute, if not set, for a call and its repetitions), VAULT_MAX_RETRIES,
// VAULT_RATE_LIMIT, VAULT_HEADERS, VAULT_PROXY_ADDR and VAULT_DISABLE_REDIRECTS.
// VAULT_ADDR has none. As in sops, SOPS_HC_VAULT_ALLOWLIST restricts the servers
// that may be contacted: it lists the beginnings of their addresses.
package vault

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/getsops/sops/v3/hcvault"

	"github.com/sealcfg/sealcfg/keys"
)

func init() { keys.Default.Register(keys.ServiceProvider(Service{})) }

// Service is Vault. The zero value is ready for use.
type Service struct{}

var _ keys.Service = Service{}

// Type is "hc_vault".
func (Service) Type() string { return hcvault.KeyTypeIdentifier }

// Wrap encrypts secret with the key that the fields vault_address, engine_path
// and key_name give.
func (Service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	k, err := masterKey(key)
	if err != nil {
		return nil, err
	}
	c := newClient()
	defer c.close()
	c.http.ApplyToMasterKey(k)
	if err := c.call(ctx, func() error { return k.EncryptContext(ctx, secret) }); err != nil {
		return nil, err
	}
	return &keys.Stanza{
		Type: hcvault.KeyTypeIdentifier,
		Fields: []keys.Field{
			{Name: "vault_address", Value: k.VaultAddress},
			{Name: "engine_path", Value: k.EnginePath},
			{Name: "key_name", Value: k.KeyName},
		},
		Wrapped: k.EncryptedKey,
	}, nil
}

// Unwrap decrypts a stanza.
func (Service) Unwrap(ctx context.Context, s *keys.Stanza) ([]byte, error) {
	k, err := masterKey(s)
	if err != nil {
		return nil, err
	}
	k.EncryptedKey = s.Wrapped
	c := newClient()
	defer c.close()
	c.http.ApplyToMasterKey(k)
	var secret []byte
	err = c.call(ctx, func() error {
		secret, err = k.DecryptContext(ctx)
		return err
	})
	return secret, err
}

func masterKey(s *keys.Stanza) (*hcvault.MasterKey, error) {
	k := hcvault.NewMasterKey(s.Field("vault_address"), s.Field("engine_path"), s.Field("key_name"))
	for _, f := range []struct{ name, value string }{
		{"vault_address", k.VaultAddress}, {"engine_path", k.EnginePath}, {"key_name", k.KeyName},
	} {
		if f.value == "" {
			return nil, fmt.Errorf("hc_vault key without %s", f.name)
		}
	}
	// The two are put together to the path of a request, which must be one to
	// encrypt or decrypt: with key_name "../../sys/seal" it would seal the server.
	if strings.Contains(k.KeyName, "/") || k.KeyName == "." || k.KeyName == ".." {
		return nil, fmt.Errorf("malformed key_name %q", k.KeyName)
	}
	if clean := path.Clean("/" + k.EnginePath); clean != "/"+strings.Trim(k.EnginePath, "/") {
		return nil, fmt.Errorf("malformed engine_path %q", k.EnginePath)
	}
	return k, nil
}
