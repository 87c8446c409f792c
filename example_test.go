package sealcfg_test

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sealcfg/sealcfg"
)

// exampleKey was made for these examples and protects no data. A real program omits the
// option, and Load finds a key in the key sources of sops.
const exampleKey = "AGE-SECRET-KEY-1PRWRW2ZXAML7SHLNJ7HA6M8LL6TLEEMZ2JURSWPWAZ69PH6209PQKHUGD2"

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

// The encrypted files are embedded in the program.
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
	fmt.Println(len(fmt.Sprintf("%+v", account)) > 0) // fmt calls no method of an unexported field; it prints an address
	// Output:
	// [secret] [secret] [secret]
	// correct horse
	// true
}

// Tags define checks. Messages do not quote the value.
func Example_checks() {
	type Settings struct {
		Mode     string                 `oneof:"dev prod"`
		Timeout  time.Duration          `min:"1s" max:"1m"`
		Callback *url.URL               `check:"url"`
		Admins   []string               `min:"1" check:"email"`
		Password sealcfg.Secret[string] `min:"12"`
	}
	_, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(
		"APP_MODE=staging", "APP_TIMEOUT=2h", "APP_CALLBACK=/login", "APP_ADMINS=ann@example.com,bob", "APP_PASSWORD=hunter2"))
	fmt.Println(err)
	// Output:
	// settings: 5 problems
	//   mode       $APP_MODE      must be one of dev, prod
	//   timeout    $APP_TIMEOUT   must be at most 1m
	//   callback   $APP_CALLBACK  must be a URL with scheme and host
	//   admins[1]  $APP_ADMINS    must be an email address
	//   password   $APP_PASSWORD  must be at least 12 characters long
}

// A field named kind selects one of several structs.
func Example_union() {
	type Settings struct {
		Storage struct {
			Kind string
			S3   *struct{ Bucket string } `kind:"s3"`
			Disk *struct{ Path string }   `kind:"disk"`
		}
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(
		"APP_STORAGE__KIND=s3", "APP_STORAGE__BUCKET=backups"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.Storage.S3.Bucket, settings.Storage.Disk == nil)

	_, err = sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.Set("storage.kind", "tape"))
	fmt.Println(err)
	// Output:
	// backups true
	// settings: 1 problem
	//   storage.kind  set in code  must be one of s3, disk
}

