package sealcfg_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/sealcfg/sealcfg"
)

// Variables are named like the paths of the settings, with a prefix, or by env tags.
func ExampleWithEnvPrefix() {
	type Server struct {
		Host string
		Port int `default:"80"`
	}
	type Settings struct {
		Token   sealcfg.Secret[string] `env:"API_TOKEN,TOKEN"` // without the prefix; the first one that is set
		DB      struct{ APIKey, User string }
		Hosts   []string
		Labels  map[string]string
		Servers []Server
		Main    Server
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(
		"TOKEN=correct horse",
		"APP_DB__API_KEY=k", "app_db__user=u", // two underscores between levels; case does not matter
		"APP_HOSTS=a,b", "APP_HOSTS__2=c", // a list, and one item
		`APP_LABELS={"team": "shop"}`, "APP_LABELS__TIER=1", // a map, and one entry
		`APP_SERVERS=[{"host": "x"}]`, "APP_SERVERS__0__PORT=81",
		`APP_MAIN={"host": "y"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.Token.Expose(), settings.DB, settings.Hosts, settings.Labels, settings.Servers, settings.Main)
	// Output: correct horse {k u} [a b c] map[team:shop tier:1] [{x 81}] {y 80}
}

// With Strict, a variable that has the prefix but no setting is a problem.
func ExampleStrict() {
	type Settings struct {
		DB struct{ Port uint16 }
	}
	_, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_DB__PORT=5432", "APP_DB__PROT=5433", "PATH=/bin"), sealcfg.Strict())
	fmt.Println(err)
	// Output:
	// settings: 1 problem
	//   (all)  $APP_DB__PROT  unknown variable; did you mean $APP_DB__PORT?
}

// Flags are derived from the struct. A flag on the command line overrides all sources except Set.
func ExampleFlags() {
	type Settings struct {
		Debug bool     `default:"false" desc:"log more"`
		Hosts []string `cfg:",optional"`
		DB    struct {
			Port     uint16                 `default:"5432" desc:"where the database listens"`
			Password sealcfg.Secret[string] // has no flag, because arguments are public
		}
	}
	loader := sealcfg.New[Settings](sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_DB__PASSWORD=p", "APP_DB__PORT=1"))
	flags := flag.NewFlagSet("app", flag.ContinueOnError) // a program passes flag.Var and calls flag.Parse
	if err := sealcfg.Flags(loader, flags.Var); err != nil {
		fmt.Println(err)
		return
	}
	flags.SetOutput(os.Stdout)
	flags.PrintDefaults()
	if err := flags.Parse([]string{"--debug", "--db.port", "6543", "--hosts", "a,b", "--hosts", "c"}); err != nil {
		fmt.Println(err)
		return
	}
	handle, err := loader.Load(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	s := handle.Get()
	fmt.Println(s.Debug, s.DB.Port, s.Hosts, handle.Origins().Of("db.port"))
	// Output:
	//   -db.port value
	//     	where the database listens [env: APP_DB__PORT] (default 5432)
	//   -debug
	//     	log more [env: APP_DEBUG] (default false)
	//   -hosts []string
	//     	[]string [env: APP_HOSTS]
	// true 6543 [a b c] --db.port
}

// The function that defines the flags can rename and omit them.
func ExampleFlags_names() {
	type Settings struct {
		Debug bool `default:"false"`
		Trace bool `default:"false"`
		DB    struct {
			Port uint16 `default:"5432"`
		}
	}
	loader := sealcfg.New[Settings](sealcfg.WithoutFiles(), sealcfg.WithEnviron())
	flags := flag.NewFlagSet("app", flag.ContinueOnError)
	err := sealcfg.Flags(loader, func(value flag.Value, name, usage string) {
		switch name {
		case "trace": // omitted
		case "db.port":
			flags.Var(value, "p", usage) // a short name
			fallthrough
		default:
			flags.Var(value, "app-"+strings.ReplaceAll(name, ".", "-"), usage)
		}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := flags.Parse([]string{"--app-debug", "-p", "6543"}); err != nil {
		fmt.Println(err)
		return
	}
	handle, err := loader.Load(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v %v\n", *handle.Get(), flags.Lookup("app-db-port").Usage)
	// Output: {Debug:true Trace:false DB:{Port:6543}} `uint16`
}

// Docker and Kubernetes mount secrets as a directory with one file for each setting.
func ExampleWithSecretsDir() {
	type Settings struct {
		DB struct{ User, Password sealcfg.Secret[string] }
	}
	dir, err := os.MkdirTemp("", "secrets") // for example /run/secrets
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for name, text := range map[string]string{"db__user": "app\n", "db.password": "correct horse\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(),
		sealcfg.WithSecretsDir(dir, filepath.Join(dir, "passed-over"))) // skipped, because it does not exist
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.DB.User.Expose(), settings.DB.Password.Expose())
	// Output: app correct horse
}

// A registry is an example of a source: a service with addresses by region.
type registry map[string]string

func (registry) Name() string { return "registry" }

func (g registry) Read(_ context.Context, r *sealcfg.Reading) error {
	region, ok := r.Lookup("region") // as set by weaker sources
	if !ok {
		return nil // no settings is not an error
	}
	return r.Set("endpoint", g[region], sealcfg.Origin{Place: "registry of " + region})
}

// A program's own source can read the settings of weaker sources, and it has a
// position in the order.
func ExampleSource() {
	type Settings struct{ Region, Endpoint string }
	loader := sealcfg.New[Settings](sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_REGION=eu"),
		sealcfg.WithSource(registry{"eu": "https://eu.example.com"}),
		sealcfg.Order(func(weakestFirst []sealcfg.Source) []sealcfg.Source {
			for _, s := range weakestFirst {
				fmt.Println(s.Name())
			}
			weakestFirst[0], weakestFirst[1] = weakestFirst[1], weakestFirst[0]
			return weakestFirst
		}))
	handle, err := loader.Load(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(handle.Get().Endpoint, "from the", handle.Origins().Of("endpoint"))
	// Output:
	// registry
	// environment
	// https://eu.example.com from the registry of eu
}

// Files can have different formats. Plaintext files must be allowed, by environment.
func ExampleAllowPlain() {
	type Settings struct {
		Listen string
		DB     struct {
			Host string
			Port uint16
		}
	}
	files := fstest.MapFS{
		"environments/base.toml": {Data: []byte("listen = ':8080'\n[db]\nhost = 'localhost'\nport = 5432\n")},
		"environments/dev.json":  {Data: []byte(`{"db": {"port": 6543}}`)}, // overrides only the port of db
	}
	load := func(opts ...sealcfg.Option) {
		settings, err := sealcfg.Load[Settings](context.Background(), append(opts, sealcfg.WithFS(files, "environments"), sealcfg.WithEnv("dev"), sealcfg.WithEnviron())...)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(*settings)
	}
	load(sealcfg.AllowPlain("dev"))
	load()
	// Output:
	// {:8080 {localhost 6543}}
	// load settings for "dev": environments/base.toml: not an encrypted file: it has no sops metadata
}

// Old names still work, with a warning.
func ExampleOnWarning() {
	type Settings struct {
		Address string `alias:"addr"`
		Colour  string `deprecated:"nobody looks at it" default:"green"`
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_ADDR=:8080", "APP_COLOUR=red"),
		sealcfg.OnWarning(func(p *sealcfg.Problem) { fmt.Println(p) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.Address)
	// Output:
	// address: $APP_ADDR: the name "addr" is deprecated; write address
	// colour: $APP_COLOUR: is deprecated; nobody looks at it
	// :8080
}

// A machine is an example of a resolver.
type machine map[string]string

func (machine) Schemes() []string { return []string{"machine"} }

func (m machine) Resolve(_ context.Context, ref sealcfg.Reference) (string, error) {
	if err := ref.Parameters(); err != nil { // it has no parameters
		return "", err
	}
	secret, ok := m[ref.Name]
	if !ok {
		return "", errors.New("no such secret")
	}
	return secret, nil
}

// A program can add a resolver for any secret manager. For AWS, Azure, Google and HashiCorp,
// import a package such as github.com/sealcfg/sealcfg/services/aws/awssm.
func ExampleResolver() {
	type settings struct {
		Password sealcfg.Secret[string]
		Prompt   string
	}
	s, err := sealcfg.Load[settings](context.Background(),
		sealcfg.WithoutFiles(),
		sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_PASSWORD=ref+machine://db#user/password", "APP_PROMPT=ref+echo://ref+machine://you"),
		sealcfg.WithResolver(machine{"db": `{"user": {"name": "app", "password": "correct horse"}}`}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Password.Expose())
	fmt.Println(s.Prompt)
	// Output:
	// correct horse
	// ref+machine://you
}

// Options limit references to the secrets of the program, in files and in variables.
func ExampleAllowReferences() {
	type settings struct{ Password, Token string }
	_, err := sealcfg.Load[settings](context.Background(),
		sealcfg.WithoutFiles(),
		sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_PASSWORD=ref+machine://app/db", "APP_TOKEN=ref+machine://admin/token"),
		sealcfg.WithResolver(machine{"app/db": "correct horse", "admin/token": "battery staple"}),
		sealcfg.AllowReferences("machine://app/", "awssm://prod/app/"),
		sealcfg.AllowVariableReferences("machine://app/"))
	fmt.Println(err)
	// Output:
	// settings: 1 problem
	//   token  $APP_TOKEN: ref+machine://admin/token  the program does not allow this reference; to allow it, add it to sealcfg.AllowVariableReferences
}
