package settings_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

type environment struct {
	Listen string
	DB     struct {
		APIKey string `cfg:"api-key"`
		Port   uint16
		Debug  bool
		Ratio  float64
	}
	Wait    time.Duration
	At      time.Time
	Raw     []byte
	Addr    *netip.Addr
	Hosts   []string
	Ports   []int
	Servers []one
	Labels  map[string]string
	Tenants map[string]struct{ Plan, Name string }
	Token   sealcfg.Secret[string]
	Opt     *struct{ Level int }
}

const environmentYAML = "listen: a\ndb: {api-key: k, port: 1, debug: false, ratio: 1.0}\nwait: 1s\nat: 2026-01-31\nraw: r\n" +
	"hosts: [h]\nports: [1]\nservers: []\nlabels: {Team-A: x}\ntenants: {acme: {plan: free, name: n}}\ntoken: t\n"

func TestVariablesOverrideFiles(t *testing.T) {
	got, err := loadYAML[environment](t, environmentYAML,
		"APP_LISTEN=", "APP_DB__API_KEY=from env", "app_db__port=5432", "App_Db__Debug=true", "APP_DB__RATIO=1e3",
		"APP_WAIT=2m", "APP_AT=2027-01-01T00:00:00+01:00", "APP_RAW= raw ", "APP_ADDR=::1", "APP_HOSTS=a, b,c", "APP_PORTS=[1, 2]",
		`APP_SERVERS=[{"a": "x"}, {"a": "7"}]`, "APP_LABELS__TEAM_A=y", "APP_LABELS__NEW=z",
		`APP_TENANTS={"beta": {"plan": "b", "name": "from object"}}`, "APP_TENANTS__ACME__PLAN=paid", "APP_TENANTS__BETA__PLAN=c",
		"APP_TOKEN=s3", "APP_OPT__LEVEL=4", "APP_UNKNOWN=x", "APP_DB__=x", "APP_=x", "APP_LABELS__=x", "APP_HOSTS__0=x", "LISTEN=x", "OTHER")
	require.NoError(t, err)
	assert.Empty(t, got.Listen, "set, and empty")
	assert.Equal(t, "from env", got.DB.APIKey)
	assert.Equal(t, uint16(5432), got.DB.Port)
	assert.True(t, got.DB.Debug)
	assert.Equal(t, 1000.0, got.DB.Ratio)
	assert.Equal(t, 2*time.Minute, got.Wait)
	assert.True(t, got.At.Equal(time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)))
	assert.Equal(t, []byte(" raw "), got.Raw)
	assert.Equal(t, netip.IPv6Loopback(), *got.Addr)
	assert.Equal(t, []string{"x", "b", "c"}, got.Hosts, "one item of the list that another variable gives")
	assert.Equal(t, []int{1, 2}, got.Ports)
	assert.Equal(t, []one{{"x"}, {"7"}}, got.Servers)
	assert.Equal(t, map[string]string{"Team-A": "y", "new": "z"}, got.Labels)
	assert.Equal(t, map[string]struct{ Plan, Name string }{"acme": {"paid", "n"}, "beta": {"c", "from object"}}, got.Tenants)
	assert.Equal(t, "s3", got.Token.Expose())
	assert.Equal(t, 4, got.Opt.Level)
}

func TestVariablesOfOneNameInTwoCases(t *testing.T) {
	for _, environ := range [][]string{{"APP_A=upper", "app_a=lower"}, {"app_a=lower", "APP_A=upper"}} {
		got, err := loadYAML[one](t, "{}", environ...)
		require.NoError(t, err)
		assert.Equal(t, "upper", got.A)
	}
}