func ExampleOptional() {
	type Settings struct {
		Replicas sealcfg.Optional[int]
		Proxy    sealcfg.Optional[string]
		Region   sealcfg.Optional[string]
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.Set("replicas", 3), sealcfg.Set("proxy", nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	n, ok := settings.Replicas.Get()
	fmt.Println(n, ok, settings.Proxy.IsNull(), settings.Region.Or("eu"))
	fmt.Printf("%+v\n", *settings)
	// Output:
	// 3 true true eu
	// {Replicas:3 Proxy:<null> Region:<unset>}
}

func ExampleWithValidation() {
	type Settings struct {
		HTTP  struct{ Port uint16 }
		Admin struct{ Port uint16 }
	}
	distinct := func(settings any) error {
		if s := settings.(*Settings); s.HTTP.Port == s.Admin.Port {
			return &sealcfg.FieldError{Field: "Admin.Port", Reason: "must differ from http.port"}
		}
		return nil
	}
	_, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithValidation(distinct),
		sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_HTTP__PORT=80", "APP_ADMIN__PORT=80"))
	fmt.Println(err)
	// Output:
	// settings: 1 problem
	//   admin.port  $APP_ADMIN__PORT  must differ from http.port
}

// A description of the settings, for people. To write it to a file with go generate, see
// examples/webservice/gen.
func ExampleDescribe() {
	type Settings struct {
		Mode string `oneof:"dev prod" default:"dev" desc:"how the program runs"`
		DB   struct {
			Port     uint16                 `default:"5432" env:"PGPORT"`
			Password sealcfg.Secret[string] `desc:"of the user app"`
		}
	}
	d, err := sealcfg.Describe[Settings](sealcfg.WithEnvPrefix("APP_"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = d.WriteMarkdown(os.Stdout)
	fmt.Println()
	_ = d.WriteEnvExample(os.Stdout)
	fmt.Println()
	_ = d.WriteYAML(os.Stdout)
	// Output:
	// | setting | type | default | variable | |
	// |---|---|---|---|---|
	// | `mode` | `string` | `"dev"` | `APP_MODE` | how the program runs; one of dev, prod |
	// | `db.port` | `uint16` | `5432` | `PGPORT`, `APP_DB__PORT` |  |
	// | `db.password` | `string` |  | `APP_DB__PASSWORD` | of the user app; secret; required |
	//
	// # how the program runs
	// # string; one of dev, prod
	// #APP_MODE=dev
	//
	// # uint16
	// #PGPORT=5432
	//
	// # of the user app
	// # string; secret; required
	// APP_DB__PASSWORD=
	//
	// # how the program runs
	// # mode: "dev" # string; one of dev, prod
	// db:
	//   # port: 5432 # uint16
	//   # of the user app
	//   password: "" # string; secret; required
}

// An editor can check and complete a file with this schema, without a key: an encrypted
// value of the right type is valid, too.
func ExampleSchema() {
	type Settings struct {
		Port  uint16 `default:"5432" desc:"where the database listens"`
		Token sealcfg.Secret[string]
	}
	text, err := sealcfg.Schema[Settings]()
	if err != nil {
		fmt.Println(err)
		return
	}
	var schema struct {
		Required   []string
		Properties map[string]struct {
			Description string
			WriteOnly   bool
		}
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(schema.Required, schema.Properties["port"].Description, schema.Properties["token"].WriteOnly)
	// Output: [token] where the database listens true
}

func ExampleHandle_Explain() {
	type Settings struct {
		Listen  string
		Timeout time.Duration
		Retries int `default:"3"`
		Proxy   *string
		APIKey  sealcfg.Secret[string]
	}
	handle, err := sealcfg.New[Settings](sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_LISTEN=:8080", "APP_API_KEY=correct horse"),
		sealcfg.Set("timeout", 5*time.Second)).Load(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := handle.Explain(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// PATH     TYPE           VALUE     ORIGIN
	// listen   string         :8080     $APP_LISTEN
	// timeout  time.Duration  5s        set in code
	// retries  int            3         default
	// proxy    string         -         not set
	// api_key  string         [secret]  $APP_API_KEY
}

func ExampleHandle_Reload() {
	type Settings struct {
		Timeout time.Duration
		APIKey  sealcfg.Secret[string]
	}
	manager := &rotating{keys: []string{"first", "second"}}
	handle, err := sealcfg.New[Settings](sealcfg.WithoutFiles(), sealcfg.WithSource(manager), sealcfg.Set("timeout", "5s")).Load(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	before := handle.Get()
	changed, err := handle.Reload(context.Background())
	fmt.Println(changed, err)
	fmt.Println(before.APIKey.Expose(), handle.Get().APIKey.Expose())

	_, err = handle.Reload(context.Background()) // the secret manager has no more keys
	fmt.Println(err)
	fmt.Println(handle.Get().APIKey.Expose())
	// Output:
	// [api_key] <nil>
	// first second
	// load settings: the manager does not answer
	// second
}

// rotating is a secret manager that returns a new key each time.
type rotating struct{ keys []string }

func (*rotating) Name() string { return "manager" }

func (m *rotating) Read(_ context.Context, r *sealcfg.Reading) error {
	if len(m.keys) == 0 {
		return fmt.Errorf("the manager does not answer")
	}
	key := m.keys[0]
	m.keys = m.keys[1:]
	return r.Set("api_key", key, sealcfg.Origin{Place: "manager"})
}

// A server reloads when a file changes, on SIGHUP, and once an hour for the secrets of its
// secret manager.
func ExampleHandle_Watch() {
	type Settings struct{ APIKey sealcfg.Secret[string] }
	handle, err := sealcfg.New[Settings](sealcfg.WithoutFiles(), sealcfg.WithSource(&rotating{keys: []string{"first", "second"}})).Load(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	err = handle.Watch(ctx, func(changed []string, err error) {
		if err != nil {
			fmt.Println("settings not reloaded:", err) // no error contains a value
			return
		}
		fmt.Println("settings reloaded, changed:", changed)
		stop() // in an example, once is enough
	}, sealcfg.OnSignal(syscall.SIGHUP), sealcfg.Every(time.Hour))
	fmt.Println(err)
	// Output:
	// settings reloaded, changed: [api_key]
	// context canceled
}

func ExampleSecret_Equal() {
	type Settings struct {
		Token    sealcfg.Secret[string]
		Optional sealcfg.Secret[string] `cfg:",optional"`
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.Set("token", "correct horse"))
	if err != nil {
		fmt.Println(err)
		return
	}
	given := sealcfg.NewSecret("correct horse")
	fmt.Println(settings.Token.Equal(given), settings.Token.Equal(sealcfg.NewSecret("")))
	fmt.Println(settings.Optional.Equal(sealcfg.NewSecret(""))) // an unset secret equals no value
	// Output:
	// true false
	// false
}

func ExampleFromContext() {
	type Settings struct{ Greeting string }
	greet := func(ctx context.Context) {
		if settings, ok := sealcfg.FromContext[Settings](ctx); ok {
			fmt.Println(settings.Greeting)
		}
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.Set("greeting", "hello"))
	if err != nil {
		fmt.Println(err)
		return
	}
	greet(context.Background()) // no settings in this context: prints nothing
	greet(sealcfg.NewContext(context.Background(), settings))
	// Output: hello
}
