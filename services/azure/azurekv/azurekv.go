// Package azurekv takes settings from the secrets of Azure Key Vault. A program
// imports it like a driver of database/sql:
//
//	import _ "github.com/sealcfg/sealcfg/services/azure/azurekv"
//
// Then a value may reference a secret of a vault, or a field of a secret that is a
// JSON object:
//
//	password: ref+azurekv://my-vault/db#password
//
// The scheme azurekeyvault of the tool vals is the same. The name may be followed
// by /VERSION; the default is the newest version. All secrets whose names have the
// same prefix become settings with [Source].
//
// The vault is the one whose address is in AZURE_KEYVAULT_URL
// (https://my-vault.vault.azure.net), or one of the vaults of a [Manager]. A
// reference to another vault is rejected, so that a file or a variable cannot
// choose the host that the program contacts. A reference without a vault uses the
// only vault.
//
// The package contacts the vault after it has a token. The token comes from the
// first of these that has one; AZURE_TOKEN_CREDENTIALS limits the choice:
//
//   - AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_CLIENT_SECRET or
//     AZURE_CLIENT_CERTIFICATE_PATH, from login.microsoftonline.com or the host
//     in AZURE_AUTHORITY_HOST
//   - workload identity: AZURE_FEDERATED_TOKEN_FILE
//   - managed identity of a machine or app in Azure's cloud
//   - the programs az, azd and pwsh, if the user has logged in with them
//
// A load fetches each secret once, with a timeout of 30 seconds. Within this time,
// Azure's library tries again up to three times.
package azurekv

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/keys/keycall"
	"github.com/sealcfg/sealcfg/services/azure/internal/azurecause"
)

func init() { sealcfg.Resolvers.Register(Manager{}) }

// Manager is Key Vault. The zero value is ready for use.
type Manager struct {
	// Vaults are the addresses of the vaults that references may name. If it is
	// empty, the only vault is the one in AZURE_KEYVAULT_URL.
	Vaults []string
	// Credential is the login to the vault. If it is nil, the environment provides
	// it.
	Credential azcore.TokenCredential
}

var _ sealcfg.Resolver = Manager{}

// Schemes are azurekv, and azurekeyvault as in vals.
func (Manager) Schemes() []string { return []string{"azurekv", "azurekeyvault"} }

var (
	secretName    = regexp.MustCompile(`^[0-9A-Za-z-]+$`)
	secretVersion = regexp.MustCompile(`^[0-9A-Za-z]+$`)
)

// Resolve returns the value of a secret.
func (m Manager) Resolve(ctx context.Context, ref sealcfg.Reference) (string, error) {
	if err := ref.Parameters(); err != nil {
		return "", err
	}
	parts := strings.Split(ref.Name, "/")
	if len(parts) == 1 {
		parts = append([]string{""}, parts...)
	}
	version := ""
	if len(parts) == 3 {
		if version = parts[2]; !secretVersion.MatchString(version) {
			return "", errors.New("malformed version of a secret")
		}
	}
	if len(parts) > 3 || !secretName.MatchString(parts[1]) {
		return "", errors.New("expected VAULT/SECRET or VAULT/SECRET/VERSION")
	}
	vault, err := m.vault(parts[0])
	if err != nil {
		return "", err
	}
	return m.get(ctx, vault, parts[1], version)
}

// vault returns the address of the vault of a name: the first part of its host, or
// the host. "" is the only vault.
func (m Manager) vault(name string) (string, error) {
	all := m.Vaults
	if len(all) == 0 {
		if all = []string{vaultOfEnvironment()}; all[0] == "" {
			return "", errors.New("no vault: set $" + EnvVault)
		}
	}
	if name == "" && len(all) > 1 {
		return "", errors.New("several vaults are configured: expected VAULT/SECRET")
	}
	for _, address := range all {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return "", errors.New("the address of the vault ($" + EnvVault + ") is not in the form https://HOST")
		}
		first, _, _ := strings.Cut(u.Host, ".")
		if name == "" || strings.EqualFold(name, u.Host) || strings.EqualFold(name, first) {
			return "https://" + u.Host, nil
		}
	}
	return "", errors.New("unknown vault; only configured vaults are contacted")
}

