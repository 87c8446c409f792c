package awssm_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	fake "github.com/sealcfg/sealcfg/internal/test/fake/aws"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/services/aws/awssm"
)

var service *fake.Server

func TestMain(m *testing.M) { servicetest.Main(m, &service, fake.New) }

const tree = `{"db": {"host": "db.example", "port": 5432, "api_key": "canary"}}`

// newUser is a new user of a service that has some secrets.
func newUser(t *testing.T, endpoint string) *fake.Credentials {
	t.Helper()
	user := servicetest.LoggedInto(t, service, "AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint)
	service.AddSecret(fake.Region, "prod/db", &fake.Secret{Text: `{"password": "canary", "a": {"b": 1}}`, Staged: map[string]string{"AWSPREVIOUS": "old canary"}})
	service.AddSecret(fake.Region, "prod/app", &fake.Secret{Text: tree})
	service.AddSecret(fake.Region, "bytes", &fake.Secret{Binary: []byte("canary of bytes")})
	service.AddSecret("us-east-1", "prod/db", &fake.Secret{Text: "canary of the east"})
	return user
}

func TestReferences(t *testing.T) {
	newUser(t, service.URL())
	for ref, want := range map[string]string{
		"ref+awssm://prod/db#password":         "canary",
		"ref+awssecrets://prod/db#/password":   "canary",
		"ref+awssm://prod/db#a/b":              "1",
		"ref+awssm://bytes":                    "canary of bytes",
		"ref+awssm://prod/app":                 tree,
		"ref+awssm://prod/db?region=us-east-1": "canary of the east",
		"ref+awssm://arn:aws:secretsmanager:eu-west-1:000000000000:secret:prod/db#password": "canary",
		"ref+awssm://prod/db?version_stage=AWSPREVIOUS":                                     "old canary",
		"ref+awssm://prod/db?version_id=00000000-0000-4000-8000-000000000001#password":      "canary",
	} {
		assert.Equal(t, want, servicetest.Resolved(t, ref), ref)
	}
}

func TestOneRequestPerSecretAndLoad(t *testing.T) {
	user := newUser(t, service.URL())
	type settings struct{ A, B, C string }
	before := len(service.Calls())
	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_A=ref+awssm://prod/db#password", "APP_B=ref+awssecrets://prod/db#a/b", "APP_C=ref+awssm://prod/db"))
	require.NoError(t, err)
	assert.Equal(t, []fake.Call{{Action: "GetSecretValue", Principal: user.Principal, Region: fake.Region, Name: "prod/db"}}, service.Calls()[before:])
}

func TestSource(t *testing.T) {
	newUser(t, service.URL())
	before := len(service.Calls())
	v, origins := servicetest.Sourced[servicetest.AppSettings](t, awssm.Source("prod/app"))
	v.Check(t)
	assert.Len(t, service.Calls()[before:], 1)
	assert.Equal(t, "awssm://prod/app", origins.Of("db.api_key").String())
	assert.Equal(t, "awssm://prod/app", awssm.Source("prod/app").Name())

	assert.Equal(t, "load settings: awssm://bytes: not JSON with distinct keys", servicetest.NotSourced(t, awssm.Source("bytes"), "canary"))
	assert.Equal(t, "load settings: awssm://nobody: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
		servicetest.NotSourced(t, awssm.Source("nobody")))
}

func TestGivenConfig(t *testing.T) {
	newUser(t, service.URL())
	c, err := config.LoadDefaultConfig(t.Context())
	require.NoError(t, err)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary that is wrong")
	m := awssm.Manager{Config: &c}
	assert.Equal(t, "canary", servicetest.Resolved(t, "ref+awssm://prod/db#password", sealcfg.WithResolver(m)))
	v, _ := servicetest.Sourced[servicetest.AppSettings](t, m.Source("prod/app"))
	v.Check(t)
}

func TestRefusals(t *testing.T) {
	user := newUser(t, service.URL())
	service.AddSecret(fake.Region, "theirs", &fake.Secret{Text: "canary", Users: []string{"arn:of:somebody"}})
	for ref, want := range map[string]string{
		"ref+awssm://nobody": "ref+awssm://nobody: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
		"ref+awssm://theirs": "ref+awssm://theirs: AccessDeniedException: User: " + user.Principal + " is not authorized to perform: secretsmanager:GetSecretValue " +
			"on resource: theirs because no identity-based policy allows the secretsmanager:GetSecretValue action",
		"ref+awssm://prod/db?version_stage=NEXT":     "ref+awssm://prod/db: ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: NEXT",
		"ref+awssm://prod/db?role_arn=arn:aws:x":     `ref+awssm://prod/db: reference parameter "role_arn" is not allowed; the program's environment sets the server and credentials`,
		"ref+awssm://prod/db?region=evil.example%23": `ref+awssm://prod/db: parameter "region" is not the name of a region`,
		"ref+awssm://prod/db?region=x@evil":          `ref+awssm://prod/db: parameter "region" is not the name of a region`,
	} {
		assert.Equal(t, want, servicetest.Unresolved(t, ref, []string{"canary", user.SecretAccessKey}))
	}

	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary that is wrong")
	t.Setenv("AWS_SESSION_TOKEN", "")
	assert.Equal(t, "ref+awssm://prod/db: InvalidSignatureException: The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method.", servicetest.Unresolved(t, "ref+awssm://prod/db", []string{"canary"}))
	t.Setenv("AWS_SESSION_TOKEN", "canary of a token")
	assert.Contains(t, servicetest.Unresolved(t, "ref+awssm://prod/db", []string{"canary"}), "UnrecognizedClientException: The security token included in the request is invalid.")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	assert.Contains(t, servicetest.Unresolved(t, "ref+awssm://prod/db", []string{"canary"}), "no AWS credentials: ")
	t.Setenv("AWS_REGION", "")
	assert.Equal(t, "ref+awssm://prod/db: no region: set $AWS_REGION", servicetest.Unresolved(t, "ref+awssm://prod/db", nil))
}

func TestUnreachable(t *testing.T) {
	newUser(t, servicetest.Untrusted(t, fake.New).URL())
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	assert.Contains(t, servicetest.Unresolved(t, "ref+awssm://prod/db", nil), "certificate signed by unknown authority")
	t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9")
	assert.Contains(t, servicetest.Unresolved(t, "ref+awssm://prod/db", nil), "connection refused")
	t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://"+servicetest.NoAnswer(t))
	servicetest.EndsWithContext(t, "ref+awssm://prod/db", awssm.Source("prod/app"))
}

func TestPrintsNothing(t *testing.T) {
	servicetest.PrintsNothing(t, func() string { newUser(t, service.URL()); return "ref+awssm://prod/db#password" }, func(ref string) {
		require.Equal(t, "canary", servicetest.Resolved(t, ref))
		servicetest.Unresolved(t, "ref+awssm://nobody", nil)
	})
}
