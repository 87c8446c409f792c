package pflags_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/pflags"
)

type settings struct {
	Debug bool `default:"false" desc:"log more"`
	DB    struct {
		Port     uint16                 `default:"5432" desc:"where the database listens"`
		APIKey   sealcfg.Secret[string] `cfg:",optional"`
		LogLevel int                    `default:"1"`
	}
	Hosts []string `cfg:",optional"`
}

// command returns a command that passes its settings to run.
func command(t *testing.T, run func(*sealcfg.Handle[settings])) *cobra.Command {
	t.Helper()
	l := sealcfg.New[settings](sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_DB__LOG_LEVEL=3"))
	cmd := &cobra.Command{Use: "app", SilenceUsage: true, SilenceErrors: true, RunE: func(cmd *cobra.Command, _ []string) error {
		h, err := l.Load(cmd.Context())
		if err == nil {
			run(h)
		}
		return err
	}}
	require.NoError(t, pflags.Add(cmd.Flags(), l))
	require.EqualError(t, pflags.Add(cmd.Flags(), l), "define flags: there is a flag --hosts already")
	return cmd
}

func TestFlagsOfACommand(t *testing.T) {
	ran := false
	cmd := command(t, func(h *sealcfg.Handle[settings]) {
		ran = true
		assert.True(t, h.Get().Debug)
		assert.Equal(t, uint16(1), h.Get().DB.Port)
		assert.Equal(t, 3, h.Get().DB.LogLevel)
		assert.Equal(t, []string{"a", "b", "c"}, h.Get().Hosts)
		assert.Equal(t, "--db.port", h.Origins().Of("db.port").String())
	})
	cmd.SetArgs([]string{"--debug", "--db.port", "1", "--hosts=a,b", "--hosts", "c"})
	require.NoError(t, cmd.ExecuteContext(t.Context()))
	assert.True(t, ran)

	cmd = command(t, func(*sealcfg.Handle[settings]) { t.Error("must not run") })
	cmd.SetArgs([]string{"--db.port", "canary"})
	err := cmd.ExecuteContext(t.Context())
	var problems *sealcfg.Error
	require.True(t, errors.As(err, &problems))
	assert.NotContains(t, fmt.Sprintf("%+v", err), "canary")
}

func TestHelp(t *testing.T) {
	cmd := command(t, func(*sealcfg.Handle[settings]) {})
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"--help"})
	require.NoError(t, cmd.ExecuteContext(t.Context()))
	assert.Contains(t, out.String(), "--db.port uint16     where the database listens [env: APP_DB__PORT] (default 5432)\n")
	assert.Contains(t, out.String(), "--debug              log more [env: APP_DEBUG]\n")
	assert.Contains(t, out.String(), "--hosts []string     []string [env: APP_HOSTS]\n")
	assert.NotContains(t, out.String(), "api-key", "arguments are public")
}
