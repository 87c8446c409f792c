package azurekv_test

import (
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	fake "github.com/sealcfg/sealcfg/internal/interop/fake/azurekv"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/services/azure/azurekv"
)

var service *fake.Server

func TestMain(m *testing.M) { servicetest.Main(m, &service, fake.New) }

const oldVersion = "ba4f196b15f644cd9e949896a21bab0d"

// vault makes the fake the vault of the environment, and returns its name.
func vault(t *testing.T) string {
	t.Helper()
	servicetest.NeedTrust(t)
	t.Setenv(azurekv.EnvVault, service.URL())
	service.AddSecret("db", &fake.Secret{Value: `{"password": "canary", "a": {"b": 1}}`, Versions: map[string]string{oldVersion: "old canary"}})
	service.AddSecret("prod-db--host", &fake.Secret{Value: "db.example"})
	service.AddSecret("prod-db--port", &fake.Secret{Value: "5432"})
	service.AddSecret("prod-DB--Api-Key", &fake.Secret{Value: "canary"})
	service.AddSecret("prod-listen", &fake.Secret{Disabled: true})
	service.AddSecret("prod-other", &fake.Secret{Denied: true})
	service.AddSecret("another-prod-listen", &fake.Secret{Value: "of another prefix"})
	return service.Host
}

func TestReferences(t *testing.T) {
	v := vault(t)
	for ref, want := range map[string]string{
		"ref+azurekv://" + v + "/db#password":               "canary",
		"ref+azurekeyvault://" + v + "/db#/a/b":             "1",
		"ref+azurekv://127/db#password":                     "canary", // as my-vault is for my-vault.vault.azure.net
		"ref+azurekv://db#password":                         "canary",
		"ref+azurekeyvault://" + v + "/db/" + oldVersion:    "old canary",
		"ref+azurekv://" + v + "/prod-db--host":             "db.example",
		"ref+azurekv://" + strings.ToUpper(v) + "/db#/a/b/": "",
	} {
		if want == "" {
			assert.Contains(t, servicetest.Unresolved(t, ref, nil), "not a JSON object")
			continue
		}
		assert.Equal(t, want, servicetest.Resolved(t, ref), ref)
	}
}

func TestOneRequestPerSecretAndLoad(t *testing.T) {
	v := vault(t)
	type settings struct{ A, B, C string }
	before := len(service.Asked())
	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_A=ref+azurekv://"+v+"/db#password", "APP_B=ref+azurekeyvault://"+v+"/db#a/b", "APP_C=ref+azurekv://"+v+"/prod-db--host"))
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"/secrets/db", "/secrets/prod-db--host"}, clean(service.Asked()[before:]))
}

// clean takes off the slash that Azure's client leaves for a missing version.
func clean(paths []string) []string {
	for i := range paths {
		paths[i] = strings.TrimSuffix(paths[i], "/")
	}
	return paths
}

func TestSource(t *testing.T) {
	vault(t)
	before := len(service.Asked())
	var warnings []*sealcfg.Problem
	v, origins := servicetest.Sourced[servicetest.AppSettings](t, azurekv.Source("prod-"), sealcfg.OnWarning(func(p *sealcfg.Problem) { warnings = append(warnings, p) }))
	v.Check(t)
	assert.Equal(t, "azurekv://prod-DB--Api-Key", origins.Of("db.api_key").String())
	assert.Equal(t, "azurekv://prod-*", azurekv.Source("prod-").Name())
	var secrets []string
	for _, path := range clean(service.Asked()[before:]) {
		if path != "/secrets" && !strings.HasPrefix(path, "/secrets/fake_page_") {
			secrets = append(secrets, path)
		}
	}
	assert.Equal(t, []string{"/secrets/prod-DB--Api-Key", "/secrets/prod-db--host", "/secrets/prod-db--port"}, secrets)
	require.Len(t, warnings, 1)
	assert.Equal(t, "azurekv://prod-other", warnings[0].Origin.String())

	type settings struct{ Other string }
	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithSource(azurekv.Source("prod-")))
	require.ErrorContains(t, err, "load settings: azurekv://prod-other: 403 Forbidden: Caller is not authorized to perform action on resource.")
}

