package envfile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

// With marks in place of sealed values, the parser must see what it sees
// without: the same nodes, texts, comments and positions.
func TestShrinkReadsAlike(t *testing.T) {
	cipher := crypto.NewValueCipher(crypto.NewDataKey())
	for name, text := range map[string]string{
		"plain":           "a: @\nb:\n  - @\n  - @\n  - x: @\n",
		"quoted":          "a: '@'\nb: \"@\"\nc: ! '@'\nd: !!str @\n",
		"blocks":          "a: |\n  @\nb: |-\n  @\nc: >\n  @\nd: |2+\n  @\n\n",
		"comments":        "#@\na: @ #@\n#@\nb: # @\n  #@\n  c: @\n",
		"flow":            "a: ['@', \"@\", '@']\nb: {c: '@', d: '@'}\n",
		"flow, in lines":  "a: [\n  '@',\n  '@'\n]\nb: {\n  c: '@',\n  d: '@' }\n",
		"folded":          "a: @\n  @ more\n  text\nb: @ @\nc: x @\nd: @\n",
		"keys":            "? @\n: @\n'@': @\nb: @\n",
		"anchors":         "a: &x @\nb: *x\nc: @\nd: @\ne: @\n",
		"several on line": "a: @ @ @\nb: '@ @'\n#@ @\nc: @\n",
		"crlf":            "a: @\r\nb: '@'\r\nc: @ # @\r\nd: @\r\n",
		"no final break":  "a: @\nb: @\nc: @\nd: @",
		"documents":       "a: @\n---\nb: @\n...\n---\nc: @\nd: @\n",
		"tag of its own":  "a: !x @\nb: @\nc: @\nd: @\n",
	} {
		t.Run(name, func(t *testing.T) {
			for strings.Contains(text, "@") {
				text = strings.Replace(text, "@", cipher.Seal(crypto.Str, "some text", ""), 1)
			}
			small, values, ok := shrink([]byte(text))
			require.True(t, ok)
			want, err := decodeAll([]byte(text))
			require.NoError(t, err)
			got, ok := decodeShrunk(small, values)
			require.True(t, ok)
			assert.Equal(t, want, got)
		})
	}
}

func TestShrinkGivesUp(t *testing.T) {
	enc := crypto.NewValueCipher(crypto.NewDataKey()).Seal(crypto.Str, "some text", "")
	four := fmt.Sprintf("a: %s\nb: %[1]s\nc: %[1]s\nd: %[1]s\n", enc)
	_, _, ok := shrink([]byte(four))
	require.True(t, ok)
	_, _, ok = shrink([]byte(four + "e: ENC[0]\n"))
	assert.False(t, ok, "a text that looks like a mark")
	_, _, ok = shrink([]byte("a: " + enc + "\n"))
	assert.False(t, ok, "nothing to gain")
}
