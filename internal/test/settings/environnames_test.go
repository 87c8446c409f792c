package settings_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

func TestVariablesNamedByTags(t *testing.T) {
	type settings struct {
		DB struct {
			URL   string `env:"DATABASE_URL, PG_URL"`
			Pools []int  `env:"POOLS" cfg:",optional"`
		}
		Token sealcfg.Secret[string] `env:"TOKEN" cfg:",optional"`
	}
	load := func(opts ...sealcfg.Option) (*sealcfg.Handle[settings], error) { return loadWith[settings](t, opts...) }

	h, err := load(sealcfg.WithEnviron("PG_URL=second", "TOKEN=t", "POOLS=1,2", "database_url=not this"))
	require.NoError(t, err, "no prefix is needed")
	assert.Equal(t, "second", h.Get().DB.URL)
	assert.Equal(t, []int{1, 2}, h.Get().DB.Pools)
	assert.Equal(t, "t", h.Get().Token.Expose())
	assert.Equal(t, "$PG_URL", h.Origins().Of("db.url").String())

	h, err = load(sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_DB__URL=derived", "PG_URL=second", "DATABASE_URL="))
	require.NoError(t, err)
	assert.Empty(t, h.Get().DB.URL, "the first that is set, and empty is set; a name in a tag is stronger than a derived one")

	h, err = load(sealcfg.WithVariables(".env", func(context.Context) ([]string, error) { return []string{"DATABASE_URL=file"}, nil }))
	require.NoError(t, err)
	assert.Equal(t, ".env: $DATABASE_URL", h.Origins().Of("db.url").String())

	_, err = load(sealcfg.WithEnviron("POOLS=canary"))
	assert.Equal(t, []string{"db.pools[0] $POOLS expected int", "db.url not set set db.url in $DATABASE_URL"}, problemsOf(t, err))
}

func TestUnknownVariables(t *testing.T) {
	type settings struct {
		DB   struct{ Port uint16 }
		Mode string `default:"dev" env:"APP_RUN_MODE"`
	}
	opts := []sealcfg.Option{sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnvVar("APP_ENV"),
		sealcfg.WithEnviron("APP_DB__PORT=1", "APP_DB__PROT=canary", "app_zzzzz=canary", "APP_ENV=prod", "APP_RUN_MODE=x", "OTHER=x", "APP_=x")}
	h, err := loadWith[settings](t, opts...)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"(all): $app_zzzzz: unknown variable",
		"(all): $APP_DB__PROT: unknown variable; did you mean $APP_DB__PORT?",
	}, warnings(h))

	_, err = loadWith[settings](t, append(opts, sealcfg.Strict())...)
	assert.Equal(t, []string{
		"(all) $app_zzzzz unknown variable",
		"(all) $APP_DB__PROT unknown variable; did you mean $APP_DB__PORT?",
	}, problemsOf(t, err))

	_, err = loadWith[settings](t, sealcfg.WithEnvPrefix(""), sealcfg.WithEnviron("DB__PORT=1", "PATH=x"), sealcfg.Strict())
	require.NoError(t, err, "without a prefix, the others' variables are none of ours")
}

