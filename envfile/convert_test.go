package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

const convertible = `# head
a: "<x> & é"
# above b
b:
    c: 1 # behind c
    # in the list
    list:
        - 1.0
        - true
        - {}
        - []
    # foot
n: null
t: 2024-01-31T10:00:00Z
long: 'it''s'
`

func TestConvert(t *testing.T) {
	t.Parallel()
	d, err := envfile.Parse(envfile.YAML, []byte(convertible))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		indent int
		want   string
	}{
		"yaml": {envfile.DefaultIndent, `# head
a: <x> & é
# above b
b:
    c: 1 # behind c
    # in the list
    list:
        - 1
        - true
        - {}
        - []
        # foot
"n": null
t: 2024-01-31T10:00:00Z
long: it's
`},
		"json": {1, `{
 "a": "\u003cx\u003e \u0026 é",
 "b": {
  "c": 1,
  "list": [
   1,
   true,
   {},
   []
  ]
 },
 "n": null,
 "t": "2024-01-31T10:00:00Z",
 "long": "it's"
}
`},
	} {
		f, _ := envfile.FormatNamed(name)
		got, err := envfile.Convert(f, d.Roots(), c.indent)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, string(got), name)
	}
	for _, f := range []envfile.Format{envfile.Dotenv, envfile.INI, envfile.Binary} {
		_, err := envfile.Convert(f, d.Roots(), envfile.DefaultIndent)
		assert.ErrorIs(t, err, envfile.ErrConvert, f.Name())
	}
}

// YAML reads -0 as an integer, which has no sign.
func TestConvertNegativeZero(t *testing.T) {
	d, err := envfile.Parse(envfile.JSON, []byte(`{"a": -0.0, "b": [-0.0]}`))
	require.NoError(t, err)
	got, err := envfile.Convert(envfile.YAML, d.Roots(), envfile.DefaultIndent)
	require.NoError(t, err)
	assert.Equal(t, "a: -0.0\nb:\n    - -0.0\n", string(got))
}

// sops writes a list on one line in INI.
func TestConvertListToINI(t *testing.T) {
	t.Parallel()
	list := parse(t, "l:\n    - a b\n    - 2\n    - [true]\n").Roots()[0].Get("l")
	got, err := envfile.ConvertValue(envfile.INI, list, envfile.DefaultIndent)
	require.NoError(t, err)
	assert.Equal(t, `["a b",2,[true]]`, string(got))
}

// Values that a format cannot hold are errors. The errors do not quote them.
func TestConvertRefuses(t *testing.T) {
	t.Parallel()
	for text, f := range map[string]envfile.Format{
		"x: .inf\n":                  envfile.JSON,
		"a: 1\n---\nb: 2\n":          envfile.JSON,
		"a: 1\n---\nc: 2\n":          envfile.Dotenv,
		"a=b: CANARY\n":              envfile.Dotenv,
		"'': CANARY\n":               envfile.Dotenv,
		"'#a': CANARY\n":             envfile.Dotenv,
		`a: 'CANARY\n'`:              envfile.Dotenv,
		"a: [CANARY]\n":              envfile.Dotenv,
		"a: CANARY\n":                envfile.INI,
		"a: {b: [CANARY]}\n":         envfile.INI,
		"'a]': {b: CANARY}\n":        envfile.INI,
		"a: {'b=c': CANARY}\n":       envfile.INI,
		"data: 1\n":                  envfile.Binary,
		"data: a\n---\ndata: CANA\n": envfile.Binary,
	} {
		d, err := envfile.Parse(envfile.YAML, []byte(text))
		require.NoError(t, err, text)
		_, err = envfile.Convert(f, d.Roots(), envfile.DefaultIndent)
		require.ErrorIs(t, err, envfile.ErrConvert, text)
		assert.NotContains(t, err.Error(), "CANARY", text)
	}
}

func TestConvertFlat(t *testing.T) {
	t.Parallel()
	d, err := envfile.Parse(envfile.YAML, []byte("# c\na: x\nb: 1.0\nc: true\nd: null\ne: \"two\\nlines\"\n"))
	require.NoError(t, err)
	got, err := envfile.Convert(envfile.Dotenv, d.Roots(), envfile.DefaultIndent)
	require.NoError(t, err)
	assert.Equal(t, "# c\na=x\nb=1.0\nc=true\nd=\ne=two\\nlines\n", string(got))
	d, err = envfile.Parse(envfile.YAML, []byte("one: {a: x, longer: \"y ;z\"}\ntwo: {b: true}\n"))
	require.NoError(t, err)
	got, err = envfile.Convert(envfile.INI, d.Roots(), envfile.DefaultIndent)
	require.NoError(t, err)
	assert.Equal(t, "[one]\na      = x\nlonger = `y ;z`\n\n[two]\nb = true\n", string(got))
	back, err := envfile.Parse(envfile.INI, got)
	require.NoError(t, err)
	assert.Equal(t, "y ;z", back.Roots()[0].Get("one").Get("longer").Text)
}

func TestConvertValue(t *testing.T) {
	t.Parallel()
	d, err := envfile.Parse(envfile.YAML, []byte("s: text\ni: 5\nl: [a, 1]\nm: {k: v}\n"))
	require.NoError(t, err)
	root := d.Roots()[0]
	for _, c := range []struct {
		key, want string
		f         envfile.Format
	}{
		{"s", "text", envfile.YAML}, {"s", "text", envfile.Binary}, {"s", "text", envfile.Dotenv},
		{"i", "5\n", envfile.YAML}, {"i", "5", envfile.JSON}, {"i", "5", envfile.INI},
		{"l", "- a\n- 1\n", envfile.YAML}, {"l", "[\n\t\"a\",\n\t1\n]", envfile.JSON},
		{"m", "k: v\n", envfile.YAML}, {"m", "k=v\n", envfile.Dotenv},
	} {
		got, err := envfile.ConvertValue(c.f, root.Get(c.key), envfile.DefaultIndent)
		require.NoError(t, err, c.key)
		assert.Equal(t, c.want, string(got), "%s as %s", c.key, c.f.Name())
	}
	for _, f := range []envfile.Format{envfile.Dotenv, envfile.Binary} {
		_, err := envfile.ConvertValue(f, root.Get("i"), envfile.DefaultIndent)
		assert.ErrorIs(t, err, envfile.ErrConvert)
	}
}

// FuzzConvert converts any valid YAML without a panic. The results in YAML and JSON must have the
// same values.
func FuzzConvert(f *testing.F) {
	f.Add([]byte(convertible))
	f.Add([]byte("a: &x {b: 1}\nc: *x\n"))
	f.Add([]byte("? \"\\u0085 \"\n: >\n  x\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := envfile.Parse(envfile.YAML, src)
		if err != nil {
			return
		}
		for _, format := range []envfile.Format{envfile.YAML, envfile.JSON, envfile.Dotenv, envfile.INI} {
			text, err := envfile.Convert(format, d.Roots(), envfile.DefaultIndent)
			if err != nil {
				continue
			}
			again, err := envfile.Parse(format, text)
			if err != nil {
				continue // several lines in dotenv, or a key called sops
			}
			if format.Name() != "yaml" {
				continue
			}
			for i, root := range d.Roots() {
				if got, want := envfile.JSONText(again.Roots()[i], ""), envfile.JSONText(root, ""); string(got) != string(want) {
					t.Fatalf("%s\n%s", got, want)
				}
			}
		}
	})
}
