package vault

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/getsops/sops/v3/hcvault"
)

// client is the HTTP client of a call. It has no transport, so Vault's library
// gives it one that is configured by the variables.
type client struct {
	raw  *http.Client
	http *hcvault.HTTPClient

	refused string // the host to which a redirect would have led
}

func newClient() *client {
	c := &client{}
	c.raw = &http.Client{CheckRedirect: c.redirect}
	c.http = hcvault.NewHTTPClient(c.raw)
	return c
}

// redirect is called before a redirect is followed. It returns ErrUseLastResponse,
// so Vault's library gets the response and would follow the redirect itself, to any
// host and with the token in a header. Therefore redirect deletes the Location of a
// response that leads to another host.
func (c *client) redirect(next *http.Request, before []*http.Request) error {
	if first := before[0].URL; next.URL.Host != first.Host && next.Response != nil {
		c.refused = next.URL.Host
		next.Response.Header.Del("Location")
	}
	return http.ErrUseLastResponse
}

func (c *client) call(ctx context.Context, call func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := call()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case c.refused != "":
		return fmt.Errorf("redirected to another host, %s; the token was not sent", c.refused)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	}
	return cause(err)
}

func (c *client) close() { c.raw.CloseIdleConnections() }