func TestVariablesThatDoNotFit(t *testing.T) {
	const c = "canary-c0ffee"
	_, err := loadYAML[environment](t, environmentYAML,
		"APP_DB__PORT="+c, "APP_DB__DEBUG="+c, "APP_DB__RATIO="+c, "APP_WAIT="+c, "APP_AT="+c, "APP_ADDR="+c,
		"APP_PORTS=1,"+c, "APP_HOSTS=["+c, "APP_SERVERS="+c, "APP_LABELS="+c, `APP_TENANTS={"a":1,"a":"`+c+`"}`, "APP_OPT="+c)
	assert.Equal(t, []string{
		"db.port $APP_DB__PORT expected uint16",
		"db.debug $APP_DB__DEBUG expected true or false",
		"db.ratio $APP_DB__RATIO expected float64",
		"wait $APP_WAIT expected a duration such as 5s or 1h30m",
		"at $APP_AT expected a time such as 2006-01-02T15:04:05Z",
		"addr $APP_ADDR expected netip.Addr",
		"hosts $APP_HOSTS begins like a JSON array but is none",
		"ports[1] $APP_PORTS expected int",
		"servers $APP_SERVERS expected a JSON array",
		"labels $APP_LABELS expected key=value pairs with distinct keys, separated by commas, or a JSON object",
		"tenants $APP_TENANTS expected a JSON object with distinct keys",
		"opt $APP_OPT expected a JSON object with distinct keys",
	}, problemsOf(t, err))
	assert.NotContains(t, err.Error(), "canary")

	_, err = loadYAML[environment](t, environmentYAML, "APP_DB__PORT=65536", "APP_PORTS=99999999999999999999", "app_listen=x",
		`APP_SERVERS=[{"b": "canary"}, 5]`, "APP_HOSTS=[[]]", "APP_DB__RATIO=1e999")
	assert.Equal(t, []string{
		"db.port $APP_DB__PORT out of range for uint16 (0 to 65535)",
		"db.ratio $APP_DB__RATIO out of range for float64",
		"hosts[0] $APP_HOSTS expected string, got a list",
		"ports[0] $APP_PORTS out of range for int (-9223372036854775808 to 9223372036854775807)",
		"servers[0].b $APP_SERVERS unknown key",
		"servers[1] $APP_SERVERS expected a map, got a string",
		"servers[0].a not set set servers[0].a in $APP_SERVERS",
	}, problemsOf(t, err))
}

func TestJSONOfVariables(t *testing.T) {
	type settings struct {
		L []struct {
			B  bool
			P  *string
			N  uint64
			S  string
			LL [][]int
		}
		M map[string]int
		E []string
	}
	got, err := loadYAML[settings](t, "{l: [], m: {a: 1}, e: [x]}",
		`APP_L=[{"b": true, "p": null, "n": 18446744073709551615, "s": "a,\u00e4", "ll": [[1], []]}, {"b": "false", "n": "1", "s": "", "ll": []}]`,
		"APP_M=", "APP_E=")
	require.NoError(t, err)
	require.Len(t, got.L, 2)
	assert.True(t, got.L[0].B)
	assert.Nil(t, got.L[0].P)
	assert.Equal(t, ^uint64(0), got.L[0].N)
	assert.Equal(t, "a,ä", got.L[0].S)
	assert.Equal(t, [][]int{{1}, {}}, got.L[0].LL)
	assert.Equal(t, map[string]int{"a": 1}, got.M, "an empty object adds nothing")
	assert.Equal(t, []string{}, got.E, "an empty list replaces")
}

func TestLongestNameWins(t *testing.T) {
	type settings struct {
		A struct{ B string }
		X string `cfg:"a__b"`
	}
	got, err := loadYAML[settings](t, "a: {b: file}\na__b: file\n", "APP_A__B=env")
	require.NoError(t, err)
	assert.Equal(t, "file", got.A.B)
	assert.Equal(t, "env", got.X)
}

func TestVariableThatFitsTwoFields(t *testing.T) {
	type settings struct {
		X string `cfg:"a-b,optional"`
		Y string `cfg:"a_b,optional"`
	}
	_, err := loadYAML[settings](t, "{}")
	require.NoError(t, err)
	_, err = loadYAML[settings](t, "{}", "APP_A_B=canary")
	require.ErrorContains(t, err, `$APP_A_B matches two fields of settings_test.settings: "a-b" and "a_b"`)
	assert.NotContains(t, err.Error(), "canary")
}

func TestWithoutPrefix(t *testing.T) {
	fsys := files(t, "prod", "a: file")
	base := []sealcfg.Option{sealcfg.WithEnv("prod"), sealcfg.WithFS(fsys, "environments"), sealcfg.WithIdentityText(demoKey(t)),
		sealcfg.WithEnviron("A=env", "APP_A=app")}
	got, err := sealcfg.Load[one](t.Context(), base...)
	require.NoError(t, err)
	assert.Equal(t, "file", got.A, "variables are read only when asked for")
	got, err = sealcfg.Load[one](t.Context(), append(base, sealcfg.WithEnvPrefix(""))...)
	require.NoError(t, err)
	assert.Equal(t, "env", got.A)

	_, err = sealcfg.Load[struct{ A, B string }](t.Context(), base...)
	assert.Equal(t, []string{"b not set set b in environments/prod.yaml"}, problemsOf(t, err))
}

func TestProcessEnvironment(t *testing.T) {
	t.Setenv("SEALCFG_ENV", "prod")
	t.Setenv("SEALCFGTEST_A", "from the process")
	t.Setenv("SOPS_AGE_KEY", demoKey(t))
	got, err := sealcfg.Load[one](t.Context(), sealcfg.WithFS(files(t, "prod", "a: x"), "environments"), sealcfg.WithEnvPrefix("SEALCFGTEST_"))
	require.NoError(t, err)
	assert.Equal(t, "from the process", got.A)
}
