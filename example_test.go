package sealcfg_test

import (
	"context"
	"embed"
	"fmt"
	"path/filepath"
	"time"

	"github.com/sealcfg/sealcfg"
)

// A demo key, made for these examples; it protects nothing. A real program
// leaves the option out: its key comes from the machine, as sops has it.
const exampleKey = demoKeyLine

func ExampleLoad() {
	type Pool struct {
		Size int
		Idle time.Duration
	}
	type Settings struct {
		Listen   string
		Timeout  time.Duration
		Defaults Pool
		Features []string
		Started  time.Time
		Ratio    float64
		Debug    bool
		Replica  *string
		DB       struct {
			Host     string
			Port     uint16
			Password sealcfg.Secret[string]
			Labels   map[string]string
			Pool     Pool
		}
	}
	var origins sealcfg.Origins
	settings, err := sealcfg.Load[Settings](context.Background(),
		sealcfg.WithDir("testdata/environments"), // default: environments
		sealcfg.WithEnv("prod"),                  // default: $SEALCFG_ENV
		sealcfg.WithEnvPrefix("APP_"),            // $APP_DB__PORT overrides db.port
		sealcfg.WithEnviron("APP_DB__PORT=6543"), // default: the process environment
		sealcfg.WithIdentityText(exampleKey),
		sealcfg.WithOrigins(&origins))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.DB.Host, settings.DB.Port, settings.DB.Password, settings.Timeout)
	for _, path := range []string{"db.host", "db.port", "listen"} {
		fmt.Println(path, "from", filepath.ToSlash(origins.Of(path).String()))
	}
	// Output:
	// db.example.com 6543 [secret] 30s
	// db.host from testdata/environments/prod.yaml:6:11
	// db.port from $APP_DB__PORT
	// listen from testdata/environments/base.yaml:2:9
}

func ExampleLoad_problems() {
	type Settings struct {
		Timeout int // in the file it is 30s
		APIKey  sealcfg.Secret[string]
	}
	_, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithDir("testdata/small"), sealcfg.WithEnv("dev"),
		sealcfg.WithIdentityText(exampleKey))
	fmt.Println(err)
	// Output:
	// settings for "dev": 3 problems
	//   timeout  testdata/small/dev.yaml:1:10  expected int, got an encrypted string; remove the quotes
	//   api_kee  testdata/small/dev.yaml:2:1   unknown key; did you mean "api_key"?
	//   api_key  not set                       set api_key in testdata/small/dev.yaml
}

//go:embed testdata/small
var embedded embed.FS

// The sealed files travel inside the program.
func ExampleWithFS() {
	type Settings struct {
		Timeout time.Duration
		APIKey  sealcfg.Secret[string] `cfg:"api_kee"`
	}
	settings, err := sealcfg.Load[Settings](context.Background(),
		sealcfg.WithFS(embedded, "testdata/small"), sealcfg.WithEnv("dev"), sealcfg.WithIdentityText(exampleKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", *settings)
	// Output: {Timeout:30s APIKey:[secret]}
}

func ExampleSecret() {
	password := sealcfg.NewSecret("correct horse")
	account := struct {
		user     string
		password sealcfg.Secret[string]
	}{"alice", password}

	fmt.Printf("%v %q %#v\n", password, password, password)
	fmt.Println(password.Expose())
	fmt.Println(len(fmt.Sprintf("%+v", account)) > 0) // no method is called on unexported fields; an address is printed
	// Output:
	// [secret] [secret] [secret]
	// correct horse
	// true
}
