package sealcfg_test

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/sealcfg/sealcfg"
)

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

	_, err = handle.Reload(context.Background()) // the manager has no more keys
	fmt.Println(err)
	fmt.Println(handle.Get().APIKey.Expose())
	// Output:
	// [api_key] <nil>
	// first second
	// load settings: the manager does not answer
	// second
}

// rotating stands for a manager of secrets.
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

// A server follows its files, reloads on SIGHUP, and asks its secret manager once
// an hour.
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
	fmt.Println(settings.Optional.Equal(sealcfg.NewSecret(""))) // nobody set it, so nothing matches
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
	greet(context.Background()) // nothing to say
	greet(sealcfg.NewContext(context.Background(), settings))
	// Output: hello
}
