package settings_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/internal/errchain"
)

// field loads one value into a struct with one field, v.
func field[T any](t *testing.T, yaml string, environ ...string) (T, error) {
	t.Helper()
	text := ""
	if yaml != "" {
		text = "v: " + yaml
	} else {
		text = "{}"
	}
	got, err := loadYAML[struct{ V T }](t, text, environ...)
	if err != nil {
		var zero T
		return zero, err
	}
	return got.V, nil
}

func binds[T any](yaml string, want T) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		got, err := field[T](t, yaml)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func refuses[T any](yaml string, kind sealcfg.Kind, reason string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		_, err := field[T](t, yaml)
		var e *sealcfg.Error
		require.ErrorAs(t, err, &e)
		require.Len(t, e.Problems, 1, "%v", err)
		p := e.Problems[0]
		assert.Equal(t, kind, p.Kind)
		assert.Equal(t, reason, strings.TrimSuffix(p.Reason+"; "+p.Hint, "; "))
		assert.Equal(t, "environments/prod.yaml", p.Origin.File)
		assert.Equal(t, 1, p.Origin.Line)
		assert.Positive(t, p.Origin.Column)
	}
}

type (
	level  string
	tags   map[level][]level
	raw    []byte
	number int8
)

func TestValuesOfFiles(t *testing.T) {
	ptr := func(s string) *string { return &s }
	for name, test := range map[string]func(*testing.T){
		"string":          binds(`text`, "text"),
		"empty string":    binds(`""`, ""),
		"quoted number":   binds(`"01234"`, "01234"),
		"folded text":     binds("|\n  a\n  b\n", "a\nb\n"),
		"named string":    binds(`debug`, level("debug")),
		"bool":            binds(`true`, true),
		"int":             binds(`-5`, -5),
		"int8":            binds(`-128`, number(-128)),
		"int64":           binds(`-9223372036854775808`, int64(math.MinInt64)),
		"uint8":           binds(`255`, uint8(255)),
		"uint64":          binds(`9223372036854775807`, uint64(math.MaxInt64)),
		"hex":             binds(`0x1F`, 31),
		"float":           binds(`1.5`, 1.5),
		"float of an int": binds(`3`, 3.0),
		"float32":         binds(`0.1`, float32(0.1)),
		"infinite float":  binds(`.inf`, math.Inf(1)),
		"duration":        binds(`1h30m`, 90*time.Minute),
		"time":            binds(`2026-01-31T10:00:00Z`, time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)),
		"date":            binds(`2026-01-31`, time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)),
		"quoted time":     binds(`"2026-01-31T10:00:00.5Z"`, time.Date(2026, 1, 31, 10, 0, 0, 5e8, time.UTC)),
		"bytes":           binds(`aGVsbG8=`, []byte("aGVsbG8=")),
		"named bytes":     binds(`x`, raw("x")),
		"list":            binds(`[1, 2]`, []int{1, 2}),
		"empty list":      binds(`[]`, []int{}),
		"list of lists":   binds(`[[a], []]`, [][]string{{"a"}, {}}),
		"map":             binds(`{a: 1, b: 2}`, map[string]int{"a": 1, "b": 2}),
		"empty map":       binds(`{}`, map[string]int{}),
		"named map":       binds(`{a: [b]}`, tags{"a": {"b"}}),
		"map of structs":  binds(`{a: {n: 1}}`, map[string]struct{ N int }{"a": {1}}),
		"pointer":         binds(`x`, ptr("x")),
		"null pointer":    binds(`null`, (*string)(nil)),
		"null in a list":  binds(`[a, ~]`, []*string{ptr("a"), nil}),
		"pointer to list": binds(`[a]`, &[]string{"a"}),
		"list of structs": binds(`[{a: x}, {a: y}]`, []one{{"x"}, {"y"}}),
		"text":            binds(`10.0.0.1:80`, netip.MustParseAddrPort("10.0.0.1:80")),
		"text pointer":    binds(`::1`, func() *netip.Addr { a := netip.MustParseAddr("::1"); return &a }()),
		"text level":      binds(`warn`, slog.LevelWarn),
	} {
		t.Run(name, test)
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	const (
		typ    = sealcfg.KindType
		ranges = sealcfg.KindRange
		format = sealcfg.KindFormat
		quote  = "; add quotes if it is a string"
	)
	for name, test := range map[string]func(*testing.T){
		"number in quotes":     refuses[uint16](`"5432"`, typ, "expected uint16, got an encrypted string; remove the quotes"),
		"float for int":        refuses[int](`5.0`, typ, "expected int, got an encrypted float; write a whole number; sops set stores every number as a float"),
		"bool for int":         refuses[int](`true`, typ, "expected int, got an encrypted bool"),
		"octal for string":     refuses[string](`01234`, typ, "expected string, got an encrypted int"+quote),
		"float for string":     refuses[string](`1.10`, typ, "expected string, got an encrypted float"+quote),
		"bool for string":      refuses[level](`true`, typ, "expected settings_test.level, got an encrypted bool"+quote),
		"date for string":      refuses[string](`2026-01-31`, typ, "expected string, got an encrypted time"+quote),
		"int for bytes":        refuses[[]byte](`1`, typ, "expected a string, got an encrypted int"+quote),
		"yes for bool":         refuses[bool](`yes`, typ, "expected bool, got an encrypted string; write true or false without quotes (yes, no, on and off are strings)"),
		"int for bool":         refuses[bool](`1`, typ, "expected bool, got an encrypted int; write true or false"),
		"str for float":        refuses[float64](`"1"`, typ, "expected float64, got an encrypted string; remove the quotes"),
		"int for duration":     refuses[time.Duration](`5`, typ, "expected a duration, got an encrypted int; write it with its unit, such as 5s or 1h30m"),
		"int for time":         refuses[time.Time](`5`, typ, "expected a time, got an encrypted int; write it as 2006-01-02T15:04:05Z"),
		"int for text":         refuses[netip.Addr](`5`, typ, "expected a string for netip.Addr, got an encrypted int; add quotes"),
		"map for string":       refuses[string](`{a: 1}`, typ, "expected string, got a map"),
		"list for int":         refuses[int](`[1]`, typ, "expected int, got a list"),
		"str for list":         refuses[[]string](`a,b`, typ, "expected a list, got an encrypted string"),
		"list for map":         refuses[map[string]int](`[1]`, typ, "expected a map, got a list"),
		"int for struct":       refuses[one](`1`, typ, "expected a map, got an encrypted int"),
		"int8":                 refuses[int8](`128`, ranges, "out of range for int8 (-128 to 127)"),
		"uint below zero":      refuses[uint](`-1`, ranges, "out of range for uint (0 to 18446744073709551615)"),
		"uint16":               refuses[uint16](`65536`, ranges, "out of range for uint16 (0 to 65535)"),
		"float32":              refuses[float32](`1e300`, ranges, "out of range for float32"),
		"malformed duration":   refuses[time.Duration](`5 parsecs`, format, "expected a duration such as 5s or 1h30m"),
		"malformed time":       refuses[time.Time](`tomorrow`, format, "expected a time such as 2006-01-02T15:04:05Z"),
		"malformed text":       refuses[netip.Addr](`nowhere`, format, "expected netip.Addr"),
		"null":                 refuses[string](`null`, sealcfg.KindMissing, "null counts as not set; set v in environments/prod.yaml or $APP_V"),
		"null list":            refuses[[]string](`null`, sealcfg.KindMissing, "null counts as not set; set v in environments/prod.yaml or $APP_V"),
		"null in a list":       refuses[[]string](`[a, null]`, sealcfg.KindMissing, "null counts as not set; set v[1] in environments/prod.yaml or $APP_V__1"),
		"null for a struct":    refuses[one](`null`, sealcfg.KindMissing, "null counts as not set; set v.a in environments/prod.yaml or $APP_V__A"),
		"null in a map":        refuses[map[string]int](`{a: ~}`, sealcfg.KindMissing, "null counts as not set; set v.a in environments/prod.yaml or $APP_V__A"),
		"null list of structs": refuses[[]one](`[~]`, sealcfg.KindMissing, "null counts as not set; set v[0].a in environments/prod.yaml or $APP_V__0__A"),
	} {
		t.Run(name, test)
	}
}

