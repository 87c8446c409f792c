package settings_test

import (
	"context"
	"errors"
	"math/big"
	"net/netip"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
)

type layered struct {
	Who    string
	Hosts  []string
	Labels map[string]string
	DB     struct {
		Port     uint16
		Password sealcfg.Secret[string]
	} `cfg:",optional"`
}

// told is a source that a function implements.
type told struct {
	name string
	say  func(context.Context, *sealcfg.Reading) error
}

func (s told) Name() string                                       { return s.name }
func (s told) Read(ctx context.Context, r *sealcfg.Reading) error { return s.say(ctx, r) }

func says(name, path, text string) told {
	return told{name, func(_ context.Context, r *sealcfg.Reading) error {
		return r.Set(path, text, sealcfg.Origin{Place: name})
	}}
}

// loadWith loads from the given sources only.
func loadWith[T any](t testing.TB, opts ...sealcfg.Option) (*sealcfg.Handle[T], error) {
	t.Helper()
	return sealcfg.New[T](append([]sealcfg.Option{sealcfg.WithoutFiles(), sealcfg.WithEnviron()}, opts...)...).
		Load(context.WithoutCancel(t.Context()))
}

func TestSourcesFromWeakToStrong(t *testing.T) {
	dir := secrets(t, map[string]string{"who": "secrets directory"})
	stronger := []sealcfg.Option{
		sealcfg.WithVariables("one.env", func(context.Context) ([]string, error) { return []string{"APP_WHO=.env"}, nil }),
		sealcfg.WithSecretsDir(dir),
		sealcfg.WithSource(says("added", "who", "added")),
		sealcfg.WithEnviron("APP_WHO=environment"),
		sealcfg.Set("who", "set"),
	}
	layers := []string{"base", "who: base\nhosts: [a]\nlabels: {}", "prod", "who: prod", "prod.local", "who: local"}
	want := []string{"base", "prod", "local", ".env", "secrets directory", "added", "environment", "set"}
	var order []string
	for n := range want {
		fsys := files(t, layers[:2*min(n+1, 3)]...)
		if n == 0 {
			fsys["environments/prod.yaml"] = &fstest.MapFile{Data: seal(t, "{}")}
		}
		opts := append(append(options(t, fsys), sealcfg.WithLocal()), stronger[:max(0, n-2)]...)
		opts = append(opts, sealcfg.Order(func(all []sealcfg.Source) []sealcfg.Source {
			order = nil
			for _, s := range all {
				order = append(order, s.Name())
			}
			return all
		}))
		h, err := sealcfg.New[layered](opts...).Load(t.Context())
		require.NoError(t, err, want[n])
		assert.Equal(t, want[n], h.Get().Who)
	}
	assert.Equal(t, []string{"base", "prod", "prod.local", "one.env", dir, "added", "environment", "set"}, order)
}

func TestOrderCanBeChanged(t *testing.T) {
	h, err := loadWith[layered](t, sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_WHO=environment", "APP_HOSTS=a", "APP_LABELS="),
		sealcfg.WithSource(says("added", "who", "added")),
		sealcfg.Order(func(all []sealcfg.Source) []sealcfg.Source {
			slices.SortStableFunc(all, func(a, b sealcfg.Source) int { // the added one last
				return map[string]int{"added": 1}[a.Name()] - map[string]int{"added": 1}[b.Name()]
			})
			return all
		}))
	require.NoError(t, err)
	assert.Equal(t, "added", h.Get().Who)
	assert.Equal(t, "added", h.Origins().Of("who").String())

	_, err = loadWith[layered](t, sealcfg.WithSource(says("added", "who", "added")),
		sealcfg.Order(func([]sealcfg.Source) []sealcfg.Source { return nil }))
	assert.Equal(t, []string{"who not set is required", "hosts not set is required", "labels not set is required"}, problemsOf(t, err), "none is read")
}

func TestSourceOfAProgram(t *testing.T) {
	at := sealcfg.Origin{Place: "vault://app"}
	h, err := loadWith[layered](t,
		sealcfg.WithSource(told{"weak", func(_ context.Context, r *sealcfg.Reading) error {
			return r.SetJSON("", `{"who": "json", "hosts": ["a", "b"], "labels": {"x": "1"}, "db": {"port": 1, "password": "p"}}`, at)
		}}, told{"strong", func(_ context.Context, r *sealcfg.Reading) error {
			who, ok := r.Lookup("who")
			assert.True(t, ok)
			host, ok := r.Lookup("hosts[1]")
			assert.True(t, ok)
			for _, path := range []string{"hosts", "nowhere", "hosts[7]", "db.port.x", "[", ""} {
				_, ok = r.Lookup(path)
				assert.False(t, ok, path)
			}
			known, err := r.SetVariable("db__PORT", "5432", at)
			assert.True(t, known)
			require.NoError(t, err)
			known, err = r.SetVariable("DB__HOST", "x", at)
			assert.False(t, known)
			require.NoError(t, err)
			return errors.Join(
				r.Set("who", who+" "+host, at), r.Set("hosts[0]", "c", at), r.Set("hosts[2]", "d", at), r.Set("labels.y", "2", at),
				r.SetJSON("labels", `{"z": "3"}`, at))
		}}))
	require.NoError(t, err)
	got := h.Get()
	assert.Equal(t, "json b", got.Who)
	assert.Equal(t, []string{"c", "b", "d"}, got.Hosts, "items change a list, and follow it")
	assert.Equal(t, map[string]string{"x": "1", "y": "2", "z": "3"}, got.Labels)
	assert.Equal(t, uint16(5432), got.DB.Port)
	assert.Equal(t, "p", got.DB.Password.Expose())
	assert.Equal(t, "vault://app", h.Origins().Of("hosts[2]").String())
}

