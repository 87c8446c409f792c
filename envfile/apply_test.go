package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

func path(t *testing.T, s string) envfile.Path {
	t.Helper()
	p, err := envfile.ParsePath(s)
	require.NoError(t, err)
	return p
}

func TestApplySet(t *testing.T) {
	for name, tt := range map[string]struct {
		in, path string
		typ      crypto.Type
		text     string
		want     string
	}{
		"plain":                                  {"a: 1 # one\nb: 2\n", "a", crypto.Int, "7", "a: 7 # one\nb: 2\n"},
		"double quotes stay":                     {`a: "x"` + "\n", "a", crypto.Str, `say "y"`, `a: "say \"y\""` + "\n"},
		"single quotes stay":                     {"a: 'x'\n", "a", crypto.Str, "it's", "a: 'it''s'\n"},
		"number out of quotes":                   {`a: "x"` + "\n", "a", crypto.Int, "5", "a: 5\n"},
		"string like a number":                   {"a: x\n", "a", crypto.Str, "5", "a: \"5\"\n"},
		"literal block":                          {"a: |\n  x\nb: 1\n", "a", crypto.Str, "y\nz\n", "a: |\n  y\n  z\nb: 1\n"},
		"literal block chomped":                  {"a: |\n  x\nb: 1\n", "a", crypto.Str, "y\nz", "a: |-\n  y\n  z\nb: 1\n"},
		"plain becomes literal":                  {"m:\n  a: x\n", "m.a", crypto.Str, "y\nz\n", "m:\n  a: |\n    y\n    z\n"},
		"null":                                   {"a: null # c\n", "a", crypto.Bool, "True", "a: true # c\n"},
		"implicit null":                          {"a:\nb: 1\n", "a", crypto.Str, "x", "a: x\nb: 1\n"},
		"implicit null, remark":                  {"a: # c\nb: 1\n", "a", crypto.Str, "x", "a: x # c\nb: 1\n"},
		"null item":                              {"a:\n-\n- 1\n", "a[0]", crypto.Str, "x", "a:\n- x\n- 1\n"},
		"tag goes":                               {"a: !!int \"3\"\n", "a", crypto.Str, "x", "a: \"x\"\n"},
		"new key":                                {"a: 1\nb: 2\n", "c", crypto.Str, "x", "a: 1\nb: 2\nc: x\n"},
		"no final newline":                       {"a: 1", "b", crypto.Int, "2", "a: 1\nb: 2"},
		"crlf":                                   {"a: 1\r\n", "b", crypto.Int, "2", "a: 1\r\nb: 2\r\n"},
		"before a comment":                       {"m:\n  a: 1\n\n# n\nn: 2\n", "m.b", crypto.Int, "2", "m:\n  a: 1\n  b: 2\n\n# n\nn: 2\n"},
		"own indentation":                        {"m:\n   a: 1\nn: 2\n", "m.b", crypto.Int, "2", "m:\n   a: 1\n   b: 2\nn: 2\n"},
		"nested":                                 {"m:\n  a:\n    x: 1\n", "m.b.c.d", crypto.Int, "2", "m:\n  a:\n    x: 1\n  b:\n    c:\n      d: 2\n"},
		"nested list":                            {"m:\n  a: 1\n", "m.b[+].c", crypto.Int, "2", "m:\n  a: 1\n  b:\n    -\n      c: 2\n"},
		"below null":                             {"m: # c\nn: 1\n", "m.a", crypto.Int, "2", "m: # c\n    a: 2\nn: 1\n"},
		"below ~":                                {"m: ~\nn: 1\n", "m.a", crypto.Int, "2", "m:\n    a: 2\nn: 1\n"},
		"flow map":                               {"m: {a: 1, b: 2} # c\n", "m.c", crypto.Str, "x, y", "m: {a: 1, b: 2, c: 'x, y'} # c\n"},
		"empty flow map":                         {"m: {}\n", "m.c", crypto.Str, "x", "m: {c: x}\n"},
		"root in flow style":                     {"{\"a\": 1}\n", "b", crypto.Int, "2", "{\"a\": 1, b: 2}\n"},
		"empty root":                             {"{}\n", "b", crypto.Int, "2", "{b: 2}\n"},
		"append":                                 {"l:\n- a\n- b\nx: 1\n", "l[+]", crypto.Str, "c", "l:\n- a\n- b\n- c\nx: 1\n"},
		"append by position":                     {"l:\n  - a\n", "l[1]", crypto.Str, "c", "l:\n  - a\n  - c\n"},
		"append in flow":                         {"l: [a, b]\n", "l[+]", crypto.Str, "c", "l: [a, b, c]\n"},
		"append to empty":                        {"l: []\n", "l[+]", crypto.Str, "c", "l: [c]\n"},
		"append behind a block":                  {"l:\n  - |+\n    a\n\nx: 1\n", "l[+]", crypto.Str, "c", "l:\n  - |+\n    a\n\n  - c\nx: 1\n"},
		"in a list of maps":                      {"l:\n  - a: 1\n    b: 2\n  - a: 3\n", "l[0].c", crypto.Int, "4", "l:\n  - a: 1\n    b: 2\n    c: 4\n  - a: 3\n"},
		"odd key":                                {"a: 1\n", `["x.y: z"]`, crypto.Int, "4", "a: 1\n'x.y: z': 4\n"},
		"first document":                         {"a: 1\n---\na: 2\n", "b", crypto.Int, "3", "a: 1\nb: 3\n---\na: 2\n"},
		"time":                                   {"a: 1\n", "b", crypto.Time, "2024-01-31T10:00:00Z", "a: 1\nb: 2024-01-31T10:00:00Z\n"},
		"behind a block without a final newline": {"a: |\n  x", "b", crypto.Int, "2", "a: |-\n  x\nb: 2"},
		"behind a null in flow style":            {"m: {a: }\n", "m.b", crypto.Int, "2", "m: {a: , b: 2 }\n"},
		"list with a tag":                        {"l: !!seq\n- a\n", "l[+]", crypto.Str, "b", "l: !!seq\n- a\n- b\n"},
		"empty string":                           {"a: x\n", "a", crypto.Str, "", "a: \"\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := envfile.Parse(envfile.YAML, []byte(tt.in))
			require.NoError(t, err)
			got, err := d.Apply(envfile.Set(path(t, tt.path), tt.typ, tt.text))
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got.Bytes()))
			assert.Equal(t, tt.in, string(d.Bytes()), "the document itself is immutable")
		})
	}
}

