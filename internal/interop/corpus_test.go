package interop

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/test/corpus"
)

// TestCorpus encrypts and decrypts thousands of real files (internal/test/corpus). Each
// one has one of three results: it is identical byte for byte, it comes back in a
// known other form of the same values, or it is rejected for a known reason. sops
// reads the same values from the encrypted file as from the plaintext file.
// docs/corpus.md contains the counts. The race detector gains little from more
// files, so it gets one in twenty: .ci/run tests all of them without it.
func TestCorpus(t *testing.T) {
	if errors.Is(errCorpus, corpus.ErrAbsent) && os.Getenv("CI") != "true" {
		t.Skipf("SKIPPED, NOT TESTED: %v", errCorpus)
	}
	if testing.Short() {
		t.Skip("SKIPPED, NOT TESTED: -short")
	}
	require.NoError(t, errCorpus)
	c := census{count: map[string]int{}}
	for i, f := range corpusFiles {
		if underRace && i%20 != 0 {
			continue
		}
		src, err := os.ReadFile(f.Path)
		require.NoError(t, err)
		c.try(t, f.String(), src)
	}
	require.GreaterOrEqual(t, c.tried, len(corpusFiles)/20)
	require.GreaterOrEqual(t, len(corpusFiles), 6000)
	assert.Greater(t, c.count["identical"], c.tried/2)
	t.Logf("%d files", c.tried)
	for _, k := range slices.Sorted(maps.Keys(c.count)) {
		t.Logf("%6d  %s", c.count[k], k)
	}
}

type census struct {
	tried int
	count map[string]int
}

func (c *census) try(t *testing.T, name string, src []byte) {
	c.tried++
	plain, sopsErr := sopsPlain(src)
	d, s, err := seal(src, envfile.Rules{})
	if err != nil {
		c.refused(t, name, src, err)
		return
	}
	if !assert.NoError(t, sopsErr, "%s: sops refuses what we accept", name) {
		return
	}
	want := oursShape(d.Roots())
	assert.Equal(t, sopsShape(t, plain), want, "%s: read otherwise than by sops", name)

	o, err := open(s.Bytes())
	require.NoError(t, err, name)
	back, err := o.Document()
	require.NoError(t, err, name)
	assert.Equal(t, want, oursShape(back.Roots()), "%s: the meaning changes", name)
	if bytes.Equal(src, back.Bytes()) {
		c.count["identical"]++
	} else {
		c.respelled(t, name, d, back)
	}
	c.sopsReads(t, name, s.Bytes(), want, sopsComments(plain))
}

// sopsReads checks values and comments of the sealed file against sops.
func (c *census) sopsReads(t *testing.T, name string, sealed []byte, want, comments []string) {
	got, err := sopsOpen(sealed)
	if !assert.NoError(t, err, "%s: sops cannot open our file", name) {
		return
	}
	assert.Equal(t, want, sopsShape(t, got.branches), "%s: sops reads other values", name)
	opened := sopsComments(got.branches)
	if len(got.warnings) > 0 {
		// An empty comment in a list is written as "# ": sops makes a list item of
		// "#".
		assert.Equal(t, slices.Repeat([]string{" "}, len(got.warnings)), got.warnings, "%s: a comment that sops cannot open", name)
		for i, text := range opened {
			if text == " " {
				opened[i] = ""
			}
		}
		c.count["sops warns of an empty comment in a list"]++
	}
	for i, text := range comments {
		if len(got.warnings) > 0 && text == " " {
			comments[i] = ""
		}
	}
	slices.Sort(comments)
	slices.Sort(opened)
	assert.Equal(t, comments, opened, "%s: other comments", name)
}

// reasons are the reasons for which a file may be rejected.
var reasons = []struct {
	match *regexp.Regexp
	name  string
	both  bool // sops refuses all of these, too
}{
	{regexp.MustCompile(`cannot be encrypted through an alias`), "a sealed value would be reached through an alias", false},
	{regexp.MustCompile(`^line 1: the file is empty`), "empty", false}, // sops: exit code 92
	{regexp.MustCompile(`expected a map at the top level`), "a list or single value at the top", true},
	{regexp.MustCompile(`has only a tag`), "a document that is a tag alone", false},
	{regexp.MustCompile(`duplicate key`), "duplicate key", false},
	{regexp.MustCompile(`expected a string: quote it|expected a string as key`), "a key that is not a string", false},
	{regexp.MustCompile(`the key is an alias`), "a key that is an alias", false},
	{regexp.MustCompile(`integer is larger`), "an integer of more than 63 bits", true},
	{regexp.MustCompile(`does not match its tag`), "a value that does not fit its tag", false},
	{regexp.MustCompile(`cannot find the end of this value`), "an anchor with odd characters", false},
	{regexp.MustCompile(`contains itself`), "an alias that contains itself", false},
	{regexp.MustCompile(`^already encrypted`), "has a sops key", true},
	{regexp.MustCompile(`ends the file without a line break`), "a clear block that ends the file without a line break", false},
	{regexp.MustCompile(`carriage return without`), "a carriage return without a line feed", false},
	{regexp.MustCompile(`UTF-16|not valid UTF-8|control character`), "not a text in UTF-8", true},
	{regexp.MustCompile(`found|did not find|could not find|not allowed in this context|malformed YAML|unknown anchor|without its anchor|gave up`), "broken YAML (templates, mostly)", false},
}

