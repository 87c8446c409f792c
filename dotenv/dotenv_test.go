package dotenv_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/dotenv"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

func TestParse(t *testing.T) {
	got, err := dotenv.Parse(".env", []byte("# comment\nexport A=1\nB = 'two words' # why\nC=\"line\nfeed\"\nD=${A}2\nE=\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"A=1", "B=two words", "C=line\nfeed", "D=12", "E="}, got)
}

func TestParseTellsTheLineAndNoValue(t *testing.T) {
	for text, line := range map[string]string{
		"A=1\nCANARY secret\nB=2\n":      "2",
		"A=1\nB=\"CANARY\nC=3\n":         "2",
		"A=1\n\n# c\nB='CANARY":          "4",
		"CANARY-x=1\n":                   "1",
		"A=1\r\nB=2\r\nCANARY?\r\nC=4\n": "3",
		"A=\"x\ny\n\"\n\nCANARY b\nB=2":  "5",
		"A='\n'\nB='CANARY\nC=1\nD=2\n":  "3",
	} {
		_, err := dotenv.Parse("x/.env", []byte(text))
		require.EqualError(t, err, "x/.env:"+line+": not a line of a .env file", "%q", text)
	}
}

type settings struct {
	Port int
	DB   struct {
		Password sealcfg.Secret[string]
		Host     string
	}
}

// demoKey was made for these tests and protects no data.
const demoKey = "AGE-SECRET-KEY-15205YUFKQDP4J4XXY84FVGZNJ7CDKHZ096SZ2NAP2QF7M5Q9VZ7QPU7KDW"

func TestFile(t *testing.T) {
	dir := t.TempDir()
	ids, err := keys.ParseAgeIdentities(demoKey)
	require.NoError(t, err)
	r, err := keys.ParseAgeRecipient(ids[0].(keys.Recipienter).Recipient())
	require.NoError(t, err)
	d, err := envfile.Parse(envfile.YAML, []byte("port: 1\ndb: {password: sealed, host: sealed}\n"))
	require.NoError(t, err)
	s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, envfile.Recipients{Groups: [][]keys.Recipient{{r}}})
	require.NoError(t, err)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	write("dev.yaml", string(s.Bytes()))
	first := write(".env", "APP_PORT=2\nAPP_DB__PASSWORD='from file'\nAPP_DB__HOST=a\nOTHER=x\n")
	second := write(".env.local", "APP_DB__HOST=\"b\"\n")

	var origins sealcfg.Origins
	got, err := sealcfg.Load[settings](t.Context(), sealcfg.WithDir(dir), sealcfg.WithEnv("dev"), sealcfg.WithIdentity(ids...),
		sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_PORT=3"), sealcfg.WithOrigins(&origins),
		dotenv.File(first), dotenv.File(second), dotenv.File(filepath.Join(dir, "none")))
	require.NoError(t, err)
	assert.Equal(t, 3, got.Port, "the process environment wins")
	assert.Equal(t, "from file", got.DB.Password.Expose())
	assert.Equal(t, "b", got.DB.Host, "the later file wins")
	assert.Equal(t, second+": $APP_DB__HOST", origins.Of("db.host").String())
	assert.Equal(t, "$APP_PORT", origins.Of("port").String())

	write(".env", "APP_PORT=CANARY\n")
	_, err = sealcfg.Load[settings](t.Context(), sealcfg.WithDir(dir), sealcfg.WithEnv("dev"), sealcfg.WithIdentity(ids...), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(), dotenv.File(first))
	require.ErrorContains(t, err, first+": $APP_PORT")
	assert.NotContains(t, err.Error(), "CANARY")
}

func TestWatchSeesTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), ".env")
		type settings struct {
			Token string `cfg:",optional"`
		}
		h, err := sealcfg.New[settings](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), dotenv.File(path)).Load(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		changes, ended := make(chan []string, 1), make(chan error)
		go func() { ended <- h.Watch(ctx, func(changed []string, _ error) { changes <- changed }) }()
		for _, text := range []string{"TOKEN=a\n", "TOKEN=bb\n"} {
			synctest.Wait()
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			assert.Equal(t, []string{"token"}, <-changes)
		}
		assert.Equal(t, "bb", h.Get().Token)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}
