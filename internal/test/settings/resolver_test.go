package settings_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// A safe is a secret manager in memory that counts its requests.
type safe struct {
	secrets map[string]string
	resolve func(context.Context, sealcfg.Reference) (string, error) // nil: look in secrets

	mu    sync.Mutex
	asked map[string]int
}

func newSafe(namesAndSecrets ...string) *safe {
	s := &safe{secrets: map[string]string{}, asked: map[string]int{}}
	for i := 0; i < len(namesAndSecrets); i += 2 {
		s.secrets[namesAndSecrets[i]] = namesAndSecrets[i+1]
	}
	return s
}

func (s *safe) Schemes() []string { return []string{"safe", "oldsafe"} }

func (s *safe) Resolve(ctx context.Context, ref sealcfg.Reference) (string, error) {
	s.mu.Lock()
	s.asked[ref.Name]++
	s.mu.Unlock()
	if s.resolve != nil {
		return s.resolve(ctx, ref)
	}
	secret, ok := s.secrets[ref.Name]
	if !ok {
		return "", errors.New("no such secret")
	}
	return secret, nil
}

// loadRef loads a T from one encrypted file, prod, and variables, with a safe.
func loadRef[T any](t *testing.T, s *safe, plain string, environ ...string) (*T, *sealcfg.Origins, error) {
	t.Helper()
	var origins sealcfg.Origins
	opts := append(options(t, files(t, "prod", plain), environ...), sealcfg.WithResolver(s), sealcfg.WithOrigins(&origins))
	v, err := sealcfg.Load[T](t.Context(), opts...)
	return v, &origins, err
}

func TestReferences(t *testing.T) {
	type db struct {
		Host     string
		Port     int
		Password sealcfg.Secret[string]
	}
	type settings struct {
		Key    sealcfg.Secret[string]
		Field  string
		Deep   string
		Port   int
		List   []string
		Map    map[string]sealcfg.Secret[string]
		DB     db
		Secret sealcfg.Secret[db]
		Hosts  []string
		Labels map[string]string
		Plain  *string
	}
	s := newSafe(
		"key", "k3y", "app", `{"field": "f", "a": {"b": "deep", "port": 8080}, "null": null}`,
		"db", `{"host": "h", "port": 5432, "password": "p"}`, "hosts", `["x", "y"]`, "labels", "a=1,b=2")
	v, origins, err := loadRef[settings](t, s, `
key: ref+safe://key
field: ref+safe://app#field
deep: ref+safe://app#/a/b
port: ref+safe://app#a/port
list: [one, ref+safe://key, ref+oldsafe://key]
map: {x: ref+safe://key}
db: ref+safe://db
secret: {host: h2, port: 1, password: ref+safe://key}
hosts: ref+safe://hosts
labels: ref+safe://labels
`, "APP_PLAIN=ref+safe://key")
	require.NoError(t, err)
	assert.Equal(t, "k3y", v.Key.Expose())
	assert.Equal(t, "f", v.Field)
	assert.Equal(t, "deep", v.Deep)
	assert.Equal(t, 8080, v.Port)
	assert.Equal(t, []string{"one", "k3y", "k3y"}, v.List)
	assert.Equal(t, "k3y", v.Map["x"].Expose())
	assert.Equal(t, "h", v.DB.Host)
	assert.Equal(t, 5432, v.DB.Port)
	assert.Equal(t, "p", v.DB.Password.Expose())
	assert.Equal(t, "k3y", v.Secret.Expose().Password.Expose())
	assert.Equal(t, []string{"x", "y"}, v.Hosts)
	assert.Equal(t, map[string]string{"a": "1", "b": "2"}, v.Labels)
	assert.Equal(t, "k3y", *v.Plain)
	assert.Equal(t, map[string]int{"key": 1, "app": 1, "db": 1, "hosts": 1, "labels": 1}, s.asked, "once for all references of a load")

	assert.Equal(t, "environments/prod.yaml:2:6: ref+safe://key", origins.Of("key").String())
	assert.Equal(t, "environments/prod.yaml:4:7: ref+safe://app#a/b", origins.Of("deep").String())
	assert.Equal(t, "environments/prod.yaml:8:5: ref+safe://db", origins.Of("db.port").String())
	assert.Equal(t, "$APP_PLAIN: ref+safe://key", origins.Of("plain").String())
}

