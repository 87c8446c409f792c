package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// meaningPlain contains every property that a YAML reader sees and the MAC does not cover, with and
// without encryption.
const meaningPlain = `mode: "no"
plain: no
free_unencrypted: "off"
number_unencrypted: 511
"yes": {a: x, b: 'no', c: [y, 'on']}
tagged: !Sub text
list: &list
  - "12:30:45"
  - z
map_unencrypted: {k: "1e3"}
flag: false
port: 5
text_unencrypted: a b
block_unencrypted: |-
  c
empty_unencrypted: ""
nothing:
`

// A meaningAttack is a change that needs no data key. With a binding, it is rejected. Without a
// binding, the plaintext is printed; nil means the unchanged plaintext.
type meaningAttack struct {
	name, old, new string
	printed        *string
}

func printed(s string) *string { return &s }

var meaningAttacks = []meaningAttack{
	{"quotes off an encrypted string", `mode: "ENC`, `mode: ENC`, nil},
	{"quotes off an unencrypted string", `"off"`, `off`, nil},
	{"quotes off a key", `"yes": {`, `yes: {`, nil},
	{"mark of no quotes off in brackets", `c: [! 'ENC`, `c: ['ENC`, printed(`c: ['y'`)},
	{"mark of no quotes added in brackets", `b: 'ENC`, `b: ! 'ENC`, printed(`b: 'no'`)},
	{"a number as others write it", ": 511\n", ": 0777\n", nil},
	{"a number in hexadecimal", ": 511\n", ": 0x1ff\n", nil},
	{"a number with underscores", ": 511\n", ": 5_11\n", nil},
	{"a type on a number", ": 511\n", ": !!int \"0777\"\n", nil},
	{"the tag ! on an unencrypted string", `"off"`, `! "off"`, nil},
	{"the tag ! on a number", ": 511\n", ": ! 511\n", nil},
	{"the tag ! on a key", `"yes": {`, `! "yes": {`, nil},
	{"the tag ! on a null", "nothing:\n", "nothing: !\n", printed("nothing: \n")},
	{"!!str on an encrypted boolean", "flag: ENC", "flag: !!str ENC", nil},
	{"!!str on an encrypted number", "port: ENC", "port: !!str &p ENC", printed("port: &p 5\n")},
	{"a line break of YAML 1.1", ": a b\n", ": a\u0085 b\n", nil},
	{"U+2028 in quotes", ": a b\n", ": \"a\u0085b\"\n", printed(`: "a b"`)},
	{"base64 for an unencrypted string", ": a b\n", ": !!binary YSBi\n", nil},
}

var foreignAttacks = []meaningAttack{
	{"a tag on an encrypted string", "tagged: !Sub ENC", "tagged: !include ENC", printed("tagged: !include text")},
	{"a tag on a key", "plain: ", "!x plain: ", printed("!x plain: ")},
	{"a tag on a map", `map_unencrypted: {`, `map_unencrypted: !!python/object:x {`, printed(`map_unencrypted: !!python/object:x {`)},
	{"a set", `map_unencrypted: {`, `map_unencrypted: !!set {`, printed(`map_unencrypted: !!set {`)},
	{"a tag on a list", "list: &list", "list: &list !!omap", printed("list: &list !!omap")},
	{"a tag on the document", "mode: ", "--- !x\nmode: ", printed("--- !x\nmode: ")},
	{"a tag on an empty string", `empty_unencrypted: ""`, `empty_unencrypted: !x ""`, printed(`empty_unencrypted: !x ""`)},
	{"a handle for tags", "mode: ", "%TAG !! tag:example.com,2000:\n---\nmode: ", printed("%TAG !! tag:example.com,2000:\n---\nmode: ")},
}

var anchorAttacks = []meaningAttack{
	{"an anchor", "flag: ENC", "flag: &new ENC", printed("flag: &new false")},
	{"another name of an anchor", "&list", "&other", printed("&other")},
	{"an anchor on a key", "flag: ENC", "&k flag: ENC", printed("&k flag: false")},
	{"%YAML", "mode: ", "%YAML 1.1\n---\nmode: ", printed("%YAML 1.1\n---\nmode: ")},
}

