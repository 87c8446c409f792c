package settings_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

func TestErrorIsATable(t *testing.T) {
	type settings struct {
		DB struct {
			Host     string
			Port     uint16
			Password sealcfg.Secret[string]
		}
	}
	_, err := loadYAML[settings](t, "# the database\n\ndb:\n    hostt: x\n    port: \"5432\"\n    host: h\n")
	require.EqualError(t, err, strings.TrimPrefix(`
settings for "prod": 3 problems
  db.port      environments/prod.yaml:5:11  expected uint16, got an encrypted string; remove the quotes
  db.hostt     environments/prod.yaml:4:5   unknown key; did you mean "host"?
  db.password  not set                      set db.password in environments/prod.yaml or $APP_DB__PASSWORD`, "\n"))

	var e *sealcfg.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "prod", e.Env)
	assert.Equal(t, sealcfg.KindType, e.Problems[0].Kind)
	assert.Equal(t, sealcfg.KindUnknown, e.Problems[1].Kind)
	assert.Equal(t, sealcfg.KindMissing, e.Problems[2].Kind)
	assert.Equal(t, "db.port", e.Problems[0].Path)
	assert.Zero(t, e.Problems[2].Origin)
	assert.EqualError(t, e.Problems[1], `db.hostt: environments/prod.yaml:4:5: unknown key; did you mean "host"?`)
	assert.NoError(t, e.Problems[0].Unwrap())

	_, err = loadYAML[one](t, "{}")
	assert.True(t, strings.HasPrefix(err.Error(), "settings for \"prod\": 1 problem\n"), err.Error())
}

func TestUnknownKeysEverywhere(t *testing.T) {
	type settings struct {
		List []one
		Map  map[string]one
		P    *one
	}
	_, err := loadYAML[settings](t, "list:\n- a: x\n  aa: y\nmap:\n  k.k:\n    a: x\n    \"b\\nb\": y\np:\n  a: x\n  c: {d: e}\nnew: [1]\n")
	assert.Equal(t, []string{
		`list[0].aa environments/prod.yaml:3:3 unknown key; did you mean "a"?`,
		`map["k.k"]["b b"] environments/prod.yaml:7:5 unknown key`,
		"p.c environments/prod.yaml:10:3 unknown key",
		"new environments/prod.yaml:11:1 unknown key",
	}, problemsOf(t, err))
}

func TestNoValueInAnyError(t *testing.T) {
	const canary = "canary-9e107d9d"
	type everything struct {
		Str, Missing string
		Num          int
		Uint         uint8
		Float        float32
		Bool         bool
		Dur          time.Duration
		Time         time.Time
		Addr         netip.Addr
		Level        slog.Level
		List         []int
		Map          map[string]int
		Struct       one
		Ptr          *int
		Secret       sealcfg.Secret[int]
	}
	names := strings.Fields("num uint float bool dur time addr level list map struct ptr secret unknown")
	var yaml strings.Builder
	var environ []string
	for _, n := range names {
		fmt.Fprintf(&yaml, "%s: %s\n", n, canary)
		environ = append(environ, "APP_"+strings.ToUpper(n)+"="+canary)
	}
	for name, environ := range map[string][]string{"file": nil, "environment": environ} {
		t.Run(name, func(t *testing.T) {
			_, err := loadYAML[everything](t, yaml.String(), environ...)
			var e *sealcfg.Error
			require.ErrorAs(t, err, &e)
			require.Len(t, e.Problems, len(names)+2, "%v", err)
			asJSON, jsonErr := json.Marshal(e)
			require.NoError(t, jsonErr)
			var log strings.Builder
			slog.New(slog.NewTextHandler(&log, nil)).Error("x", "err", err, "problems", e.Problems)
			shown := []string{err.Error(), fmt.Sprintf("%v %+v %#v %q %s", err, err, err, err, err), string(asJSON), log.String()}
			for _, p := range e.Problems {
				shown = append(shown, p.Error(), fmt.Sprintf("%+v %#v %#v", *p, *p, p))
			}
			var rec recorder
			assert.NoError(&rec, err)
			assert.Equal(&rec, e.Problems, nil)
			for _, text := range append(shown, rec.text.String()) {
				assert.NotContains(t, text, canary)
			}
		})
	}
}

func TestErrorAsJSON(t *testing.T) {
	type settings struct {
		DB struct {
			Port     uint16
			Password sealcfg.Secret[string]
		}
		Mode string `oneof:"dev prod"`
		Note string `default:"short" max:"10"`
	}
	_, err := loadYAML[settings](t, "db:\n  port: \"5432\"\n  hostt: x\n", "APP_MODE=canary", "APP_NOTE=canary canary canary")
	require.EqualError(t, err, strings.TrimPrefix(`
settings for "prod": 5 problems
  db.port      environments/prod.yaml:2:9  expected uint16, got an encrypted string; remove the quotes
  db.hostt     environments/prod.yaml:3:3  unknown key
  mode         $APP_MODE                   must be one of dev, prod
  note         $APP_NOTE                   must be at most 10 characters long
  db.password  not set                     set db.password in environments/prod.yaml or $APP_DB__PASSWORD`, "\n"))
	text, jsonErr := json.MarshalIndent(err, "", "  ")
	require.NoError(t, jsonErr)
	assert.JSONEq(t, `{"env": "prod", "problems": [
		{"path": "db.port", "kind": "type", "origin": {"file": "environments/prod.yaml", "line": 2, "column": 9},
			"reason": "expected uint16, got an encrypted string", "hint": "remove the quotes"},
		{"path": "db.hostt", "kind": "unknown", "origin": {"file": "environments/prod.yaml", "line": 3, "column": 3}, "reason": "unknown key"},
		{"path": "mode", "kind": "invalid", "origin": {"variable": "APP_MODE"}, "reason": "must be one of dev, prod"},
		{"path": "note", "kind": "invalid", "origin": {"variable": "APP_NOTE"}, "reason": "must be at most 10 characters long"},
		{"path": "db.password", "kind": "missing", "reason": "is required", "hint": "set db.password in environments/prod.yaml or $APP_DB__PASSWORD"}
	]}`, string(text))

	_, err = sealcfg.Load[struct{ A int }](t.Context(), sealcfg.WithoutFiles(), sealcfg.Set("a", "x"))
	text, jsonErr = json.Marshal(err)
	require.NoError(t, jsonErr)
	assert.JSONEq(t, `{"problems": [{"path": "a", "kind": "type", "origin": {"place": "set in code"},
		"reason": "expected int, got a string", "hint": "remove the quotes"}]}`, string(text))
}

// Programs compare kinds, so their text never changes.
func TestKindsAreStable(t *testing.T) {
	for kind, want := range map[sealcfg.Kind]string{
		sealcfg.KindMissing: "missing", sealcfg.KindUnknown: "unknown", sealcfg.KindType: "type", sealcfg.KindFormat: "format",
		sealcfg.KindRange: "range", sealcfg.KindInvalid: "invalid", sealcfg.KindDeprecated: "deprecated",
	} {
		assert.Equal(t, want, string(kind))
	}
}
