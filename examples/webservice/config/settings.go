// Package config has the settings of the example, and says where they come from.
package config

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/dotenv"
	_ "github.com/sealcfg/sealcfg/services/vault/vaultkv" // environments/prod.yaml names a secret of Vault
)

// Settings are what the service needs to run. What has no default must be set.
type Settings struct {
	APIKey      sealcfg.Secret[string]  `env:"API_KEY" min:"16" desc:"what callers show: Authorization: Bearer KEY"`
	DatabaseURL sealcfg.Secret[url.URL] `env:"DATABASE_URL" check:"url" desc:"postgres://USER:PASSWORD@HOST:PORT/NAME"`
	Debug       bool                    `env:"DEBUG" default:"false" desc:"log more, and show the settings at /settings"`
	Greeting    string                  `default:"hello" desc:"what the service says"`
	HTTP        HTTP
}

// HTTP is how the service listens.
type HTTP struct {
	Listen  string        `default:"127.0.0.1:8080" check:"hostport" desc:"where the service listens; port 0 is any"`
	Timeout time.Duration `default:"5s" min:"1s" max:"1m" desc:"for the head of a request, and for requests under way at the end"`
}

// Validate is called once everything is bound. It must not quote values.
func (s *Settings) Validate() error {
	u := s.DatabaseURL.Expose()
	if !slices.Contains([]string{"postgres", "postgresql"}, u.Scheme) {
		return &sealcfg.FieldError{Field: "DatabaseURL", Reason: "must begin with postgres://"}
	}
	return nil
}

// Database is the address of the database without its password, for logs.
func (s *Settings) Database() string {
	u := s.DatabaseURL.Expose()
	return fmt.Sprintf("%s@%s%s", u.User.Username(), u.Host, u.Path)
}

// Options say where settings come from, besides the files: $SEALCFG_ENV names the
// environment, and the key is where sops looks for it.
func Options() []sealcfg.Option {
	return []sealcfg.Option{
		dotenv.File(".env"),           // for work on one machine; where there is none, it is passed over
		sealcfg.WithEnvPrefix("WEB_"), // $WEB_HTTP__LISTEN is http.listen
		sealcfg.Strict(),              // $WEB_HTTP__LISTN is a mistake
	}
}