// Structured settings from a variable that contains a reference.
func TestReferencesInVariables(t *testing.T) {
	type settings struct {
		Hosts  []string
		Two    []string
		Labels map[string]string
		DB     struct{ Host string }
		Ports  []int
	}
	s := newSafe("hosts", "x,y", "one", "1", "two", "2", "labels", `{"a": "1"}`, "db", `{"host": "h"}`)
	v, _, err := loadRef[settings](t, s, "ports: [1, 2]", "APP_HOSTS=ref+safe://hosts", "APP_TWO=ref+safe://one,ref+safe://two",
		"APP_LABELS=ref+safe://labels", "APP_DB=ref+safe://db", "APP_PORTS__1=ref+safe://two")
	require.NoError(t, err)
	assert.Equal(t, []string{"x", "y"}, v.Hosts)
	assert.Equal(t, []string{"1", "2"}, v.Two)
	assert.Equal(t, map[string]string{"a": "1"}, v.Labels)
	assert.Equal(t, "h", v.DB.Host)
	assert.Equal(t, []int{1, 2}, v.Ports)
}

func TestReferencesFromEverySource(t *testing.T) {
	type settings struct{ DotEnv, Added, Code, Flag string }
	s := newSafe("a", "from the safe")
	dotenv := func(context.Context) ([]string, error) { return []string{"APP_DOT_ENV=ref+safe://a"}, nil }
	v, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron("APP_FLAG=ref+safe://a"), sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithVariables(".env", dotenv), sealcfg.WithResolver(s),
		sealcfg.WithSource(pairsSource{"added": "ref+safe://a"}), sealcfg.Set("code", "ref+safe://a"))
	require.NoError(t, err)
	assert.Equal(t, &settings{"from the safe", "from the safe", "ref+safe://a", "from the safe"}, v, "what code sets is taken as it is")
}

type pairsSource map[string]string

func (pairsSource) Name() string { return "pairs" }

func (s pairsSource) Read(_ context.Context, r *sealcfg.Reading) error {
	for path, text := range maps.All(s) {
		if err := r.Set(path, text, sealcfg.Origin{Place: "pairs"}); err != nil {
			return err
		}
	}
	return nil
}

func TestTextsThatAreNoReferences(t *testing.T) {
	type settings struct{ Text string }
	s := newSafe("x", "ref+safe://y", "y", "not again")
	for text, want := range map[string]string{
		"ref+":                         "ref+",
		"ref+safe":                     "ref+safe",
		"ref+safe:/x":                  "ref+safe:/x",
		"ref+://x":                     "ref+://x",
		"ref+Safe://x":                 "ref+Safe://x",
		"ref+a b://x":                  "ref+a b://x",
		" ref+safe://x":                " ref+safe://x",
		"see ref+safe://x":             "see ref+safe://x",
		"ref+safe://x":                 "ref+safe://y", // the result of a resolver is not a reference
		"ref+echo://ref+safe://x#?%zz": "ref+safe://x#?%zz",
		"ref+echo://":                  "",
	} {
		v, _, err := loadRef[settings](t, s, "text: '"+text+"'")
		require.NoError(t, err, text)
		assert.Equal(t, want, v.Text)
	}
	assert.NotContains(t, s.asked, "y")
}

func TestNobodyIsAskedInVain(t *testing.T) {
	type settings struct{ Text string }
	s := newSafe("b", "b")
	v, _, err := loadRef[settings](t, s, "text: ref+safe://a", "APP_TEXT=ref+safe://b")
	require.NoError(t, err)
	assert.Equal(t, "b", v.Text)
	assert.Equal(t, map[string]int{"b": 1}, s.asked, "what is overridden is not asked for")
}

