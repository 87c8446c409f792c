// Package gcpsm takes settings from Google Cloud Secret Manager. A program imports
// it like a driver of database/sql:
//
//	import _ "github.com/sealcfg/sealcfg/services/gcp/gcpsm"
//
// Then a value may reference a secret of a project, or a field of a secret that is
// a JSON object:
//
//	password: ref+gcpsm://my-project/db#password
//
// The scheme gcpsecrets of the tool vals is the same. The name may be followed by
// ?version=3; the default is the newest version. The full name,
// projects/my-project/secrets/db/versions/3, also works. All secrets whose names
// have the same prefix become settings with [Source].
//
// The package contacts secretmanager.googleapis.com, after it has logged in with
// Google's application default credentials: the file in
// GOOGLE_APPLICATION_CREDENTIALS, the file of `gcloud auth application-default
// login`, or the metadata server of a machine in Google's cloud
// (GCE_METADATA_HOST). GOOGLE_CLOUD_QUOTA_PROJECT names the project that pays,
// GOOGLE_CLOUD_UNIVERSE_DOMAIN another cloud. Google's libraries also read other
// variables, such as those for proxies. Code can set another host or login in a
// [Manager].
//
// A load fetches each secret once, with a timeout of 30 seconds. Google's library
// tries three times.
package gcpsm

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/keys/keycall"
	"github.com/sealcfg/sealcfg/services/gcp/internal/gcpcause"
)

func init() { sealcfg.Resolvers.Register(Manager{}) }

// Manager is Secret Manager. The zero value is ready for use.
type Manager struct {
	// Options are for Google's client: another endpoint, other credentials.
	Options []option.ClientOption
}

var _ sealcfg.Resolver = Manager{}

// Schemes are gcpsm, and gcpsecrets as in vals.
func (Manager) Schemes() []string { return []string{"gcpsm", "gcpsecrets"} }

// Resolve returns the payload of a secret's version.
func (m Manager) Resolve(ctx context.Context, ref sealcfg.Reference) (string, error) {
	if err := ref.Parameters("version"); err != nil {
		return "", err
	}
	name, err := resource(ref.Name, ref.Query.Get("version"))
	if err != nil {
		return "", err
	}
	return m.access(ctx, name)
}

// The forms of a name; a project's may have a domain in it.
var (
	short = regexp.MustCompile(`^([a-z0-9.:-]+)/([A-Za-z0-9_-]+)$`)
	full  = regexp.MustCompile(`^projects/([a-z0-9.:-]+)/secrets/([A-Za-z0-9_-]+)(?:/versions/([A-Za-z0-9_-]+))?$`)
	part  = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// resource is the name of a secret's version in the words of the service.
func resource(name, version string) (string, error) {
	parts := full.FindStringSubmatch(name)
	switch {
	case parts == nil:
		if parts = short.FindStringSubmatch(name); parts == nil {
			return "", errors.New("expected PROJECT/SECRET")
		}
	case parts[3] != "" && version != "":
		return "", errors.New("expected one version, got two")
	case parts[3] != "":
		version = parts[3]
	}
	if version == "" {
		version = "latest"
	}
	if !part.MatchString(version) {
		return "", errors.New("parameter \"version\" is not a version")
	}
	return "projects/" + parts[1] + "/secrets/" + parts[2] + "/versions/" + version, nil
}

func (m Manager) access(ctx context.Context, name string) (string, error) {
	return call(ctx, m, func(ctx context.Context, client *secretmanager.Client) (string, error) {
		out, err := client.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{Name: name})
		if err != nil {
			return "", err
		}
		data, sum := out.GetPayload().GetData(), out.GetPayload().DataCrc32C
		if sum != nil && *sum != int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))) {
			return "", errors.New("the response does not match its checksum")
		}
		return string(data), nil
	})
}

type shared struct{ first *option.ClientOption }

// call makes a call with the client of the load, which is closed with it.
func call[T any](ctx context.Context, m Manager, do func(context.Context, *secretmanager.Client) (T, error)) (T, error) {
	key := shared{}
	if len(m.Options) > 0 {
		key.first = &m.Options[0]
	}
	own, end := context.WithCancel(ctx) // for calls of a resolver outside of a load
	defer end()
	return keycall.Do(ctx, gcpcause.Text, nil, func(ctx context.Context) (T, error) {
		client, err := sealcfg.Shared(own, key, func(ctx context.Context) (*secretmanager.Client, error) {
			retries := option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(gcpcause.GiveUp()))
			c, err := secretmanager.NewClient(ctx, append([]option.ClientOption{retries}, m.Options...)...)
			if err == nil {
				context.AfterFunc(ctx, func() { _ = c.Close() })
			}
			return c, err
		})
		if err != nil {
			var none T
			return none, err
		}
		return do(gcpcause.Attempts(ctx), client)
	})
}

// Source returns a source for all secrets of a project whose names begin with
// prefix: with prod-app-, the secret prod-app-db__api-key is db.api_key. Two
// underscores or hyphens separate levels, a hyphen is an underscore, and case is
// ignored. A secret without a setting of that name causes a warning and is not
// fetched; with [sealcfg.Strict], it is a problem. Source lists the secrets, then
// fetches them one by one. Pass it to [sealcfg.WithSource].
func Source(project, prefix string) sealcfg.Source { return Manager{}.Source(project, prefix) }

// Source is the function [Source] with this manager.
func (m Manager) Source(project, prefix string) sealcfg.Source { return source{m, project, prefix} }

type source struct {
	m               Manager
	project, prefix string
}

func (s source) Name() string { return "gcpsm://" + s.project + "/" + s.prefix + "*" }

func (s source) Read(ctx context.Context, r *sealcfg.Reading) error {
	names, err := call(ctx, s.m, s.names)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	for _, name := range names {
		at := sealcfg.Origin{Place: "gcpsm://" + s.project + "/" + name}
		variable := variableName(strings.TrimPrefix(name, s.prefix))
		known, err := r.KnownVariable(variable, at)
		if err == nil && known {
			var text string
			if text, err = s.m.access(ctx, "projects/"+s.project+"/secrets/"+name+"/versions/latest"); err == nil {
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
func (s source) names(ctx context.Context, client *secretmanager.Client) ([]string, error) {
	if !short.MatchString(s.project + "/x") {
		return nil, errors.New("malformed project name")
	}
	request := &secretmanagerpb.ListSecretsRequest{Parent: "projects/" + s.project}
	if part.MatchString(s.prefix) {
		request.Filter = "name:" + s.prefix // finds it anywhere in the name
	}
	var names []string
	for all := client.ListSecrets(ctx, request); ; {
		secret, err := all.Next()
		if errors.Is(err, iterator.Done) {
			slices.Sort(names)
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		name := secret.Name[strings.LastIndex(secret.Name, "/")+1:]
		if strings.HasPrefix(name, s.prefix) && name != s.prefix {
			names = append(names, name)
		}
	}
}

// variableName returns a secret's name in the form of an environment variable, with
// two underscores between levels and one between words: /db/api-key, db.api-key and
// db--api-key become db__api_key.
func variableName(secret string) string {
	levels := strings.FieldsFunc(secret, func(r rune) bool { return r == '/' || r == '.' })
	return strings.ReplaceAll(strings.Join(levels, "__"), "-", "_")
}