func TestVariablesOfItems(t *testing.T) {
	type server struct {
		Host string
		Port int `default:"80"`
	}
	type settings struct {
		Hosts   []string `cfg:",optional"`
		Servers []server `cfg:",optional"`
		Matrix  [][]int  `cfg:",optional"`
	}
	yaml := "hosts: [a, b]\nservers: [{host: x, port: 1}]\n"
	for name, c := range map[string]struct {
		yaml    string
		environ []string
		want    settings
	}{
		"change":      {yaml, []string{"APP_HOSTS__1=c"}, settings{Hosts: []string{"a", "c"}, Servers: []server{{"x", 1}}}},
		"follow":      {yaml, []string{"APP_HOSTS__2=c", "APP_SERVERS__1__HOST=y"}, settings{Hosts: []string{"a", "b", "c"}, Servers: []server{{"x", 1}, {"y", 80}}}},
		"in part":     {yaml, []string{"APP_SERVERS__0__PORT=2"}, settings{Hosts: []string{"a", "b"}, Servers: []server{{"x", 2}}}},
		"from naught": {"{}", []string{"APP_HOSTS__0=a", "APP_MATRIX__0__0=1", "APP_MATRIX__0__1=2"}, settings{Hosts: []string{"a"}, Matrix: [][]int{{1, 2}}}},
		"over all":    {yaml, []string{"APP_HOSTS=x,y,z", "APP_HOSTS__0=c"}, settings{Hosts: []string{"c", "y", "z"}, Servers: []server{{"x", 1}}}},
		"ten and two": {"{}", []string{"APP_HOSTS__10=k", "APP_HOSTS__2=c", "APP_HOSTS__0=a", "APP_HOSTS__1=b", "APP_HOSTS__3=d", "APP_HOSTS__4=e", "APP_HOSTS__5=f", "APP_HOSTS__6=g", "APP_HOSTS__7=h", "APP_HOSTS__8=i", "APP_HOSTS__9=j"},
			settings{Hosts: []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := loadYAML[settings](t, c.yaml, c.environ...)
			require.NoError(t, err)
			assert.Equal(t, c.want, *got)
		})
	}
	for environ, want := range map[string]string{
		"APP_HOSTS__5=x":                    "hosts $APP_HOSTS__5 item 5 leaves a gap: the list has 2 items",
		"APP_SERVERS__0__PORT=canary":       "servers[0].port $APP_SERVERS__0__PORT expected int",
		"APP_SERVERS__1__PORT=1":            "servers[1].host not set set servers[1].host in $APP_SERVERS__1__HOST",
		"APP_MATRIX__0__1=1":                "matrix[0] $APP_MATRIX__0__1 item 1 leaves a gap: the list has 0 items",
		"APP_SERVERS__0={\"host\": canary}": "servers[0] $APP_SERVERS__0 expected a JSON object with distinct keys",
	} {
		_, err := loadYAML[settings](t, yaml, environ)
		assert.Equal(t, []string{want}, problemsOf(t, err), environ)
	}
	for _, environ := range []string{"APP_HOSTS__x=1", "APP_HOSTS__-1=1", "APP_HOSTS__0__=1", "APP_HOSTS__99999999=1", "APP_HOSTS__=1"} {
		_, err := loadYAML[settings](t, yaml, environ)
		require.NoError(t, err, "no such item: %s is unknown", environ)
	}
}

func TestMissingSettingNamesItsOwnVariable(t *testing.T) {
	type settings struct {
		DB struct {
			URL string `env:"DATABASE_URL,PG_URL"`
		}
		Plain string
		Each  map[string]struct {
			Token string `env:"TOKEN"` // no variable reaches it
		}
	}
	load := func(opts ...sealcfg.Option) []string {
		opts = append(opts, sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Set("each", map[string]any{"a": map[string]any{}}))
		_, err := sealcfg.Load[settings](t.Context(), opts...)
		return problemsOf(t, err)
	}
	assert.Equal(t, []string{
		"db.url not set set db.url in $DATABASE_URL",
		"plain not set is required",
		"each.a.token not set is required",
	}, load())
	assert.Equal(t, []string{
		"db.url not set set db.url in $DATABASE_URL",
		"plain not set set plain in $APP_PLAIN",
		"each.a.token not set set each.a.token in $APP_EACH__A__TOKEN",
	}, load(sealcfg.WithEnvPrefix("APP_")))
}

// A variable for a part does not hide that the variable for the whole is broken.
func TestPartOfWhatIsBroken(t *testing.T) {
	type group struct {
		Host string `cfg:",optional"`
		Port int    `cfg:",optional"`
	}
	type settings struct {
		DB    group    `alias:"database"`
		Hosts []string `cfg:",optional"`
	}
	for _, c := range []struct {
		yaml    string
		environ []string
		want    string
	}{
		{"{}", []string{`APP_DB={"host": "canary"`, "APP_DB__PORT=5"}, "db $APP_DB expected a JSON object with distinct keys"},
		{"hosts: [a, b]", []string{"APP_HOSTS=[canary", "APP_HOSTS__0=x"}, "hosts $APP_HOSTS begins like a JSON array but is none"},
		{"db: {host: a}\ndatabase: {host: b}", []string{"APP_DB__PORT=5"}, `db environments/prod.yaml:2:11 is set twice: also under its old name "database"`},
	} {
		_, err := loadYAML[settings](t, c.yaml, c.environ...)
		assert.Equal(t, []string{c.want}, problemsOf(t, err))
	}
	got, err := loadYAML[settings](t, "{}", `APP_DB={"host": "x", "port": 1}`, "APP_DB__PORT=5")
	require.NoError(t, err)
	assert.Equal(t, group{"x", 5}, got.DB)
}
