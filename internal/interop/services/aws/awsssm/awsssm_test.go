package awsssm_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	fake "github.com/sealcfg/sealcfg/internal/test/fake/aws"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/services/aws/awsssm"
)

var service *fake.Server

func TestMain(m *testing.M) { servicetest.Main(m, &service, fake.New) }

// newUser is a new user of a service that has some secrets.
func newUser(t *testing.T, endpoint string) *fake.Credentials {
	t.Helper()
	user := servicetest.LoggedInto(t, service, "AWS_ENDPOINT_URL_SSM", endpoint)
	service.AddParameter(fake.Region, "/prod/password", "canary")
	service.AddParameter(fake.Region, "/prod/json", `{"a": {"b": "canary of a field"}}`)
	service.AddParameter("us-east-1", "/prod/password", "canary of the east")
	return user
}

func TestReferences(t *testing.T) {
	newUser(t, service.URL())
	for ref, want := range map[string]string{
		"ref+awsssm://prod/password":                  "canary",
		"ref+awsssm:///prod/password":                 "canary",
		"ref+awsssm://prod/json#/a/b":                 "canary of a field",
		"ref+awsssm://prod/json?mode=singleparam#a/b": "canary of a field",
		"ref+awsssm://prod/password?version=1":        "canary",
		"ref+awsssm://prod/password?region=us-east-1": "canary of the east",
	} {
		assert.Equal(t, want, servicetest.Resolved(t, ref), ref)
	}
}

func TestOneRequestPerParameterAndLoad(t *testing.T) {
	user := newUser(t, service.URL())
	type settings struct{ A, B string }
	before := len(service.Calls())
	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_A=ref+awsssm://prod/json#a/b", "APP_B=ref+awsssm://prod/json#a"))
	require.NoError(t, err)
	assert.Equal(t, []fake.Call{{Action: "GetParameter", Principal: user.Principal, Region: fake.Region, Name: "/prod/json"}}, service.Calls()[before:])
}

func TestSource(t *testing.T) {
	newUser(t, service.URL())
	for name, value := range map[string]string{"db/host": "db.example", "db/port": "5432", "db.api-key": "canary"} {
		service.AddParameter(fake.Region, "/shop/"+name, value)
	}
	service.AddParameter(fake.Region, "/shopping/listen", "of another path")
	for _, path := range []string{"shop", "/shop", "/shop/"} {
		v, origins := servicetest.Sourced[servicetest.AppSettings](t, awsssm.Source(path))
		v.Check(t)
		assert.Equal(t, "awsssm://shop/db.api-key", origins.Of("db.api_key").String())
		assert.Equal(t, "awsssm://shop", awsssm.Source(path).Name())
	}

	// An empty path is no mistake: other sources may have it all.
	servicetest.Sourced[struct{}](t, awsssm.Source("/nothing/here"))
}

// A part overrides the group that it belongs to, in any order of the answer.
func TestPartsOfAGroup(t *testing.T) {
	newUser(t, service.URL())
	service.AddParameter(fake.Region, "/parts/db/host", "db.example")
	service.AddParameter(fake.Region, "/parts/db", `{"host": "overridden", "port": "5432", "api_key": "canary"}`)
	v, _ := servicetest.Sourced[servicetest.AppSettings](t, awsssm.Source("/parts"))
	v.Check(t)
}

func TestPages(t *testing.T) {
	newUser(t, service.URL())
	want := map[string]string{}
	for i := range 25 {
		name := fmt.Sprintf("p%02d", i)
		want[name] = "value of " + name
		service.AddParameter(fake.Region, "/many/map/"+name, want[name])
	}
	type settings struct{ Map map[string]string }
	before := len(service.Calls())
	v, _ := servicetest.Sourced[settings](t, awsssm.Source("/many"))
	assert.Equal(t, want, v.Map)
	assert.Len(t, service.Calls()[before:], 3)
}

func TestUnknownParameters(t *testing.T) {
	newUser(t, service.URL())
	service.AddParameter(fake.Region, "/typo/listen", "canary")
	type settings struct {
		Listen string `default:":8080"`
	}
	var warnings []*sealcfg.Problem
	v, _ := servicetest.Sourced[settings](t, awsssm.Source("/typo"), sealcfg.OnWarning(func(p *sealcfg.Problem) { warnings = append(warnings, p) }))
	assert.Equal(t, "canary", v.Listen)
	assert.Empty(t, warnings)

	service.AddParameter(fake.Region, "/typo/listn", "canary")
	_, _ = servicetest.Sourced[settings](t, awsssm.Source("/typo"), sealcfg.OnWarning(func(p *sealcfg.Problem) { warnings = append(warnings, p) }))
	require.Len(t, warnings, 1)
	assert.Equal(t, "awsssm://typo/listn", warnings[0].Origin.String())
	assert.Equal(t, sealcfg.KindUnknown, warnings[0].Kind)
	assert.Equal(t, "did you mean listen?", warnings[0].Hint)

	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Strict(), sealcfg.WithSource(awsssm.Source("/typo")))
	var problems *sealcfg.Error
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems.Problems, 1)
	assert.NotContains(t, err.Error(), "canary")
}

func TestRefusals(t *testing.T) {
	user := newUser(t, service.URL())
	for ref, want := range map[string]string{
		"ref+awsssm://nobody":                       "ref+awsssm://nobody: ParameterNotFound",
		"ref+awsssm://prod/password?version=2":      "ref+awsssm://prod/password: ParameterVersionNotFound: Systems Manager could not find version 2 of /prod/password. Verify the version and try again.",
		"ref+awsssm://prod/password?role_arn=x":     `ref+awsssm://prod/password: reference parameter "role_arn" is not allowed; the program's environment sets the server and credentials`,
		"ref+awsssm://prod/password?recursive=true": `ref+awsssm://prod/password: reference parameter "recursive" is not allowed; the program's environment sets the server and credentials`,
		"ref+awsssm://prod?mode=other":              `ref+awsssm://prod: parameter "mode": expected singleparam; a reference reads one parameter`,
		"ref+awsssm://prod/password?region=a/b":     `ref+awsssm://prod/password: parameter "region" is not the name of a region`,
	} {
		assert.Equal(t, want, servicetest.Unresolved(t, ref, []string{"canary", user.SecretAccessKey}))
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary that is wrong")
	assert.Contains(t, servicetest.NotSourced(t, awsssm.Source("/prod"), "canary"), "load settings: awsssm://prod: InvalidSignatureException: ")
}

func TestNoAnswer(t *testing.T) {
	newUser(t, "http://"+servicetest.NoAnswer(t))
	servicetest.EndsWithContext(t, "ref+awsssm://prod/password", awsssm.Source("/prod"))
}