type Common struct {
	Region string
	Zone   string `default:"a"`
}

type mixin struct{ Extra int }

func TestNames(t *testing.T) {
	type settings struct {
		Common
		mixin
		HTTPPort   int
		APIKey     string
		UserID     string
		Port2      int
		Renamed    string   `cfg:"other-name"`
		FromYAML   string   `yaml:"yaml_name,omitempty"`
		Both       string   `cfg:"first" yaml:"second"`
		OnlyOption string   `cfg:",optional" yaml:"third"`
		Skipped    chan int `cfg:"-"`
		SkippedToo func()   `yaml:"-"`
		private    int
		Flat       struct{ Inner string } `yaml:",inline"`
		Named      Common                 `cfg:"named"`
	}
	text := "region: eu\nextra: 3\nhttp_port: 1\napi_key: k\nuser_id: u\nport2: 2\nother-name: o\nyaml_name: y\nfirst: f\n" +
		"third: t\ninner: i\nnamed: {region: us}\n"
	got, err := loadYAML[settings](t, text)
	require.NoError(t, err)
	assert.Equal(t, &settings{Common: Common{"eu", "a"}, mixin: mixin{3}, HTTPPort: 1, APIKey: "k", UserID: "u", Port2: 2,
		Renamed: "o", FromYAML: "y", Both: "f", OnlyOption: "t", Flat: struct{ Inner string }{"i"}, Named: Common{"us", "a"}}, got)
	assert.Zero(t, got.private)

	_, err = loadYAML[settings](t, text+"HTTP_PORT: 5\nprivate: 1\nskipped: 1\n")
	assert.Equal(t, []string{
		`HTTP_PORT environments/prod.yaml:13:1 unknown key; did you mean "http_port"?`,
		"private environments/prod.yaml:14:1 unknown key",
		"skipped environments/prod.yaml:15:1 unknown key",
	}, problemsOf(t, err))
}

