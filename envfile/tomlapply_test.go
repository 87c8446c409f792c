package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

func TestTOMLApplySet(t *testing.T) {
	for name, c := range map[string]struct {
		in, path string
		typ      crypto.Type
		text     string
		want     string
	}{
		"number":                         {"a = 1 # one\nb = 2\n", "a", crypto.Int, "7", "a = 7 # one\nb = 2\n"},
		"double quotes stay":             {"a = \"x\"\n", "a", crypto.Str, `say "y"`, "a = \"say \\\"y\\\"\"\n"},
		"single quotes stay":             {"a = 'x'\n", "a", crypto.Str, `C:\x`, "a = 'C:\\x'\n"},
		"single quotes cannot":           {"a = 'x'\n", "a", crypto.Str, "it's", "a = \"it's\"\n"},
		"lines stay":                     {"a = '''\nx\n'''\n", "a", crypto.Str, "y\nz\n", "a = '''\ny\nz\n'''\n"},
		"lines cannot":                   {"a = '''x'''\n", "a", crypto.Str, "'''", "a = \"\"\"'''\"\"\"\n"},
		"number to string":               {"a = 1\n", "a", crypto.Str, "1", "a = \"1\"\n"},
		"string to number":               {"a = '1'\n", "a", crypto.Float, "1", "a = 1.0\n"},
		"local date stays one":           {"a = 2020-01-31\n", "a", crypto.Str, "2020-02-01", "a = 2020-02-01\n"},
		"local date becomes a string":    {"a = 2020-01-31\n", "a", crypto.Str, "soon", "a = \"soon\"\n"},
		"bool and time":                  {"a = 1\n", "a", crypto.Time, "2024-01-31T10:00:00Z", "a = 2024-01-31T10:00:00Z\n"},
		"new key":                        {"a = 1\nb = 2\n", "c", crypto.Str, "x", "a = 1\nb = 2\nc = \"x\"\n"},
		"new key, lines":                 {"a = 1\n", "c", crypto.Str, "x\ny\n", "a = 1\nc = \"\"\"\nx\ny\n\"\"\"\n"},
		"new key, no line break":         {"a = 1", "c", crypto.Int, "2", "a = 1\nc = 2"},
		"new key, crlf":                  {"a = 1\r\n", "c", crypto.Int, "2", "a = 1\r\nc = 2\r\n"},
		"new key, tight":                 {"  a=1\n", "c", crypto.Int, "2", "  a=1\n  c=2\n"},
		"new key in quotes":              {"a = 1\n", `["x.y \"z\""]`, crypto.Int, "2", "a = 1\n\"x.y \\\"z\\\"\" = 2\n"},
		"into nothing":                   {"", "c", crypto.Int, "2", "c = 2\n"},
		"into a mark and nothing":        {"\ufeff", "c", crypto.Int, "2", "\ufeffc = 2\n"},
		"into comments":                  {"# head\n", "c", crypto.Int, "2", "# head\nc = 2\n"},
		"before the first header":        {"[t]\na = 1\n", "c", crypto.Int, "2", "c = 2\n\n[t]\na = 1\n"},
		"before a header behind a mark":  {"\ufeff[t]\na = 1\n", "c", crypto.Int, "2", "\ufeffc = 2\n\n[t]\na = 1\n"},
		"before the header's comments":   {"# head\n\n# t\n[t]\na = 1\n", "c", crypto.Int, "2", "# head\nc = 2\n\n# t\n[t]\na = 1\n"},
		"behind the last of the root":    {"a = 1\n\n# foot\n\n[t]\nb = 1\n", "c", crypto.Int, "2", "a = 1\nc = 2\n\n# foot\n\n[t]\nb = 1\n"},
		"into a table":                   {"[t]\na = 1 # r\n\n[u]\n", "t.c", crypto.Int, "2", "[t]\na = 1 # r\nc = 2\n\n[u]\n"},
		"into an empty table":            {"[t]\n[u]\n", "t.c", crypto.Int, "2", "[t]\nc = 2\n[u]\n"},
		"into a table without a header":  {"[t.u]\na = 1\n", "t.c", crypto.Int, "2", "[t.u]\na = 1\n\n[t]\nc = 2\n"},
		"new table":                      {"a = 1\n", "t.c", crypto.Int, "2", "a = 1\n\n[t]\nc = 2\n"},
		"new table into nothing":         {"", "t.c", crypto.Int, "2", "[t]\nc = 2\n"},
		"new table, no line break":       {"a = 1", "t.c", crypto.Int, "2", "a = 1\n\n[t]\nc = 2"},
		"new table, blank lines behind":  {"a = 1\n\n\n", "t.u.c", crypto.Int, "2", "a = 1\n\n[t.u]\nc = 2\n\n\n"},
		"new table in a table":           {"[t]\na = 1\n\n# u\n[u]\n", "t.x.c", crypto.Int, "2", "[t]\na = 1\n\n[t.x]\nc = 2\n\n# u\n[u]\n"},
		"into dotted keys":               {"a.b = 1\nd = 2\n", "a.c", crypto.Int, "2", "a.b = 1\na.c = 2\nd = 2\n"},
		"into dotted keys of a table":    {"[t]\na.b.c = 1\n", "t.a.d", crypto.Int, "2", "[t]\na.b.c = 1\na.d = 2\n"},
		"deeper into dotted keys":        {"a.b = 1\n", "a.c.d", crypto.Int, "2", "a.b = 1\na.c.d = 2\n"},
		"into braces":                    {"a = { b = 1 } # c\n", "a.c", crypto.Str, "x", "a = { b = 1, c = \"x\" } # c\n"},
		"into empty braces":              {"a = {}\n", "a.b.c", crypto.Int, "2", "a = { b.c = 2 }\n"},
		"into dotted keys in braces":     {"a = { b.c = 1 }\n", "a.b.d", crypto.Int, "2", "a = { b.c = 1, b.d = 2 }\n"},
		"into braces in a list":          {"a = [ { b = 1 } ]\n", "a[0].c", crypto.Int, "2", "a = [ { b = 1, c = 2 } ]\n"},
		"item":                           {"a = [ 1 ]\n", "a[+]", crypto.Int, "2", "a = [ 1, 2 ]\n"},
		"item, trailing comma":           {"a = [ 1, ]\n", "a[+]", crypto.Int, "2", "a = [ 1, 2, ]\n"},
		"first item":                     {"a = []\n", "a[+]", crypto.Int, "2", "a = [2]\n"},
		"item on a line":                 {"a = [\n  1, # c\n  2 # d\n]\n", "a[+]", crypto.Int, "3", "a = [\n  1, # c\n  2, # d\n  3\n]\n"},
		"item on a line, trailing comma": {"a = [\n  1,\n  2, # ,\n]\n", "a[2]", crypto.Int, "3", "a = [\n  1,\n  2, # ,\n  3,\n]\n"},
		"item, comma with the bracket":   {"a = [\n  1\n,]\n", "a[+]", crypto.Int, "2", "a = [\n  1\n, 2,]\n"},
		"item of maps":                   {"a = [ { b = 1 } ]\n", "a[+].b", crypto.Int, "2", "a = [ { b = 1 }, { b = 2 } ]\n"},
		"new list":                       {"a = 1\n", "l[+]", crypto.Int, "2", "a = 1\nl = [2]\n"},
		"new list in a new table":        {"a = 1\n", "t.l[0].x", crypto.Int, "2", "a = 1\n\n[t]\nl = [{ x = 2 }]\n"},
		"list of tables":                 {"[[l]]\na = 1\n[l.s]\n# foot\n\n[t]\n", "l[+].a", crypto.Int, "2", "[[l]]\na = 1\n[l.s]\n# foot\n\n[[l]]\na = 2\n\n[t]\n"},
		"list of tables in one":          {"[[l]]\n[[l.m]]\na = 1\n[[l]]\n", "l[0].m[+].a", crypto.Int, "2", "[[l]]\n[[l.m]]\na = 1\n\n[[l.m]]\na = 2\n[[l]]\n"},
		"element of a list of tables":    {"[[l]]\na = 1\n[[l]]\na = 2\n", "l[0].b", crypto.Int, "3", "[[l]]\na = 1\nb = 3\n[[l]]\na = 2\n"},
		"table in an element":            {"[[l]]\na = 1\n[[l]]\na = 2\n", "l[0].b.c", crypto.Int, "3", "[[l]]\na = 1\n\n[l.b]\nc = 3\n[[l]]\na = 2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			d := parseTOML(t, c.in)
			got, err := d.Apply(envfile.Set(path(t, c.path), c.typ, c.text))
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got.Bytes()))
			assert.Equal(t, c.in, string(d.Bytes()), "the document itself is immutable")
		})
	}
}

