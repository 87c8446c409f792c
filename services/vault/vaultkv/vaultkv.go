// Package vaultkv takes settings from the key-value engines of HashiCorp Vault (or
// of OpenBao), version 1 and 2. A program imports it like a driver of database/sql:
//
//	import _ "github.com/sealcfg/sealcfg/services/vault/vaultkv"
//
// Then a value may reference a field of a secret, or all of them as a JSON object:
//
//	password: ref+vaultkv://secret/db#password
//
// The scheme vault of the tool vals is the same. The path is the path of `vault kv
// get`: the mount and the path below it. A load requests the version of the engine
// from Vault once for each mount. With version 2, data/ after the mount is
// optional, and ?version=3 may follow the path. All fields of a secret become
// settings with [Source].
//
// The package contacts only the server at VAULT_ADDR. It follows a redirect only to
// the same host, because the request contains the token. As in Vault's own command,
// requests go through proxies and VAULT_AGENT_ADDR if they are set.
//
// The token comes from VAULT_TOKEN, or from ~/.vault-token, where `vault login`
// stores it. An agent may add its own. Of Vault's other variables, these have an
// effect: VAULT_NAMESPACE, VAULT_CACERT, VAULT_CACERT_BYTES, VAULT_CAPATH,
// VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME, VAULT_SKIP_VERIFY,
// VAULT_CLIENT_TIMEOUT, VAULT_MAX_RETRIES (2, if not set), VAULT_RATE_LIMIT,
// VAULT_HEADERS, VAULT_PROXY_ADDR and VAULT_DISABLE_REDIRECTS. Code can log in in
// another way with a [Manager].
//
// A load fetches each secret once, with a timeout of 30 seconds.
package vaultkv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/keys/keycall"
)

func init() { sealcfg.Resolvers.Register(Manager{}) }

// Manager is Vault. The zero value is ready for use.
type Manager struct {
	// Client is the client for Vault. If it is nil, a client is configured from the
	// environment when settings are loaded. The package does not change a given
	// client; for example, the client decides which redirects it follows.
	Client *api.Client
}

var _ sealcfg.Resolver = Manager{}

// Schemes are vaultkv, and vault as in vals.
func (Manager) Schemes() []string { return []string{"vaultkv", "vault"} }

// Resolve returns the fields of a secret as a JSON object.
func (m Manager) Resolve(ctx context.Context, ref sealcfg.Reference) (string, error) {
	if err := ref.Parameters("version"); err != nil {
		return "", err
	}
	version := ref.Query.Get("version")
	if version != "" && !number.MatchString(version) {
		return "", errors.New("parameter \"version\" is not a number")
	}
	return m.read(ctx, ref.Name, version)
}

var number = regexp.MustCompile(`^[0-9]{1,9}$`)

// Source returns a source for the secret at a path such as secret/app. The fields
// of the secret become settings. Pass it to [sealcfg.WithSource].
func Source(path string) sealcfg.Source { return Manager{}.Source(path) }

// Source is the function [Source] with this manager.
func (m Manager) Source(path string) sealcfg.Source { return source{m, path} }

type source struct {
	m    Manager
	path string
}

func (s source) Name() string { return "vaultkv://" + s.path }

func (s source) Read(ctx context.Context, r *sealcfg.Reading) error {
	text, err := s.m.read(ctx, s.path, "")
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	return r.SetJSON("", text, sealcfg.Origin{Place: s.Name()})
}

// read returns the fields of a secret as a JSON object.
func (m Manager) read(ctx context.Context, name, version string) (string, error) {
	name = strings.Trim(name, "/")
	// It becomes the path of a request, which must be one of the engine.
	if path.Clean("/"+name) != "/"+name || !strings.Contains(name, "/") {
		return "", errors.New("expected MOUNT/PATH")
	}
	c, err := keycall.Do(ctx, describe, nil, func(ctx context.Context) (*client, error) {
		return sealcfg.Shared(ctx, shared{m.Client}, func(ctx context.Context) (*client, error) { return newClient(ctx, m.Client) })
	})
	if err != nil {
		return "", err
	}
	fields, err := keycall.Do(ctx, c.describe, nil, func(ctx context.Context) (map[string]any, error) { return c.fields(ctx, name, version) })
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(fields)
	if err != nil { // never: it was JSON
		return "", errors.New("the response is not JSON")
	}
	return string(text), nil
}

type shared struct{ client *api.Client }