type defaults struct {
	S    string          `default:"text"`
	E    string          `default:""`
	N    int             `default:"-5"`
	B    bool            `default:"true"`
	D    time.Duration   `default:"5s"`
	T    time.Time       `default:"2026-01-31T10:00:00Z"`
	L    []string        `default:"a, b"`
	J    []int           `default:"[1, 2]"`
	M    map[string]int  `default:"{\"a\": 1}"`
	P    *int            `default:"3"`
	A    netip.Addr      `default:"::1"`
	Q    *string         // a pointer
	O    string          `cfg:",optional"`
	OL   []string        `cfg:",optional"`
	Sub  struct{ X int } `cfg:",optional"`
	Sub2 struct {
		X int `default:"9"`
		Y struct {
			Z int
			W int `default:"8"`
		}
	} `cfg:",optional"`
	Sub3 struct {
		X int `default:"7"`
	}
	Sub4 *struct{ X int }
}

func TestDefaults(t *testing.T) {
	var want defaults
	three := 3
	want.S, want.N, want.B, want.D = "text", -5, true, 5*time.Second
	want.T = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)
	want.L, want.J, want.M, want.P = []string{"a", "b"}, []int{1, 2}, map[string]int{"a": 1}, &three
	want.A = netip.IPv6Loopback()
	want.Sub2.X, want.Sub2.Y.W, want.Sub3.X = 9, 8, 7

	got, err := loadYAML[defaults](t, "{}")
	require.NoError(t, err)
	assert.Equal(t, &want, got)

	// Nulls count as not set, except for pointers.
	want.P = nil
	got, err = loadYAML[defaults](t, "s: ~\nn: ~\nl: ~\nj: ~\nm: ~\np: ~\no: ~\nsub: ~\nsub2: ~\nsub3: ~\nsub4: ~\n")
	require.NoError(t, err)
	assert.Equal(t, &want, got)

	// An optional struct that a source mentions has the same required fields as any other.
	_, err = loadYAML[defaults](t, "sub: {}\nsub2: {y: {}}\nsub4: {}\n")
	assert.Equal(t, []string{
		"sub.x not set set sub.x in environments/prod.yaml or $APP_SUB__X",
		"sub2.y.z not set set sub2.y.z in environments/prod.yaml or $APP_SUB2__Y__Z",
		"sub4.x not set set sub4.x in environments/prod.yaml or $APP_SUB4__X",
	}, problemsOf(t, err))
}