func TestMeaning(t *testing.T) {
	text := string(seal(t, meaningPlain, envfile.Rules{}).Bytes())
	require.Equal(t, meaningPlain, document(t, open(t, parseSealed(t, text))))
	// Without a binding, decryption quotes strings that readers take for other types.
	settled := strings.NewReplacer("plain: no\n", "plain: \"no\"\n", "c: [y,", "c: ['y',").Replace(meaningPlain)
	require.Equal(t, settled, document(t, open(t, parseSealed(t, unbound(t, text)))))

	for _, attacks := range [][]meaningAttack{meaningAttacks, foreignAttacks, anchorAttacks} {
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) {
				changed := strings.Replace(text, a.old, a.new, 1)
				require.NotEqual(t, text, changed, "the test changes nothing")
				if a.old == `mode: "ENC` {
					changed = strings.Replace(changed, `]"`, `]`, 1)
				}
				requireTampered(t, openErr(changed), envfile.BindingStructure)

				o := open(t, parseSealed(t, unbound(t, changed)))
				got := document(t, o)
				read, err := o.Text()
				require.NoError(t, err)
				require.Equal(t, got, string(read))
				if a.printed == nil {
					assert.Equal(t, settled, got)
				} else {
					assert.Contains(t, got, *a.printed)
				}
				// The next version has a binding and the same meaning.
				again := open(t, reseal(t, o, got))
				assert.True(t, again.Bound())
				assert.Equal(t, got, document(t, again))
			})
		}
	}
}

// Without a binding, tags that sops does not write are reported.
func TestForeignTags(t *testing.T) {
	text := string(seal(t, strings.ReplaceAll(meaningPlain, "!Sub ", ""), envfile.Rules{}).Bytes())
	text = unbound(t, text)
	assert.Empty(t, open(t, parseSealed(t, text)).ForeignTags())
	for _, a := range foreignAttacks[1:] {
		changed := strings.Replace(text, a.old, a.new, 1)
		if !assert.NotEqual(t, text, changed) {
			continue
		}
		if a.name == "a handle for tags" {
			changed = strings.Replace(changed, "flag: ", "flag: !!x ", 1)
		}
		assert.Len(t, open(t, parseSealed(t, changed)).ForeignTags(), 1, a.name)
	}
	tagged := strings.Replace(text, "tagged: ENC", "tagged: !include ENC", 1)
	assert.Equal(t, []envfile.Position{{Line: 6, Path: "tagged"}}, open(t, parseSealed(t, tagged)).ForeignTags())
	number := strings.Replace(text, "port: ENC", "port: !include ENC", 1)
	o := open(t, parseSealed(t, number))
	assert.Equal(t, []envfile.Position{{Line: 12, Path: "port"}}, o.ForeignTags())
	assert.Contains(t, document(t, o), "port: 5\n", "a tag would make a string of it")
	timestamp := "!!timestamp # of a value, on a map\n" + text
	assert.Equal(t, []envfile.Position{{Line: 1}}, open(t, parseSealed(t, timestamp)).ForeignTags())
	bound := seal(t, meaningPlain, envfile.Rules{})
	assert.Empty(t, open(t, bound).ForeignTags(), "the binding covers them")
}

