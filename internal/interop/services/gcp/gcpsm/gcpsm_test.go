package gcpsm_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"

	"github.com/sealcfg/sealcfg"
	fake "github.com/sealcfg/sealcfg/internal/interop/fake/gcpsm"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/services/gcp/gcpsm"
)

var service *fake.Server

func TestMain(m *testing.M) { servicetest.Main(m, &service, fake.New) }

// manager uses the fake, with the account of GOOGLE_APPLICATION_CREDENTIALS.
func manager(t *testing.T) gcpsm.Manager {
	t.Helper()
	servicetest.NeedTrust(t)
	service.Add("db", &fake.Secret{Versions: []string{"old canary", `{"password": "canary", "a": {"b": 1}}`}})
	service.Add("prod-db__host", &fake.Secret{Versions: []string{"db.example"}})
	service.Add("prod-db--port", &fake.Secret{Versions: []string{"5432"}})
	service.Add("prod-DB__API-KEY", &fake.Secret{Versions: []string{"old", "canary"}})
	service.Add("prod-other", &fake.Secret{Denied: true})
	service.Add("not-prod-listen", &fake.Secret{Versions: []string{"of another prefix"}})
	return gcpsm.Manager{Options: []option.ClientOption{option.WithEndpoint(service.Host)}}
}

func resolved(t *testing.T, ref string) string {
	t.Helper()
	return servicetest.Resolved(t, ref, sealcfg.WithResolver(manager(t)))
}

func unresolved(t *testing.T, m gcpsm.Manager, ref string) string {
	t.Helper()
	return servicetest.Unresolved(t, ref, []string{"canary"}, sealcfg.WithResolver(m))
}

const project = fake.Project

func TestReferences(t *testing.T) {
	for ref, want := range map[string]string{
		"ref+gcpsm://" + project + "/db#password":                             "canary",
		"ref+gcpsecrets://" + project + "/db#/a/b":                            "1",
		"ref+gcpsecrets://" + project + "/db?version=1":                       "old canary",
		"ref+gcpsm://" + project + "/db?version=latest#password":              "canary",
		"ref+gcpsm://projects/" + project + "/secrets/db#password":            "canary",
		"ref+gcpsm://projects/" + project + "/secrets/db/versions/1":          "old canary",
		"ref+gcpsm://projects/" + project + "/secrets/db?version=2#/password": "canary",
	} {
		assert.Equal(t, want, resolved(t, ref), ref)
	}
}

func TestOneRequestPerSecretAndLoad(t *testing.T) {
	type settings struct{ A, B string }
	m := manager(t)
	before := len(service.Calls())
	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithResolver(m),
		sealcfg.WithEnviron("APP_A=ref+gcpsm://"+project+"/db#password", "APP_B=ref+gcpsecrets://"+project+"/db#a/b"))
	require.NoError(t, err)
	assert.Equal(t, []string{"access projects/" + project + "/secrets/db/versions/latest"}, service.Calls()[before:])
}

func TestSource(t *testing.T) {
	m := manager(t)
	before := len(service.Calls())
	var warnings []*sealcfg.Problem
	v, origins := servicetest.Sourced[servicetest.AppSettings](t, m.Source(project, "prod-"), sealcfg.OnWarning(func(p *sealcfg.Problem) { warnings = append(warnings, p) }))
	v.Check(t)
	assert.Equal(t, "gcpsm://"+project+"/prod-DB__API-KEY", origins.Of("db.api_key").String())
	assert.Equal(t, "gcpsm://"+project+"/prod-*", m.Source(project, "prod-").Name())
	secrets := "projects/" + project + "/secrets/"
	assert.Equal(t, []string{
		"list projects/" + project, "list projects/" + project, "list projects/" + project,
		"access " + secrets + "prod-DB__API-KEY/versions/latest", "access " + secrets + "prod-db--port/versions/latest", "access " + secrets + "prod-db__host/versions/latest",
	}, service.Calls()[before:], "who needs prod-other?")
	require.Len(t, warnings, 1)
	assert.Equal(t, "gcpsm://"+project+"/prod-other", warnings[0].Origin.String())
}