func TestNullOverValueOfBase(t *testing.T) {
	type settings struct {
		P *string
		D string `default:"default"`
		N one    `cfg:",optional"`
	}
	got, err := sealcfg.Load[settings](t.Context(), options(t, files(t, "base", "{p: x, d: x, n: {a: x}}", "prod", "{p: ~, d: ~, n: ~}"))...)
	require.NoError(t, err)
	assert.Equal(t, &settings{D: "default"}, got)
}

// An invalid default is reported even if the file sets the field. Otherwise it would fail only
// where no source sets it.
func TestBadDefaultIsAMistakeInTheType(t *testing.T) {
	type (
		number struct {
			N int `default:"canary"`
		}
		list struct {
			L []int `default:"[canary"`
		}
		part struct {
			S []one `default:"[{}]"`
		}
		secret struct {
			P sealcfg.Secret[int] `default:"canary"`
		}
		// The result of a method may depend on the machine.
		method struct {
			A netip.Addr `default:"canary"`
		}
		zone struct {
			Z *time.Location `default:"Europe/Canary"`
		}
	)
	for want, load := range map[string]func() error{
		"field N: its default tag: expected int":                         func() error { _, err := loadYAML[number](t, "n: 1"); return err },
		"field L: its default tag: begins like a JSON array but is none": func() error { _, err := loadYAML[list](t, "l: [1]"); return err },
		"field S: its default tag: is required":                          func() error { _, err := loadYAML[part](t, "s: []"); return err },
		"field P: its default tag: expected int":                         func() error { _, err := loadYAML[secret](t, "p: 1"); return err },
		"expected netip.Addr":                                            func() error { _, err := loadYAML[method](t, "b: 1"); return err },
	} {
		err := load()
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "canary")
	}
	got, err := loadYAML[method](t, "a: 127.0.0.1")
	require.NoError(t, err)
	assert.True(t, got.A.IsLoopback())
	_, err = loadYAML[zone](t, "z: UTC")
	require.NoError(t, err)
}

type node struct {
	Name string
	Next *node
	Kids []node `cfg:",optional"`
}

func TestTypeThatContainsItself(t *testing.T) {
	got, err := loadYAML[node](t, "{name: a, next: {name: b, kids: [{name: c}]}}")
	require.NoError(t, err)
	assert.Equal(t, "c", got.Next.Kids[0].Name)
	assert.Nil(t, got.Next.Next)
}

