package settings_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

type renamed struct {
	Address string `alias:"addr,listen"`
	DB      struct {
		Port uint16 `alias:"db_port"`
		Old  string `deprecated:"use new" cfg:",optional"`
	} `alias:"database"`
	Servers []struct {
		Host string `alias:"name"`
	} `cfg:",optional"`
	Pools map[string]struct {
		Size int `alias:"max"`
	} `cfg:",optional"`
}

func warnings[T any](h *sealcfg.Handle[T]) []string {
	var all []string
	for _, p := range h.Warnings() {
		all = append(all, p.Error())
	}
	return all
}

func TestOldNames(t *testing.T) {
	h, err := sealcfg.New[renamed](options(t,
		files(t, "base", "address: new name\ndatabase: {port: 1}", "prod",
			"listen: old name\ndatabase: {db_port: 2, old: x}\nservers: [{name: a}, {host: b}]\npools: {big: {max: 3}}"),
		"APP_DATABASE__DB_PORT=4", "APP_SERVERS__1__NAME=c")...).Load(t.Context())
	require.NoError(t, err)
	got := h.Get()
	assert.Equal(t, "old name", got.Address, "the same setting, in the stronger file")
	assert.Equal(t, uint16(4), got.DB.Port)
	assert.Equal(t, "a", got.Servers[0].Host)
	assert.Equal(t, "c", got.Servers[1].Host)
	assert.Equal(t, 3, got.Pools["big"].Size)
	assert.Equal(t, []string{
		`db: environments/base.yaml:2:1: the name "database" is deprecated; write db`,
		`address: environments/prod.yaml:1:1: the name "listen" is deprecated; write address`,
		`db: environments/prod.yaml:2:1: the name "database" is deprecated; write db`,
		`db.port: environments/prod.yaml:2:12: the name "db_port" is deprecated; write port`,
		`db.old: environments/prod.yaml:2:136: is deprecated; use new`,
		`servers[0].host: environments/prod.yaml:3:12: the name "name" is deprecated; write host`,
		`pools.big.size: environments/prod.yaml:4:15: the name "max" is deprecated; write size`,
		`db: $APP_DATABASE__DB_PORT: the name "database" is deprecated; write db`,
		`db.port: $APP_DATABASE__DB_PORT: the name "db_port" is deprecated; write port`,
		`servers[1].host: $APP_SERVERS__1__NAME: the name "name" is deprecated; write host`,
	}, warnings(h))
}

func TestOldAndNewNameTogether(t *testing.T) {
	_, err := loadYAML[renamed](t, "address: a\naddr: canary\ndb: {port: 1}\n")
	assert.Equal(t, []string{`address environments/prod.yaml:2:7 is set twice: also under its old name "addr"`}, problemsOf(t, err))

	_, err = sealcfg.Load[struct {
		A string `alias:"b"`
		B string
	}](t.Context(), sealcfg.WithoutFiles())
	require.ErrorContains(t, err, `the name "b" is taken by another field`)
}

func TestOldAndNewNameInADefault(t *testing.T) {
	type settings struct {
		DB struct {
			Password string `alias:"pass"`
		} `default:"{\"pass\":\"canary\",\"password\":\"canary\"}"`
	}
	_, err := fromVariables[settings](t)
	require.ErrorContains(t, err, "field DB: its default tag: is set twice: also under its old name")
	assert.NotContains(t, err.Error(), "canary")
}