func TestTOMLApplyUnset(t *testing.T) {
	for name, c := range map[string]struct{ in, path, want string }{
		"line":                        {"a = 1 # c\nb = 2\n", "a", "b = 2\n"},
		"line behind a mark":          {"\ufeffa = 1\nb = 2\n", "a", "\ufeffb = 2\n"},
		"last line":                   {"a = 1\nb = 2", "b", "a = 1"},
		"comments above stay":         {"# a\na = 1\n# b\nb = 2\n", "b", "# a\na = 1\n# b\n"},
		"lines":                       {"a = '''\nx\n'''\nb = [\n1,\n]\nc = 1\n", "b", "a = '''\nx\n'''\nc = 1\n"},
		"all":                         {"a = 1\n", "a", ""},
		"table":                       {"a = 1\n\n# t\n[t]\nb = 1\n# foot\n\n[u]\nc = 1\n", "t", "a = 1\n\n[u]\nc = 1\n"},
		"last table":                  {"a = 1\n\n# t\n[t]\nb = 1\n\n[t.u]\n", "t", "a = 1\n"},
		"table in two places":         {"[t.u]\na = 1\n[v]\nb = 1\n[t]\nc = 1\n", "t", "[v]\nb = 1\n"},
		"table in a table":            {"[t]\na = 1\n[t.u]\nb = 1\n[v]\n", "t.u", "[t]\na = 1\n[v]\n"},
		"only table on the way":       {"[t.u]\nb = 1\n\n[v]\n", "t.u", "[t]\n\n[v]\n"},
		"last only table on the way":  {"[v]\n\n[t.u]\nb = 1\n", "t.u", "[v]\n\n[t]\n"},
		"dotted key":                  {"a.b = 1\na.c = 2\n", "a.b", "a.c = 2\n"},
		"only dotted key":             {"[t]\na.b.c = 1 # r\n", "t.a.b.c", "[t]\na.b = {} # r\n"},
		"table of dotted keys":        {"a.b = 1\nc = 2\na.d.e = 3\n", "a", "c = 2\n"},
		"dots and a header":           {"[t]\na.b = 1\nc = 2\n[t.a.d]\ne = 3\n", "t.a", "[t]\nc = 2\n"},
		"first in braces":             {"a = { b = 1, c = 2 }\n", "a.b", "a = { c = 2 }\n"},
		"last in braces":              {"a = { b = 1, c = 2 }\n", "a.c", "a = { b = 1 }\n"},
		"only one in braces":          {"a = { b = 1 }\n", "a.b", "a = {}\n"},
		"dotted in braces":            {"a = { b.c = 1, d = 2, b.e = 3 }\n", "a.b", "a = { d = 2 }\n"},
		"only dotted in braces":       {"a = { b.c = 1, d = 2 }\n", "a.b.c", "a = { b = {}, d = 2 }\n"},
		"item":                        {"a = [ 1, 2, 3 ]\n", "a[1]", "a = [ 1, 3 ]\n"},
		"first item":                  {"a = [ 1, 2 ]\n", "a[0]", "a = [ 2 ]\n"},
		"only item":                   {"a = [ 1, ]\n", "a[0]", "a = []\n"},
		"item on a line":              {"a = [\n  1, # c\n  # two\n  2 # d\n]\n", "a[1]", "a = [\n  1, # c\n  # two\n]\n"},
		"first item on a line":        {"a = [\n  1, # c\n  # two\n  2 # d\n]\n", "a[0]", "a = [\n  # two\n  2 # d\n]\n"},
		"item with the bracket":       {"a = [\n  1,\n  2]\n", "a[1]", "a = [\n  1]\n"},
		"item, commas first":          {"a = [\n  1\n  , 2\n  , 3\n]\n", "a[1]", "a = [\n  1\n  , 3\n]\n"},
		"element":                     {"[[l]]\na = 1\n\n# two\n[[l]]\na = 2\n[l.s]\nb = 1\n\n[[l]]\na = 3\n", "l[1]", "[[l]]\na = 1\n\n[[l]]\na = 3\n"},
		"only element":                {"a = 1\n\n[[l]]\nb = 1\n\n[t]\n", "l[0]", "a = 1\nl = []\n\n[t]\n"},
		"only element of a table":     {"[t]\n\n[[t.l]]\nb = 1\n", "t.l[0]", "[t]\nl = []\n"},
		"only element, on the way":    {"[[t.l]]\nb = 1\n", "t.l[0]", "[t]\nl = []\n"},
		"only element before others":  {"[[t.l]]\n\n[[u]]", "t.l[0]", "[t]\nl = []\n\n[[u]]"},
		"list of tables":              {"[[l]]\nb = 1\n[t]\na = 1\n[[l]]\n", "l", "[t]\na = 1\n"},
		"value of an element":         {"[[l]]\nb = 1\nc = 2\n[[l]]\nb = 1\n", "l[1].b", "[[l]]\nb = 1\nc = 2\n[[l]]\n"},
		"table, crlf":                 {"a = 1\r\n\r\n[t]\r\nb = 1\r\n", "t", "a = 1\r\n"},
		"table behind other comments": {"# head\n\n[t]\na = 1\n", "t", "# head\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseTOML(t, c.in).Apply(envfile.Unset(path(t, c.path)))
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got.Bytes()))
		})
	}
}

