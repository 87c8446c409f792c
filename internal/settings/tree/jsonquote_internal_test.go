package tree

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuotedAsEncodingJSONDoes(t *testing.T) {
	var all []rune
	for r := range rune(0x3000) {
		all = append(all, r)
	}
	for _, text := range []string{
		"", "plain", `"`, `\`, `\"`, "a\x00b\x1f\x7f", "\b\f\n\r\t\v", "</script>&amp;", "\u2027\u2028\u2029\u202a", "größe 😀",
		"\xff", "a\xc3", "\xed\xa0\x80", "\ufffd", "\ufffd\xff\ufffd", "\U0010ffff", string(all),
	} {
		want, err := json.Marshal(text)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(appendQuoted(nil, text)), "%q", text)
	}
	assert.Equal(t, `x"y"`, string(appendQuoted([]byte("x"), "y")))
}

func FuzzQuoted(f *testing.F) {
	for _, text := range []string{"", "a\"\\\n<\u2028", "\xff\ufffd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		require.NoError(t, err)
		require.Equal(t, string(want), string(appendQuoted(nil, text)))
	})
}
