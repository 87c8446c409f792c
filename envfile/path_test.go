package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

func key(k string) envfile.Step { return envfile.Step{Key: k} }

func index(i int) envfile.Step { return envfile.Step{Index: i, IsIndex: true} }

func TestParsePath(t *testing.T) {
	for _, c := range []struct {
		text string
		want envfile.Path
		back string // the result of String, "" for the same
	}{
		{"a", envfile.Path{key("a")}, ""},
		{"db.hosts[0].port", envfile.Path{key("db"), key("hosts"), index(0), key("port")}, ""},
		{"l[12][3]", envfile.Path{key("l"), index(12), index(3)}, ""},
		{"l[+]", envfile.Path{key("l"), index(envfile.Append)}, ""},
		{`logging["com.example.App"]`, envfile.Path{key("logging"), key("com.example.App")}, ""},
		{`logging.'com.example.App'`, envfile.Path{key("logging"), key("com.example.App")}, `logging["com.example.App"]`},
		{`["db"]["hosts"][0]`, envfile.Path{key("db"), key("hosts"), index(0)}, "db.hosts[0]"},
		{`"a b".c`, envfile.Path{key("a b"), key("c")}, `["a b"].c`},
		{`["a\"b\\c"]`, envfile.Path{key(`a"b\c`)}, ""},
		{`['a"b']`, envfile.Path{key(`a"b`)}, `["a\"b"]`},
		{`a.""`, envfile.Path{key("a"), key("")}, `a[""]`},
		{"größe.ü", envfile.Path{key("größe"), key("ü")}, ""},
		{"a:b.c-d_e", envfile.Path{key("a:b"), key("c-d_e")}, ""},
		{"a.0", envfile.Path{key("a"), key("0")}, ""},
		{"[0].a", envfile.Path{index(0), key("a")}, ""},
	} {
		got, err := envfile.ParsePath(c.text)
		require.NoError(t, err, c.text)
		assert.Equal(t, c.want, got)
		if c.back == "" {
			c.back = c.text
		}
		assert.Equal(t, c.back, got.String())
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, text := range []string{"", ".", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[-1]", "a[1", `a["b`, `a["b"`, `a["b"x]`, `"a`, "a[0]b", `"a"b`, "a[99999999999999999999]"} {
		_, err := envfile.ParsePath(text)
		require.ErrorIs(t, err, envfile.ErrPath, "%q", text)
	}
}

func TestPathKeys(t *testing.T) {
	p, err := envfile.ParsePath("a[0].b[1][2].c")
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c"}, p.Keys())
	q := p.Clone()
	q[0].Key = "z"
	assert.Equal(t, "a", p[0].Key)
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"a.b[0].c", `["x"]['y']`, "l[+]", `a."b\"".c`, "[", "a[0]b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := envfile.ParsePath(text)
		if err != nil {
			require.ErrorIs(t, err, envfile.ErrPath)
			return
		}
		again, err := envfile.ParsePath(p.String())
		require.NoError(t, err, "%q became %q", text, p.String())
		require.Equal(t, p, again)
	})
}
