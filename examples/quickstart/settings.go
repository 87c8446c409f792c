package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/sealcfg/sealcfg"
)

// Settings are the settings of the service. A field is required unless it has a default or is
// optional.
type Settings struct {
	Greeting string
	HTTP     struct {
		Port    uint16 `default:"8080"`
		Timeout time.Duration
	}
	DB struct {
		Host     string
		Port     uint16
		User     string
		Password sealcfg.Secret[string]
	}
	Admin struct {
		Token sealcfg.Secret[string]
	}
	Features []string `cfg:",optional"`
}

// Validate runs after all fields are bound.
func (s *Settings) Validate() error {
	if s.HTTP.Timeout <= 0 {
		return errors.New("http.timeout must be above zero")
	}
	return nil
}

// The sealed files travel inside the program.
//
//go:embed environments
var files embed.FS

// The key of this example is in the same directory and is worthless. A real program leaves
// WithIdentityText out: its key comes from $SOPS_AGE_KEY_FILE or another key source of sops.
//
//go:embed demo-key.txt
var demoKey string

func load(ctx context.Context) (*Settings, *sealcfg.Origins, error) {
	var origins sealcfg.Origins
	settings, err := sealcfg.Load[Settings](ctx,
		sealcfg.WithFS(files, "environments"),
		sealcfg.WithEnv("dev"),
		sealcfg.WithEnvPrefix("QUICKSTART_"), // $QUICKSTART_HTTP__PORT overrides http.port
		sealcfg.WithIdentityText(demoKey),
		sealcfg.WithOrigins(&origins))
	return settings, &origins, err
}

// banner prints a line for each setting: name, value, origin.
func banner(out io.Writer, s *Settings, origins *sealcfg.Origins) {
	rows := []struct {
		path  string
		value any // a Secret always prints as [secret]
	}{
		{"greeting", s.Greeting},
		{"http.port", s.HTTP.Port},
		{"http.timeout", s.HTTP.Timeout},
		{"db.host", s.DB.Host},
		{"db.port", s.DB.Port},
		{"db.user", s.DB.User},
		{"db.password", s.DB.Password},
		{"admin.token", s.Admin.Token},
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%v\t%s\n", r.path, r.value, origins.Of(r.path))
	}
	for i, feature := range s.Features {
		path := fmt.Sprintf("features[%d]", i)
		fmt.Fprintf(table, "%s\t%s\t%s\n", path, feature, origins.Of(path))
	}
	_ = table.Flush() // an error while printing the banner does not stop the service
}
