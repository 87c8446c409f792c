package envfile_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

const tampered = `# first
a: one
b: one
c: two
n: 5
l:
  - x
  - y
clear_unencrypted: z
empty: ""
nothing: null
`

// Changes of a file without its data key are rejected, unless the format cannot detect them
// (docs/format.md).
func TestTampering(t *testing.T) {
	text := string(seal(t, tampered, envfile.Rules{}).Bytes())
	value := func(key string) string {
		return encForm.FindString(text[strings.Index(text, "\n"+key+": ")+1:])
	}
	swap := func(x, y string) string {
		return strings.NewReplacer(x, y, y, x).Replace(text)
	}
	items := encForm.FindAllString(text[strings.Index(text, "\nl:"):], 2)
	foreign := string(seal(t, tampered, envfile.Rules{}).Bytes())

	for name, c := range map[string]struct{ text, want string }{
		"values swapped":               {swap(value("a"), value("c")), "a: fails authentication"},
		"equal values swapped":         {swap(value("a"), value("b")), "a: fails authentication"},
		"items swapped":                {swap(items[0], items[1]), "mac: fails authentication"},
		"item doubled":                 {strings.Replace(text, items[1], items[0], 1), "mac: fails authentication"},
		"value renamed":                {strings.Replace(text, "\na:", "\nd:", 1), "d: fails authentication"},
		"value in clear":               {strings.Replace(text, value("a"), "hunter2", 1), "a is unencrypted, but the file's rules (unencrypted_suffix: _unencrypted) encrypt it"},
		"number in clear":              {strings.Replace(text, value("n"), "5", 1), "n is unencrypted"},
		"value of another file":        {strings.Replace(text, value("a"), encForm.FindString(foreign[strings.Index(foreign, "\na: "):]), 1), "a: fails authentication"},
		"value emptied":                {strings.Replace(text, value("a"), `""`, 1), "mac: fails authentication"},
		"value removed":                {regexp.MustCompile(`(?m)^a: .*\n`).ReplaceAllString(text, ""), "mac: fails authentication"},
		"value in clear added":         {strings.Replace(text, "\nb:", "\nx: hunter2\nb:", 1), "x is unencrypted"},
		"clear value changed":          {strings.Replace(text, "_unencrypted: z", "_unencrypted: zz", 1), "mac: fails authentication"},
		"clear value removed":          {strings.Replace(text, "clear_unencrypted: z\n", "", 1), "mac: fails authentication"},
		"empty value filled":           {strings.Replace(text, `empty: ""`, "empty: hunter2", 1), "empty is unencrypted"},
		"mac removed":                  {regexp.MustCompile(`(?m)^ +mac: .*\n`).ReplaceAllString(text, ""), "the file has no mac"},
		"mac emptied":                  {regexp.MustCompile(`(?m)^( +mac:) .*\n`).ReplaceAllString(text, "$1 \"\"\n"), "the file has no mac"},
		"mac null":                     {regexp.MustCompile(`(?m)^( +mac:) .*\n`).ReplaceAllString(text, "$1\n"), "the file has no mac"},
		"mac of another file":          {regexp.MustCompile(` mac: .*`).ReplaceAllLiteralString(text, regexp.MustCompile(` mac: .*`).FindString(foreign)), "decrypt the mac: fails authentication"},
		"a value as mac":               {regexp.MustCompile(` mac: .*`).ReplaceAllLiteralString(text, " mac: "+value("a")), "decrypt the mac: fails authentication"},
		"lastmodified changed":         {regexp.MustCompile(`lastmodified: "20..`).ReplaceAllString(text, `lastmodified: "2001`), "decrypt the mac: fails authentication"},
		"lastmodified removed":         {regexp.MustCompile(`(?m)^ +lastmodified: .*\n`).ReplaceAllString(text, ""), "the file has no lastmodified"},
		"mac_only_encrypted added":     {text + "    mac_only_encrypted: true\n", "mac: fails authentication"},
		"suffix that opens everything": {strings.Replace(text, "unencrypted_suffix: _unencrypted", "unencrypted_regex: .*", 1), "mac: fails authentication"},
		"type changed":                 {strings.Replace(text, value("n"), strings.Replace(value("n"), "type:int", "type:bool", 1), 1), "n: malformed encrypted value: not a value of its type bool"},
		"type comment":                 {strings.Replace(text, value("a"), strings.Replace(value("a"), "type:str", "type:comment", 1), 1), "a: expected a value, got an encrypted comment"},
		"type unknown":                 {strings.Replace(text, value("a"), strings.Replace(value("a"), "type:str", "type:bytes", 1), 1), "a: malformed encrypted value: unknown type"},
		"text behind the bracket":      {strings.Replace(text, value("a"), value("a")+"x", 1), "a: malformed encrypted value"},
		"comment changed":              {strings.Replace(text, "#"+encForm.FindString(text), "#"+strings.Replace(value("a"), "type:str", "type:comment", 1), 1), "comment on line 1: fails authentication"},
		"a mapping for a value":        {strings.Replace(text, "a: "+value("a"), "a: {b: "+"'"+value("b")+"'}", 1), "a.b: fails authentication"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, text, c.text, "the test changes nothing")
			err := openErr(c.text)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			require.ErrorIs(t, err, envfile.ErrIntegrity)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// The format does not detect these changes. Without a binding, the file is decrypted. Even a
// binding does not cover comments and notation.
func TestTamperingTheFormatCannotSee(t *testing.T) {
	text := string(seal(t, tampered, envfile.Rules{}).Bytes())
	comment := "#" + encForm.FindString(text) + "\n"
	for name, changed := range map[string]string{
		"comment moved":          strings.Replace(strings.Replace(text, comment, "", 1), "\nc:", "\n"+comment+"c:", 1),
		"comment moved deeper":   strings.Replace(strings.Replace(text, comment, "", 1), "l:\n", "l:\n  "+comment, 1),
		"comment removed":        strings.Replace(text, comment, "", 1),
		"comment doubled":        comment + text,
		"comment in clear":       strings.Replace(text, comment, "# new\n", 1),
		"empty key added":        strings.Replace(text, "\nc:", "\nx: \"\"\nc:", 1),
		"clear key renamed":      strings.Replace(text, "clear_unencrypted", "other_unencrypted", 1),
		"unknown metadata":       text + "    other: {x: [1]}\n",
		"metadata in upper case": strings.Replace(text, " mac:", " MAC:", 1),
		"comment in the block":   strings.Replace(text, "sops:\n", "sops:\n    # hi\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, text, changed)
			require.NoError(t, openErr(unbound(t, changed)))
			if strings.Contains(name, "key") {
				require.ErrorIs(t, openErr(changed), envfile.ErrIntegrity)
			} else {
				require.NoError(t, openErr(changed))
			}
		})
	}
}

// A comment has the additional data of its map. As a value of that map, it would be a field without
// a value, which the MAC does not cover.
func TestCommentAsValue(t *testing.T) {
	text := string(seal(t, "m:\n  # c\n  empty: \"\"\n", envfile.Rules{}).Bytes())
	changed := regexp.MustCompile(`m:\n  #(ENC.*)\n.*\n`).ReplaceAllString(text, "m: $1\n")
	require.NotEqual(t, text, changed)
	err := openErr(changed)
	require.ErrorIs(t, err, envfile.ErrIntegrity)
	assert.Contains(t, err.Error(), "line 1: m: expected a value, got an encrypted comment")
}

// Anyone with write access can add an unencrypted comment, and the MAC does not cover it. So it is
// reported.
func TestCommentsInClear(t *testing.T) {
	text := string(seal(t, "# c\na: x\n#\nl:\n  #\n  - y\nm_unencrypted: {} # free\n", envfile.Rules{}).Bytes())
	assert.Empty(t, open(t, parseSealed(t, text)).ClearComments(), "as we seal it")

	comment := "#" + encForm.FindString(text)
	for name, changed := range map[string]string{
		"replaced":  strings.Replace(text, comment, "# hunter2", 1),
		"malformed": strings.Replace(text, comment, comment+"x", 1),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, []int{1}, open(t, parseSealed(t, changed)).ClearComments())
		})
	}
	added := strings.Replace(text, "  - ", "  # new\n  - ", 1)
	assert.Equal(t, []int{6}, open(t, parseSealed(t, added)).ClearComments())

	clear := string(seal(t, "# c\na: x\n", envfile.Rules{EncryptedRegex: "a"}).Bytes())
	assert.Contains(t, clear, "# c\n")
	assert.Empty(t, open(t, parseSealed(t, clear)).ClearComments(), "the rules leave it in clear")
}