func (c *census) refused(t *testing.T, name string, src []byte, err error) {
	var at *envfile.SyntaxError
	if !assert.True(t, errors.As(err, &at) || errors.Is(err, envfile.ErrAlreadySealed), "%s: refused without a reason: %v", name, err) {
		return
	}
	_, sopsErr := sopsSeal(src, envfile.Rules{})
	for _, r := range reasons {
		if !r.match.MatchString(err.Error()) {
			continue
		}
		who := "by us"
		if sopsErr != nil {
			who = "by sops, too"
		}
		if r.both {
			assert.Error(t, sopsErr, "%s: %v", name, err)
		}
		c.count[fmt.Sprintf("refused %s: %s", who, r.name)]++
		return
	}
	assert.Fail(t, "refused for an unknown reason", "%s: %v", name, err)
}

// respelled names the spellings that changed.
func (c *census) respelled(t *testing.T, name string, d, back *envfile.Document) {
	c.count["another spelling"]++
	was, now := places(d), places(back)
	require.Len(t, now, len(was), name)
	kinds := map[string]bool{}
	for i := range was {
		if was[i].text != now[i].text {
			kind := spelling(was[i])
			assert.NotEmpty(t, kind, "%s line %d: spelled otherwise for no known reason", name, was[i].node.Line)
			kinds[kind] = true
		}
	}
	switch {
	case len(kinds) > 0:
	case slices.ContainsFunc(d.Roots(), func(r *envfile.Node) bool { return r.Len() == 0 }):
		kinds["document without a field, which becomes {}"] = true
	case bytes.Contains(d.Bytes(), []byte("!!")) && !bytes.Contains(back.Bytes(), []byte("!!int")):
		kinds["tag"] = true
	default:
		assert.Fail(t, "a byte changed outside of values", name)
	}
	for k := range kinds {
		c.count["another spelling: "+k]++
	}
	once, err := open(mustSeal(t, back.Bytes()))
	require.NoError(t, err, name)
	twice, err := once.Document()
	require.NoError(t, err, name)
	assert.Equal(t, string(back.Bytes()), string(twice.Bytes()), "%s: the second round changes it again", name)
}

func mustSeal(t *testing.T, src []byte) []byte {
	_, s, err := seal(src, envfile.Rules{})
	require.NoError(t, err)
	return s.Bytes()
}

// A place is a value with the bytes from its beginning to the next value.
type place struct {
	node *envfile.Node
	text string
}

func places(d *envfile.Document) []place {
	lines := strings.SplitAfter(strings.TrimPrefix(string(d.Bytes()), "\ufeff"), "\n")
	starts := []int{0}
	for _, l := range lines {
		starts = append(starts, starts[len(starts)-1]+len(l))
	}
	text := strings.Join(lines, "")
	var all []place
	var at []int
	for _, root := range d.Roots() {
		for _, n := range root.Leaves() {
			line := lines[n.Line-1]
			at = append(at, starts[n.Line-1]+len(string([]rune(line)[:min(n.Column-1, len([]rune(line)))])))
			all = append(all, place{node: n})
		}
	}
	for i := range all {
		end := len(text)
		if i+1 < len(at) {
			end = max(at[i], at[i+1])
		}
		all[i].text = text[at[i]:end]
	}
	return all
}

// spelling returns the form of a value that the format cannot keep.
func spelling(p place) string {
	switch {
	case p.node.Type != crypto.Str:
		return map[crypto.Type]string{crypto.Int: "integer", crypto.Float: "float", crypto.Bool: "boolean", crypto.Time: "time"}[p.node.Type]
	case strings.HasPrefix(p.text, ">"):
		return "folded block"
	case strings.HasPrefix(p.text, "|"):
		return "literal block with blanks in empty lines, or of line feeds only"
	case strings.HasPrefix(p.text, `"`):
		return "escapes or lines in double quotes"
	case strings.HasPrefix(p.text, "'"):
		return "lines in single quotes"
	case strings.HasPrefix(p.text, "!"):
		return "tag"
	case strings.Contains(p.text, "\n"):
		return "text over several lines"
	}
	return ""
}