func TestTypesThatCannotBeBound(t *testing.T) {
	load := func(f func() error) string {
		err := f()
		require.Error(t, err)
		var e *sealcfg.Error
		require.False(t, errors.As(err, &e), "a mistake in the program, not in the settings")
		return err.Error()
	}
	is := func(err error) func() error { return func() error { return err } }
	of := func(_ any, err error) func() error { return is(err) }
	for want, f := range map[string]func() error{
		"expected a struct":                         of(loadYAML[string](t, "a: 1")),
		"expected a struct: pointer":                of(loadYAML[*one](t, "a: 1")),
		"field V: chan int cannot be bound":         of(loadYAML[struct{ V chan int }](t, "v: 1")),
		"field V: field W: fmt.Stringer cannot":     of(loadYAML[struct{ V struct{ W fmt.Stringer } }](t, "v: 1")),
		"field V: func() cannot be bound":           of(loadYAML[struct{ V *func() }](t, "v: 1")),
		"its keys are neither strings nor integers": of(loadYAML[struct{ V []map[float64]string }](t, "v: 1")),
		`the name "a" is taken`: of(loadYAML[struct {
			A, B string `cfg:"a"`
		}](t, "a: 1")),
		`unknown option "optinal"`: of(loadYAML[struct {
			A string `cfg:",optinal"`
		}](t, "a: 1")),
		"not exported": of(loadYAML[struct {
			a string `cfg:"a"`
		}](t, "a: 1")),
		"a pointer cannot be inlined": of(loadYAML[struct{ *Common }](t, "a: 1")),
		"only a struct can be inlined": of(loadYAML[struct {
			V map[string]int `yaml:",inline"`
		}](t, "a: 1")),
		"an inlined struct cannot be optional": of(loadYAML[struct {
			V Common `cfg:",optional" yaml:",inline"`
		}](t, "a: 1")),
	} {
		want, _, _ = strings.Cut(want, ": pointer")
		assert.Contains(t, load(f), want)
	}
}

type shouting struct{ text string }

var errShouting = errors.New("not in capitals")

func (s *shouting) UnmarshalText(b []byte) error {
	if strings.ToUpper(string(b)) != string(b) {
		return &shoutingError{string(b)}
	}
	s.text = string(b)
	return nil
}

// shoutingError quotes the value.
type shoutingError struct{ text string }

func (e *shoutingError) Error() string { return e.text + " is " + errShouting.Error() }
func (e *shoutingError) Unwrap() error { return errShouting }

// size is a type whose error does not quote the value.
type size struct{ n int }

type sizeError struct{ most int }

func (e *sizeError) Error() string { return fmt.Sprintf("want at most %d characters", e.most) }

func (s *size) UnmarshalText(b []byte) error {
	if s.n = len(b); s.n > 3 {
		return fmt.Errorf("canary-81ac in a text, and a cause: %w", &sizeError{3})
	}
	return nil
}

func TestUnmarshalTextErrorsAreFoundUnlessTheyQuote(t *testing.T) {
	_, err := field[size](t, "canary-81ac")
	var s *sizeError
	require.ErrorAs(t, err, &s)
	assert.Equal(t, 3, s.most)
	for e := range errchain.All(err) {
		assert.NotContains(t, e.Error(), "canary")
	}
	_, err = field[sealcfg.Secret[shouting]](t, "canary-81ac")
	require.ErrorIs(t, err, errShouting)
	var quoting *shoutingError
	require.NotErrorAs(t, err, &quoting)
}

func TestUnmarshalTextErrorsAreKeptButNotShown(t *testing.T) {
	got, err := field[shouting](t, "HELLO")
	require.NoError(t, err)
	assert.Equal(t, "HELLO", got.text)

	_, err = field[shouting](t, "canary-81ac")
	require.ErrorIs(t, err, errShouting)
	var p *sealcfg.Problem
	require.ErrorAs(t, err, &p)
	for _, text := range []string{err.Error(), p.Error(), fmt.Sprintf("%+v %#v %#v", err, err, *p)} {
		assert.NotContains(t, text, "canary")
	}
}

type endless struct {
	Name string    `default:"x"`
	Kids []endless `default:"[{}]"`
}

func TestDefaultThatNeedsItself(t *testing.T) {
	_, err := fromVariables[endless](t)
	require.ErrorContains(t, err, "field Kids: its default tag: the default tag contains itself without end")
}