func TestTOMLApplySetText(t *testing.T) {
	d, err := parseTOML(t, "a = 1\n\n[[l]]\nx = 1\n").Apply(
		envfile.SetText(path(t, "a"), `["x", 2, {"k": 1.5, "m.n": {}}]`),
		envfile.SetText(path(t, "l[+]"), `{"x": true, "y": [1]}`),
		envfile.SetText(path(t, "t.u"), `{"v": "w"}`),
	)
	require.NoError(t, err)
	assert.Equal(t, "a = [\"x\", 2, { k = 1.5, \"m.n\" = {} }]\n\n[[l]]\nx = 1\n\n[[l]]\nx = true\ny = [1]\n\n[t]\nu = { v = \"w\" }\n", string(d.Bytes()))
}

func TestTOMLApplyRefuses(t *testing.T) {
	d := parseTOML(t, "a = 1\n[[l]]\nx = 1\n")
	set := func(p string) envfile.Op { return envfile.Set(path(t, p), crypto.Str, "canary") }
	for name, c := range map[string]struct {
		op   envfile.Op
		is   error
		text string
	}{
		"null":            {envfile.SetNull(path(t, "a")), nil, "a: TOML cannot hold this value: TOML has no null; unset the field instead"},
		"null below":      {envfile.SetText(path(t, "a"), `[null]`), nil, "a: TOML cannot hold this value: TOML has no null; unset the field instead"},
		"not a table":     {set("l[+]"), envfile.ErrPath, "l[+]: unusable path: expected a map, because the list holds tables"},
		"through a value": {set("a.b"), envfile.ErrPath, "a.b: unusable path: it leads through a value on line 1"},
		"a table":         {set("l[0]"), envfile.ErrPath, "l[0]: unusable path: it is a map; unset it first"},
		"missing":         {envfile.Unset(path(t, "z")), envfile.ErrNoField, "z: no such field"},
		"metadata":        {set("sops.mac"), envfile.ErrPath, `sops.mac: unusable path: "sops" is the name of the metadata`},
		"not UTF-8":       {envfile.Set(path(t, "b"), crypto.Str, "canary\xff"), nil, "b: cannot be changed in place: line 2: not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Apply(c.op)
			require.EqualError(t, err, c.text)
			if c.is != nil {
				assert.ErrorIs(t, err, c.is)
			}
		})
	}
}

