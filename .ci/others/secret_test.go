// Package others_test holds a Secret against libraries that decode and print
// values. It is a separate module, so that sealcfg does not require them.
package others_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/davecgh/go-spew/spew"
	goccy "github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/kr/pretty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

const canary = "canary-4b1d8"

type settings struct {
	Shown  sealcfg.Secret[string]
	hidden sealcfg.Secret[string]
	Bytes  *sealcfg.Secret[[]byte]
	deep   []map[string]any
	Unset  sealcfg.Secret[int]
}

func newSettings() settings {
	key := sealcfg.NewSecret([]byte(canary))
	return settings{
		Shown: sealcfg.NewSecret(canary), hidden: sealcfg.NewSecret(canary), Bytes: &key,
		deep: []map[string]any{{"k": key, "p": &key, "f": key.Expose}},
	}
}

func TestPrinters(t *testing.T) {
	s, other := newSettings(), newSettings()
	other.Shown = sealcfg.NewSecret("other")
	for name, print := range map[string]func() string{
		"spew":             func() string { return spew.Sdump(s, &s) },
		"spew in a line":   func() string { return spew.Sprintf("%v %+v %#v %#+v", s, s, s, &s) },
		"spew, no methods": func() string { return (&spew.ConfigState{DisableMethods: true, Indent: " "}).Sdump(s, &s) },
		"spew as testify": func() string {
			return (&spew.ConfigState{DisablePointerAddresses: true, DisableMethods: true, SortKeys: true}).Sdump(s)
		},
		"spew's own keys": func() string {
			return (&spew.ConfigState{SpewKeys: true, ContinueOnMethod: true}).Sdump(map[any]any{s.Shown: s})
		},
		"pretty":           func() string { return pretty.Sprint(s, &s) + fmt.Sprintf("%# v", pretty.Formatter(s)) },
		"pretty's diff":    func() string { return fmt.Sprint(pretty.Diff(s, other)) },
		"cmp":              func() string { return cmp.Diff(s, other, cmp.AllowUnexported(settings{}), noFuncs) },
		"cmp of secrets":   func() string { return cmp.Diff(s.Shown, other.Shown) },
		"yaml.v3":          func() string { return text(yaml.Marshal(map[string]any{"s": s, "x": s.Shown, "p": s.Bytes})) },
		"goccy/go-yaml":    func() string { return text(goccy.Marshal(map[string]any{"s": s, "x": s.Shown, "p": s.Bytes})) },
		"goccy, in a line": func() string { return text(goccy.MarshalWithOptions(s, goccy.Flow(true))) },
		"env's own dump":   func() string { params, err := env.GetFieldParams(&s); return fmt.Sprint(params, err) },
		"koanf":            func() string { return koanfOf(map[string]any{"s": s.Shown, "all": s}).Sprint() },
	} {
		t.Run(name, func(t *testing.T) {
			said := print()
			require.NotEmpty(t, said)
			sealcfgtest.AssertNoLeak(t, s, said)
		})
	}
}

// noFuncs lets cmp compare values that contain a function.
var noFuncs = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == `["f"]` }, cmp.Ignore())

func text(b []byte, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return string(b)
}

func koanfOf(values map[string]any) *koanf.Koanf {
	k := koanf.New(".")
	if err := k.Load(confmap.Provider(values, "."), nil); err != nil {
		panic(err)
	}
	return k
}

// cmp can compare secrets because it calls Equal.
func TestCmp(t *testing.T) {
	assert.True(t, cmp.Equal(newSettings().Shown, newSettings().Shown))
	assert.True(t, cmp.Equal(newSettings(), newSettings(), cmp.AllowUnexported(settings{}), noFuncs))
	assert.False(t, cmp.Equal(newSettings().Shown, sealcfg.NewSecret("other")))
	assert.False(t, cmp.Equal(newSettings().Shown, sealcfg.Secret[string]{}))
}

type decoded struct {
	Token sealcfg.Secret[string]        `env:"TOKEN" koanf:"token" yaml:"token"`
	Key   sealcfg.Secret[[]byte]        `env:"KEY" koanf:"key" yaml:"key"`
	Wait  sealcfg.Secret[time.Duration] `env:"WAIT" koanf:"wait" yaml:"wait"`
	Pin   sealcfg.Secret[int]           `env:"PIN" koanf:"pin" yaml:"pin"`
	Ptr   *sealcfg.Secret[string]       `env:"PTR" koanf:"ptr" yaml:"ptr"`
	Unset sealcfg.Secret[string]        `env:"UNSET" koanf:"unset" yaml:"unset"`
}

func (d *decoded) check(t *testing.T) {
	t.Helper()
	assert.Equal(t, canary, d.Token.Expose())
	assert.Equal(t, canary, string(d.Key.Expose()))
	assert.Equal(t, 90*time.Minute, d.Wait.Expose())
	assert.Equal(t, 1234, d.Pin.Expose())
	require.NotNil(t, d.Ptr)
	assert.Equal(t, canary, d.Ptr.Expose())
	assert.False(t, d.Unset.IsSet())
}

func TestDecodersOfOthers(t *testing.T) {
	t.Run("caarlos0/env", func(t *testing.T) {
		var d decoded
		environ := map[string]string{"TOKEN": canary, "KEY": canary, "WAIT": "90m", "PIN": "1234", "PTR": canary}
		require.NoError(t, env.ParseWithOptions(&d, env.Options{Environment: environ}))
		d.check(t)
		environ["PIN"] = canary
		err := env.ParseWithOptions(&d, env.Options{Environment: environ})
		require.Error(t, err)
		sealcfgtest.AssertNoLeak(t, d, err.Error())
	})
	t.Run("koanf", func(t *testing.T) {
		var d decoded
		values := map[string]any{"token": canary, "key": canary, "wait": "90m", "pin": "1234", "ptr": canary}
		require.NoError(t, koanfOf(values).Unmarshal("", &d))
		d.check(t)
		values["pin"] = canary
		err := koanfOf(values).Unmarshal("", &d)
		require.Error(t, err)
		sealcfgtest.AssertNoLeak(t, d, err.Error())
	})
	for name, unmarshal := range map[string]func([]byte, any) error{
		"yaml.v3":       yaml.Unmarshal,
		"goccy/go-yaml": func(b []byte, v any) error { return goccy.Unmarshal(b, v) },
	} {
		t.Run(name, func(t *testing.T) {
			var d decoded
			require.NoError(t, unmarshal([]byte("token: "+canary+"\nkey: "+canary+"\nwait: 90m\npin: 1234\nptr: "+canary+"\n"), &d))
			d.check(t)
			again, err := yaml.Marshal(d)
			require.NoError(t, err)
			require.ErrorContains(t, unmarshal(again, &d), "placeholder")
		})
	}
}
