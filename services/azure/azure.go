// Package azure wraps data keys with keys of Azure Key Vault. Import it for its
// side effect, in the manner of a database/sql driver:
//
//	import _ "github.com/sealcfg/sealcfg/services/azure"
//
// Each call first gets a token. It then contacts the host in the stanza's vault_url
// to encrypt or decrypt with RSA-OAEP-256. The token comes from the first of these
// that has one; $AZURE_TOKEN_CREDENTIALS limits the choice:
//
//   - $AZURE_TENANT_ID and $AZURE_CLIENT_ID with $AZURE_CLIENT_SECRET or
//     $AZURE_CLIENT_CERTIFICATE_PATH, from login.microsoftonline.com or the host
//     in $AZURE_AUTHORITY_HOST
//   - workload identity: $AZURE_FEDERATED_TOKEN_FILE
//   - managed identity of a machine or app in Azure's cloud
//   - the programs az, azd and pwsh, if the user has logged in with them
//
// A key without a version wraps with its newest version. The vault reports that
// version, and the stanza records it.
package azure

import (
	"bytes"
	"context"
	"slices"

	"github.com/getsops/sops/v3/azkv"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keycall"
	"github.com/sealcfg/sealcfg/services/azure/internal/azurecause"
)

func init() {
	keys.Default.Register(keys.ServiceProvider(Service{}))
}

// Service is Azure Key Vault as a [keys.Service], for a custom registry.
type Service struct{}

// Type returns "azure_kv".
func (Service) Type() string { return azkv.KeyTypeIdentifier }

// Wrap encrypts secret with the key that vault_url, name and version name, or
// with its newest version, which it adds to the stanza.
func (Service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	plain := bytes.Clone(secret) // an abandoned call may still read it
	k, err := keycall.Do(ctx, azurecause.Text, [][]byte{plain}, func(ctx context.Context) (*azkv.MasterKey, error) {
		k, err := azkv.NewMasterKeyWithOptionalVersion(key.Field(fieldVault), key.Field(fieldName), key.Field(fieldVersion))
		if err == nil {
			err = k.EncryptContext(ctx, plain)
		}
		return k, err
	})
	if err != nil {
		return nil, err
	}
	fields := slices.DeleteFunc(slices.Clone(key.Fields), func(f keys.Field) bool { return f.Name == fieldVersion })
	fields = append(fields, keys.Field{Name: fieldVersion, Value: k.Version})
	return &keys.Stanza{Type: key.Type, Fields: fields, Wrapped: k.EncryptedKey}, nil
}

// Unwrap decrypts the stanza's data key.
func (Service) Unwrap(ctx context.Context, s *keys.Stanza) ([]byte, error) {
	return keycall.Do(ctx, azurecause.Text, nil, func(ctx context.Context) ([]byte, error) {
		k := azkv.NewMasterKey(s.Field(fieldVault), s.Field(fieldName), s.Field(fieldVersion))
		k.EncryptedKey = s.Wrapped
		return k.DecryptContext(ctx)
	})
}

const (
	fieldVault   = "vault_url"
	fieldName    = "name"
	fieldVersion = "version"
)