// Changes by a formatter do not change the meaning.
func TestMeaningOfLayout(t *testing.T) {
	text := string(seal(t, meaningPlain, envfile.Rules{}).Bytes())
	for name, change := range map[string][2]string{
		"other quotes":                 {`"off"`, `'off'`},
		"quotes round a usual string":  {": a b\n", ": 'a b'\n"},
		"a block":                      {`"off"`, "|-\n  off"},
		"!!str instead of quotes":      {`"off"`, "!!str off"},
		"a string over two lines":      {": a b\n", ": a\n  b\n"},
		"the tag of the type":          {": 511\n", ": !!int 511\n"},
		"the tag of a map":             {"map_unencrypted: {", "map_unencrypted: !!map {"},
		"an explicit key":              {"mode: ", "? mode\n: "},
		"another style for a map":      {`map_unencrypted: {k: "1e3"}`, "map_unencrypted:\n    k: \"1e3\""},
		"a comment":                    {"flag: ", "# c\nflag: "},
		"blank lines":                  {"flag: ", "\n\nflag: "},
		"the beginning of a document":  {"mode: ", "---\nmode: "},
		"the end of a document":        {"nothing:\n", "nothing:\n"},
		"another null":                 {"nothing:\n", "nothing: ~\n"},
		"quotes round a usual cipher":  {"plain: ENC", "plain: ENC"},
		"blanks between":               {"flag: ", "flag:    "},
		"another quote round a cipher": {"tagged: !Sub ENC", "tagged: !Sub    ENC"},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		require.NoError(t, openErr(changed), name)
	}
	require.NoError(t, openErr(strings.ReplaceAll(text, "\n", "\r\n")), "line endings")
	require.NoError(t, openErr(text+"...\n"), "the end of the document")
}

// A whole scalar is one ciphertext, in every style.
func TestWholeScalarIsOneCiphertext(t *testing.T) {
	const plain = "# c\nallow_anonymous: false\na: one\nb: \"two\"\nc: 'three'\nd: |\n  four\ne: {f: five, g: [\"six\", 'seven']}\nh:\n  - eight\n  - nine\n"
	text := string(seal(t, plain, envfile.Rules{}).Bytes())
	values := encForm.FindAllString(text[:strings.Index(text, "sops:")], -1)
	for i, enc := range values[1:] {
		for name, changed := range map[string]string{
			"text behind it":         enc + "x",
			"text before it":         "x" + enc,
			"a bracket behind it":    enc + "]",
			"a line behind it":       enc + "\n    x]",
			"a line before it":       "x\n    " + enc,
			"a blank line behind it": enc + "\n\n    x]",
			"another ciphertext":     enc + " " + enc,
			"a part of it":           enc[:len(enc)-1],
			"a line break in it":     enc[:40] + "\n    " + enc[40:],
			"a blank in it":          enc[:40] + " " + enc[40:],
			"a mark":                 "ENC[0]",
		} {
			for _, text := range []string{text, unbound(t, text)} {
				require.Error(t, openErr(strings.Replace(text, enc, changed, 1)), "%d: %s", i, name)
			}
		}
	}
	// The text of a boolean continues on the next line.
	flag := "allow_anonymous: " + values[1]
	require.Contains(t, text, flag)
	require.ErrorIs(t, openErr(strings.Replace(text, flag, flag+"\n  x]", 1)), envfile.ErrIntegrity)

	// Quotes can hold the same value with escapes and over several lines.
	quoted := values[3]
	for _, same := range []string{`\x45` + quoted[1:], quoted[:40] + "\\\n     " + quoted[40:]} {
		o := open(t, parseSealed(t, strings.Replace(text, quoted, same, 1)))
		assert.Equal(t, plain, document(t, o))
	}
}

// Strings that sealcfg once used as internal marks are ordinary strings.
func TestTextsLikeMarks(t *testing.T) {
	for _, text := range []string{
		"a: \"\\x45NC[0]\"\nb: x\nc: x\nd: x\ne: x\n",
		"a: ENC[0]\nb: x\nc: x\nd: x\ne: x\n",
		"a: \"x\\uFEFFy\"\nb: z\n",
		"a_unencrypted: \"x\uFEFFy\"\nb: z\n",
		"\"k\uFEFF\": x\n# c\uFEFFc\nb: z\n",
		"\uFEFFa: \"\uFEFF\"\nb: z\n",
	} {
		want := strings.NewReplacer(`\x45`, "E", "a: \"\uFEFF\"", `a: "\uFEFF"`).Replace(text)
		s := seal(t, text, envfile.Rules{})
		o := open(t, s)
		assert.Equal(t, want, document(t, o))
		got, err := o.Text()
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
		requireSameLeaves(t, parse(t, text), o)
	}
}

