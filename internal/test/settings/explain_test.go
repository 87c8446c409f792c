package settings_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// explained returns the rows of the table, fields separated by one space.
func explained[T any](t *testing.T, h *sealcfg.Handle[T]) []string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, h.Explain(&b))
	rows := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i := range rows {
		rows[i] = strings.Join(strings.Fields(rows[i]), " ")
	}
	assert.Equal(t, "PATH TYPE VALUE ORIGIN", rows[0])
	return rows[1:]
}

func TestExplain(t *testing.T) {
	type inner struct {
		User string
		Pass sealcfg.Secret[string]
	}
	type settings struct {
		Listen  string        `default:":80"`
		Wait    time.Duration `default:"90s"`
		Since   time.Time
		Peer    netip.Addr
		Raw     []byte
		Hosts   []string
		Labels  map[string]int
		None    []string               `cfg:",optional"`
		Empty   []string               `cfg:",optional"`
		Token   sealcfg.Secret[string] `cfg:",optional"`
		Blank   sealcfg.Secret[string]
		Key     *sealcfg.Secret[[]byte]
		Group   sealcfg.Secret[inner]
		List    sealcfg.Secret[[]string]
		Ptr     *int
		Nil     *int
		Missing *inner
		Text    string `cfg:",optional"`
		DB      struct{ Port uint16 }
		URL     string
		Cluster string
	}
	h, err := sealcfg.New[settings](options(t, files(t, "prod", `since: 2024-05-06T07:08:09Z
peer: 192.0.2.1
raw: some text
hosts: [a, b]
labels: {y: 2, x: 1}
empty: []
blank: ""
key: `+hushed+`
group: {user: `+hushed+`, pass: `+hushed+`}
list: [`+hushed+`, x]
nil: null
url: postgres://user:`+hushed+`@db.example.com/app
cluster: postgres://user:`+hushed+`@a:1,b:2/app
`), "APP_DB__PORT=5432")...).Load(t.Context())
	require.NoError(t, err)
	const file = "environments/prod.yaml"
	assert.Equal(t, []string{
		"listen string :80 default",
		"wait time.Duration 1m30s default",
		"since time.Time 2024-05-06T07:08:09Z " + file + ":1:8",
		"peer netip.Addr 192.0.2.1 " + file + ":2:7",
		"raw []uint8 some text " + file + ":3:6",
		"hosts[0] string a " + file + ":4:9",
		"hosts[1] string b " + file + ":4:" + column(t, h, "hosts[1]"),
		"labels.x int 1 " + file + ":5:" + column(t, h, "labels.x"),
		"labels.y int 2 " + file + ":5:" + column(t, h, "labels.y"),
		"none []string - not set",
		"empty []string [] " + file + ":6:8",
		"token string [unset] not set",
		"blank string [secret] " + file + ":7:8",
		"key []uint8 [secret] " + file + ":8:6",
		"group settings_test.inner [secret] " + h.Origins().Of("group.user").String() + " and 1 more",
		"list []string [secret] " + h.Origins().Of("list[0]").String() + " and 1 more",
		"ptr int - not set",
		"nil int null " + file + ":11:6",
		"missing settings_test.inner - not set",
		"text string - not set",
		"db.port uint16 5432 $APP_DB__PORT",
		"url string postgres://user:xxxxx@db.example.com/app " + file + ":12:6",
		"cluster string postgres://user:xxxxx@a:1,b:2/app " + file + ":13:10",
	}, explained(t, h))

	var b strings.Builder
	require.NoError(t, h.Explain(&b))
	assertHushed(t, b.String())
}

// Every file is named, with the settings that it overrides.
func TestExplainNamesLayers(t *testing.T) {
	type settings struct {
		Debug bool
		DB    struct {
			Host, Password string
			Replicas       []string
		}
	}
	fsys := files(t, "base", "{debug: true, db: {host: a, replicas: [a, b]}}", "prod", "db: {host: b, password: "+hushed+", replicas: [c]}",
		"prod.local", "db: {password: "+hushed+"}")
	table := func(more ...sealcfg.Option) string {
		h, err := sealcfg.New[settings](append(options(t, fsys), more...)...).Load(t.Context())
		require.NoError(t, err)
		var b strings.Builder
		require.NoError(t, h.Explain(&b))
		_, layers, _ := strings.Cut(b.String(), "\n\n")
		return layers
	}
	assert.Equal(t, `LAYER                         OVERRIDES
environments/base.yaml        -
environments/prod.yaml        db.host, db.replicas
environments/prod.local.yaml  db.password
`, table(sealcfg.WithLocal()))
	assert.NotContains(t, table(), "local")
	delete(fsys, "environments/base.yaml")
	fsys["environments/prod.yaml"] = &fstest.MapFile{Data: seal(t, "debug: true\ndb: {host: a, password: b, replicas: []}\n")}
	assert.Empty(t, table(), "one file")
}

