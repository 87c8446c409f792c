package settings_test

import (
	"encoding/json"
	"log/slog"
	"math/big"
	"net/netip"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// loose returns options for settings that come from variables only.
func fromVariables[T any](t testing.TB, environ ...string) (*T, error) {
	t.Helper()
	return sealcfg.Load[T](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(environ...))
}

// variable binds one variable, APP_V.
func variable[T any](text string, want T) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		got, err := fromVariables[struct{ V T }](t, "APP_V="+text)
		require.NoError(t, err)
		assert.Equal(t, want, got.V)
	}
}

func link(t testing.TB, text string) url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return *u
}

func TestTypesOfTheStandardLibrary(t *testing.T) {
	u := link(t, "https://user:pw@example.com/a?b=c")
	large, ok := new(big.Int).SetString("123456789012345678901234567890", 10)
	require.True(t, ok)
	for name, test := range map[string]func(*testing.T){
		"URL":               binds(`"https://user:pw@example.com/a?b=c"`, u),
		"URL pointer":       binds(`"https://user:pw@example.com/a?b=c"`, &u),
		"URLs":              binds(`["https://user:pw@example.com/a?b=c"]`, []url.URL{u}),
		"prefix":            binds(`10.0.0.0/8`, netip.MustParsePrefix("10.0.0.0/8")),
		"regexp":            binds(`"^a+$"`, regexp.MustCompile("^a+$")),
		"regexp value":      binds(`"^a+$"`, *regexp.MustCompile("^a+$")),
		"level":             binds(`WARN+1`, slog.LevelWarn+1),
		"big int":           binds(`5`, big.NewInt(5)),
		"big int value":     binds(`-5`, *big.NewInt(-5)),
		"large int":         binds(`"123456789012345678901234567890"`, large),
		"zeros are decimal": binds(`"010"`, big.NewInt(10)),
		"rat of a float":    binds(`0.5`, big.NewRat(1, 2)),
		"rat of an int":     binds(`2`, big.NewRat(2, 1)),
		"fraction":          binds(`3/4`, big.NewRat(3, 4)),
		"UTC":               binds(`UTC`, time.UTC),
		"local time zone":   binds(`Local`, time.Local),
		"null time zone":    binds(`null`, (*time.Location)(nil)),
		"month":             binds(`march`, time.March),
		"month number":      binds(`12`, time.December),
		"weekday":           binds(`Sunday`, time.Sunday),
		"complex":           binds(`1+2i`, 1+2i),
		"complex of an int": binds(`3`, complex64(3)),
		"array":             binds(`[1, 2]`, [2]int{1, 2}),
		"array of arrays":   binds(`[[a], [b]]`, [2][1]string{{"a"}, {"b"}}),
		"array of structs":  binds(`[{a: x}]`, [1]one{{"x"}}),
		"empty array":       binds(`[]`, [0]int{}),
		"int keys":          binds(`{"1": a, "-2": b}`, map[int]string{1: "a", -2: "b"}),
		"uint8 keys":        binds(`{"255": a}`, map[uint8]string{255: "a"}),
		"text keys":         binds(`{10.0.0.1: a}`, map[netip.Addr]string{netip.MustParseAddr("10.0.0.1"): "a"}),
		"month keys":        binds(`{"3": 1}`, map[time.Month]int{3: 1}),

		"URL variable":      variable("https://user:pw@example.com/a?b=c", u),
		"array variable":    variable("1, 2", [2]int{1, 2}),
		"array as JSON":     variable("[1, 2]", [2]int{1, 2}),
		"int keys variable": variable("1=a,2=b", map[int]string{1: "a", 2: "b"}),
		"month variable":    variable("3", time.March),
		"rat variable":      variable("1.25", big.NewRat(5, 4)),
		"complex variable":  variable("2i", 2i),
	} {
		t.Run(name, test)
	}

	f, err := field[*big.Float](t, "1.5")
	require.NoError(t, err)
	assert.Equal(t, "1.5", f.String())
	berlin, err := field[*time.Location](t, "Europe/Berlin")
	require.NoError(t, err)
	assert.Equal(t, "Europe/Berlin", berlin.String())
}