func TestReferencesThatFail(t *testing.T) {
	type settings struct {
		Port int
		Text string `cfg:",optional"`
		DB   struct{ Host string }
	}
	s := newSafe("app", `{"port": "canary", "list": [1], "null": null}`, "text", "canary")
	for _, c := range []struct{ plain, want string }{
		{"port: ref+safe://nobody", "port environments/prod.yaml:1:7: ref+safe://nobody no such secret"},
		{"port: ref+safe://app#port", `port environments/prod.yaml:1:7: ref+safe://app#port expected int`},
		{"port: ref+safe://app#/port/deeper", "port environments/prod.yaml:1:7: ref+safe://app#port/deeper the secret is not a JSON object, so it has no fields"},
		{"port: ref+safe://text#a", "port environments/prod.yaml:1:7: ref+safe://text#a the secret is not a JSON object, so it has no fields"},
		{"port: ref+safe://app#Port", "port environments/prod.yaml:1:7: ref+safe://app#Port the secret has no such field"},
		{"port: ref+safe://app#null", "port environments/prod.yaml:1:7: ref+safe://app#null the secret has no such field"},
		{"port: ref+safe://", "port environments/prod.yaml:1:7 expected ref+SCHEME://NAME#KEY; if the value is not a reference, write ref+echo:// before it"},
		{"port: ref+safe://app?%zz", "port environments/prod.yaml:1:7 expected ref+SCHEME://NAME#KEY; if the value is not a reference, write ref+echo:// before it"},
		{"port: 1\ndb: ref+safe://text", "db environments/prod.yaml:2:5: ref+safe://text expected a JSON object with distinct keys"},
		{"port: ref+other://canary", "port environments/prod.yaml:1:7 no resolver for ref+other://; if the value is not a reference, write ref+echo:// before it"},
		{"port: ref+vault://x", "port environments/prod.yaml:1:7: ref+vault://x no resolver for ref+vault://: the program does not import github.com/sealcfg/sealcfg/services/vault/vaultkv"},
	} {
		_, _, err := loadRef[settings](t, s, c.plain)
		assert.Contains(t, problemsOf(t, err)[0], c.want)
		assert.NotContains(t, err.Error(), "canary")
	}
	s.resolve = func(context.Context, sealcfg.Reference) (string, error) { return "", errors.New("two\nlines") }
	_, _, err := loadRef[settings](t, s, "port: ref+safe://a\ntext: ref+safe://a")
	require.Contains(t, problemsOf(t, err)[0], "ref+safe://a two lines")
	assert.Equal(t, 1, s.asked["a"], "nor asked again for what it does not give")
}

func TestDefaultIsNoReference(t *testing.T) {
	type settings struct {
		DB struct {
			Password string `default:"ref+safe://x"`
		}
	}
	_, _, err := loadRef[settings](t, newSafe(), "{}")
	require.ErrorContains(t, err, "db.password: a default tag cannot hold a reference")
}

func TestReferenceParameters(t *testing.T) {
	type settings struct{ A, B, C string }
	s := newSafe()
	s.resolve = func(_ context.Context, ref sealcfg.Reference) (string, error) {
		if err := ref.Parameters("region", "version"); err != nil {
			return "", err
		}
		assert.Empty(t, ref.Key, "that is for the loader")
		return ref.String() + " " + ref.Query.Get("region") + ref.Query.Get("version"), nil
	}
	v, _, err := loadRef[settings](t, s, "a: ref+safe://x?region=r\nb: ref+safe://x?version=1&region=r\nc: ref+safe://x?region=r&version=1")
	require.NoError(t, err)
	assert.Equal(t, &settings{"ref+safe://x r", "ref+safe://x r1", "ref+safe://x r1"}, v)
	assert.Equal(t, 2, s.asked["x"], "the parameters are part of the name, their order is not")

	_, _, err = loadRef[settings](t, s, "a: ref+safe://x?address=canary\nb: ref+safe://x?region=r&region=canary\nc: c")
	assert.Contains(t, problemsOf(t, err)[0], `reference parameter "address" is not allowed`)
	assert.Contains(t, problemsOf(t, err)[1], `reference parameter "region" occurs twice`)
	assert.NotContains(t, err.Error(), "canary")
}