func TestApplyUnset(t *testing.T) {
	for name, tt := range map[string]struct{ in, path, want string }{
		"line":                  {"a: 1 # c\nb: 2\n", "a", "b: 2\n"},
		"last line":             {"a: 1\nb: 2\n", "b", "a: 1\n"},
		"no final newline":      {"a: 1\nb: 2", "b", "a: 1"},
		"comments above stay":   {"# a\na: 1\n# b\nb: 2\n", "b", "# a\na: 1\n# b\n"},
		"map":                   {"a: 1\nm:\n  x: 1\n  y:\n    - 2\nb: 2\n", "m", "a: 1\nb: 2\n"},
		"literal block":         {"a: |\n  x\n  y\nb: 2\n", "a", "b: 2\n"},
		"only entry of the map": {"m: # c\n  a: 1\nb: 2\n", "m.a", "m: {} # c\nb: 2\n"},
		"only entry of all":     {"a: 1\n", "a", "{}\n"},
		"item":                  {"l:\n- a\n- b\n", "l[0]", "l:\n- b\n"},
		"only item":             {"l:\n  - a\nb: 1\n", "l[0]", "l: []\nb: 1\n"},
		"only entry of an item": {"l:\n  - a: 1\n  - b: 2\n", "l[0].a", "l:\n  - {}\n  - b: 2\n"},
		"first entry of item":   {"l:\n  - a: 1\n    b: 2\n", "l[0].a", "l:\n  - b: 2\n"},
		"flow, first":           {"m: {a: 1, b: 2}\n", "m.a", "m: {b: 2}\n"},
		"flow, last":            {"m: {a: 1, b: 2}\n", "m.b", "m: {a: 1}\n"},
		"flow, only":            {"m: {a: 1}\n", "m.a", "m: {}\n"},
		"flow, trailing comma":  {"m: {\n  a: 1,\n}\n", "m.a", "m: {\n  \n}\n"},
		"flow, null":            {"m: {a: , b: 1}\n", "m.a", "m: {b: 1}\n"},
		"flow list":             {"m: [a, 'b', c]\n", "m[1]", "m: [a, c]\n"},
		"null":                  {"a:\nb: 1\n", "a", "b: 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := envfile.Parse(envfile.YAML, []byte(tt.in))
			require.NoError(t, err)
			got, err := d.Apply(envfile.Unset(path(t, tt.path)))
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got.Bytes()))
		})
	}
}

func TestApplySetText(t *testing.T) {
	d, err := envfile.Parse(envfile.YAML, []byte("a: 1\nl: old\n"))
	require.NoError(t, err)
	d, err = d.Apply(
		envfile.SetText(path(t, "l"), `["x", 2, {"k": null}]`),
		envfile.SetNull(path(t, "a")),
		envfile.SetText(path(t, "m.n"), `{"k": true}`),
	)
	require.NoError(t, err)
	assert.Equal(t, "a: null\nl: [\"x\", 2, {\"k\": null}]\nm:\n    \"n\": {\"k\": true}\n", string(d.Bytes()))
}