func TestRefusals(t *testing.T) {
	m := manager(t)
	service.Add("damaged", &fake.Secret{Versions: []string{"canary"}, Damaged: true})
	for name, want := range map[string]string{
		project + "/nobody":          "NotFound: Secret [projects/sealcfg-tests/secrets/nobody/versions/latest] not found or has no versions.",
		project + "/db?version=9":    "NotFound: Secret Version [projects/sealcfg-tests/secrets/db/versions/9] not found.",
		project + "/prod-other":      "PermissionDenied: Permission 'secretmanager.versions.access' denied for resource 'projects/sealcfg-tests/secrets/prod-other/versions/latest' (or it may not exist).",
		project + "/damaged":         "the response does not match its checksum",
		"db":                         "expected PROJECT/SECRET",
		project + "/a/b":             "expected PROJECT/SECRET",
		project + "/..":              "expected PROJECT/SECRET",
		project + "/db?version=1/x":  `parameter "version" is not a version`,
		project + "/db?optional=yes": `reference parameter "optional" is not allowed; the program's environment sets the server and credentials`,
		"projects/" + project + "/secrets/db/versions/1?version=2": "expected one version, got two",
	} {
		assert.Contains(t, unresolved(t, m, "ref+gcpsm://"+name), ": "+want)
	}
	assert.Equal(t, "load settings: gcpsm://another/prod-*: PermissionDenied: Permission 'secretmanager.secrets.list' denied for resource 'projects/another' (or it may not exist).",
		servicetest.NotSourced(t, m.Source("another", "prod-")))
	assert.Contains(t, servicetest.NotSourced(t, m.Source("a/b", "prod-")), "malformed project name")
	type settings struct{ Other string }
	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithSource(m.Source(project, "prod-")))
	require.ErrorContains(t, err, "load settings: gcpsm://sealcfg-tests/prod-other: PermissionDenied: ")
}

func TestCredentials(t *testing.T) {
	m := manager(t)
	file := filepath.Join(t.TempDir(), "canary.json")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	ref := "ref+gcpsm://" + project + "/db"
	servicetest.Unresolved(t, ref, nil, sealcfg.WithResolver(m))
	require.NoError(t, os.WriteFile(file, []byte(`{"type": "service_account", "private_key": "canary`), 0o600))
	unresolved(t, gcpsm.Manager{}, ref)

	other := servicetest.Untrusted(t, fake.New)
	require.NoError(t, os.WriteFile(file, other.Credentials(), 0o600))
	assert.Contains(t, unresolved(t, m, ref), "Unauthenticated: Request had invalid authentication credentials.")
	m.Options = append(m.Options, option.WithAuthCredentialsJSON(option.ServiceAccount, service.Credentials()))
	assert.Equal(t, "canary", servicetest.Resolved(t, ref+"#password", sealcfg.WithResolver(m)), "credentials from code")
}

func TestUnreachable(t *testing.T) {
	m := manager(t)
	ref := "ref+gcpsm://" + project + "/db"
	m.Options = []option.ClientOption{option.WithEndpoint(servicetest.NoAnswer(t))}
	servicetest.EndsWithContext(t, ref, m.Source(project, "prod-"), sealcfg.WithResolver(m))
	m.Options = []option.ClientOption{option.WithEndpoint(servicetest.Untrusted(t, fake.New).Host)}
	assert.Contains(t, unresolved(t, m, ref), "certificate signed by unknown authority")
}

func TestPrintsNothing(t *testing.T) {
	servicetest.PrintsNothing(t, func() string { manager(t); return service.Host }, func(host string) {
		m := gcpsm.Manager{Options: []option.ClientOption{option.WithEndpoint(host)}}
		ref := "ref+gcpsm://" + project + "/db"
		require.Equal(t, "canary", servicetest.Resolved(t, ref+"#password", sealcfg.WithResolver(m)))
		unresolved(t, m, ref+"-of-nobody")
	})
}
