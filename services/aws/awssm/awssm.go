// Package awssm takes settings from AWS Secrets Manager. A program imports it like
// a driver of database/sql:
//
//	import _ "github.com/sealcfg/sealcfg/services/aws/awssm"
//
// Then a value may reference a secret, or a field of a secret that is a JSON
// object:
//
//	password: ref+awssm://prod/db#password
//
// The scheme awssecrets of the tool vals is the same. The name may be followed by
// ?version_stage=, ?version_id= and ?region=. A region is a name that AWS defines,
// so it always leads to a host of AWS. A whole secret that is a JSON object becomes
// settings with [Source].
//
// The package contacts Secrets Manager in the region of AWS_REGION, or of the
// profile. AWS's library finds the credentials, and may contact other hosts to get
// them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, web
// identities (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN), ~/.aws/config and
// ~/.aws/credentials (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) with
// AWS_PROFILE, single sign-on, then the roles of containers and of EC2. The last
// contacts 169.254.169.254, unless AWS_EC2_METADATA_DISABLED is "true".
// AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_SECRETS_MANAGER name another endpoint.
// AWS_MAX_ATTEMPTS and AWS_RETRY_MODE set how often AWS's library tries.
//
// A load fetches each secret once, with a timeout of 30 seconds.
package awssm

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/keys/keycall"
	"github.com/sealcfg/sealcfg/services/aws/internal/awscause"
	"github.com/sealcfg/sealcfg/services/aws/internal/awsconfig"
)

func init() { sealcfg.Resolvers.Register(Manager{}) }

// Manager is Secrets Manager. The zero value is ready for use.
type Manager struct {
	// Config configures the calls to AWS. If it is nil, the environment does, when
	// settings are loaded.
	Config *aws.Config
}

var _ sealcfg.Resolver = Manager{}

// Schemes are awssm, and awssecrets as in vals.
func (Manager) Schemes() []string { return []string{"awssm", "awssecrets"} }

// Resolve returns the text of a secret, or its bytes. The name may be an ARN.
func (m Manager) Resolve(ctx context.Context, ref sealcfg.Reference) (string, error) {
	if err := ref.Parameters("region", "version_stage", "version_id"); err != nil {
		return "", err
	}
	in := &secretsmanager.GetSecretValueInput{SecretId: &ref.Name}
	if stage := ref.Query.Get("version_stage"); stage != "" {
		in.VersionStage = &stage
	}
	if id := ref.Query.Get("version_id"); id != "" {
		in.VersionId = &id
	}
	return m.get(ctx, ref.Query.Get("region"), in)
}

// Source returns a source for the secret with a name or ARN. The JSON object in the
// secret becomes settings. Pass it to [sealcfg.WithSource].
func Source(name string) sealcfg.Source { return Manager{}.Source(name) }

// Source is the function [Source] with this manager.
func (m Manager) Source(name string) sealcfg.Source { return source{m, name} }

type source struct {
	m    Manager
	name string
}

func (s source) Name() string { return "awssm://" + s.name }

func (s source) Read(ctx context.Context, r *sealcfg.Reading) error {
	text, err := s.m.get(ctx, "", &secretsmanager.GetSecretValueInput{SecretId: &s.name})
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	return r.SetJSON("", text, sealcfg.Origin{Place: s.Name()})
}

func (m Manager) get(ctx context.Context, region string, in *secretsmanager.GetSecretValueInput) (string, error) {
	return keycall.Do(ctx, awscause.Text, nil, func(ctx context.Context) (string, error) {
		config, err := awsconfig.Load(ctx, m.Config, region)
		if err != nil {
			return "", err
		}
		out, err := secretsmanager.NewFromConfig(config).GetSecretValue(ctx, in)
		switch {
		case err != nil:
			return "", err
		case out.SecretString != nil:
			return *out.SecretString, nil
		case out.SecretBinary != nil:
			return string(out.SecretBinary), nil
		}
		return "", errors.New("the secret has no value")
	})
}