// Each file is rejected with exactly this error.
func TestTOMLRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no value", "a = 1\nb =\n", "line 2, column 4: expected a value"},
		{"no key", "= 1\n", "line 1, column 1: expected a key: letters, digits, - and _, or a quoted string"},
		{"no equals sign", "a hunter2\n", "line 1, column 3: expected = after the key"},
		{"text without quotes", "a = hunter2\n", "line 1, column 5: expected a string in quotes, a number, true, false, a date or time, [ or {"},
		{"two values", "a = 1 hunter2\n", "line 1, column 7: expected the end of the line"},
		{"open quote", "a = \"hunter2\n", "line 1, column 5: the string is not closed on its line"},
		{"open quotes", "a = 1\nb = '''hunter2\n", "line 2, column 5: the string is not closed"},
		{"escape", "a = \"\\hunter2\"\n", "line 1, column 6: unknown escape in TOML 1.0; in double quotes, write two backslashes for one"},
		{"hexadecimal", "a = \"\\u12\"\n", "line 1, column 6: expected 4 hexadecimal digits after \\u"},
		{"surrogate", "a = \"\\uD800\"\n", "line 1, column 6: the escape is not a character"},
		{"control character", "a = \"\x01hunter2\"\n", "line 1, column 6: control character in a string; write it as \\u and four digits"},
		{"control character in a comment", "# hunter2\x01\n", "line 1, column 10: control character in a comment"},
		{"carriage return", "a = 1\rb = 2\n", "line 1, column 6: expected the end of the line"},
		{"not UTF-8", "a = 1\nb = \"\xc3\x28\"\n", "line 2: not valid UTF-8"},
		{"a byte order mark within", "a = 1\n\ufeffb = 1\n", "line 2, column 1: expected a key: letters, digits, - and _, or a quoted string"},
		{"duplicate key", "a = 1\na = 'hunter2'\n", `line 2, column 1: duplicate key "a"`},
		{"duplicate in dots", "[t]\na.b = 1\na.b = 2\n", `line 3, column 3: duplicate key "b"`},
		{"duplicate in braces", "a = { b = 1, b = 2 }\n", `line 1, column 14: duplicate key "b"`},
		{"duplicate table", "[t]\n[t]\n", `line 2, column 2: table "t" is already defined`},
		{"table over a value", "a = 1\n[a]\n", `line 2, column 2: table "a" is already defined`},
		{"table below a value", "a = 1\n[a.b]\n", `line 2, column 2: key "a" already has a value that is not a table`},
		{"table below braces", "a = {}\n[a.b]\n", `line 2, column 2: table "a" is written in braces; a header cannot add to it`},
		{"table over dots", "a.b = 1\n[a]\n", `line 2, column 2: table "a" is already defined`},
		{"dots into a table", "[a.b]\n[a]\nb.c = 1\n", `line 3, column 1: table "b" is already defined; a dotted key cannot add to it`},
		{"dots into a value", "a = 1\na.b = 1\n", `line 2, column 1: key "a" already has a value that is not a table`},
		{"dots into braces", "a = {}\na.b = 1\n", `line 2, column 1: table "a" is already defined; a dotted key cannot add to it`},
		{"list over an array", "a = []\n[[a]]\n", `line 2, column 3: "a" is already defined, but not by [[ ]]`},
		{"list over a table", "[a]\n[[a]]\n", `line 2, column 3: "a" is already defined, but not by [[ ]]`},
		{"header", "[a\n", "line 1, column 3: expected the closing bracket of the header"},
		{"open array", "a = [ 1,\n", "line 1, column 5: the array has no closing bracket"},
		{"no comma", "a = [ 1 2 ]\n", "line 1, column 9: expected a comma or the closing bracket"},
		{"two commas", "a = [ 1,, 2 ]\n", "line 1, column 9: expected a value before the comma"},
		{"braces over lines", "a = {\n b = 1 }\n", "line 1, column 6: an inline table must end on its first line in TOML 1.0"},
		{"comma at the end of braces", "a = { b = 1, }\n", "line 1, column 14: expected a key: letters, digits, - and _, or a quoted string"},
		{"open braces", "a = { b = 1\n", "line 1, column 12: an inline table must end on its first line in TOML 1.0"},
		{"large integer", "a = 9223372036854775808\n", "line 1, column 5: the integer does not fit in 64 bits: quote it to make it a string"},
		{"large float", "a = 1e400\n", "line 1, column 5: the number is too large for a 64-bit float: quote it to make it a string"},
		{"leading zero", "a = 01234\n", "line 1, column 5: expected a string in quotes, a number, true, false, a date or time, [ or {"},
		{"no such day", "a = 2021-02-29\n", "line 1, column 5: the date or time does not exist"},
		{"leap second", "a = 2016-12-31T23:59:60Z\n", "line 1, column 5: the format cannot hold a leap second"},
		{"deep", "a = " + strings.Repeat("[", 2000), "line 1, column 1005: nested too deeply"},
		{"metadata with dots", "sops.mac = 'hunter2'\n", "line 1, column 1: the sops metadata has dotted keys, expected a table [sops]"},
		{"metadata in two places", "[sops]\n[t]\n[sops.x]\n", "line 3, column 1: unexpected text between the tables of the sops metadata: move it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := envfile.Parse(envfile.TOML, []byte(c.text))
			require.EqualError(t, err, c.want)
			assert.NotContains(t, err.Error(), "hunter2")
			var at *envfile.SyntaxError
			require.ErrorAs(t, err, &at)
		})
	}
	for _, text := range []string{"[sops]\n", "sops = 1\n", "[[sops]]\n", "sops = {}\n", "[sops.x]\n"} {
		_, err := envfile.Parse(envfile.TOML, []byte(text))
		require.ErrorContains(t, err, "is the name of the metadata", text)
	}
}

