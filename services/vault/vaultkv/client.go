package vaultkv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/vault/api"
	"github.com/mitchellh/go-homedir"

	"github.com/sealcfg/sealcfg/services/vault/internal/vaultcause"
)

// client is shared by the calls of one load.
type client struct {
	vault   *api.Client
	refused atomic.Value // the host to which a redirect would have led

	mu     sync.Mutex
	mounts map[string]bool // with a slash at the end → engine of version 2
}

// newClient returns a client that ends with ctx.
func newClient(ctx context.Context, given *api.Client) (*client, error) {
	c := &client{vault: given, mounts: map[string]bool{}}
	if given != nil {
		return c, nil
	}
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, config.Error
	}
	config.HttpClient.CheckRedirect = c.redirect
	vault, err := api.NewClient(config)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, config.HttpClient.CloseIdleConnections)
	c.vault = vault
	if vault.Token() != "" {
		return c, nil
	}
	token, err := tokenOfFile()
	vault.SetToken(token)
	return c, err
}

// tokenOfFile returns the token that `vault login` has stored, or "".
func tokenOfFile() (string, error) {
	home, err := homedir.Dir()
	if err != nil {
		return "", nil // without a home directory, the user has not logged in
	}
	text, err := os.ReadFile(filepath.Join(home, ".vault-token"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(text)), err
}

// redirect is called before a redirect is followed. It returns ErrUseLastResponse,
// so Vault's library gets the response and would follow the redirect itself, to any
// host and with the token in a header. Therefore redirect deletes the Location of a
// response that leads to another host.
func (c *client) redirect(next *http.Request, before []*http.Request) error {
	if next.URL.Host != before[0].URL.Host && next.Response != nil {
		c.refused.Store(next.URL.Host)
		next.Response.Header.Del("Location")
	}
	return http.ErrUseLastResponse
}

// fields returns the fields of a secret.
func (c *client) fields(ctx context.Context, name, version string) (map[string]any, error) {
	mount, second, err := c.mount(ctx, name)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if second {
		if rest := strings.TrimPrefix(name, mount); !strings.HasPrefix(rest, "data/") {
			name = mount + "data/" + rest
		}
		if version != "" {
			query.Set("version", version)
		}
	} else if version != "" {
		return nil, errors.New("parameter \"version\": this engine stores only one version")
	}
	secret, err := c.vault.Logical().ReadWithDataWithContext(ctx, name, query)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if secret != nil {
		fields = secret.Data
	}
	if second {
		fields, _ = fields["data"].(map[string]any)
	}
	if fields == nil {
		return nil, errors.New("secret not found or deleted")
	}
	return fields, nil
}

// mount returns the mount of a path, and whether its engine is version 2. Vault's
// own command uses the same request.
func (c *client) mount(ctx context.Context, name string) (mount string, second bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for mount, second := range c.mounts {
		if strings.HasPrefix(name, mount) {
			return mount, second, nil
		}
	}
	secret, err := c.vault.Logical().ReadWithContext(ctx, "sys/internal/ui/mounts/"+name)
	switch {
	case err != nil:
		return "", false, err
	case secret == nil:
		return "", false, errors.New("no secrets engine is mounted at this path")
	}
	mount, _ = secret.Data["path"].(string)
	if kind, _ := secret.Data["type"].(string); kind != "kv" && kind != "generic" || !strings.HasPrefix(name, mount) || mount == "" {
		return "", false, errors.New("the secrets engine at this path is not a KV engine")
	}
	options, _ := secret.Data["options"].(map[string]any)
	second = options["version"] == "2"
	c.mounts[mount] = second
	return mount, second, nil
}

// describe returns the reason why a call failed.
func (c *client) describe(err error) string {
	if host, ok := c.refused.Load().(string); ok {
		return "redirected to another host, " + host + "; the token was not sent"
	}
	return describe(err)
}

func describe(err error) string {
	var answer *api.ResponseError
	var transport *url.Error
	switch {
	case errors.As(err, &answer):
		said := ""
		if !answer.RawError { // otherwise it is not an answer of Vault, and may repeat the request
			said = vaultcause.Messages(strings.Join(answer.Errors, "\n"))
		}
		if said == "" {
			said = "no reason given"
		}
		return fmt.Sprintf("%s (HTTP %d)", said, answer.StatusCode)
	case errors.As(err, &transport):
		return transport.Err.Error()
	}
	return ""
}
