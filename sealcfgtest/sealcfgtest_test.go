package sealcfgtest_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

type settings struct {
	DB struct {
		Host     string `default:"localhost"`
		Port     uint16
		Password sealcfg.Secret[string] `cfg:",optional"`
	}
	Timeout time.Duration     `default:"5s"`
	Labels  map[string]string `cfg:",optional"`
	Hosts   []string          `cfg:",optional"`
}

func TestLoad(t *testing.T) {
	t.Setenv("DB__HOST", "not asked")
	s := sealcfgtest.Load[settings](t, map[string]any{
		"db.port": 5432, "db.password": "hunter22", "timeout": "1m", "labels": map[string]any{"a": "b"}, "hosts": []string{"x", "y"},
	})
	assert.Equal(t, "localhost", s.DB.Host)
	assert.Equal(t, uint16(5432), s.DB.Port)
	assert.Equal(t, "hunter22", s.DB.Password.Expose())
	assert.Equal(t, time.Minute, s.Timeout)
	assert.Equal(t, map[string]string{"a": "b"}, s.Labels)
	assert.Equal(t, []string{"x", "y"}, s.Hosts)

	h := sealcfgtest.LoadHandle[settings](t, map[string]any{"db.port": 1})
	changed, err := h.Reload(t.Context())
	require.NoError(t, err)
	assert.Empty(t, changed)
	assert.Equal(t, uint16(1), h.Get().DB.Port)
}

// fatal is a test that ends instead of the one around it.
type fatal struct {
	testing.TB
	said string
}

func (f *fatal) Fatal(args ...any) {
	f.said = fmt.Sprint(args...)
	panic(f)
}

func TestLoadEndsTheTest(t *testing.T) {
	for name, load := range map[string]func(testing.TB){
		"Load":       func(tb testing.TB) { sealcfgtest.Load[settings](tb, map[string]any{"db.prot": 5432}) },
		"LoadHandle": func(tb testing.TB) { sealcfgtest.LoadHandle[settings](tb, map[string]any{"db.prot": 5432}) },
	} {
		f := &fatal{TB: t}
		assert.PanicsWithValue(t, f, func() { load(f) }, name)
		assert.Contains(t, f.said, `did you mean "port"?`)
		assert.Contains(t, f.said, "db.port")
	}
}

func TestEnvironment(t *testing.T) {
	e := sealcfgtest.NewEnvironment(t, "prod", "db: {port: 5432, password: hunter22}\n")
	text, err := os.ReadFile(e.Path("prod"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "ENC[AES256_GCM")
	assert.NotContains(t, string(text), "hunter22")

	h, err := sealcfg.New[settings](append(e.Options(), sealcfg.WithLocal())...).Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "hunter22", h.Get().DB.Password.Expose())
	assert.Equal(t, "localhost", h.Get().DB.Host)

	e.Write(t, "base", "db: {host: db.example.com}\n")
	e.Write(t, "prod.local", "db: {port: 1}\n")
	changed, err := h.Reload(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"db.host", "db.port"}, changed)

	other := sealcfgtest.NewEnvironment(t, "prod", "db: {port: 5432}\n")
	_, err = sealcfg.Load[settings](t.Context(), append(other.Options(), sealcfg.WithDir(e.Dir))...)
	require.Error(t, err, "each has its own key")
}

const (
	word  = "correct horse/<battery>" // with characters that URLs, HTML and JSON escape
	other = "staple-ümlaut"
)

type secrets struct {
	Name   string
	Shown  sealcfg.Secret[string]
	Number *sealcfg.Secret[int]
	hidden map[string][]sealcfg.Secret[[]byte]
	Group  sealcfg.Secret[struct{ Token string }]
	Any    any
	Unset  sealcfg.Secret[int]
	Self   *secrets
}

func newSecrets() *secrets {
	number := sealcfg.NewSecret(987654321)
	s := &secrets{
		Name: "visible", Shown: sealcfg.NewSecret(word), Number: &number,
		hidden: map[string][]sealcfg.Secret[[]byte]{"k": {sealcfg.NewSecret([]byte(other))}},
		Group:  sealcfg.NewSecret(struct{ Token string }{"in-a-group"}), Any: sealcfg.NewSecret("in-an-interface"),
	}
	s.Self = s
	return s
}

