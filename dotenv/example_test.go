package dotenv_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/dotenv"
)

// Later files win, and the process environment wins over all.
func ExampleFile() {
	type Settings struct {
		APIKey sealcfg.Secret[string] `env:"API_KEY"`
		Debug  bool                   `env:"DEBUG" default:"false"`
		DB     struct{ URL string }
	}
	dir, err := os.MkdirTemp("", "dotenv") // a program names .env and .env.local
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, ".env")
	text := "export API_KEY='correct horse'\nDEBUG=true # for now\nHOST=localhost\nAPP_DB__URL=\"postgres://${HOST}/app\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("DEBUG=false"),
		dotenv.File(path), dotenv.File(filepath.Join(dir, ".env.local"))) // the second does not exist
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.APIKey, settings.Debug, settings.DB.URL)
	// Output: [secret] false postgres://localhost/app
}