func TestReferencesEndWithTheContext(t *testing.T) {
	type settings struct {
		A, B string
		Many []string
	}
	s := newSafe()
	ctx, cancel := context.WithCancel(t.Context())
	s.resolve = func(ctx context.Context, _ sealcfg.Reference) (string, error) {
		cancel() // no secret is requested after that
		<-ctx.Done()
		return "", errors.New("some words of a library")
	}
	plain := "a: ref+safe://a\nb: ref+safe://b\nmany:\n"
	for i := range 100 {
		plain += fmt.Sprintf("- ref+safe://%d\n", i)
	}
	_, err := sealcfg.Load[settings](ctx, append(options(t, files(t, "prod", plain)), sealcfg.WithResolver(s))...)
	require.ErrorIs(t, err, context.Canceled)
	var problems *sealcfg.Error
	require.NotErrorAs(t, err, &problems, "it is no mistake in the settings")
	assert.LessOrEqual(t, len(s.asked), 8)
}

// Slow secrets are requested concurrently, with a limit.
func TestReferencesAreResolvedAtOnce(t *testing.T) {
	type settings struct{ Many []string }
	s := newSafe()
	var now, most atomic.Int32
	s.resolve = func(_ context.Context, ref sealcfg.Reference) (string, error) {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(20 * time.Millisecond)
		now.Add(-1)
		return "secret " + ref.Name, nil
	}
	plain, want := "many:\n", []string(nil)
	for i := range 50 {
		plain += fmt.Sprintf("- ref+safe://%d\n", i)
		want = append(want, fmt.Sprintf("secret %d", i))
	}
	v, _, err := loadRef[settings](t, s, plain)
	require.NoError(t, err)
	assert.Equal(t, want, v.Many)
	assert.Len(t, s.asked, 50)
	assert.LessOrEqual(t, most.Load(), int32(8))
	assert.Greater(t, most.Load(), int32(1))
}

func TestReferencesAreResolvedByEachLoad(t *testing.T) {
	type settings struct{ A sealcfg.Secret[string] }
	s := newSafe("a", "old")
	opts := append(options(t, files(t, "prod", "a: ref+safe://a")), sealcfg.WithResolver(s))
	loader := sealcfg.New[settings](opts...)
	h, err := loader.Load(t.Context())
	require.NoError(t, err)
	s.secrets["a"] = "new"
	changed, err := h.Reload(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, changed)
	assert.Equal(t, "new", h.Get().A.Expose())

	const loads = 16
	s.resolve = func(context.Context, sealcfg.Reference) (string, error) {
		time.Sleep(time.Millisecond)
		return "x", nil
	}
	var all sync.WaitGroup
	for range loads {
		all.Go(func() {
			_, err := loader.Load(t.Context())
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Equal(t, 2+loads, s.asked["a"])
}

func TestResolverRegistry(t *testing.T) {
	var g sealcfg.ResolverRegistry
	g.Register(newSafe())
	require.PanicsWithValue(t, "sealcfg: two resolvers for safe://", func() { g.Register(newSafe()) })

	register()
	type settings struct{ A string }
	v, err := loadYAML[settings](t, "a: ref+registered://a")
	require.NoError(t, err)
	assert.Equal(t, "of the registry", v.A)

	own := registered{newSafe("a", "given")}
	v, err = sealcfg.Load[settings](t.Context(), append(options(t, files(t, "prod", "a: ref+registered://a")), sealcfg.WithResolver(own))...)
	require.NoError(t, err)
	assert.Equal(t, "given", v.A)
}

var register = sync.OnceFunc(func() { sealcfg.Resolvers.Register(registered{newSafe("a", "of the registry")}) })

// registered registers in the process's registry, which accepts a scheme once.
type registered struct{ *safe }

func (registered) Schemes() []string { return []string{"registered"} }
