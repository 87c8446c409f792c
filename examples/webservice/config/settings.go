// Package config defines the settings of the example and their sources.
package config

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/dotenv"
	_ "github.com/sealcfg/sealcfg/services/vault/vaultkv" // environments/prod.yaml refers to a secret in Vault
)

// Settings are the settings of the service. A field without a default is required.
type Settings struct {
	APIKey      sealcfg.Secret[string]  `env:"API_KEY" min:"16" desc:"callers send it: Authorization: Bearer KEY"`
	DatabaseURL sealcfg.Secret[url.URL] `env:"DATABASE_URL" check:"url" desc:"postgres://USER:PASSWORD@HOST:PORT/NAME"`
	Debug       bool                    `env:"DEBUG" default:"false" desc:"log more, and show the settings at /settings"`
	Greeting    string                  `default:"hello" desc:"the text that the service returns"`
	HTTP        HTTP
}

// HTTP configures the server.
type HTTP struct {
	Listen  string        `default:"127.0.0.1:8080" check:"hostport" desc:"where the service listens; port 0 is any"`
	Timeout time.Duration `default:"5s" min:"1s" max:"1m" desc:"for reading the header of a request, and for open requests at shutdown"`
}

// Validate runs after all fields are bound. Its error must not contain values.
func (s *Settings) Validate() error {
	u := s.DatabaseURL.Expose()
	if !slices.Contains([]string{"postgres", "postgresql"}, u.Scheme) {
		return &sealcfg.FieldError{Field: "DatabaseURL", Reason: "must begin with postgres://"}
	}
	return nil
}

// Database returns the address of the database without its password, for logs.
func (s *Settings) Database() string {
	u := s.DatabaseURL.Expose()
	return fmt.Sprintf("%s@%s%s", u.User.Username(), u.Host, u.Path)
}

// Options are the sources of the settings in addition to the files. $SEALCFG_ENV selects the
// environment, and the key comes from the key sources of sops.
func Options() []sealcfg.Option {
	return []sealcfg.Option{
		dotenv.File(".env"),           // for local development; may be missing
		sealcfg.WithEnvPrefix("WEB_"), // $WEB_HTTP__LISTEN is http.listen
		sealcfg.Strict(),              // rejects unknown variables such as $WEB_HTTP__LISTN
	}
}