// Whole replaces a map or a list in place, as sops does.
func TestApplyWhole(t *testing.T) {
	const block = "a: 1\nm: # c\n  x: 1\n  # c\n  y: |\n    t\n# n\nl:\n- a: 1\n  b: 2\n# d\n- [2]\nz: 1\n"
	for name, tt := range map[string]struct {
		format         envfile.Format
		in, path, text string
		want           string
	}{
		"block map":     {envfile.YAML, block, "m", `{"k": [1]}`, "a: 1\nm: {\"k\": [1]}\n# n\nl:\n- a: 1\n  b: 2\n# d\n- [2]\nz: 1\n"},
		"block list":    {envfile.YAML, block, "l", `"s"`, "a: 1\nm: # c\n  x: 1\n  # c\n  y: |\n    t\n# n\nl: s\nz: 1\n"},
		"map in list":   {envfile.YAML, "l:\n- a: 1\n  b: 2\n# d\n- [2]\n", "l[0]", "5", "l:\n- 5\n# d\n- [2]\n"},
		"list in list":  {envfile.YAML, "l:\n- - a\n  - b\n- c\n", "l[0]", "{}", "l:\n- {}\n- c\n"},
		"flow":          {envfile.YAML, "m: {a: [1, 2], b: 3} # c\n", "m.a", "null", "m: {a: null, b: 3} # c\n"},
		"flow line":     {envfile.YAML, "m: {a: 1} # c\nn: 1\n", "m", "[]", "m: [] # c\nn: 1\n"},
		"last":          {envfile.YAML, "a: 1\nm:\n  x: 1", "m", "2", "a: 1\nm: 2"},
		"crlf":          {envfile.YAML, "m:\r\n  x: 1\r\nn: 1\r\n", "m", "2", "m: 2\r\nn: 1\r\n"},
		"tag, anchor":   {envfile.YAML, "m: !!map &a\n  x: 1\nn: 1\n", "m", "2", "m: 2\nn: 1\n"},
		"JSON":          {envfile.JSON, "{\n  \"m\": {\"a\": 1},\n  \"n\": [1]\n}\n", "m", `[1]`, "{\n  \"m\": [1],\n  \"n\": [1]\n}\n"},
		"JSON in list":  {envfile.JSON, `{"l": [{"a": 1}, 2]}`, "l[0]", `"x"`, `{"l": ["x", 2]}`},
		"empty to full": {envfile.JSON, `{"m": {}}`, "m", `{"a": 1}`, `{"m": {"a":1}}`},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := envfile.Parse(tt.format, []byte(tt.in))
			require.NoError(t, err)
			got, err := d.Apply(envfile.SetText(path(t, tt.path), tt.text).Whole())
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got.Bytes()))
		})
	}
	d, err := envfile.Parse(envfile.YAML, []byte("m: &a\n  x: 1\nn: *a\n"))
	require.NoError(t, err)
	for _, p := range []string{"m", "n.x"} {
		_, err = d.Apply(envfile.SetText(path(t, p), "2").Whole())
		assert.Error(t, err, p)
	}
	for format, in := range map[envfile.Format]string{envfile.INI: "[m]\na = 1\n", envfile.TOML: "[m]\na = 1\n"} {
		d, err := envfile.Parse(format, []byte(in))
		require.NoError(t, err)
		_, err = d.Apply(envfile.Set(path(t, "m"), crypto.Str, "x").Whole())
		assert.ErrorIs(t, err, envfile.ErrPath, format.Name())
	}
}