// A carriage return in a value is escaped: other readers take a raw CRLF in a multi-line string for
// a line feed. The line breaks of a CRLF file stay.
func TestTOMLCarriageReturn(t *testing.T) {
	for _, c := range []struct{ before, value, want string }{
		{"a = 1\n", "x\r\ny", "a = 1\nb = \"\"\"\nx\\r\ny\"\"\"\n"},
		{"a = 1\n", "x\ry", "a = 1\nb = \"x\\ry\"\n"},
		{"a = 1\n", "\r\n", "a = 1\nb = \"\"\"\n\\r\n\"\"\"\n"},
		{"a = 1\r\n", "x\r\ny", "a = 1\r\nb = \"x\\r\\ny\"\r\n"},
		{"b = \"\"\"x\"\"\"\n", "x\r\ny", "b = \"\"\"x\\r\ny\"\"\"\n"},
		{"b = '''x'''\n", "x\r\ny", "b = \"\"\"x\\r\ny\"\"\"\n"},
		{"b = '''x'''\r\n", "x\r\ny", "b = \"x\\r\\ny\"\r\n"},
		{"b = 'x'\r\n", "x\ny", "b = \"x\\ny\"\r\n"},
	} {
		d := parseTOML(t, c.before)
		_, o, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
		require.NoError(t, err)
		after, err := d.Apply(envfile.Set(envfile.Path{{Key: "b"}}, "str", c.value))
		require.NoError(t, err)
		assert.Equal(t, c.want, string(after.Bytes()))
		s, err := o.Reseal(after)
		require.NoError(t, err)
		assert.Equal(t, c.want, document(t, openTOML(t, string(s.Bytes()))))
		if in, ok, err := o.ApplyInPlace(envfile.Set(envfile.Path{{Key: "b"}}, "str", c.value)); ok {
			require.NoError(t, err)
			o := openTOML(t, string(in.Bytes()))
			assert.Equal(t, c.value, o.Roots()[0].At(envfile.Path{{Key: "b"}}).Text)
			assert.Equal(t, c.want, document(t, o))
		}
	}
	const crlf = "a = \"\"\"\r\nx\r\ny\\r\r\n\"\"\"\r\nb = '''x\r\ny'''\r\n"
	assert.Equal(t, crlf, document(t, openTOML(t, string(sealTOML(t, crlf, envfile.Rules{}).Bytes()))))
}
