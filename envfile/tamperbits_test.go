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

// A flip of one bit that opens, by what it changed.
type flipped string

const (
	inName     flipped = "name"     // of a field whose place nothing binds
	inKind     flipped = "kind"     // null, an empty text, an empty map and an empty list: the MAC sees none of them
	inType     flipped = "type"     // of a value in clear
	inSealed   flipped = "sealed"   // the plain text of a sealed value: never
	inClear    flipped = "clear"    // the text of a value in clear: never
	inComment  flipped = "comment"  // a damaged encrypted comment becomes an unencrypted one, and is reported
	inText     flipped = "text"     // layout: the same fields, another plain text
	inMetadata flipped = "metadata" // the same plain text; the block says something else
)

// bitFiles are small files with all that a format can hold. The numbers are those
// of bits that nothing authenticates, by kind: those of the name and version of the binding
// make a file without one. Without the binding, unencrypted names and
// kinds are among them, and seven times as much of the metadata.
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

// Every bit of sealed files: what is changed does not open, or it says the same. No
// flip may change what a sealed value says, nor the text of one in clear.
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

// bitsRead is what somebody who opens a file gets to know.
type bitsRead struct {
	text  string // plain
	clear []int  // lines of comments that are reported
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

// compare says what differs, most telling first; "" if nothing does.
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

// compareTexts compares the values with a text: in that order, each sealed one under
// its name.
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

// A file that was cut off anywhere does not open, and so does one of which lines were
// taken away, doubled or swapped, unless there is nothing in them that says anything.
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
				if err == nil { // the end of the metadata, which nothing needs
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

// bitLeaves lists values, nulls and what is empty.
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

// remembering is an identity that need not unwrap the same stanza twice: most
// flips leave it alone.
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
