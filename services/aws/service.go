// Package aws wraps data keys with AWS KMS. A program imports it for its side
// effect:
//
//	import _ "github.com/sealcfg/sealcfg/services/aws"
//
// The package contacts KMS in the region of the key's ARN. If the key has a role,
// it first contacts STS in the same region. AWS's library finds the credentials,
// and may contact other hosts to get them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
// and AWS_SESSION_TOKEN, web identities, ~/.aws/config and ~/.aws/credentials
// (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) with AWS_PROFILE or the key's
// profile, single sign-on, then the roles of containers and of EC2. The last
// contacts 169.254.169.254, unless AWS_EC2_METADATA_DISABLED is "true".
// AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KMS and AWS_ENDPOINT_URL_STS name other
// endpoints; AWS_REGION is ignored.
package aws

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/getsops/sops/v3/kms"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/services/aws/internal/awscause"
)

func init() { keys.Default.Register(keys.ServiceProvider(Service{})) }

// DefaultTimeout is the maximum duration of a call if [Service.Timeout] is not set.
const DefaultTimeout = time.Minute

// Service is AWS KMS. The zero value is ready for use.
type Service struct {
	// Timeout is the maximum duration of a call with its retries: AWS's library has
	// a limit for each connection but none for the whole call.
	Timeout time.Duration
}

var _ keys.Service = Service{}

// Type is "kms".
func (Service) Type() string { return kms.KeyTypeIdentifier }

// Wrap encrypts secret with the key whose ARN is the field arn. It uses the role
// and the profile in the fields role and aws_profile, and the encryption context in
// the field context.
func (s Service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	k, err := masterKey(key)
	if err != nil {
		return nil, err
	}
	err = s.call(ctx, func(ctx context.Context) error {
		if err := useCredentials(ctx, k); err != nil {
			return err
		}
		return k.EncryptContext(ctx, secret)
	})
	if err != nil {
		return nil, err
	}
	return &keys.Stanza{Type: kms.KeyTypeIdentifier, Fields: fields(k), Wrapped: k.EncryptedKey}, nil
}

// Unwrap decrypts a stanza.
func (s Service) Unwrap(ctx context.Context, stanza *keys.Stanza) ([]byte, error) {
	k, err := masterKey(stanza)
	if err != nil {
		return nil, err
	}
	k.EncryptedKey = stanza.Wrapped
	var secret []byte
	err = s.call(ctx, func(ctx context.Context) error {
		if err := useCredentials(ctx, k); err != nil {
			return err
		}
		secret, err = k.DecryptContext(ctx)
		return err
	})
	return secret, err
}

// keyARN is the ARN of a key or an alias. Its region becomes part of a host's
// name, so it must not hold anything but a name.
var keyARN = regexp.MustCompile(`^arn:aws[0-9A-Za-z_-]*:kms:[0-9a-z-]+:[0-9]+:(key|alias)/[^\s]+$`)

func masterKey(s *keys.Stanza) (*kms.MasterKey, error) {
	arn := s.Field("arn")
	if !keyARN.MatchString(arn) {
		return nil, errors.New("arn is not the ARN of a KMS key")
	}
	var context map[string]*string
	for _, f := range s.Fields {
		if f.Name != "context" || len(f.Map) == 0 {
			continue
		}
		context = make(map[string]*string, len(f.Map))
		for _, pair := range f.Map {
			context[pair.Name] = &pair.Value
		}
	}
	return kms.NewMasterKeyWithProfile(arn, s.Field("role"), context, s.Field("aws_profile")), nil
}

// useCredentials gives k the credentials that AWS's library finds. That library would
// find the same without it, but print warnings to stderr.
func useCredentials(ctx context.Context, k *kms.MasterKey) error {
	found, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}),
		config.WithRegion(strings.Split(k.Arn, ":")[3]), config.WithSharedConfigProfile(k.AwsProfile))
	if err != nil {
		return err
	}
	kms.NewCredentialsProvider(found.Credentials).ApplyToMasterKey(k)
	return nil
}

// fields returns the fields that sops writes: role and context only if they are
// set, the profile always.
func fields(k *kms.MasterKey) []keys.Field {
	all := []keys.Field{{Name: "arn", Value: k.Arn}}
	if k.Role != "" {
		all = append(all, keys.Field{Name: "role", Value: k.Role})
	}
	if len(k.EncryptionContext) > 0 {
		context := keys.Field{Name: "context", Map: []keys.Field{}}
		for name, value := range k.EncryptionContext {
			context.Map = append(context.Map, keys.Field{Name: name, Value: *value})
		}
		slices.SortFunc(context.Map, func(a, b keys.Field) int { return strings.Compare(a.Name, b.Name) })
		all = append(all, context)
	}
	return append(all, keys.Field{Name: "aws_profile", Value: k.AwsProfile})
}

func (s Service) call(ctx context.Context, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timeout := s.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := call(limited)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fmt.Errorf("no answer within %v: %w", timeout, limited.Err())
	}
	return awscause.Of(err)
}