func TestMistakesOfSources(t *testing.T) {
	at := sealcfg.Origin{Place: "here"}
	failed := errors.New("no answer")
	for name, c := range map[string]struct {
		say  func(r *sealcfg.Reading) error
		want string
	}{
		"its own":         {func(*sealcfg.Reading) error { return failed }, "load settings: no answer"},
		"no path":         {func(r *sealcfg.Reading) error { return r.Set("a..b", "canary", at) }, `load settings: set "a..b": unusable path: empty key`},
		"no position":     {func(r *sealcfg.Reading) error { return r.Set("hosts[+]", "canary", at) }, `load settings: set "hosts[+]": unusable path: the index is missing`},
		"list of all":     {func(r *sealcfg.Reading) error { return r.Set("[0]", "canary", at) }, `load settings: set "[0]": unusable path: it begins with an index`},
		"no JSON":         {func(r *sealcfg.Reading) error { return r.SetJSON("", `{"who": canary`, at) }, "load settings: here: not JSON with distinct keys"},
		"key twice":       {func(r *sealcfg.Reading) error { return r.SetJSON("db", `{"a": 1, "a": "canary"}`, at) }, "load settings: here: not JSON with distinct keys"},
		"no object":       {func(r *sealcfg.Reading) error { return r.SetJSON("", `["canary"]`, at) }, "load settings: here: expected a JSON object"},
		"unknown path":    {func(r *sealcfg.Reading) error { return r.Set("hostss", "canary", at) }, `hostss here unknown key; did you mean "hosts"?`},
		"gap":             {func(r *sealcfg.Reading) error { return r.Set("hosts[1]", "canary", at) }, "hosts here item 1 leaves a gap: the list has 0 items"},
		"item of a map":   {func(r *sealcfg.Reading) error { return r.Set("labels[0]", "canary", at) }, "labels here expected a map, got a list"},
		"entry of a list": {func(r *sealcfg.Reading) error { return r.Set("hosts.x", "canary", at) }, "hosts here expected a list, got a map"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadWith[layered](t, sealcfg.Set("who", "w"), sealcfg.Set("labels", map[string]string{}),
				sealcfg.WithSource(told{"bad", func(_ context.Context, r *sealcfg.Reading) error {
					if name != "gap" && name != "entry of a list" {
						require.NoError(t, r.Set("hosts", "a", at))
					}
					return c.say(r)
				}}),
				sealcfg.Order(func(all []sealcfg.Source) []sealcfg.Source { slices.Reverse(all); return all }))
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "canary")
			var e *sealcfg.Error
			if !errors.As(err, &e) {
				assert.Contains(t, err.Error(), c.want)
				return
			}
			assert.Equal(t, []string{c.want}, problemsOf(t, err))
		})
	}
}

func TestSetInCode(t *testing.T) {
	type all struct {
		Text    string
		Int     int8
		Uint    uint64
		Float   float32
		Bool    bool
		Wait    time.Duration
		At      time.Time
		Raw     []byte
		List    []string
		Map     map[string]int
		Secret  sealcfg.Secret[string]
		Pointer *int
		Null    *string
		DB      struct{ Port uint16 }
	}
	at, five := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), 5
	h, err := loadWith[all](t,
		sealcfg.Set("text", "t"), sealcfg.Set("int", -7), sealcfg.Set("uint", uint64(1<<64-1)), sealcfg.Set("float", 1.5), sealcfg.Set("bool", true),
		sealcfg.Set("wait", time.Minute), sealcfg.Set("at", at), sealcfg.Set("raw", []byte("r")), sealcfg.Set("list", []string{"a"}), sealcfg.Set("list[1]", "b"),
		sealcfg.Set("map", map[string]any{"x": 1}), sealcfg.Set("map.y", 2), sealcfg.Set("secret", sealcfg.NewSecret("s")),
		sealcfg.Set("pointer", &five), sealcfg.Set("null", nil), sealcfg.Set("db.port", 1), sealcfg.Set("db.port", 2))
	require.NoError(t, err)
	got := h.Get()
	assert.Equal(t, "s", got.Secret.Expose(), "not what it prints")
	got.Secret = sealcfg.Secret[string]{}
	assert.Equal(t, all{
		Text: "t", Int: -7, Uint: 1<<64 - 1, Float: 1.5, Bool: true, Wait: time.Minute, At: at, Raw: []byte("r"), List: []string{"a", "b"},
		Map: map[string]int{"x": 1, "y": 2}, Pointer: &five, DB: struct{ Port uint16 }{2},
	}, *got)
	assert.Equal(t, "set in code", h.Origins().Of("db.port").String())

	for value, want := range map[any]string{
		"canary":       "db.port set in code expected uint16, got a string; remove the quotes",
		70000:          "db.port set in code out of range for uint16 (0 to 65535)",
		make(chan int): `load settings: set "db.port": a value of type chan int cannot be set`,
	} {
		_, err := sealcfg.Load[struct{ DB struct{ Port uint16 } }](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Set("db.port", value))
		var e *sealcfg.Error
		if errors.As(err, &e) {
			assert.Equal(t, []string{want}, problemsOf(t, err))
		} else {
			assert.EqualError(t, err, want)
		}
	}
}

