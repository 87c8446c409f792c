package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/envfile"
)

// reformatted are files with a notation that the format cannot keep. The first decryption changes
// the notation, but neither the value nor the type. Later ones do not change it.
var reformatted = []struct{ name, plain, sealed, opened string }{
	{
		"literal at the end without a final line break",
		"a: |\n  one\n  two",
		"a: |\n  <str>\n",
		"a: |-\n  one\n  two",
	},
	{
		"octal",
		"a: 0123\nb: 0o17\n",
		"a: <int>\nb: <int>\n",
		"a: 83\nb: 15\n",
	},
	{
		"hexadecimal and binary",
		"a: 0x1F\nb: 0b101\n",
		"a: <int>\nb: <int>\n",
		"a: 31\nb: 5\n",
	},
	{
		"underscores",
		"a: 1_000\nb: 1_0.5\n",
		"a: <int>\nb: <float>\n",
		"a: 1000\nb: 10.5\n",
	},
	{
		"signs and zeros",
		"a: +7\nb: 1.50\nc: 1.0\nd: -0\ne: 00.5\n",
		"a: <int>\nb: <float>\nc: <float>\nd: <int>\ne: <float>\n",
		"a: 7\nb: 1.5\nc: 1.0\nd: 0\ne: 0.5\n",
	},
	{
		"exponents",
		"a: 1e3\nb: 1.5E-3\nc: 1e300\n",
		"a: <float>\nb: <float>\nc: <float>\n",
		"a: 1000.0\nb: 0.0015\nc: 1.0e+300\n",
	},
	{
		"infinity",
		"a: .Inf\nb: +.inf\nc: .NaN\n",
		"a: <float>\nb: <float>\nc: <float>\n",
		"a: .inf\nb: .inf\nc: .nan\n",
	},
	{
		"booleans",
		"a: True\nb: FALSE\n",
		"a: <bool>\nb: <bool>\n",
		"a: true\nb: false\n",
	},
	{
		"times",
		"a: 2024-1-2\nb: 2024-01-31t12:00:00Z\nc: 2024-01-31T00:00:00Z\nd: 2024-01-31T12:00:00.500Z\n",
		"a: <time>\nb: <time>\nc: <time>\nd: <time>\n",
		"a: 2024-01-02\nb: 2024-01-31T12:00:00Z\nc: 2024-01-31\nd: 2024-01-31T12:00:00.5Z\n",
	},
	{
		"folded",
		"a: >\n  one\n  two\n\n  three\nb: >-\n  x\n  y\n",
		"a: |\n  <str>\nb: |-\n  <str>\n",
		"a: |\n  one two\n  three\nb: |-\n  x y\n",
	},
	{
		"plain over lines",
		"a: one\n  two\n\n  three\nb: x\n",
		"a: <str>\nb: <str>\n",
		"a: |-\n    one two\n    three\nb: x\n",
	},
	{
		"quotes over lines",
		"a: \"one\n  two\"\nb: 'x\n  y'\n",
		"a: \"<str>\"\nb: '<str>'\n",
		"a: \"one two\"\nb: 'x y'\n",
	},
	{
		"binary",
		"a: !!binary aGVsbG8=\n",
		"a: <str>\n",
		"a: hello\n",
	},
	{
		"core tags",
		"a: !!int \"5\"\nb: !!float 1\nc: !!bool \"true\"\nd: !!timestamp 2024-01-31\n",
		"a: \"<int>\"\nb: <float>\nc: \"<bool>\"\nd: <time>\n",
		"a: 5\nb: 1.0\nc: true\nd: 2024-01-31\n",
	},
	{
		"literal of line feeds only",
		"a: |+\n\n\nb: x\n",
		"a: \"<str>\"\nb: <str>\n",
		"a: \"\\n\\n\"\nb: x\n",
	},
	{
		"flow over lines, plain",
		"a: [one\n  two, x]\n",
		"a: ['<str>', '<str>']\n",
		"a: [one two, x]\n",
	},
	{
		"escaped line break",
		"a: \"one \\\n  two\"\n",
		"a: \"<str>\"\n",
		"a: \"one two\"\n",
	},
}

func TestReformatted(t *testing.T) {
	for _, c := range reformatted {
		t.Run(c.name, func(t *testing.T) {
			s := seal(t, c.plain, envfile.Rules{})
			assert.Equal(t, c.sealed, body(t, string(s.Bytes())))
			got := document(t, open(t, s))
			assert.Equal(t, c.opened, got)
			assert.Equal(t, shape(parse(t, c.plain).Roots()), shape(parse(t, got).Roots()))
			assert.Equal(t, got, document(t, open(t, seal(t, got, envfile.Rules{}))))
		})
	}
}
