package settings_test

import (
	"bytes"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

type flagged struct {
	Debug bool `default:"false" desc:"log more"`
	DB    struct {
		Port     uint16                 `default:"5432" desc:"where the database listens"`
		URL      string                 `env:"DATABASE_URL" default:"postgres://localhost"`
		APIKey   sealcfg.Secret[string] `cfg:",optional"`
		Password *sealcfg.Secret[string]
	}
	Wait    time.Duration        `default:"5s"`
	Hosts   []string             `default:"a"`
	Labels  map[string]string    `cfg:",optional"`
	Servers []struct{ A string } `cfg:",optional"`
	Level   *int                 `cfg:"log_level"`
}

func TestFlagsOverride(t *testing.T) {
	l := sealcfg.New[flagged](sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_DB__PORT=1", "APP_WAIT=1s", "DATABASE_URL=from env"), sealcfg.Set("wait", time.Hour))
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	require.NoError(t, sealcfg.Flags(l, fs.Var))
	require.NoError(t, fs.Parse([]string{"--debug", "-db.port=6543", "--wait", "2s", "--hosts", "b,c", "--hosts", `["d"]`, "--labels", "a=1, b=2", "--labels", "b=3", "--labels", `{"c":"4"}`, "--log-level", "3"}))
	h, err := l.Load(t.Context())
	require.NoError(t, err)
	got := h.Get()
	assert.True(t, got.Debug)
	assert.Equal(t, uint16(6543), got.DB.Port)
	assert.Equal(t, "from env", got.DB.URL, "no flag was given")
	assert.Equal(t, time.Hour, got.Wait, "Set is stronger")
	assert.Equal(t, []string{"b", "c", "d"}, got.Hosts, "a list takes all")
	assert.Equal(t, map[string]string{"a": "1", "b": "3", "c": "4"}, got.Labels, "and so does a map")
	assert.Equal(t, 3, *got.Level)
	assert.Equal(t, "--db.port", h.Origins().Of("db.port").String())
	assert.Equal(t, "--hosts", h.Origins().Of("hosts[2]").String())
}

func TestFlagsHelp(t *testing.T) {
	l := sealcfg.New[flagged](sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"))
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	require.NoError(t, sealcfg.Flags(l, fs.Var))
	var help bytes.Buffer
	fs.SetOutput(&help)
	fs.PrintDefaults()
	assert.Equal(t, "  -db.port value\n    \twhere the database listens [env: APP_DB__PORT] (default 5432)\n"+
		"  -db.url string\n    \tstring [env: DATABASE_URL, APP_DB__URL] (default postgres://localhost)\n"+
		"  -debug\n    \tlog more [env: APP_DEBUG] (default false)\n"+
		"  -hosts []string\n    \t[]string [env: APP_HOSTS] (default a)\n"+
		"  -labels map[string]string\n    \tmap[string]string [env: APP_LABELS]\n"+
		"  -log-level int\n    \tint [env: APP_LOG_LEVEL]\n"+
		"  -wait time.Duration\n    \ttime.Duration [env: APP_WAIT] (default 5s)\n", help.String())
}

func TestFlagsThatDoNotFit(t *testing.T) {
	l := sealcfg.New[flagged](sealcfg.WithoutFiles(), sealcfg.WithEnviron())
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	require.NoError(t, sealcfg.Flags(l, fs.Var))
	require.NoError(t, fs.Parse([]string{"--db.port", "canary", "--debug=maybe"}))
	_, err := l.Load(t.Context())
	assert.Equal(t, []string{
		"debug --debug expected true or false",
		"db.port --db.port expected uint16",
	}, problemsOf(t, err))

	require.ErrorContains(t, sealcfg.Flags(sealcfg.New[struct{ C chan int }](), fs.Var), "chan int cannot be bound")
	require.EqualError(t, sealcfg.Flags(l, func(fmt.Formatter, string, string) {}), "define flags: no flag value implements fmt.Formatter")
	assert.Nil(t, fs.Lookup("db.password"), "arguments are public")
	assert.Nil(t, fs.Lookup("db.api-key"))
}

func TestTwoSettingsOfOneFlag(t *testing.T) {
	l := sealcfg.New[struct {
		A string `cfg:"a_b"`
		B string `cfg:"a-b"`
	}](sealcfg.WithoutFiles())
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	assert.EqualError(t, sealcfg.Flags(l, fs.Var), "define flags: a_b and a-b would have the same flag, --a-b")
	fs.VisitAll(func(f *flag.Flag) { t.Error(f.Name) })
}

func TestNoFlagForWhatIsSecretInOneVariant(t *testing.T) {
	l := sealcfg.New[struct {
		Kind string
		A    *struct{ User, Pass string } `kind:"a"`
		B    *struct {
			User string
			Pass sealcfg.Secret[string]
		} `kind:"b"`
	}](sealcfg.WithoutFiles())
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	require.NoError(t, sealcfg.Flags(l, fs.Var))
	assert.NotNil(t, fs.Lookup("user"))
	assert.Nil(t, fs.Lookup("pass"))
}

func TestReferenceAmongFlagsOfAList(t *testing.T) {
	l := sealcfg.New[struct{ Hosts []string }](sealcfg.WithoutFiles(), sealcfg.WithEnviron())
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	require.NoError(t, sealcfg.Flags(l, fs.Var))
	require.NoError(t, fs.Parse([]string{"--hosts=a", "--hosts=ref+none://x"}))
	_, err := l.Load(t.Context())
	assert.Equal(t, []string{"hosts --hosts a flag with a reference cannot be given more than once"}, problemsOf(t, err))
}