func (m Manager) get(ctx context.Context, vault, name, version string) (string, error) {
	return call(ctx, m, vault, func(ctx context.Context, client *azsecrets.Client) (string, error) {
		out, err := client.GetSecret(ctx, name, version, nil)
		switch {
		case err != nil:
			return "", err
		case out.Value == nil:
			return "", errors.New("the secret has no value")
		}
		return *out.Value, nil
	})
}

type shared struct {
	vault      string
	credential azcore.TokenCredential
}

// call makes a call with the client of the load, which keeps its token.
func call[T any](ctx context.Context, m Manager, vault string, do func(context.Context, *azsecrets.Client) (T, error)) (T, error) {
	var key any = shared{vault, m.Credential}
	if m.Credential != nil && !reflect.TypeOf(m.Credential).Comparable() {
		key = new(shared) // differs from every other key
	}
	return keycall.Do(ctx, azurecause.Text, nil, func(ctx context.Context) (T, error) {
		client, err := sealcfg.Shared(ctx, key, func(context.Context) (*azsecrets.Client, error) {
			credential := m.Credential
			if credential == nil {
				var err error
				if credential, err = azidentity.NewDefaultAzureCredential(nil); err != nil {
					return nil, err
				}
			}
			return azsecrets.NewClient(vault, credential, nil)
		})
		if err != nil {
			var none T
			return none, err
		}
		return do(ctx, client)
	})
}

// Source returns a source for all secrets of the vault whose names begin with
// prefix: with prod-app-, the secret prod-app-db--api-key is db.api_key. Two
// hyphens separate levels, one hyphen is an underscore, and case is ignored.
// Disabled secrets are skipped. A secret without a setting of that name causes a
// warning and is not fetched; with [sealcfg.Strict], it is a problem. Source lists
// the secrets, then fetches them one by one. Pass it to [sealcfg.WithSource].
func Source(prefix string) sealcfg.Source { return Manager{}.Source(prefix) }

// Source is the function [Source] with this manager, which has one vault.
func (m Manager) Source(prefix string) sealcfg.Source { return source{m, prefix} }

type source struct {
	m      Manager
	prefix string
}

func (s source) Name() string { return "azurekv://" + s.prefix + "*" }

func (s source) Read(ctx context.Context, r *sealcfg.Reading) error {
	vault, err := s.m.vault("")
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	names, err := call(ctx, s.m, vault, s.names)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	for _, name := range names {
		at := sealcfg.Origin{Place: "azurekv://" + name}
		variable := variableName(strings.TrimPrefix(name, s.prefix))
		known, err := r.KnownVariable(variable, at)
		if err == nil && known {
			var text string
			if text, err = s.m.get(ctx, vault, name, ""); err == nil {
				_, err = r.SetVariable(variable, text, at)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

// names lists the secrets. A group comes before its parts.
func (s source) names(ctx context.Context, client *azsecrets.Client) ([]string, error) {
	var names []string
	for pages := client.NewListSecretPropertiesPager(nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Value {
			disabled := p.Attributes != nil && p.Attributes.Enabled != nil && !*p.Attributes.Enabled
			if p.ID == nil || disabled {
				continue
			}
			if name := p.ID.Name(); strings.HasPrefix(name, s.prefix) && name != s.prefix {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// variableName returns a secret's name in the form of an environment variable, with
// two underscores between levels and one between words: /db/api-key, db.api-key and
// db--api-key become db__api_key.
func variableName(secret string) string {
	levels := strings.FieldsFunc(secret, func(r rune) bool { return r == '/' || r == '.' })
	return strings.ReplaceAll(strings.Join(levels, "__"), "-", "_")
}
