package envfile_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

var resealTampered = flag.Bool("reseal", false, "seal the files of testdata/tamper again, after a change of what is authenticated")

// flipped is the effect of a flipped bit on a file that still opens.
type flipped string

const (
	inName     flipped = "name"     // of a field with an unauthenticated name
	inKind     flipped = "kind"     // null, an empty string, an empty map and an empty list: the MAC covers none of them
	inType     flipped = "type"     // of an unencrypted value
	inSealed   flipped = "sealed"   // an encrypted value: never
	inClear    flipped = "clear"    // an unencrypted value: never
	inComment  flipped = "comment"  // a damaged encrypted comment becomes an unencrypted one, and is reported
	inText     flipped = "text"     // layout: the same fields, another plaintext file
	inMetadata flipped = "metadata" // the same plaintext, another metadata block
)

// bitFiles are small files with every element of their format. The numbers count the bits that are
// not authenticated, by effect: a flip in the name or version of the binding makes a file without a
// binding. Without a binding, they include unencrypted names and kinds, and seven times as many
// bits of the metadata.
var bitFiles = []struct {
	name  string
	plain string
	open  map[flipped]int
}{
	{
		name:  "all.yaml",
		plain: "# first\ns: hunter2\ni: 5\nf: 1.5\nb: true\nt: 2024-01-31T10:00:00Z\nl:\n  - x\n  - m: w\nc_unencrypted: z\nn_unencrypted: 7\ne: \"\"\nz: null\no: {}\n",
		open:  map[flipped]int{inComment: 400, inMetadata: 173, inText: 3},
	},
	{
		name:  "all.json",
		plain: "{\n  \"s\": \"hunter2\",\n  \"i\": 5,\n  \"f\": 1.5,\n  \"b\": true,\n  \"l\": [\"x\", {\"m\": \"w\"}],\n  \"c_unencrypted\": \"z\",\n  \"n_unencrypted\": 7,\n  \"e\": \"\",\n  \"z\": null,\n  \"o\": {}\n}\n",
		open:  map[flipped]int{inMetadata: 172},
	},
	{
		name:  "all.env",
		plain: "# first\nS=hunter2\nC_unencrypted=z\nE=\n",
		open:  map[flipped]int{inComment: 561, inMetadata: 238, inText: 7},
	},
	{
		name:  "all.ini",
		plain: "; first\n[s]\na = hunter2\nc_unencrypted = z\ne =\n",
		open:  map[flipped]int{inComment: 592, inMetadata: 438, inText: 7},
	},
	{
		name:  "all.bin",
		plain: "\x00hunter2\xff\n",
		open:  map[flipped]int{inMetadata: 172},
	},
	{
		name:  "all.toml",
		plain: "# first\ns = \"hunter2\"\ni = 5\nf = 1.5\nb = true\nt = 2024-01-31T10:00:00Z\nd = 2024-01-31\nl = [\"x\", {m = \"w\"}]\nc_unencrypted = \"z\"\nn_unencrypted = 7\ne = \"\"\n\n[o]\n",
		open:  map[flipped]int{inComment: 385, inMetadata: 152},
	},
}

// A file with any flipped bit either fails or has the same values. No flip may change an encrypted
// value or the text of an unencrypted one.
func TestTamperingWithEveryBit(t *testing.T) {
	for _, f := range bitFiles {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			format, _ := envfile.FormatOf(f.name)
			path := filepath.Join("testdata", "tamper", f.name)
			if *resealTampered {
				d, err := envfile.Parse(format, []byte(f.plain))
				require.NoError(t, err)
				s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(path, s.Bytes(), 0o644))
			}
			src, err := os.ReadFile(path)
			require.NoError(t, err)
			id := &remembering{Identity: alice}
			want, err := openBits(format, src, id)
			require.NoError(t, err)
			require.Equal(t, f.plain, want.text)

			step := 1
			if raceEnabled {
				step = 29 // a sample
			}
			open := map[flipped]int{}
			flips := 0
			for bit := 0; bit < 8*len(src); bit += step {
				changed := slices.Clone(src)
				changed[bit/8] ^= 1 << (bit % 8)
				flips++
				got, err := openBits(format, changed, id)
				if err != nil {
					if strings.Contains(err.Error(), "hunter2") {
						t.Errorf("%q quotes a value", err)
					}
					continue
				}
				kind := want.compare(got)
				if kind == "" {
					continue
				}
				open[kind]++
				require.NotContains(t, []flipped{inSealed, inClear}, kind, "%q", changed)
			}
			t.Logf("%d flips, %v open", flips, open)
			if step == 1 {
				assert.Equal(t, f.open, open)
			}
		})
	}
}

// bitsRead is everything that a caller can read from a decrypted file.
type bitsRead struct {
	text  string // plaintext
	clear []int  // lines of reported comments
	meta  string
	roots []*envfile.Node
}

