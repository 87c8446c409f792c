package shellwords

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		"":                         nil,
		" \t\n ":                   nil,
		"vim":                      {"vim"},
		"  code   --wait ":         {"code", "--wait"},
		"a\tb\nc":                  {"a", "b", "c"},
		`'a b' "c d"`:              {"a b", "c d"},
		`a'b c'd`:                  {"ab cd"},
		`"" ''`:                    {"", ""},
		`a\ b`:                     {"a b"},
		`\"a\'`:                    {`"a'`},
		`'a\b'`:                    {`a\b`},
		`"a\b"`:                    {`a\b`},
		`"a\"b\\c\$d\` + "`" + `"`: {`a"b\c$d` + "`"},
		`'a"b'"c'd"`:               {`a"bc'd`},
		`$HOME ~ *.x`:              {"$HOME", "~", "*.x"},
		`a#b # c`:                  {"a#b", "#", "c"},
		`/opt/Ünï/ed "日本 語"`:       {"/opt/Ünï/ed", "日本 語"},
		"no\u00a0break":            {"no\u00a0break"},
	} {
		got, err := Split(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
}

func TestSplitUnclosed(t *testing.T) {
	for _, line := range []string{`'`, `"`, `a 'b`, `a "b`, `a\`, `"a\"`, `'it''s`, `"\`} {
		got, err := Split(line)
		require.ErrorIs(t, err, ErrUnclosed, line)
		assert.Nil(t, got, line)
	}
	_, err := Split(`vim "CANARY-77aa`)
	assert.NotContains(t, err.Error(), "CANARY", "the line may hold a secret")
}

// quoted spells words so that Split has to give them back.
func quoted(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("'" + strings.ReplaceAll(w, "'", `'\''`) + "'")
	}
	return b.String()
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"", "vim -n", `a "b c" 'd'`, `\ \\ "`, `"a\"b"`, "'", "é\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Split(line)
		if err != nil {
			if words != nil {
				t.Fatal("words in spite of an error")
			}
			return
		}
		again, err := Split(quoted(words))
		if err != nil {
			t.Fatalf("quoted words do not split: %v", err)
		}
		if strings.Join(again, "\x00") != strings.Join(words, "\x00") || len(again) != len(words) {
			t.Fatalf("%q became %q", words, again)
		}
		// Without anything to interpret, it is a plain split at blanks.
		if utf8.ValidString(line) && !strings.ContainsAny(line, "\"'\\") {
			plain := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
			if strings.Join(plain, "\x00") != strings.Join(words, "\x00") || len(plain) != len(words) {
				t.Fatalf("%q became %q", line, words)
			}
		}
	})
}