func requireSameLeaves(t *testing.T, d *envfile.Document, o *envfile.Opened) {
	t.Helper()
	require.Equal(t, shape(d.Roots()), shape(o.Roots()))
}

// The parser skips characters after a byte order mark at the start of its buffer. So the parser
// gets no byte order marks.
func TestByteOrderMarkAtTheBeginningOfTheBuffer(t *testing.T) {
	for pad := range 1600 {
		text := "# " + strings.Repeat("x", pad) + "\uFEFF\nab: 1\ncd: 2\nef: 3\n"
		d, err := envfile.Parse(envfile.YAML, []byte(text))
		require.NoError(t, err, pad)
		require.NotNil(t, d.Roots()[0].Get("ab"), pad)
		require.NotNil(t, d.Roots()[0].Get("ef"), pad)
	}
}

// Line breaks that only YAML 1.1 supports are rejected at the end of a line.
func TestLineBreaksOfYAML11(t *testing.T) {
	for _, br := range []string{"\u0085", "\u2028", "\u2029"} {
		for _, text := range []string{"a: 1" + br + "b: 2\n", "a:\n  - x" + br + "  - y\n", "# c" + br + "a: 1\n", "a: 1\n" + br + "b: 2\n"} {
			_, err := envfile.Parse(envfile.YAML, []byte(text))
			require.ErrorContains(t, err, "use a line feed", "%q", text)
		}
		text := "a_unencrypted: \"x" + br + "y\"\nb: z\n"
		assert.Equal(t, text, document(t, open(t, seal(t, text, envfile.Rules{}))))
	}
}

// If the selector matches comments, the binding covers the selected entries, including empty ones,
// maps and lists.
func TestCommentSelectorsAreBound(t *testing.T) {
	const plain = "a: x\nempty: \"\"\nnothing:\nm: {}\nl: []\nmap:\n  k:\nlist:\n  - \"\"\n  - y\n"
	for _, c := range []struct {
		rules   envfile.Rules
		comment string
	}{
		{envfile.Rules{UnencryptedCommentRegex: "public"}, "# public\n"},
		{envfile.Rules{EncryptedCommentRegex: "secret"}, "# secret\n"},
	} {
		for _, only := range []bool{false, true} {
			rules := c.rules
			rules.MACOnlyEncrypted = only
			text := string(seal(t, plain+"# secret\nlast: z\n", rules).Bytes())
			for _, at := range []string{"empty:", "nothing:", "m:", "l:", "map:", "  k:", "list:", "  - \"\""} {
				changed := strings.Replace(text, "\n"+at, "\n"+strings.Repeat(" ", len(at)-len(strings.TrimLeft(at, " ")))+c.comment+at, 1)
				require.NotEqual(t, text, changed)
				require.ErrorIs(t, openErr(changed), envfile.ErrIntegrity, "%v: %s", rules, at)
			}
			require.NoError(t, openErr(strings.Replace(text, "empty:", "# other\nempty:", 1)), "a comment that selects nothing")
		}
	}

	// Removing the comment would deselect the empty value below it.
	text := string(seal(t, "# secret\nempty: \"\"\na: x\n", envfile.Rules{EncryptedCommentRegex: "secret"}).Bytes())
	requireTampered(t, openErr(strings.Replace(text, "# secret\n", "", 1)), envfile.BindingStructure)
	require.NoError(t, openErr(unbound(t, strings.Replace(text, "# secret\n", "", 1))), "the format does not tell")
}

// The metadata turns an empty first document into a map; later ones stay empty.
func TestSealEmptyDocuments(t *testing.T) {
	for text, want := range map[string]string{
		"---\n---\na: b\n":       "---\n{}\n---\na: b\n",
		"---\n---\n":             "---\n{}\n---\n",
		"%YAML 1.1\n---\n":       "%YAML 1.1\n---\n{}\n",
		"a: b\n---\n":            "a: b\n---\n",
		"a: b\n---\n---\nc: d\n": "a: b\n---\n---\nc: d\n",
	} {
		assert.Equal(t, want, document(t, open(t, seal(t, text, envfile.Rules{}))), "%q", text)
	}
}