func TestAssertNoLeak(t *testing.T) {
	s := newSecrets()
	dump, err := json.Marshal(s.Shown)
	require.NoError(t, err)
	assert.True(t, sealcfgtest.AssertNoLeak(t, s, "visible", fmt.Sprint(s.Shown, s.Number, s.hidden), string(dump)))
	assert.True(t, sealcfgtest.AssertNoLeak(t, *s, ""))
}

func TestAssertNoLeakFinds(t *testing.T) {
	jsonText, err := json.Marshal(word)
	require.NoError(t, err)
	basic := base64.StdEncoding.EncodeToString([]byte("user:" + word))
	for text, where := range map[string]string{
		"x" + word + "y":                                         "secrets.Shown, unchanged",
		string(jsonText):                                         "secrets.Shown, escaped for JSON",
		fmt.Sprintf("%q", word):                                  "secrets.Shown, unchanged",
		fmt.Sprintf("%+q", other):                                "secrets.hidden[…][0], quoted as in Go",
		url.Values{"p": {word}}.Encode():                         "secrets.Shown, escaped for a URL",
		"/x/" + url.PathEscape(word):                             "secrets.Shown, escaped for a URL",
		strings.ToLower(url.QueryEscape(word)):                   "secrets.Shown, escaped for a URL",
		html.EscapeString(word):                                  "secrets.Shown, escaped for HTML",
		"Authorization: Basic " + basic:                          "secrets.Shown, in base64",
		basic[:20] + "\n" + basic[20:]:                           "secrets.Shown, in base64",
		base64.RawURLEncoding.EncodeToString([]byte("1" + word)): "secrets.Shown, in base64",
		base64.URLEncoding.EncodeToString([]byte(word)):          "secrets.Shown, in base64",
		hex.EncodeToString([]byte(word)):                         "secrets.Shown, in hex",
		fmt.Sprintf("% X", word):                                 "secrets.Shown, in hex",
		fmt.Sprintf("%#v", []byte(word)):                         "secrets.Shown, in hex",
		fmt.Sprint([]byte(word)):                                 "secrets.Shown, as a list of bytes",
		strings.ReplaceAll(fmt.Sprint([]byte(word)), " ", ", "):  "secrets.Shown, as a list of bytes",
		"pin=987654321":                                          "secrets.Number, unchanged",
		"in-a-group":                                             "secrets.Group.Token, unchanged",
		"in-an-interface":                                        "secrets.Any, unchanged",
	} {
		var r recorder
		assert.False(t, sealcfgtest.AssertNoLeak(&r, newSecrets(), "innocent", text), text)
		require.Len(t, r.said, 1, text)
		assert.Contains(t, r.said[0], "output 2 shows")
		assert.Contains(t, r.said[0], where)
		assert.NotContains(t, r.said[0], word)
		assert.NotContains(t, r.said[0], other)
	}
}

func TestAssertNoLeakSaysWhenItCannotTell(t *testing.T) {
	for _, c := range []struct {
		settings any
		want     string
	}{
		{struct{ Name string }{"x"}, "no secret is set"},
		{&secrets{}, "no secret is set"},
		{nil, "no secret is set"},
		{(*secrets)(nil), "no secret is set"},
		{struct{ Token sealcfg.Secret[string] }{sealcfg.NewSecret("abc")}, "too short"},
	} {
		var r recorder
		assert.False(t, sealcfgtest.AssertNoLeak(&r, c.settings, "abc"))
		require.Len(t, r.said, 1)
		assert.Contains(t, r.said[0], c.want)
	}
}

func TestAssertNoLeakOfNothing(t *testing.T) {
	var r recorder
	assert.False(t, sealcfgtest.AssertNoLeak(&r, newSecrets()))
	assert.Equal(t, []string{"no output to check"}, r.said)
}

type recorder struct{ said []string }

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}
