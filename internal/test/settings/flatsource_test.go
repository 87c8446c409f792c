package settings_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
)

type service struct {
	Tags []string `cfg:",optional"`
	HTTP struct {
		Timeout time.Duration `default:"1s"`
	}
	DB struct {
		Password sealcfg.Secret[string]
		Port     uint16
	}
}

func loadFormat(t *testing.T, f envfile.Format, extension, plain string, opts ...sealcfg.Option) (*service, error) {
	t.Helper()
	fsys := fstest.MapFS{"environments/prod" + extension: {Data: sealedText(t, f, plain)}}
	return sealcfg.Load[service](context.WithoutCancel(t.Context()), append(options(t, fsys), opts...)...)
}

// Every format with names gives the same settings.
func TestLoadFormats(t *testing.T) {
	for _, c := range []struct {
		extension, plain, port string
		format                 envfile.Format
	}{
		{".yaml", "tags: [a, b]\nhttp: {timeout: 5s}\ndb:\n  password: pw\n  port: 5432\n", "5:9", envfile.YAML},
		{".json", `{"tags": ["a", "b"], "http": {"timeout": "5s"}, "db": {"password": "pw", "port": 5432}}`, "", envfile.JSON},
		{".toml", "tags = ['a', 'b']\nhttp.timeout = '5s'\n[db]\npassword = 'pw'\nport = 5432\n", "5:8", envfile.TOML},
		{".env", "TAGS=a,b\nHTTP__TIMEOUT=5s\ndb__password=pw\nDB__PORT=5432\n", "4:10", envfile.Dotenv},
		{".ini", "tags = [\"a\", \"b\"]\n[http]\ntimeout = 5s\n[DB]\npassword = pw\nport = 5432\n", "6:8", envfile.INI},
	} {
		t.Run(c.extension, func(t *testing.T) {
			var origins sealcfg.Origins
			s, err := loadFormat(t, c.format, c.extension, c.plain, sealcfg.WithOrigins(&origins))
			require.NoError(t, err)
			assert.Equal(t, []string{"a", "b"}, s.Tags)
			assert.Equal(t, 5*time.Second, s.HTTP.Timeout)
			assert.Equal(t, "pw", s.DB.Password.Expose())
			assert.EqualValues(t, 5432, s.DB.Port)
			if c.port != "" {
				assert.Equal(t, "environments/prod"+c.extension+":"+c.port, origins.Of("db.port").String())
			}
		})
	}
}

// An unknown name is reported at its position.
func TestFlatUnknown(t *testing.T) {
	_, err := loadFormat(t, envfile.Dotenv, ".env", "DB__PASWORD=canary\nDB__PORT=canary\nHTTP__TIMEOUT__X=canary\nSTRAY=canary\n")
	assert.Equal(t, []string{
		"http.timeout environments/prod.env:3:18 expected time.Duration, got a map",
		"db.port environments/prod.env:2:10 expected uint16",
		`db.pasword environments/prod.env:1:1 unknown key; did you mean "password"?`,
		"stray environments/prod.env:4:1 unknown key",
		"db.password not set set db.password in environments/prod.env or $APP_DB__PASSWORD",
	}, problemsOf(t, err))
	assert.NotContains(t, err.Error(), "canary")

	_, err = loadFormat(t, envfile.INI, ".ini", "[db]\npassword = a\nport = 1\n[htp]\ntimeout = 5s\n")
	assert.Equal(t, []string{`htp environments/prod.ini:5:1 unknown key; did you mean "http"?`}, problemsOf(t, err))
}

// A byte order mark is part of the first name, and visible in the error.
func TestLoadByteOrderMark(t *testing.T) {
	_, err := loadFormat(t, envfile.Dotenv, ".env", "\uFEFFDB__PASSWORD=canary\nDB__PORT=1\n")
	require.ErrorContains(t, err, `\ufeffdb`)
	assert.NotContains(t, err.Error(), "\uFEFF")
}

// If a name occurs twice, the same value applies as for sealcfg get, and a warning names the other
// line.
func TestLoadRepeated(t *testing.T) {
	for _, c := range []struct {
		extension, plain, warning string
		format                    envfile.Format
	}{
		{".env", "DB__PASSWORD=old\nDB__PORT=1\nDB__PASSWORD=pw\n",
			"DB__PASSWORD: environments/prod.env:1:1: this line is ignored, because the name occurs again; remove one of the two lines", envfile.Dotenv},
		{".ini", "[db]\npassword = pw\n[db]\npassword = old\nport = 1\n",
			"password: environments/prod.ini:4:1: this line is ignored, because the name occurs again; remove one of the two lines", envfile.INI},
		{".env", "DB__PASSWORD=old\ndb__port=2\ndb__password=pw\nDB__PORT=1\n",
			"db__password: environments/prod.env:3:14: names the same setting as line 1; remove one of them; sealcfg uses the last one", envfile.Dotenv},
	} {
		var warnings []*sealcfg.Problem
		s, err := loadFormat(t, c.format, c.extension, c.plain, sealcfg.OnWarning(func(p *sealcfg.Problem) { warnings = append(warnings, p) }))
		require.NoError(t, err)
		assert.Equal(t, "pw", s.DB.Password.Expose())
		assert.EqualValues(t, 1, s.DB.Port)
		require.NotEmpty(t, warnings)
		assert.Equal(t, c.warning, warnings[0].Error())
	}
}

// A variable that matches two keys of a map is rejected.
func TestVariableOfTwoKeys(t *testing.T) {
	_, err := loadYAML[struct{ M map[string]string }](t, "m: {a-b: x, a_b: y}\n", "APP_M__A_B=z")
	require.ErrorContains(t, err, `$APP_M__A_B matches two keys of a map, at environments/prod.yaml:1:5 and environments/prod.yaml:1:`)
}

// A file that is encrypted as one value has no settings.
func TestLoadBinary(t *testing.T) {
	fsys := fstest.MapFS{"environments/prod.toml": {Data: sealedText(t, envfile.Binary, "canary = 1\n")}}
	_, err := sealcfg.Load[service](context.WithoutCancel(t.Context()), options(t, fsys)...)
	assert.EqualError(t, err, "load settings for \"prod\": environments/prod.toml: a file that is encrypted as one value has no settings")
}