func TestPlainFilesByPermission(t *testing.T) {
	fsys := files(t, "base", "hosts: [a]\nlabels: {}")
	fsys["environments/dev.yaml"] = &fstest.MapFile{Data: []byte("who: plain\n")}
	fsys["environments/prod.yaml"] = fsys["environments/dev.yaml"]
	load := func(env string, more ...sealcfg.Option) error {
		_, err := sealcfg.Load[layered](t.Context(), append(append(options(t, fsys), sealcfg.WithEnv(env)), more...)...)
		return err
	}
	require.NoError(t, load("dev", sealcfg.AllowPlain("dev")), "the base is sealed, which is allowed too")
	for _, err := range []error{load("dev"), load("prod", sealcfg.AllowPlain("dev"))} {
		require.ErrorIs(t, err, envfile.ErrNotSealed)
	}
	fsys["environments/dev.yaml"] = &fstest.MapFile{Data: []byte("who: 7\n")}
	assert.Equal(t, []string{"who environments/dev.yaml:1:6 expected string, got an int; add quotes if it is a string"},
		problemsOf(t, load("dev", sealcfg.AllowPlain("dev"))), "of a plain file, nothing is sealed")
	fsys["environments/dev.yaml"] = &fstest.MapFile{Data: []byte("who: a\n---\nwho: b\n")}
	require.ErrorContains(t, load("dev", sealcfg.AllowPlain("dev")), "expected one document, got 2")
	tampered := []byte(string(seal(t, "who: sealed\n")))
	fsys["environments/dev.yaml"] = &fstest.MapFile{Data: append([]byte("added: ENC[x]\n"), tampered...)}
	require.Error(t, load("dev", sealcfg.AllowPlain("dev")), "a sealed file is checked as ever")
}

func TestSourceThatDoesNotSayWhere(t *testing.T) {
	type settings struct {
		A, B, C int
	}
	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithSource(told{"consul", func(_ context.Context, r *sealcfg.Reading) error {
		_, err := r.SetVariable("C", "canary", sealcfg.Origin{})
		return errors.Join(err, r.Set("a", "canary", sealcfg.Origin{}), r.SetJSON("", `{"b": "canary"}`, sealcfg.Origin{}))
	}}))
	assert.Equal(t, []string{
		"a consul expected int",
		"b consul expected int",
		"c consul expected int",
	}, problemsOf(t, err))

	_, err = sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithSource(told{"consul", func(_ context.Context, r *sealcfg.Reading) error {
		return r.SetJSON("", `{canary`, sealcfg.Origin{})
	}}))
	assert.EqualError(t, err, "load settings: consul: not JSON with distinct keys")
}

func TestNilChangesNothing(t *testing.T) {
	type settings struct {
		A int `default:"1"`
	}
	_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), nil, sealcfg.WithSource(nil), sealcfg.WithSource(nil, nil),
		sealcfg.WithValidation(nil), sealcfg.OnWarning(nil), sealcfg.Order(func(s []sealcfg.Source) []sealcfg.Source { return append(s, nil) }))
	require.NoError(t, err)
}

func TestLookupOfNoPosition(t *testing.T) {
	type settings struct{ Hosts []string }
	asks := told{"asks", func(_ context.Context, r *sealcfg.Reading) error {
		_, ok := r.Lookup("hosts[+]")
		assert.False(t, ok)
		text, ok := r.Lookup("hosts[0]")
		assert.True(t, ok)
		assert.Equal(t, "a", text)
		return nil
	}}
	_, err := sealcfg.Load[settings](t.Context(), append(options(t, files(t, "prod", "hosts: [a]")), sealcfg.WithSource(asks))...)
	require.NoError(t, err)
}

func TestSetNilPointers(t *testing.T) {
	type settings struct {
		Addr *netip.Addr
		Big  *big.Int
	}
	got, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Set("addr", (*netip.Addr)(nil)), sealcfg.Set("big", (*big.Int)(nil)))
	require.NoError(t, err)
	assert.Equal(t, &settings{}, got)
}