func TestTypesOfTheStandardLibraryThatDoNotFit(t *testing.T) {
	const (
		typ     = sealcfg.KindType
		format  = sealcfg.KindFormat
		invalid = sealcfg.KindInvalid
		other   = ""
		month   = "expected a month (English name or 1 to 12)"
		zone    = "expected a time zone such as Europe/Berlin, UTC or Local"
	)
	for name, test := range map[string]func(*testing.T){
		"URL":               refuses[url.URL](`"http://a b/%zz"`, format, "expected a URL"+other),
		"int for URL":       refuses[*url.URL](`1`, typ, "expected a URL, got an encrypted int; add quotes if it is a string"),
		"regexp":            refuses[*regexp.Regexp](`"("`, format, "expected a regular expression"+other),
		"int for regexp":    refuses[*regexp.Regexp](`1`, typ, "expected a regular expression, got an encrypted int; add quotes if it is a string"),
		"big int":           refuses[*big.Int](`x`, format, "expected a whole number"+other),
		"float for big int": refuses[*big.Int](`1.5`, typ, "expected big.Int, got an encrypted float; add quotes if it needs more than 64 bits"),
		"big float":         refuses[*big.Float](`x`, format, "expected a number"+other),
		"big rat":           refuses[big.Rat](`1/0`, format, "expected a number or a fraction such as 3/4"+other),
		"huge exponent":     refuses[big.Rat](`1e1000000000`, sealcfg.KindFormat, "expected a number or a fraction such as 3/4"+other),
		"bool for big rat":  refuses[big.Rat](`true`, typ, "expected big.Rat, got an encrypted bool"),
		"complex":           refuses[complex128](`i+1`, format, "expected a complex number such as 1+2i"+other),
		"complex range":     refuses[complex64](`1e300`, sealcfg.KindRange, "out of range for complex64"),
		"bool for complex":  refuses[complex64](`true`, typ, "expected complex64, got an encrypted bool"),
		"unknown zone":      refuses[*time.Location](`Europe/Nowhere`, format, zone+", that this machine knows"),
		"zone of a path":    refuses[*time.Location](`../../etc/passwd`, format, zone+", that this machine knows"),
		"empty zone":        refuses[*time.Location](`""`, format, zone+", that this machine knows"),
		"int for zone":      refuses[*time.Location](`1`, typ, zone+", got an encrypted int"),
		"month 13":          refuses[time.Month](`13`, format, month),
		"month 0":           refuses[time.Month](`0`, format, month),
		"bool for month":    refuses[time.Month](`true`, typ, month+", got an encrypted bool"),
		"month in quotes":   refuses[time.Month](`"3"`, format, month),
		"too short":         refuses[[2]int](`[1]`, typ, "expected a list of 2, got a list of 1"),
		"too long":          refuses[[2]int](`[1, 2, 3]`, typ, "expected a list of 2, got a list of 3"),
		"text for array":    refuses[[2]int](`1`, typ, "expected a list, got an encrypted int"),
		"key":               refuses[map[int]string](`{x: a}`, format, "key: expected int"+other),
		"key range":         refuses[map[int8]string](`{"300": a}`, sealcfg.KindRange, "key: out of range for int8 (-128 to 127)"),
		"text key":          refuses[map[netip.Addr]string](`{x: a}`, format, "key: expected netip.Addr"+other),
		"key twice":         refuses[map[int]string](`{"1": a, "01": b}`, invalid, "duplicate key: another key has the same value"),
		"null in an array":  refuses[[1]int](`[~]`, sealcfg.KindMissing, "null counts as not set; set v[0] in environments/prod.yaml or $APP_V__0"),
		"infinite JSON":     refuses[json.RawMessage](`[.inf]`, sealcfg.KindRange, "not a number in JSON"),
		"null for any":      refuses[any](`null`, sealcfg.KindMissing, "null counts as not set; set v in environments/prod.yaml or $APP_V"),
	} {
		t.Run(name, test)
	}
}

