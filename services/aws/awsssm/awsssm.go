// Package awsssm takes settings from the parameters of AWS Systems Manager (SSM). A
// program imports it like a driver of database/sql:
//
//	import _ "github.com/sealcfg/sealcfg/services/aws/awsssm"
//
// Then a value may reference a parameter, or a field of a parameter that holds a
// JSON object:
//
//	password: ref+awsssm://prod/db/password
//
// is the parameter /prod/db/password: the first slash is implied, as in the tool
// vals. The name may be followed by ?version= and ?region=. A region is a name that
// AWS defines, so it always leads to a host of AWS. The part after # is a field of
// the parameter's value, as with mode=singleparam of vals, which is allowed. All
// parameters below a path become settings with [Source].
//
// The package contacts SSM in the region of AWS_REGION, or of the profile. AWS's
// library finds the credentials, and may contact other hosts to get them:
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, web identities
// (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN), ~/.aws/config and ~/.aws/credentials
// (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) with AWS_PROFILE, single sign-on,
// then the roles of containers and of EC2. The last contacts 169.254.169.254,
// unless AWS_EC2_METADATA_DISABLED is "true". AWS_ENDPOINT_URL and
// AWS_ENDPOINT_URL_SSM name another endpoint. AWS_MAX_ATTEMPTS and AWS_RETRY_MODE
// set how often AWS's library tries.
//
// A load fetches each parameter once, with a timeout of 30 seconds. The same
// timeout applies to all pages below a path together.
package awsssm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/keys/keycall"
	"github.com/sealcfg/sealcfg/services/aws/internal/awscause"
	"github.com/sealcfg/sealcfg/services/aws/internal/awsconfig"
)

func init() { sealcfg.Resolvers.Register(Manager{}) }

// Manager is SSM. The zero value is ready for use.
type Manager struct {
	// Config configures the calls to AWS. If it is nil, the environment does, when
	// settings are loaded.
	Config *aws.Config
}

var _ sealcfg.Resolver = Manager{}

// Schemes is awsssm, as in vals.
func (Manager) Schemes() []string { return []string{"awsssm"} }

// Resolve returns the value of a parameter, decrypted.
func (m Manager) Resolve(ctx context.Context, ref sealcfg.Reference) (string, error) {
	if err := ref.Parameters("region", "version", "mode"); err != nil {
		return "", err
	}
	if mode := ref.Query.Get("mode"); mode != "" && mode != "singleparam" {
		return "", errors.New("parameter \"mode\": expected singleparam; a reference reads one parameter")
	}
	name := rooted(ref.Name)
	if version := ref.Query.Get("version"); version != "" {
		name += ":" + version
	}
	return keycall.Do(ctx, awscause.Text, nil, func(ctx context.Context) (string, error) {
		client, err := m.client(ctx, ref.Query.Get("region"))
		if err != nil {
			return "", err
		}
		out, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
		switch {
		case err != nil:
			return "", err
		case out.Parameter == nil || out.Parameter.Value == nil:
			return "", errors.New("the parameter has no value")
		}
		return *out.Parameter.Value, nil
	})
}

// rooted adds the first slash to a name, which vals does not require. An ARN has no
// first slash.
func rooted(name string) string {
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, "arn:") {
		return name
	}
	return "/" + name
}

func (m Manager) client(ctx context.Context, region string) (*ssm.Client, error) {
	config, err := awsconfig.Load(ctx, m.Config, region)
	if err != nil {
		return nil, err
	}
	return ssm.NewFromConfig(config), nil
}

// Source is all parameters below a path: with /prod/app, the parameter
// /prod/app/db/api-key is db.api_key. Dots separate levels like slashes, hyphens stand
// for underscores, and case does not count. Of a parameter that no setting is
// named like, the user is warned; with [sealcfg.Strict], it is a problem. Give
// Source to [sealcfg.WithSource].
func Source(path string) sealcfg.Source { return Manager{}.Source(path) }

// Source is the function [Source] with this manager.
func (m Manager) Source(path string) sealcfg.Source {
	return source{m, strings.TrimSuffix(rooted(path), "/")}
}

type source struct {
	m    Manager
	path string
}

func (s source) Name() string { return "awsssm:/" + s.path }

func (s source) Read(ctx context.Context, r *sealcfg.Reading) error {
	all, err := keycall.Do(ctx, awscause.Text, nil, s.parameters)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	for _, p := range all {
		at := sealcfg.Origin{Place: "awsssm:/" + p.name}
		name := variableName(strings.TrimPrefix(p.name, s.path))
		if known, err := r.KnownVariable(name, at); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		} else if !known {
			continue
		}
		if _, err := r.SetVariable(name, p.value, at); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

type parameter struct{ name, value string }

func (s source) parameters(ctx context.Context) ([]parameter, error) {
	client, err := s.m.client(ctx, "")
	if err != nil {
		return nil, err
	}
	path := s.path
	if path == "" {
		path = "/"
	}
	var all []parameter
	pages := ssm.NewGetParametersByPathPaginator(client, &ssm.GetParametersByPathInput{
		Path: &path, Recursive: aws.Bool(true), WithDecryption: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Parameters {
			all = append(all, parameter{aws.ToString(p.Name), aws.ToString(p.Value)})
		}
	}
	// A group comes before its parts.
	slices.SortFunc(all, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// variableName returns a secret's name in the form of an environment variable, with
// two underscores between levels and one between words: /db/api-key, db.api-key and
// db--api-key become db__api_key.
func variableName(secret string) string {
	levels := strings.FieldsFunc(secret, func(r rune) bool { return r == '/' || r == '.' })
	return strings.ReplaceAll(strings.Join(levels, "__"), "-", "_")
}
