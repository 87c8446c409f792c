package vectors_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
	suite "github.com/goccy/go-yaml/testdata/yaml-test-suite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// sealed seals text for one new identity and opens it again. Rejections come from
// parsing and encrypting; decryption of the result must succeed.
func sealedAndOpened(t *testing.T, text []byte, rules envfile.Rules) ([]byte, error) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	d, err := envfile.Parse(envfile.YAML, text)
	if err != nil {
		return nil, err
	}
	to := keys.AgeRecipient(id.Recipient(), id.Recipient().String())
	s, _, err := envfile.Seal(t.Context(), d, rules, envfile.Recipients{Groups: [][]keys.Recipient{{to}}})
	if err != nil {
		return nil, err
	}
	again, err := envfile.ParseSealed(envfile.YAML, s.Bytes())
	require.NoError(t, err)
	o, err := again.Open(t.Context(), keys.AgeIdentity(id, to.String()))
	require.NoError(t, err)
	back, err := o.Document()
	require.NoError(t, err)
	return back.Bytes(), nil
}

// refusals are the reasons for which a case may be refused.
var refusals = map[string]*regexp.Regexp{
	"not YAML to the parser":              regexp.MustCompile(`found|did not find|could not find|not allowed in this context|malformed YAML|unknown anchor|without its anchor|gave up`),
	"empty":                               regexp.MustCompile(`empty`),
	"a list or a single value at the top": regexp.MustCompile(`expected a map at the top level`),
	"a tag alone":                         regexp.MustCompile(`has only a tag`),
	"a key that is not a string":          regexp.MustCompile(`expected a string: quote it|expected a string as key`),
	"a key that is an alias":              regexp.MustCompile(`the key is an alias`),
	"duplicate key":                       regexp.MustCompile(`duplicate key`),
	"a sealed value would be reached through an alias":      regexp.MustCompile(`cannot be encrypted through an alias`),
	"a clear block that ends the file without a line break": regexp.MustCompile(`ends the file without a line break`),
	"an anchor with odd characters":                         regexp.MustCompile(`cannot find the end of this value`),
}

func refusal(t *testing.T, err error) string {
	t.Helper()
	for name, text := range refusals {
		if text.MatchString(err.Error()) {
			return name
		}
	}
	assert.Fail(t, "rejected for a reason that is not on the list", "%v", err)
	return ""
}

// meaning returns a line for each node that yaml.v3 reads: kind, tag, anchor and value, but
// not the notation.
func meaning(t *testing.T, text []byte) (lines []string) {
	t.Helper()
	var walk func(n *yaml.Node, depth int)
	walk = func(n *yaml.Node, depth int) {
		line := fmt.Sprintf("%*s%d %s &%s", depth, "", n.Kind, n.ShortTag(), n.Anchor)
		switch n.Kind {
		case yaml.AliasNode:
			lines = append(lines, line+" *"+n.Value)
			return
		case yaml.ScalarNode:
			var v any
			if err := n.Decode(&v); err != nil { // a tag that does not fit, or an unknown one
				v = n.Value
			}
			line += fmt.Sprintf(" %T %v", v, v)
		}
		lines = append(lines, line)
		for _, c := range n.Content {
			walk(c, depth+1)
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		err := d.Decode(&n)
		if err == io.EOF {
			return lines
		}
		require.NoError(t, err)
		walk(&n, 0)
	}
}

const (
	emptyDocument = " 8 !!null & <nil> <nil>" // a document with no text but comments
	emptyMap      = " 4 !!map &"
)

// respelled names the one change that a parser notices: a document without a field becomes
// {} when it gets metadata. It makes the same change in was.
func respelled(was, now []string) string {
	found := "the same values"
	for i := range was {
		if i < len(now) && was[i] == emptyDocument && now[i] == emptyMap {
			was[i], found = emptyMap, "the same values, and {} for a document without a field"
		}
	}
	return found
}

// Every case of the YAML test suite keeps its bytes, or keeps its values for yaml.v3, or is
// rejected for a reason on the list. If no value is encrypted, it keeps its bytes. In both
// cases, a document without a field is written as {}.
func TestYAMLSuite(t *testing.T) {
	cases, err := suite.TestSuites()
	require.NoError(t, err)
	want := map[string]map[string]int{"sealed": {
		"the same bytes": 69, "the same values": 32, "refused: a sealed value would be reached through an alias": 6,
	}, "clear": {
		"the same bytes": 106, "refused: a clear block that ends the file without a line break": 1,
	}}
	for _, both := range want {
		both["the same values, and {} for a document without a field"] = 5
		both["refused: not YAML to the parser"] = 137
		both["refused: a list or a single value at the top"] = 134
		both["refused: a tag alone"] = 1
		both["refused: a key that is not a string"] = 12
		both["refused: empty"] = 3
		both["refused: a key that is an alias"] = 2
		both["refused: an anchor with odd characters"] = 1
	}
	for name, rules := range map[string]envfile.Rules{"sealed": {}, "clear": {UnencryptedRegex: ".*"}} {
		count := map[string]int{}
		for _, c := range cases {
			t.Run(name+"/"+c.Name, func(t *testing.T) {
				back, err := sealedAndOpened(t, c.InYAML, rules)
				switch {
				case err != nil:
					count["refused: "+refusal(t, err)]++
				case bytes.Equal(c.InYAML, back):
					count["the same bytes"]++
				default:
					was, now := meaning(t, c.InYAML), meaning(t, back)
					count[respelled(was, now)]++
					assert.Equal(t, strings.Join(was, "\n"), strings.Join(now, "\n"))
				}
			})
		}
		assert.Equal(t, want[name], count, name)
	}
	assert.Len(t, cases, 402)
}