func TestApplyRefuses(t *testing.T) {
	in := "a: 1\nm:\n  x: &anchor v\n  y: *anchor\nl: [1]\n"
	d, err := envfile.Parse(envfile.YAML, []byte(in))
	require.NoError(t, err)
	set := func(p string) envfile.Op { return envfile.Set(path(t, p), crypto.Str, "canary") }
	for name, tt := range map[string]struct {
		op   envfile.Op
		is   error
		text string
	}{
		"through a value":        {set("a.b"), envfile.ErrPath, "a.b: unusable path: it leads through a value on line 1"},
		"key in a list":          {set("l.x"), envfile.ErrPath, "l.x: unusable path: it has a key where line 5 has a list"},
		"position in a map":      {set("m[0]"), envfile.ErrPath, "m[0]: unusable path: it has an index where line 3 has a map"},
		"behind the list":        {set("l[3]"), envfile.ErrNoField, "l[3]: no such field: the list has 1 items"},
		"a map":                  {set("m"), envfile.ErrPath, "m: unusable path: it is a map; unset it first"},
		"metadata":               {set("sops.mac"), envfile.ErrPath, `sops.mac: unusable path: "sops" is the name of the metadata`},
		"missing":                {envfile.Unset(path(t, "m.z")), envfile.ErrNoField, "m.z: no such field"},
		"alias":                  {set("m.y"), nil, "m.y: line 4, column 6: it is reached through an alias (*); change it at its anchor"},
		"anchor with an alias":   {set("m.x"), nil, "m.x: cannot be changed in place: m.y would not parse to the new value"},
		"broken flow text":       {envfile.SetText(path(t, "a"), "[1"), nil, "a: value: line 1: not a JSON value"},
		"more than a flow value": {envfile.SetText(path(t, "a"), "1\nb: 2"), nil, "a: value: line 1: not a JSON value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Apply(tt.op)
			require.Error(t, err)
			assert.Equal(t, tt.text, err.Error())
			if tt.is != nil {
				assert.ErrorIs(t, err, tt.is)
			}
		})
	}
}

// An operation changes only the document that it selects.
func TestApplyInDocument(t *testing.T) {
	t.Parallel()
	const in = "kind: a # first\nm: {x: 1}\n---\nkind: b # second\nm:\n  x: 2\n  # end\n---\n# third\nkind: c\nl: [1]"
	set := func(p string) envfile.Op { return envfile.Set(path(t, p), crypto.Str, "new") }
	for name, tt := range map[string]struct {
		op   envfile.Op
		want string // replaces a part of in, which is before the arrow
	}{
		"first":             {set("kind"), "kind: a => kind: new"},
		"second":            {set("kind").In(1), "kind: b => kind: new"},
		"nested":            {set("m.x").In(1), "x: 2 => x: new"},
		"new in the second": {set("o").In(1), "  # end\n => o: new\n  # end\n"},
		"new map":           {set("p.o").In(0), "m: {x: 1}\n => m: {x: 1}\np:\n  o: new\n"},
		"last":              {set("kind").In(2), "kind: c => kind: new"},
		"appended":          {set("l[+]").In(2), "l: [1] => l: [1, new]"},
		"unset":             {envfile.Unset(path(t, "m")).In(1), "m:\n  x: 2\n => "},
		"null":              {envfile.SetNull(path(t, "kind")).In(2), "kind: c => kind: null"},
		"JSON":              {envfile.SetText(path(t, "m"), `{"y": [1]}`).Whole().In(1), "m:\n  x: 2\n => m: {\"y\": [1]}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := envfile.Parse(envfile.YAML, []byte(in))
			require.NoError(t, err)
			got, err := d.Apply(tt.op)
			require.NoError(t, err)
			before, after, _ := strings.Cut(tt.want, " => ")
			assert.Equal(t, strings.Replace(in, before, after, 1), string(got.Bytes()))
		})
	}
	d, err := envfile.Parse(envfile.YAML, []byte(in))
	require.NoError(t, err)
	for _, document := range []int{-1, 3} {
		_, err = d.Apply(set("kind").In(document))
		require.ErrorIs(t, err, envfile.ErrNoField)
	}
}

// SetText accepts only JSON, also for YAML.
func TestSetTextIsJSON(t *testing.T) {
	t.Parallel()
	for _, f := range []envfile.Format{envfile.YAML, envfile.JSON, envfile.TOML} {
		in := map[string]string{"yaml": "a: 1\n", "json": `{"a": 1}`, "toml": "a = 1\n"}[f.Name()]
		d, err := envfile.Parse(f, []byte(in))
		require.NoError(t, err)
		for _, text := range []string{"", "canary", "[canary]", "{canary: 1}", "'canary'", "yes", "0x1F", "1\nb: 2", "1, \"b\": 2", "1}, {\"a\": 2", "# canary", "!!str 1", "*canary", "[1", "\"\\x41\"", "NaN", "01", "- 1"} {
			_, err := d.Apply(envfile.SetText(path(t, "a"), text))
			if assert.Error(t, err, "%s: %q", f.Name(), text) {
				assert.NotContains(t, err.Error(), "canary")
			}
		}
		for text, want := range map[string]string{
			`"\ud83d\ude00 \/ é"`: "\U0001f600 / é", `"yes"`: "yes", `"0x1F"`: "0x1F", ` "x" `: "x", `1e3`: "1000", `"~"`: "~",
		} {
			got, err := d.Apply(envfile.SetText(path(t, "b"), text))
			if assert.NoError(t, err, "%s: %s", f.Name(), text) {
				assert.Equal(t, want, got.Roots()[0].Get("b").Text, "%s: %s", f.Name(), text)
			}
		}
	}
}
