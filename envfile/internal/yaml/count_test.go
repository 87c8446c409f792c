package yaml

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// countedYAML returns the number of nodes that the counter counts.
func countedYAML(text string) int {
	c := yamlCounter{left: math.MaxInt, sure: true, scalar: -1}
	c.count([]byte(text))
	return math.MaxInt - c.left
}

func parsedYAML(t require.TestingT, text string) (nodes int, ok bool) {
	docs, err := decodeAll([]byte(text))
	if err != nil {
		return 0, false
	}
	document := docs[0].Kind
	for stack := docs; len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = append(stack[:len(stack)-1], n.Content...)
		nothing := len(n.Content) == 0 && n.Alias == nil && n.Value == "" && n.Style == 0 // an implicit null, which is not in the file
		if n.Kind != document && !nothing {
			nodes++
		}
	}
	return nodes, true
}

var countedTexts = []string{
	"a: b\n", "a:\n- b\n- - c\n  - d\n- e: f\n  g: h\n", "{a: [1, 2, {b: c}], d}\n", "? a\n: b\n? - c\n: d\n", "a: |\n  x, y: [z]\n b: c\n", "---\n--- a\n--- {b: c}\n...\n",
	"a: |\n   x\n  # c\nb: [1,\n  2]\n", "a: \"x\n  y: [z\"\nb: |\n  c, d\n", "a: [it's, 'x]\n  y |\n    1, 2']\nb: c\n", "a: x\n  y |\n    1, 2\nb: c\n",
	"- - |\n   a, b\n  - c\n- k: >-\n    d: e\n", "a: !!str |\n  b, c\n", "a: &x [b, c]\nd: [*x, *x]\n", "\"a b\": 'c, d' # e\n", "a:\r\n- b\r\n- c\r\n", "a:\u0085- b\u2028- c\u2029", "{\"a\":1,\"b\":[2]}",
	"a: b\n# c: d\n", "a: '' # it's\nb: [\n  ]\n", "- ? - ? a\n", "-\tb\n-\t- c\n", "a: |+\n\n  b\n\nc: [d]\n", "a: |2\n    b\n  c: [d]\ne: f\n", "k: {a: b, c: d} # x\nl: |\n  m, n\n",
}

// enough checks that the parser creates no more nodes than the counter counts, except for the third
// node of a pair in brackets. A lone carriage return is rejected before.
func enough(t require.TestingT, text string) {
	if loneReturn([]byte(text)) > 0 {
		return
	}
	if nodes, ok := parsedYAML(t, text); ok {
		require.LessOrEqual(t, nodes, 3*countedYAML(text)/2+2)
	}
}

func TestYAMLCountIsEnough(t *testing.T) {
	for _, text := range countedTexts {
		enough(t, text)
	}
}

func FuzzYAMLCount(f *testing.F) {
	for _, text := range countedTexts {
		f.Add(text)
		f.Add(strings.Repeat(text, 10))
	}
	f.Fuzz(func(t *testing.T, text string) { enough(t, text) })
}

// Characters that certainly belong to a scalar are not counted, even commas.
func TestYAMLCountLeavesTextOut(t *testing.T) {
	long := strings.Repeat("[1, 2: 3], ", 1000)
	for _, text := range []string{
		"a: |\n  " + long + "\n\n  " + long + "\nb: c\n",
		"a:\n  - b: >-\n      " + long + "\n",
		"a: \"" + long + "\"\nb: '" + long + "' # c\n",
		"a: x " + long + "\n",
		"args: [\"a, b\", 'it''s', {c: d}]\nb: |\n  " + long + "\n",
		"# " + long + "\n",
	} {
		assert.Less(t, countedYAML(text), 15, "%.20q", text)
	}
}