func openBits(format envfile.Format, src []byte, id keys.Identity) (*bitsRead, error) {
	s, err := envfile.ParseSealed(format, src)
	if err != nil {
		return nil, err
	}
	o, err := s.Open(context.Background(), id)
	if err != nil {
		return nil, err
	}
	d, err := o.Document()
	if err != nil {
		return nil, err
	}
	m := s.Metadata()
	meta := fmt.Sprint(m.Rules, m.LastModified, m.Version, m.Threshold, o.Bound())
	for _, s := range m.Stanzas() {
		meta += fmt.Sprint(*s)
	}
	return &bitsRead{string(d.Bytes()), o.ClearComments(), meta, o.Roots()}, nil
}

// compare returns the most important difference, or "".
func (b *bitsRead) compare(other *bitsRead) flipped {
	was, is := bitLeaves(b.roots), bitLeaves(other.roots)
	if kind := compareTexts(was, is); kind != "" {
		return kind
	}
	if len(was) != len(is) {
		return inKind
	}
	kind := flipped("")
	for i, w := range was {
		switch n := is[i]; {
		case w.node.Kind != n.node.Kind:
			kind = inKind
		case w.node.Type != n.node.Type:
			kind = inType
		case w.path != n.path && kind == "":
			kind = inName
		}
	}
	switch {
	case kind != "":
	case len(other.clear) > 0:
		kind = inComment
	case b.text != other.text:
		kind = inText
	case b.meta != other.meta:
		kind = inMetadata
	}
	return kind
}

// compareTexts compares the values that are not empty: their order, and the name of each encrypted one.
func compareTexts(was, is []bitLeaf) flipped {
	withText := func(all []bitLeaf) []bitLeaf {
		return slices.DeleteFunc(slices.Clone(all), func(l bitLeaf) bool { return l.node.Text == "" })
	}
	was, is = withText(was), withText(is)
	for i, w := range was {
		switch {
		case i >= len(is), w.node.Sealed != is[i].node.Sealed, w.node.Sealed && (w.path != is[i].path || w.node.Text != is[i].node.Text):
			return inSealed
		case w.node.Text != is[i].node.Text:
			return inClear
		}
	}
	if len(is) > len(was) {
		return inClear
	}
	return ""
}

// A file that was truncated anywhere does not open. A file with removed, doubled or swapped lines
// does not open either, unless the lines have no meaning.
func TestTamperingWithLines(t *testing.T) {
	for _, f := range bitFiles {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			format, _ := envfile.FormatOf(f.name)
			src, err := os.ReadFile(filepath.Join("testdata", "tamper", f.name))
			require.NoError(t, err)
			id := &remembering{Identity: alice}
			want, err := openBits(format, src, id)
			require.NoError(t, err)

			end := len(strings.TrimRight(string(src), "\n"))
			for n := range end {
				got, err := openBits(format, src[:n], id)
				if err == nil { // the end of the metadata, which is not required
					require.Equal(t, strings.TrimSpace(want.text), strings.TrimSpace(got.text), "%q", src[:n])
				}
			}
			all := strings.SplitAfter(string(src), "\n")
			for i := range all {
				for what, lines := range map[string][]string{
					"removed": slices.Concat(all[:i], all[i+1:]),
					"doubled": slices.Concat(all[:i+1], all[i:]),
					"swapped": slices.Concat(all[:i], all[min(i+1, len(all)):min(i+2, len(all))], all[i:i+1], all[min(i+2, len(all)):]),
				} {
					got, err := openBits(format, []byte(strings.Join(lines, "")), id)
					if err == nil {
						require.NotContains(t, []flipped{inSealed, inClear}, want.compare(got), "line %d %s: %q", i+1, what, all[i])
					}
				}
			}
		})
	}
}

type bitLeaf struct {
	path string
	node *envfile.Node
}

// bitLeaves lists values, nulls and empty maps and lists.
func bitLeaves(roots []*envfile.Node) []bitLeaf {
	var all []bitLeaf
	var visit func(at string, n *envfile.Node)
	visit = func(at string, n *envfile.Node) {
		if n.Len() == 0 {
			all = append(all, bitLeaf{at, n})
		}
		i := 0
		for e := range n.Entries() {
			if n.Kind == envfile.Map {
				visit(at+"."+fmt.Sprintf("%q", e.Key), e)
			} else {
				visit(at+fmt.Sprintf("[%d]", i), e)
			}
			i++
		}
	}
	for i, r := range roots {
		visit(fmt.Sprint(i), r)
	}
	return all
}

// remembering is an identity that caches unwrapped stanzas: most flips do not change the stanza.
type remembering struct {
	keys.Identity
	known sync.Map
}

func (r *remembering) Unwrap(ctx context.Context, stanzas []*keys.Stanza) ([]byte, error) {
	var id strings.Builder
	for _, s := range stanzas {
		fmt.Fprintf(&id, "%q %q\n", s.Type, s.Wrapped)
	}
	type result struct {
		key []byte
		err error
	}
	if known, ok := r.known.Load(id.String()); ok {
		return slices.Clone(known.(result).key), known.(result).err
	}
	key, err := r.Identity.Unwrap(ctx, stanzas)
	r.known.Store(id.String(), result{slices.Clone(key), err})
	return key, err
}
