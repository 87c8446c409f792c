package settings_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// Validate on every level, with both kinds of receiver.
type (
	port  uint16
	hosts []string
	label map[string]string
	db    struct {
		Host string
		Port port
		Opt  *port
	}
	validated struct {
		db
		Main    db
		Hosts   hosts
		Labels  label
		Secret  sealcfg.Secret[port]
		Several []db `cfg:",optional"`
		calls   []string
	}
)

var errPort = errors.New("is below 1024")

func (p port) Validate() error {
	if p < 1024 {
		return fmt.Errorf("port %w", errPort)
	}
	return nil
}

func (h *hosts) Validate() error {
	if len(*h) == 0 {
		return errors.New("no hosts")
	}
	return nil
}

func (l label) Validate() error {
	if l["team"] == "" {
		return errors.Join(errors.New("no team"), errors.New("nobody to call"))
	}
	return nil
}

func (d *db) Validate() error {
	if d.Host == "localhost" && d.Port != 5432 {
		return errors.New("localhost listens on its standard port")
	}
	return nil
}

func (v *validated) Validate() error {
	v.calls = append(v.calls, "validated")
	if v.Main.Host == v.Host {
		return errors.New("both databases are the same")
	}
	return nil
}

func TestValidate(t *testing.T) {
	const good = "host: h\nport: 5432\nmain: {host: m, port: 5432}\nhosts: [a]\nlabels: {team: x}\nsecret: 2000\n"
	got, err := loadYAML[validated](t, good)
	require.NoError(t, err)
	assert.Equal(t, []string{"validated"}, got.calls)

	_, err = loadYAML[validated](t, "host: localhost\nport: 80\nmain:\n  host: localhost\n  port: 5433\n  opt: 1\nhosts: []\n"+
		"labels: {a: b}\nsecret: 1\nseveral:\n- host: localhost\n  port: 2000\n- host: x\n  port: 2\n")
	assert.Equal(t, []string{
		"port environments/prod.yaml:2:7 port is below 1024",
		"main.opt environments/prod.yaml:6:8 port is below 1024",
		"hosts environments/prod.yaml:7:8 no hosts",
		"labels environments/prod.yaml:8:9 no team; nobody to call",
		"secret environments/prod.yaml:9:9 port is below 1024",
		"several[0] environments/prod.yaml:11:3 localhost listens on its standard port",
		"several[1].port environments/prod.yaml:14:9 port is below 1024",
	}, problemsOf(t, err), "a value's own method is asked only if all inside is well")
	require.ErrorIs(t, err, errPort)
	var p *sealcfg.Problem
	require.ErrorAs(t, err, &p)
	assert.Equal(t, sealcfg.KindInvalid, p.Kind)

	_, err = loadYAML[validated](t, strings.Replace(good, "host: m", "host: h", 1))
	assert.Equal(t, []string{"(all) environments/prod.yaml both databases are the same"}, problemsOf(t, err))
}

// promoting gets the Validate method of its embedded type.
type (
	Checked   struct{ N int }
	promoting struct{ Checked }
)

func (c Checked) Validate() error {
	if c.N == 0 {
		return errors.New("zero")
	}
	return nil
}

func TestPromotedValidateIsReportedOnce(t *testing.T) {
	_, err := loadYAML[promoting](t, "n: 0")
	assert.Equal(t, []string{"(all) environments/prod.yaml zero"}, problemsOf(t, err))
	_, err = loadYAML[struct {
		P promoting `cfg:",optional"`
	}](t, "{}")
	require.NoError(t, err, "an optional struct that nothing mentions is not validated")
}
