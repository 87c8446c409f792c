package settings_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

type (
	Shared struct{ Region string }
	whole  struct {
		Shared
		DB struct {
			Port uint16
			Pool *struct{ Size int }
		}
		Hosts   []one
		Labels  map[string]sealcfg.Secret[string]
		Storage storage
		Renamed int    `cfg:"other" default:"1"`
		Unset   string `cfg:",optional"`
	}
)

func fails(fields ...string) sealcfg.Option {
	var errs []error
	for _, f := range fields {
		errs = append(errs, &sealcfg.FieldError{Field: f, Reason: "is wrong"})
	}
	return sealcfg.WithValidation(func(any) error { return errors.Join(errs...) })
}

func TestWithValidation(t *testing.T) {
	const yaml = "region: eu\ndb:\n  port: 80\n  pool:\n    size: 3\nhosts:\n- a: x\nlabels:\n  k.k: v\nstorage:\n  kind: disk\n  path: /a\n"
	load := func(opts ...sealcfg.Option) (*whole, error) {
		return sealcfg.Load[whole](t.Context(), append(options(t, files(t, "prod", yaml), "APP_DB__PORT=443"), opts...)...)
	}
	for field, want := range map[string]string{
		"DB.Port":           "db.port $APP_DB__PORT is wrong",
		"DB.Pool.Size":      "db.pool.size environments/prod.yaml:5:11 is wrong",
		"DB":                "db $APP_DB__PORT is wrong",
		"Hosts":             "hosts environments/prod.yaml:7:6 is wrong",
		"Hosts[0].A":        "hosts[0].a environments/prod.yaml:7:6 is wrong",
		"Labels[k.k]":       `labels["k.k"] environments/prod.yaml:9:8 is wrong`,
		"Storage.Disk.Path": "storage.path environments/prod.yaml:12:9 is wrong",
		"Storage.Kind":      "storage.kind environments/prod.yaml:11:9 is wrong",
		"Shared.Region":     "region environments/prod.yaml:1:9 is wrong",
		"Region":            "region environments/prod.yaml:1:9 is wrong",
		"Renamed":           "other default is wrong",
		"Unset":             "unset environments/prod.yaml is wrong",
		"":                  "(all) environments/prod.yaml is wrong",
		"DB.Host":           "(all) environments/prod.yaml DB.Host: is wrong",
		"Hosts[x]":          "(all) environments/prod.yaml Hosts[x]: is wrong",
		"Hosts[0":           "(all) environments/prod.yaml Hosts[0: is wrong",
		"Hosts.A":           "(all) environments/prod.yaml Hosts.A: is wrong",
		"DB.Port.X":         "(all) environments/prod.yaml DB.Port.X: is wrong",
	} {
		_, err := load(fails(field))
		if field == "Unset" {
			want = "unset not set is wrong"
		}
		require.Error(t, err, field)
		assert.Equal(t, []string{want}, problemsOf(t, err), field)
	}

	// Joined and wrapped errors, errors without a field, and several validators.
	sentinel := errors.New("the whole is wrong")
	var seen *whole
	_, err := load(
		sealcfg.WithValidation(func(settings any) error {
			seen = settings.(*whole)
			return fmt.Errorf("check: %w", errors.Join(&sealcfg.FieldError{Field: "DB.Port", Reason: "is odd"}, sentinel))
		}),
		fails("Region"))
	assert.Equal(t, []string{"db.port $APP_DB__PORT is odd", "(all) environments/prod.yaml the whole is wrong", "region environments/prod.yaml:1:9 is wrong"}, problemsOf(t, err))
	require.ErrorIs(t, err, sentinel)
	var f *sealcfg.FieldError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, uint16(443), seen.DB.Port)

	got, err := load(sealcfg.WithValidation(func(any) error { return nil }), fails())
	require.NoError(t, err)
	assert.Equal(t, uint16(443), got.DB.Port)

	// The validator is not called if settings have other problems.
	_, err = sealcfg.Load[whole](t.Context(), append(options(t, files(t, "prod", "{}")), sealcfg.WithValidation(func(any) error { panic("asked") }))...)
	require.Error(t, err)
}

type bounds struct{ Low, High int }

func (b bounds) Validate() error {
	if b.Low > b.High {
		return errors.Join(&sealcfg.FieldError{Field: "Low", Reason: "is above high"})
	}
	return nil
}

func TestValidateMayNameAField(t *testing.T) {
	type settings struct {
		bounds
		Pools []bounds
	}
	_, err := loadYAML[settings](t, "low: 1\nhigh: 2\npools:\n- low: 1\n  high: 1\n- high: 1\n  low: 2")
	assert.Equal(t, []string{"pools[1].low environments/prod.yaml:7:8 is above high"}, problemsOf(t, err))
	type embedding struct{ Bounds }
	_, err = loadYAML[embedding](t, "low: 2\nhigh: 1\n")
	assert.Equal(t, []string{"low environments/prod.yaml:1:6 is above high"}, problemsOf(t, err))
}

type Bounds struct{ bounds }