func TestManager(t *testing.T) {
	v := vault(t)
	t.Setenv(azurekv.EnvVault, "")
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	require.NoError(t, err)
	t.Setenv("AZURE_CLIENT_SECRET", "canary that is wrong")
	m := azurekv.Manager{Vaults: []string{"https://other.vault.azure.net", service.URL()}, Credential: credential}
	assert.Equal(t, "canary", servicetest.Resolved(t, "ref+azurekv://"+v+"/db#password", sealcfg.WithResolver(m)))
	assert.Equal(t, "ref+azurekv://db: several vaults are configured: expected VAULT/SECRET", servicetest.Unresolved(t, "ref+azurekv://db", nil, sealcfg.WithResolver(m)))
	m.Vaults = m.Vaults[1:]
	s, _ := servicetest.Sourced[servicetest.AppSettings](t, m.Source("prod-"))
	s.Check(t)
}

func TestRefusals(t *testing.T) {
	v := vault(t)
	for name, want := range map[string]string{
		v + "/nobody":              "404 Not Found: A secret with (name/id) was not found in this key vault.",
		v + "/prod-other":          "403 Forbidden: Caller is not authorized to perform action on resource.",
		v + "/prod-listen":         "403 Forbidden: Operation get is not allowed on a disabled secret.",
		v + "/db/0123":             "404 Not Found: A secret with (name/id) was not found in this key vault.",
		v + "/db/1_2":              "malformed version of a secret",
		v + "/db/0123/x":           "expected VAULT/SECRET or VAULT/SECRET/VERSION",
		v + "/d_b":                 "expected VAULT/SECRET or VAULT/SECRET/VERSION",
		v + "/..":                  "expected VAULT/SECRET or VAULT/SECRET/VERSION",
		"evil.example/db":          "unknown vault; only configured vaults are contacted",
		"127.0.0.1:1/db":           "unknown vault; only configured vaults are contacted",
		v + "@evil/db":             "unknown vault; only configured vaults are contacted",
		v + "/db?tenant_id=x":      `reference parameter "tenant_id" is not allowed`,
		v + "/db?address=evil#a/b": `reference parameter "address" is not allowed`,
	} {
		assert.Contains(t, servicetest.Unresolved(t, "ref+azurekv://"+name, []string{"canary"}), ": "+want)
	}
	for address, want := range map[string]string{
		"":                     "no vault: set $AZURE_KEYVAULT_URL",
		"http://vault.example": "the address of the vault ($AZURE_KEYVAULT_URL) is not in the form https://HOST",
		"my-vault":             "the address of the vault ($AZURE_KEYVAULT_URL) is not in the form https://HOST",
	} {
		t.Setenv(azurekv.EnvVault, address)
		assert.Contains(t, servicetest.Unresolved(t, "ref+azurekv://db", nil), ": "+want)
		assert.Equal(t, "load settings: azurekv://prod-*: "+want, servicetest.NotSourced(t, azurekv.Source("prod-")))
	}
}

func TestLogin(t *testing.T) {
	v := vault(t)
	t.Setenv("AZURE_CLIENT_SECRET", "canary that is wrong")
	assert.Contains(t, servicetest.Unresolved(t, "ref+azurekv://"+v+"/db", []string{"canary"}), "login refused: 401 Unauthorized: AADSTS7000215: Invalid client secret provided.")
	t.Setenv("AZURE_CLIENT_SECRET", "")
	assert.Contains(t, servicetest.Unresolved(t, "ref+azurekv://"+v+"/db", nil), "EnvironmentCredential: incomplete environment variable configuration")
}

func TestNoAnswer(t *testing.T) {
	vault(t)
	t.Setenv(azurekv.EnvVault, "https://"+servicetest.NoAnswer(t))
	servicetest.EndsWithContext(t, "ref+azurekv://db", azurekv.Source("prod-"))
}

func TestPrintsNothing(t *testing.T) {
	servicetest.PrintsNothing(t, func() string { return vault(t) }, func(v string) {
		require.Equal(t, "canary", servicetest.Resolved(t, "ref+azurekv://"+v+"/db#password"))
		servicetest.Unresolved(t, "ref+azurekv://"+v+"/nobody", nil)
	})
}
