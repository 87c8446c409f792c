package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// tomlRoundTrips round-trip byte for byte.
var tomlRoundTrips = []struct{ name, plain, sealed string }{
	{
		"every type",
		"s = \"x\"\ni = 42\nf = 1.5\nb = true\nt = 1979-05-27T07:32:00Z\nz = 1979-05-27T07:32:00.5-07:00\n",
		"s = \"<str>\"\ni = \"<int>\"\nf = \"<float>\"\nb = \"<bool>\"\nt = \"<time>\"\nz = \"<time>\"\n",
	},
	{
		"local dates and times",
		"a = 1979-05-27\nb = 07:32:00.999999\nc = 1979-05-27 07:32:00\nd = 1979-05-27t07:32:00.10\nl = [ 07:32:00, \"07:32:00\" ]\n",
		"a = \"<local>\"\nb = \"<local>\"\nc = \"<local>\"\nd = \"<local>\"\nl = [ \"<local>\", \"<str>\" ]\n",
	},
	{
		"numbers",
		"a = -1\nb = 9223372036854775807\nc = -9223372036854775808\nd = -0.5\ne = inf\nf = -inf\ng = nan\nh = 1e+22\ni = -0.0\nj = 1e-07\nk = 100000.0\n",
		"a = \"<int>\"\nb = \"<int>\"\nc = \"<int>\"\nd = \"<float>\"\ne = \"<float>\"\nf = \"<float>\"\ng = \"<float>\"\nh = \"<float>\"\ni = \"<float>\"\nj = \"<float>\"\nk = \"<float>\"\n",
	},
	{
		"strings that look like other values",
		"a = \"1\"\nb = 'true'\nc = \"1979-05-27\"\nd = '1979-05-27T07:32:00Z'\n",
		"a = \"<str>\"\nb = '<str>'\nc = \"<str>\"\nd = '<str>'\n",
	},
	{
		"quotes",
		"a = \"tab\\tnl\\nbs\\\\ q\\\" \\u0001\"\nb = 'C:\\dir \"x\"'\nc = ''\nd = \"\"\ne = \"\"\"\"\"\"\nf = ''''''\ng = \"it's ü😀\"\n",
		"a = \"<str>\"\nb = '<str>'\nc = ''\nd = \"\"\ne = \"\"\"\"\"\"\nf = ''''''\ng = \"<str>\"\n",
	},
	{
		"strings of several lines",
		"a = \"\"\"\none\n  \"two\" \\\\ \\u0001\n\"\"\"\nb = '''\none\\\n'two' '''\nc = \"\"\"x\"\"\"\nd = '''x'''\ne = \"\"\"one\ntwo\"\"\"\nf = '''one\n\ttwo'''\n",
		"a = \"\"\"\n<str>\"\"\"\nb = '''\n<str>'''\nc = \"\"\"<str>\"\"\"\nd = '''<str>'''\ne = \"\"\"<str>\"\"\"\nf = '''<str>'''\n",
	},
	{
		"quotes at the ends of strings of several lines",
		"a = \"\"\"\"x\"\"\"\"\"\nb = '''''x'''''\nc = \"\"\"a\"\"\\\"b\"\"\"\nd = \"\"\"\n\nx\"\"\"\n",
		"a = \"\"\"<str>\"\"\"\nb = '''<str>'''\nc = \"\"\"<str>\"\"\"\nd = \"\"\"\n<str>\"\"\"\n",
	},
	{
		"tables",
		"top = 1\n\n[db]\nhost = \"h\"\n\n  [db.auth]\n  user = \"u\"\n\n[log]\n",
		"top = \"<int>\"\n\n[db]\nhost = \"<str>\"\n\n  [db.auth]\n  user = \"<str>\"\n\n[log]\n",
	},
	{
		"tables in any order",
		"[a.b]\nx = 1\n[c]\ny = 2\n[a]\nz = 3\n[a.d]\n",
		"[a.b]\nx = \"<int>\"\n[c]\ny = \"<int>\"\n[a]\nz = \"<int>\"\n[a.d]\n",
	},
	{
		"arrays of tables",
		"[[l]]\nn = 1\n[l.sub]\nm = 2\n[[l.more]]\no = 3\n[[l.more]]\n[[l]]\n[[l]]\nn = 4\n",
		"[[l]]\nn = \"<int>\"\n[l.sub]\nm = \"<int>\"\n[[l.more]]\no = \"<int>\"\n[[l.more]]\n[[l]]\n[[l]]\nn = \"<int>\"\n",
	},
	{
		"keys",
		"a.b.c = 1\na.b.\"d.e\" = 2\n\"\" = 3\n'lit \"q\"' = 4\n3.14 = 5\n -_ = 6\na . z\t=7\n[ \"x y\" . 'z' ]\nk = 8\n",
		"a.b.c = \"<int>\"\na.b.\"d.e\" = \"<int>\"\n\"\" = \"<int>\"\n'lit \"q\"' = \"<int>\"\n3.14 = \"<int>\"\n -_ = \"<int>\"\na . z\t=\"<int>\"\n[ \"x y\" . 'z' ]\nk = \"<int>\"\n",
	},
	{
		"inline tables",
		"a = { b = 1, c.d = \"x\", c.e = 'y', f = {}, g = [ { h = 2 } ] }\nz={a=1}\n",
		"a = { b = \"<int>\", c.d = \"<str>\", c.e = '<str>', f = {}, g = [ { h = \"<int>\" } ] }\nz={a=\"<int>\"}\n",
	},
	{
		"arrays",
		"a = []\nb = [ 1, \"x\", [ true ], ]\nc = [\n  1, # one\n  # two\n  2,\n\n  # end\n]\nd = [ # head\n]\n",
		"a = []\nb = [ \"<int>\", \"<str>\", [ \"<bool>\" ], ]\nc = [\n  \"<int>\", #<comment>\n  #<comment>\n  \"<int>\",\n\n  #<comment>\n]\nd = [ #<comment>\n]\n",
	},
	{
		"comments",
		"# head\n\n#about a\na = 1 # one\n#\n[t] # t\n# foot of t\n\n# u\n[u]# u, too\nx = '#' #\n# end",
		"#<comment>\n\n#<comment>\na = \"<int>\" #<comment>\n#\n[t] #<comment>\n#<comment>\n\n#<comment>\n[u]#<comment>\nx = '<str>' #\n#<comment>\n",
	},
	{
		"crlf",
		"a = 1\r\n# c\r\n\r\n[t]\r\ns = \"\"\"\r\none\r\ntwo\r\n\"\"\"\r\n",
		"a = \"<int>\"\r\n#<comment>\r\n\r\n[t]\r\ns = \"\"\"\r\n<str>\"\"\"\r\n",
	},
	{"no final line break", "a = 1\n\n[t]\nb = 2", "a = \"<int>\"\n\n[t]\nb = \"<int>\"\n"},
	{"blank lines at the end", "a = 1\n\n\n", "a = \"<int>\"\n\n\n"},
	{"a byte order mark", "\ufeffa = 1\n", "\ufeffa = \"<int>\"\n"},
	{"nothing", "", ""},
	{"a byte order mark and nothing", "\ufeff", "\ufeff"},
	{"a blank line", "\n", "\n"},
	{"comments only", "# nothing yet\n", "#<comment>\n"},
	{"clear", "a_unencrypted = 0x1F\n[t_unencrypted] # clear\nb = 1e3\nd = 1979-05-27\n[u]\nc = 1\n", "a_unencrypted = 0x1F\n[t_unencrypted] #<comment>\nb = 1e3\nd = 1979-05-27\n[u]\nc = \"<int>\"\n"},
	{"sops further down", "[a.sops]\nsops = 1\n[[b]]\nsops.x = 2\n", "[a.sops]\nsops = \"<int>\"\n[[b]]\nsops.x = \"<int>\"\n"},
}

