package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/envfile"
)

// roundTrips are files that round-trip byte for byte, with the encrypted file: <type> replaces an
// encrypted value.
var roundTrips = []struct{ name, plain, sealed string }{
	{
		"scalars of every type",
		"a: x\nb: 1\nc: 1.5\nd: true\ne: 2024-01-31\nf: null\ng: ~\nh:\n",
		"a: <str>\nb: <int>\nc: <float>\nd: <bool>\ne: <time>\nf: null\ng: ~\nh:\n",
	},
	{
		"strings that look like other types",
		"a: \"1\"\nb: 'true'\nc: \"null\"\nd: '2024-01-31'\ne: yes\nf: 0x\ng: 1.2.3\n",
		"a: \"<str>\"\nb: '<str>'\nc: \"<str>\"\nd: '<str>'\ne: <str>\nf: <str>\ng: <str>\n",
	},
	{
		"negative and large numbers",
		"a: -1\nb: 9223372036854775807\nc: -9223372036854775808\nd: -0.5\ne: .inf\nf: -.inf\ng: .nan\n",
		"a: <int>\nb: <int>\nc: <int>\nd: <float>\ne: <float>\nf: <float>\ng: <float>\n",
	},
	{
		"time with hours",
		"a: 2024-01-31T12:34:56Z\nb: 2024-01-31T12:34:56.789+02:00\nc: 2024-01-31 12:34:56.789 +02:00\n",
		"a: <time>\nb: <time>\nc: <str>\n",
	},
	{
		"quotes",
		"a: \"x\"\nb: 'y'\nc: \"\"\nd: ''\ne: \"it's\"\nf: 'say \"hi\"'\ng: 'it''s'\nh: \"tab\\tnl\\nbs\\\\\"\n",
		"a: \"<str>\"\nb: '<str>'\nc: \"\"\nd: ''\ne: \"<str>\"\nf: '<str>'\ng: '<str>'\nh: \"<str>\"\n",
	},
	{
		"quoted keys",
		"\"a b\": x\n'c: d': y\n\"e\\\"f\": z\n\"\": empty\n",
		"\"a b\": <str>\n'c: d': <str>\n\"e\\\"f\": <str>\n\"\": <str>\n",
	},
	{
		"plain text of many words",
		"a: the quick brown fox\nb: http://example.org:8080/?q=1&r=2#frag\nc: a:b\nd: -x\ne: x - y\n",
		"a: <str>\nb: <str>\nc: <str>\nd: <str>\ne: <str>\n",
	},
	{
		"non-ascii",
		"größe: straße\nemoji: 😀\nq: \"😀 ü\"\ncomment: x # ü😀\n",
		"größe: <str>\nemoji: <str>\nq: \"<str>\"\ncomment: <str> #<comment>\n",
	},
	{
		"nested maps",
		"db:\n  host: h\n  auth:\n    user: u\n    pass: p\nlog: l\n",
		"db:\n  host: <str>\n  auth:\n    user: <str>\n    pass: <str>\nlog: <str>\n",
	},
	{
		"nested maps, four columns",
		"db:\n    host: h\n    auth:\n        user: u\n",
		"db:\n    host: <str>\n    auth:\n        user: <str>\n",
	},
	{
		"nested maps, one column",
		"db:\n host: h\n auth:\n  user: u\n",
		"db:\n host: <str>\n auth:\n  user: <str>\n",
	},
	{
		"list",
		"l:\n  - a\n  - 1\n  - true\n",
		"l:\n  - <str>\n  - <int>\n  - <bool>\n",
	},
	{
		"list without indentation",
		"l:\n- a\n- b\nm: x\n",
		"l:\n- <str>\n- <str>\nm: <str>\n",
	},
	{
		"list of maps",
		"l:\n  - name: a\n    port: 1\n  - name: b\n    port: 2\n",
		"l:\n  - name: <str>\n    port: <int>\n  - name: <str>\n    port: <int>\n",
	},
	{
		"list of maps without indentation",
		"l:\n- name: a\n  port: 1\n-   name: b\n    port: 2\n",
		"l:\n- name: <str>\n  port: <int>\n-   name: <str>\n    port: <int>\n",
	},
	{
		"list of lists",
		"l:\n  - - a\n    - b\n  -\n    - c\n  - []\n",
		"l:\n  - - <str>\n    - <str>\n  -\n    - <str>\n  - []\n",
	},
	{
		"map under a lone dash",
		"l:\n  -\n    a: x\n  -\n    b: y\n",
		"l:\n  -\n    a: <str>\n  -\n    b: <str>\n",
	},
	{
		"empty collections",
		"a: {}\nb: []\nc: \"\"\n",
		"a: {}\nb: []\nc: \"\"\n",
	},
	{
		"flow map",
		"a: {b: x, c: 1, d: \"q\", e: 's'}\n",
		"a: {b: '<str>', c: '<int>', d: \"<str>\", e: ! '<str>'}\n",
	},
	{
		"flow list",
		"a: [x, 1, true, \"q\", 's', null]\n",
		"a: ['<str>', '<int>', '<bool>', \"<str>\", ! '<str>', null]\n",
	},
	{
		"flow nested",
		"a: {b: [x, {c: y}], d: {}}\n",
		"a: {b: ['<str>', {c: ! '<str>'}], d: {}}\n",
	},
	{
		"flow over lines",
		"a: {\n  b: x,\n  c: [\n    1,\n    2\n  ]\n}\n",
		"a: {\n  b: '<str>',\n  c: [\n    '<int>',\n    '<int>'\n  ]\n}\n",
	},
	{
		"flow with text that needs quotes in flow only",
		"a: ['x, y', 'p}', \"[q]\"]\n",
		"a: ['<str>', '<str>', \"<str>\"]\n",
	},
	{
		"quotes in flow",
		"a: ['no', off, \"y\", 'text', text, \"text\", '1']\n",
		"a: ['<str>', ! '<str>', \"<str>\", ! '<str>', '<str>', \"<str>\", '<str>']\n",
	},
	{
		"tags in flow",
		"a: {b: !Sub 'no', c: !Sub text, d: !!str 'no'}\n",
		"a: {b: !Sub '<str>', c: !Sub '<str>', d: !!str '<str>'}\n",
	},
	{
		"flow of a list of pairs",
		"a: [b: x, c: y]\n",
		"a: [b: '<str>', c: ! '<str>']\n",
	},
	{
		"flow with trailing commas",
		"a: [x, y,]\nb: {c: z,}\n",
		"a: ['<str>', ! '<str>',]\nb: {c: '<str>',}\n",
	},
	{
		"flow json-like",
		"a: {\"b\":\"x\",\"c\":1}\n",
		"a: {\"b\":\"<str>\",\"c\":'<int>'}\n",
	},
	{
		"flow root",
		"{a: x, b: [1, 2]}\n",
		"{a: '<str>', b: ['<int>', '<int>']}\n",
	},
	{
		"literal",
		"a: |\n  one\n  two\nb: x\n",
		"a: |\n  <str>\nb: <str>\n",
	},
	{
		"literal strip",
		"a: |-\n  one\n  two\nb: x\n",
		"a: |-\n  <str>\nb: <str>\n",
	},
	{
		"literal keep",
		"a: |+\n  one\n\n\nb: x\n",
		"a: |+\n  <str>\nb: <str>\n",
	},
	{
		"literal with blank lines and indented lines",
		"a: |\n  one\n\n    two\n  three\nb: x\n",
		"a: |\n  <str>\nb: <str>\n",
	},
	{
		"literal with an indentation indicator",
		"a: |2\n    one\n  two\nb: x\n",
		"a: |2\n  <str>\nb: <str>\n",
	},
	{
		"literal with leading line feeds",
		"a: |\n\n  one\nb: x\n",
		"a: |\n  <str>\nb: <str>\n",
	},
	{
		"literal in a list",
		"l:\n  - |\n    one\n    two\n  - x\n",
		"l:\n  - |\n    <str>\n  - <str>\n",
	},
	{
		"literal in a list without indentation",
		"l:\n- |\n  one\n  two\n- x\n",
		"l:\n- |\n  <str>\n- <str>\n",
	},
	{
		"literal in a map in a list",
		"l:\n  - a: |\n      one\n    b: x\n",
		"l:\n  - a: |\n      <str>\n    b: <str>\n",
	},
	{
		"literal with a comment in its header",
		"a: | # why\n  one\nb: x\n",
		"a: | #<comment>\n  <str>\nb: <str>\n",
	},
	{
		"literal strip at the end without a final line break",
		"a: |-\n  one",
		"a: |-\n  <str>\n",
	},
	{
		"literal with a sharp and a document marker",
		"a: |\n  # no comment\n  --- x\nb: y\n",
		"a: |\n  <str>\nb: <str>\n",
	},
	{
		"literal, deep",
		"a:\n    b:\n        c: |\n                one\n                two\n        d: x\n",
		"a:\n    b:\n        c: |\n                <str>\n        d: <str>\n",
	},
	{
		"long literal key",
		"tls:\n  key: |\n    -----BEGIN KEY-----\n    MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n    BKcwggSjAgEAAoIBAQ==\n    -----END KEY-----\n",
		"tls:\n  key: |\n    <str>\n",
	},
	{
		"comments before, behind and between",
		"# head\na: x # inline\n# between\nb: y\n# foot\n",
		"#<comment>\na: <str> #<comment>\n#<comment>\nb: <str>\n#<comment>\n",
	},
	{
		"comments of nested maps",
		"a:\n  # one\n  b: x\n  # two\n  c: y\n# three\nd: z\n",
		"a:\n  #<comment>\n  b: <str>\n  #<comment>\n  c: <str>\n#<comment>\nd: <str>\n",
	},
	{
		"comments in a list",
		"l:\n  # one\n  - a # in\n  # two\n  - b\n  # three\nm: x\n",
		"l:\n  #<comment>\n  - <str> #<comment>\n  #<comment>\n  - <str>\n  #<comment>\nm: <str>\n",
	},
	{
		"comments in a list without indentation",
		"l:\n# one\n- a\n# two\n- b\n# three\nm: x\n",
		"l:\n#<comment>\n- <str>\n#<comment>\n- <str>\n#<comment>\nm: <str>\n",
	},
	{
		"before a comment a key",
		"a: # here\n  b: x\nl: # there\n  - y\n",
		"a: #<comment>\n  b: <str>\nl: #<comment>\n  - <str>\n",
	},
	{
		"comments of one text",
		"# same\na: x\n# same\nb: y\nm:\n  # same\n  c: z # same\n",
		"#<comment>\na: <str>\n#<comment>\nb: <str>\nm:\n  #<comment>\n  c: <str> #<comment>\n",
	},
	{
		"empty comments",
		"#\na: x #\n#\nm:\n  #\n  b: y\n",
		"#\na: <str> #\n#\nm:\n  #\n  b: <str>\n",
	},
	{
		"empty comment in a list",
		"l:\n  #\n  - a\n  #\n  - b\n",
		"l:\n  # \n  - <str>\n  # \n  - <str>\n",
	},
	{
		"comment without a blank",
		"#x\na: x #y\n#!shebang\n",
		"#<comment>\na: <str> #<comment>\n#<comment>\n",
	},
	{
		"comments apart",
		"# one\n\n# two\n\n\na: x\n\n# three\n\n",
		"#<comment>\n\n#<comment>\n\n\na: <str>\n\n#<comment>\n\n",
	},
	{
		"comments in flow",
		"a: [x, # one\n  # two\n  y] # three\nb: {c: d, # four\n  e: f}\n",
		"a: ['<str>', #<comment>\n  #<comment>\n  ! '<str>'] #<comment>\nb: {c: '<str>', #<comment>\n  e: '<str>'}\n",
	},
	{
		"comment at a null",
		"a: # nothing\nb: null # null\n",
		"a: #<comment>\nb: null #<comment>\n",
	},
	{
		"comment after an empty map",
		"a: {} # x\nb: [] # y\n",
		"a: {} #<comment>\nb: [] #<comment>\n",
	},
	{
		"only a comment at the end",
		"a: x\n# end",
		"a: <str>\n#<comment>\n",
	},
	{
		"comment that looks sealed in quotes",
		"a: \"# no comment\" # a comment\nb: 'x # y'\n",
		"a: \"<str>\" #<comment>\nb: '<str>'\n",
	},
	{
		"comments in two documents",
		"# one\na: x\n---\n# two\nb: y # three\n",
		"#<comment>\na: <str>\n---\n#<comment>\nb: <str> #<comment>\n",
	},
	{
		"blank lines",
		"\n\na: x\n\n\nb: y\n\n",
		"\n\na: <str>\n\n\nb: <str>\n\n",
	},
	{
		"trailing blanks",
		"a: x  \nb:   y\t\nc: 1 \n",
		"a: <str>  \nb:   <str>\t\nc: <int> \n",
	},
	{
		"aligned values",
		"a:     x\nlonger: y\nb    : z\n",
		"a:     <str>\nlonger: <str>\nb    : <str>\n",
	},
	{
		"crlf",
		"a: x\r\nb:\r\n  - 1\r\n  - 2\r\n# c\r\nd: \"q\"\r\n",
		"a: <str>\r\nb:\r\n  - <int>\r\n  - <int>\r\n#<comment>\r\nd: \"<str>\"\r\n",
	},
	{
		"crlf literal",
		"a: |\r\n  one\r\n  two\r\nb: x\r\n",
		"a: |\r\n  <str>\r\nb: <str>\r\n",
	},
	{
		"byte order mark",
		"\ufeffa: x\nb: 1\n",
		"\ufeffa: <str>\nb: <int>\n",
	},
	{
		"no final line break",
		"a: x\nb: y",
		"a: <str>\nb: <str>\n",
	},
	{
		"no final line break after a quote",
		"a: x\nb: \"y\"",
		"a: <str>\nb: \"<str>\"\n",
	},
	{
		"no final line break after a flow",
		"a: [x]",
		"a: ['<str>']\n",
	},
	{
		"document start",
		"---\na: x\n",
		"---\na: <str>\n",
	},
	{
		"document start and end",
		"---\na: x\n...\n",
		"---\na: <str>\n...\n",
	},
	{
		"comment before document start",
		"# c\n---\na: x\n",
		"#<comment>\n---\na: <str>\n",
	},
	{
		"two documents",
		"a: x\n---\nb: y\n",
		"a: <str>\n---\nb: <str>\n",
	},
	{
		"three documents, one empty",
		"a: x\n---\n---\nb: y\n",
		"a: <str>\n---\n---\nb: <str>\n",
	},
	{
		"two documents, flow",
		"{a: x}\n---\n{b: y}\n",
		"{a: '<str>'}\n---\n{b: ! '<str>'}\n",
	},
	{
		"custom tags",
		"a: !secret x\nb: !env \"y\"\nc: !map {d: z}\nd: !list\n  - x\n",
		"a: !secret <str>\nb: !env \"<str>\"\nc: !map {d: '<str>'}\nd: !list\n  - <str>\n",
	},
	{
		"string tag",
		"a: !!str 123\nb: !!str x\nc: !!str \"y\"\n",
		"a: !!str <str>\nb: !!str <str>\nc: !!str \"<str>\"\n",
	},
	{
		"anchor without an alias",
		"a: &x y\nm: &m\n  b: z\n",
		"a: &x <str>\nm: &m\n  b: <str>\n",
	},
	{
		"aliases in clear",
		"a_unencrypted: &x y\nb_unencrypted: *x\nm_unencrypted: &m\n  k: v\nn_unencrypted:\n  <<: *m\n  o: p\n",
		"a_unencrypted: &x y\nb_unencrypted: *x\nm_unencrypted: &m\n  k: v\nn_unencrypted:\n  <<: *m\n  o: p\n",
	},
	{
		"clear by suffix",
		"a_unencrypted: x\nm_unencrypted:\n  # clear comment\n  b: y\nc: z\n",
		"a_unencrypted: x\nm_unencrypted:\n  # clear comment\n  b: y\nc: <str>\n",
	},
	{
		"explicit key",
		"? a\n: x\n? b\n: - y\n",
		"? a\n: <str>\n? b\n: - <str>\n",
	},
	{
		"key that is a word of yaml",
		"on: x\nyes: y\nno: z\n",
		"on: <str>\nyes: <str>\nno: <str>\n",
	},
	{
		"merge key in clear",
		"base_unencrypted: &b {x: 1}\nother_unencrypted:\n  <<: *b\n",
		"base_unencrypted: &b {x: 1}\nother_unencrypted:\n  <<: *b\n",
	},
	{
		"merge key without alias",
		"a:\n  <<: {x: 1}\n  y: 2\n",
		"a:\n  <<: {x: '<int>'}\n  y: <int>\n",
	},
	{
		"equal items",
		"l: [same, same, same]\nm:\n  - same\n  - same\n",
		"l: ['<str>', '<str>', '<str>']\nm:\n  - <str>\n  - <str>\n",
	},
	{
		"colon and sharp in text",
		"a: x:y\nb: x#y\nc: 'x: y'\nd: \"x # y\"\n",
		"a: <str>\nb: <str>\nc: '<str>'\nd: \"<str>\"\n",
	},
	{
		"keys with dots and colons",
		"a.b: x\na:b: y\n\"c:d\":\n  e: z\n",
		"a.b: <str>\na:b: <str>\n\"c:d\":\n  e: <str>\n",
	},
	{
		"text that looks sealed",
		"a: \"ENC[AES256_GCM,x]\"\n# ENC[AES256_GCM,y]\nb: ENC\n",
		"a: \"<str>\"\n#<comment>\nb: <str>\n",
	},
	{
		"tabs behind values and between",
		"a:\tx\nb: y\t# c\n",
		"a:\t<str>\nb: <str>\t#<comment>\n",
	},
	{
		"deep",
		"a: {b: {c: {d: {e: {f: {g: x}}}}}}\n",
		"a: {b: {c: {d: {e: {f: {g: '<str>'}}}}}}\n",
	},
	{
		"long plain line",
		"a: word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word end\n",
		"a: <str>\n",
	},
	{
		"sexagesimal stays text",
		"a: 1:30\n",
		"a: <str>\n",
	},
	{
		"trailing blanks in a literal",
		"a: |\n  one \n  two\t\nb: x\n",
		"a: |\n  <str>\nb: <str>\n",
	},
	{
		"literal, blank lines behind",
		"a: |\n  one\n\n\nb: x\n",
		"a: |\n  <str>\n\n\nb: <str>\n",
	},
	{
		"plain in flow that stays",
		"a: [b c, d]\n",
		"a: ['<str>', '<str>']\n",
	},
	{
		"carriage return",
		"a: \"one\\r\\ntwo\"\n",
		"a: \"<str>\"\n",
	},
}

func TestRoundTrip(t *testing.T) {
	for _, c := range roundTrips {
		t.Run(c.name, func(t *testing.T) {
			s := seal(t, c.plain, envfile.Rules{})
			assert.Equal(t, c.sealed, body(t, string(s.Bytes())))
			assert.Equal(t, c.plain, document(t, open(t, s)))
		})
	}
}