// No change of one bit of a ciphertext decrypts to another value.
func TestTamperingWithEveryByte(t *testing.T) {
	text := string(seal(t, "a: one\n", envfile.Rules{}).Bytes())
	from := strings.Index(text, "ENC[")
	to := from + len(encForm.FindString(text))
	for i := from; i < to; i++ {
		for _, bit := range []byte{1, 2, 4, 8, 16, 32} {
			b := []byte(text)
			b[i] ^= bit
			if b[i] == '\n' || b[i] == '\r' || b[i] < ' ' || b[i] >= 0x7F {
				continue // another file, which is broken
			}
			require.Error(t, openErr(string(b)), "%q", b[from:to])
		}
	}
}

// Older versions of sops write a comment in a list as an item.
func TestCommentAsItem(t *testing.T) {
	text := string(seal(t, "l:\n  # c\n  - x\n", envfile.Rules{}).Bytes())
	comment := encForm.FindString(text)
	o := open(t, parseSealed(t, strings.Replace(text, "#"+comment, "- "+comment, 1)))
	assert.Equal(t, "l:\n  # c\n  - x\n", document(t, o))
	assert.Equal(t, 1, o.Roots()[0].Get("l").Len())
	assert.Contains(t, body(t, string(reseal(t, o, "l:\n  # c\n  - x\n").Bytes())), "  #<comment>\n  - <str>\n")
}