func TestTOMLRoundTrips(t *testing.T) {
	for _, c := range tomlRoundTrips {
		t.Run(c.name, func(t *testing.T) {
			s := sealTOML(t, c.plain, envfile.Rules{})
			text := string(s.Bytes())
			assert.Equal(t, strings.TrimRight(c.sealed, "\r\n"), strings.TrimRight(bodyTOML(t, text), "\r\n"))
			requireFreshNonces(t, strings.ReplaceAll(text, `\u005D`, "]"))
			o := openTOML(t, text)
			assert.Equal(t, shape(parseTOML(t, c.plain).Roots()), shape(o.Roots()))
			assert.Equal(t, c.plain, document(t, o))
			plain, err := o.Text()
			require.NoError(t, err)
			assert.Equal(t, c.plain, string(plain))

			r, err := o.Rotate(t.Context(), envfile.Rules{}, sealedTo(alice, bob))
			require.NoError(t, err)
			assert.Equal(t, c.plain, document(t, openTOML(t, string(r.Bytes()))))
			assert.Equal(t, bodyTOML(t, text), bodyTOML(t, string(r.Bytes())))
			w, err := openTOML(t, string(r.Bytes())).Rewrap(t.Context(), sealedTo(alice))
			require.NoError(t, err)
			assert.Equal(t, c.plain, document(t, openTOML(t, string(w.Bytes()))))

			warnings, err := parseTOML(t, c.plain).Warnings(envfile.Rules{})
			require.NoError(t, err)
			assert.Empty(t, warnings, "a value that comes back unchanged has no warning")
		})
	}
}