func TestAnything(t *testing.T) {
	when := time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)
	type dict = map[string]any
	for name, test := range map[string]func(*testing.T){
		"string":         binds[any](`text`, "text"),
		"int":            binds[any](`5`, int64(5)),
		"float":          binds[any](`1.5`, 1.5),
		"bool":           binds[any](`true`, true),
		"time":           binds[any](`2026-01-31T10:00:00Z`, when),
		"tree":           binds[any](`{a: [1, x, ~, {b: false}], c: [], d: {}}`, dict{"a": []any{int64(1), "x", nil, dict{"b": false}}, "c": []any{}, "d": dict{}}),
		"list":           binds(`[1, ~, x]`, []any{int64(1), nil, "x"}),
		"map":            binds(`{a: 1, b: ~}`, dict{"a": int64(1), "b": nil}),
		"text variable":  variable[any]("hello", "hello"),
		"zeros":          variable[any]("01234", "01234"),
		"int variable":   variable[any]("5", int64(5)),
		"float variable": variable[any]("1e3", 1e3),
		"JSON variable":  variable[any](`{"a": ["1", 1, 1.5, true, null]}`, dict{"a": []any{"1", int64(1), 1.5, true, nil}}),
		"within JSON":    variable(`{"a": {"b": "1"}}`, map[string]any{"a": dict{"b": "1"}}),

		"raw tree":     binds(`{b: [1, "1", 1.50, true, ~, 2026-01-31T10:00:00Z], a: "\""}`, json.RawMessage(`{"b":[1,"1",1.5,true,null,"2026-01-31T10:00:00Z"],"a":"\""}`)),
		"raw text":     binds(`text`, json.RawMessage(`"text"`)),
		"raw large":    binds(`1e+3`, json.RawMessage(`1000`)),
		"raw pointer":  binds(`null`, (*json.RawMessage)(nil)),
		"raw item":     binds(`[~, {}]`, []json.RawMessage{json.RawMessage("null"), json.RawMessage("{}")}),
		"raw variable": variable(`{"n": 12345678901234567890.10}`, json.RawMessage(`{"n":12345678901234567890.10}`)),
	} {
		t.Run(name, test)
	}
	_, err := fromVariables[struct{ V json.RawMessage }](t, "APP_V=hello")
	assert.Equal(t, []string{"v $APP_V expected JSON with distinct keys"}, problemsOf(t, err))

	_, err = fromVariables[struct{ V any }](t, "APP_V=[18446744073709551616]")
	assert.Equal(t, []string{"v[0] $APP_V out of range"}, problemsOf(t, err))

	var origins sealcfg.Origins
	_, err = sealcfg.Load[struct{ V, R any }](t.Context(), append(options(t, files(t, "base", "v:\n  a: 1\n  b:\n  - x\nr: []", "prod", "v:\n  a: 2")), sealcfg.WithOrigins(&origins))...)
	require.NoError(t, err)
	assert.Equal(t, "environments/prod.yaml:2:6", origins.Of("v.a").String())
	assert.Equal(t, "environments/base.yaml:4:5", origins.Of("v.b[0]").String())
	assert.Equal(t, "environments/base.yaml:5:4", origins.Of("r").String())
}

func TestReloadTellsWhichKeysOfAMapHaveChanged(t *testing.T) {
	type settings struct {
		Ports map[int]string
		Any   any
		O     sealcfg.Optional[int]
	}
	fsys := files(t, "prod", `{ports: {"1": a, "2": b}, any: {x: 1}, o: 1}`)
	h, err := sealcfg.New[settings](options(t, fsys)...).Load(t.Context())
	require.NoError(t, err)
	for _, c := range []struct {
		text string
		want []string
	}{
		{`{ports: {"1": a, "2": c, "3": d}, any: {x: 1}, o: 1}`, []string{"ports.2", "ports.3"}},
		{`{ports: {"1": a}, any: {x: 2}, o: 2}`, []string{"ports.2", "ports.3", "any", "o"}},
		{`{ports: {"1": a}, any: {x: 2}, o: ~}`, []string{"o"}},
		{`{ports: {"1": a}, any: {x: 2}}`, []string{"o"}},
	} {
		fsys["environments/prod.yaml"].Data = seal(t, c.text)
		changed, err := h.Reload(t.Context())
		require.NoError(t, err)
		assert.Equal(t, c.want, changed)
	}
}

func TestNoSecretIsAName(t *testing.T) {
	assert.Contains(t, typeError[struct {
		M map[sealcfg.Secret[string]]int
	}](t), "cannot be bound: its keys are neither strings nor integers")
}