func TestExplainEveryShape(t *testing.T) {
	type disk struct{ Path string }
	type cloud struct {
		Bucket string
		Key    sealcfg.Secret[string]
	}
	type storage struct {
		Kind  string
		Disk  *disk  `kind:"disk"`
		Cloud *cloud `kind:"cloud"`
	}
	type settings struct {
		Storage  storage
		Given    sealcfg.Optional[int]
		Null     sealcfg.Optional[int]
		Unset    sealcfg.Optional[int]
		Hushed   sealcfg.Optional[sealcfg.Secret[string]]
		Array    [2]int
		Any      any
		Raw      json.RawMessage
		Ports    map[int]string
		Interval [1]sealcfg.Secret[string]
	}
	h, err := sealcfg.New[settings](sealcfg.WithoutFiles(), sealcfg.WithEnviron(),
		sealcfg.Set("storage", map[string]string{"kind": "cloud", "bucket": "b", "key": hushed}),
		sealcfg.Set("given", 1), sealcfg.Set("null", nil), sealcfg.Set("hushed", hushed), sealcfg.Set("array", []int{1, 2}),
		sealcfg.Set("any", map[string]any{"a": []int{1}}), sealcfg.Set("raw", map[string]any{"a": 1}),
		sealcfg.Set("ports", map[string]string{"80": "http"}), sealcfg.Set("interval", []string{hushed})).Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{
		"storage.kind string cloud set in code",
		"storage.bucket string b set in code",
		"storage.key string [secret] set in code",
		"given int 1 set in code",
		"null int null set in code",
		"unset int - not set",
		"hushed string [secret] set in code",
		"array[0] int 1 set in code",
		"array[1] int 2 set in code",
		"any any map[a:[1]] set in code",
		`raw json.RawMessage {"a":1} set in code`,
		`ports.80 string http set in code`,
		"interval[0] string [secret] set in code",
	}, explained(t, h))
}

// column is the column of a value whose position depends on the ciphertext before it.
func column[T any](t *testing.T, h *sealcfg.Handle[T], path string) string {
	t.Helper()
	text := h.Origins().Of(path).String()
	return text[strings.LastIndexByte(text, ':')+1:]
}

// A value cannot add rows to the table.
func TestExplainKeepsItsShape(t *testing.T) {
	type settings struct{ A, B, C, D, E, F, G string }
	h, err := sealcfg.New[settings](sealcfg.WithoutFiles(), sealcfg.WithEnviron(),
		sealcfg.Set("a", "line\nb string forged default"), sealcfg.Set("b", "\x1b[31mred"), sealcfg.Set("c", " x "), sealcfg.Set("d", ""),
		sealcfg.Set("e", "right\u202eleft\xff"), sealcfg.Set("f", strings.Repeat("ü", 500)), sealcfg.Set("g", `"-"`)).Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{
		`a string "line\nb string forged default" set in code`,
		`b string "\x1b[31mred" set in code`,
		`c string " x " set in code`,
		`d string "" set in code`,
		`e string "right\u202eleft\xff" set in code`,
		`f string ` + strings.Repeat("ü", 80) + `… set in code`,
		`g string "\"-\"" set in code`,
	}, explained(t, h))

	type wild struct{ Keys map[string]string }
	w, err := sealcfg.New[wild](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Set("keys", map[string]string{"a\nb": "x"})).Load(t.Context())
	require.NoError(t, err)
	assert.Len(t, explained(t, w), 1)
}

func TestExplainTellsOfItsWriter(t *testing.T) {
	h, err := sealcfg.New[struct{ A string }](sealcfg.WithoutFiles(), sealcfg.Set("a", "x")).Load(t.Context())
	require.NoError(t, err)
	r, w := io.Pipe()
	full := errors.New("disk full")
	require.NoError(t, r.CloseWithError(full))
	require.ErrorIs(t, h.Explain(w), full)
}

// The type name of an anonymous struct is its source, including the tags.
func TestNoTypeNameShowsTags(t *testing.T) {
	type secretive = struct {
		Pass sealcfg.Secret[string] `default:"canary"`
	}
	type settings struct {
		Cache *secretive
		List  []secretive                           `cfg:",optional"`
		Map   map[string]map[string]secretive       `cfg:",optional"`
		Many  sealcfg.Optional[[]map[int]secretive] `desc:"x"`
	}
	l := sealcfg.New[settings](sealcfg.WithoutFiles(), sealcfg.WithEnviron())
	h, err := l.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"cache struct - not set", "list []struct - not set", "map map[string]map[string]struct - not set", "many []map[int]struct - not set"}, explained(t, h))
	d, err := l.Describe()
	require.NoError(t, err)
	for _, s := range d.Settings {
		assert.NotContains(t, s.Type, "canary")
	}

	_, err = fromVariables[struct {
		A string `cfg:"a_b" default:"canary"`
		B string `cfg:"a-b" default:"canary"`
	}](t, "APP_A_B=1")
	assert.EqualError(t, err, `load settings: $APP_A_B matches two fields of struct: "a_b" and "a-b"`)
	for _, text := range []string{
		typeError[struct {
			A chan secretive
		}](t),
		typeError[struct {
			A map[secretive]string
		}](t),
		typeError[struct {
			A secretive `pattern:"x"`
		}](t),
		typeError[struct {
			A secretive `min:"1"`
		}](t),
		typeError[struct {
			A secretive `oneof:"1"`
		}](t),
		typeError[struct {
			A sealcfg.Secret[string] `default:"canary" cfg:"b"`
			B string
		}](t),
		(&sealcfg.Secret[secretive]{}).UnmarshalJSON([]byte("1")).Error(),
	} {
		assert.NotContains(t, text, "canary")
	}
}

// A value may contain several addresses, each with a password.
func TestExplainHidesEachPassword(t *testing.T) {
	for _, text := range []string{
		"postgres://h1/x,postgres://u:canary@h2", "postgres://u:canary@h1/,postgres://u:canary@h2/", "http://h/?next=http://u:canary@h2",
		"http://h1/ http://u:canary@h2", "a=http://h b=http://u:canary@h",
	} {
		h, err := sealcfg.New[struct{ A string }](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Set("a", text)).Load(t.Context())
		require.NoError(t, err)
		row := explained(t, h)[0]
		assert.NotContains(t, row, "canary")
		assert.Contains(t, row, "xxxxx")
	}
}

func TestExplainOfNullLocation(t *testing.T) {
	h, err := sealcfg.New[struct{ Zone *time.Location }](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Set("zone", nil)).Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"zone *time.Location null set in code"}, explained(t, h))
}