// tomlReformatted change their notation, but neither value nor type.
var tomlReformatted = []struct{ name, plain, opened string }{
	{"integers", "a = 0x1F\nb = 0o17\nc = 0b101\nd = 1_000\ne = +7\nf = -0\n", "a = 31\nb = 15\nc = 5\nd = 1000\ne = 7\nf = 0\n"},
	{"floats", "a = 1e3\nb = 1.50\nc = +1.0\nd = 1_0.5\ne = 5e-324\nf = 3.14159265358979323846\ng = +inf\nh = -nan\n", "a = 1000.0\nb = 1.5\nc = 1.0\nd = 10.5\ne = 5e-324\nf = 3.141592653589793\ng = inf\nh = nan\n"},
	{"times", "a = 1979-05-27 07:32:00z\nb = 1979-05-27T07:32:00.500Z\nc = 1979-05-27t07:32:00+00:00\n", "a = 1979-05-27T07:32:00Z\nb = 1979-05-27T07:32:00.5Z\nc = 1979-05-27T07:32:00Z\n"},
	{"escapes", "a = \"\\u0041\\U0001F600\"\nb = \"raw\ttab\"\nc = \"\"\"\\\n  joined \\\n  lines\"\"\"\nd = \"\"\"a\\nb\"\"\"\n", "a = \"A😀\"\nb = \"raw\\ttab\"\nc = \"\"\"joined lines\"\"\"\nd = \"\"\"a\nb\"\"\"\n"},
}

func TestTOMLReformatted(t *testing.T) {
	for _, c := range tomlReformatted {
		t.Run(c.name, func(t *testing.T) {
			d := parseTOML(t, c.plain)
			got := document(t, openTOML(t, string(sealTOML(t, c.plain, envfile.Rules{}).Bytes())))
			assert.Equal(t, c.opened, got)
			assert.Equal(t, shape(d.Roots()), shape(parseTOML(t, got).Roots()))
			assert.Equal(t, got, document(t, openTOML(t, string(sealTOML(t, got, envfile.Rules{}).Bytes()))))

			changed := map[int]bool{}
			for i, l := range lines(got) {
				if was := lines(c.plain); len(was) == len(lines(got)) && was[i] != l {
					changed[i+1] = true
				}
			}
			warnings, err := d.Warnings(envfile.Rules{})
			require.NoError(t, err)
			for _, warning := range warnings {
				delete(changed, warning.Line)
			}
			assert.NotEmpty(t, warnings)
			assert.Empty(t, changed, "lines that change without a warning")
			none, err := d.Warnings(envfile.Rules{EncryptedRegex: "^none$"})
			require.NoError(t, err)
			assert.Empty(t, none, "what stays in clear keeps its spelling")
		})
	}
}
