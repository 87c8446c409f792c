package editing

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func documentOf(t testing.TB, f envfile.Format, text string) *envfile.Document {
	t.Helper()
	d, err := envfile.Parse(f, []byte(text))
	require.NoError(t, err, text)
	return d
}

func TestThreeWay(t *testing.T) {
	for name, c := range map[string]struct {
		format             envfile.Format
		base, mine, theirs string
		want               string // "" for a conflict
		conflict           string
		draft, file        string // with --take, after a conflict
	}{
		"other fields":       {base: "a: 1\nb: 2\n", mine: "a: 9\nb: 2\n", theirs: "a: 1\nb: 8\n", want: "a: 9\nb: 8\n"},
		"same change":        {base: "a: 1\nb: 2\n", mine: "a: 9\nb: 2\n", theirs: "a: 9\nb: 8\n", want: "a: 9\nb: 8\n"},
		"same field":         {base: "a: 1\nb: 2\n", mine: "a: 9\nb: 7\n", theirs: "a: 8\nb: 2\n", conflict: "a", draft: "a: 9\nb: 7\n", file: "a: 8\nb: 7\n"},
		"type":               {base: "a: 1\nb: 2\n", mine: "a: \"1\"\nb: 2\n", theirs: "a: 8\nb: 2\n", conflict: "a", draft: "a: \"1\"\nb: 2\n", file: "a: 8\nb: 2\n"},
		"removed, changed":   {base: "a: 1\nb: 2\n", mine: "b: 2\n", theirs: "a: 8\nb: 2\n", conflict: "a", draft: "b: 2\n", file: "a: 8\nb: 2\n"},
		"removed, untouched": {base: "a: 1\nb: 2\n", mine: "b: 2\n", theirs: "a: 1\nb: 3\n", want: "b: 3\n"},
		"both removed":       {base: "a: 1\nb: 2\n", mine: "b: 2\n", theirs: "b: 3\n", want: "b: 3\n"},
		"both added":         {base: "a: 1\n", mine: "a: 1\nb: 2\n", theirs: "a: 1\nc: 3\n", want: "a: 1\nc: 3\nb: 2\n"},
		"added in the middle": {base: "a: 1\nz: 2\n", mine: "a: 1\nm: 9\nz: 2\n", theirs: "a: 1\nn: 8\nz: 2\n",
			want: "a: 1\nn: 8\nz: 2\nm: 9\n"},
		"added the same name":      {base: "a: 1\n", mine: "a: 1\nb: 2\n", theirs: "a: 1\nb: 3\n", conflict: "b", draft: "a: 1\nb: 2\n", file: "a: 1\nb: 3\n"},
		"nested":                   {base: "a:\n  b: 1\n  c: 2\n", mine: "a:\n  b: 9\n  c: 2\n", theirs: "a:\n  b: 1\n  c: 8\n", want: "a:\n  b: 9\n  c: 8\n"},
		"map removed":              {base: "a:\n  b: 1\nc: 2\n", mine: "c: 2\n", theirs: "a:\n  b: 1\nc: 3\n", want: "c: 3\n"},
		"added to what is removed": {base: "a:\n  b: 1\nc: 2\n", mine: "c: 2\n", theirs: "a:\n  b: 1\n  d: 4\nc: 2\n", want: "a:\n  d: 4\nc: 2\n"},
		"null":                     {base: "a: 1\nb: 2\n", mine: "a: null\nb: 2\n", theirs: "a: 1\nb: 3\n", want: "a: null\nb: 3\n"},
		"my comments":              {base: "a: 1\nb: 2\n", mine: "# why\na: 9\nb: 2\n", theirs: "a: 1\nb: 8\n", want: "# why\na: 9\nb: 8\n"},
		"their comments":           {base: "a: 1\nb: 2\n", mine: "a: 9\nb: 2\n", theirs: "a: 1 # why\nb: 8\n", want: "a: 9 # why\nb: 8\n"},
		"my comments alone":        {base: "a: 1\nb: 2\n", mine: "# why\na: 1\nb: 2\n", theirs: "a: 1\nb: 8\n", want: "# why\na: 1\nb: 8\n"},
		"comments of both": {base: "a: 1\nb: 2\n", mine: "# mine\na: 9\nb: 2\n", theirs: "a: 1\n# theirs\nb: 8\n", conflict: "comments or layout",
			draft: "# mine\na: 9\nb: 8\n", file: "a: 9\n# theirs\nb: 8\n"},
		"items":         {base: "a:\n  - x\n  - y\n", mine: "a:\n  - X\n  - y\n", theirs: "a:\n  - x\n  - Y\n", want: "a:\n  - X\n  - Y\n"},
		"item appended": {base: "a:\n  - x\nb: 1\n", mine: "a:\n  - x\n  - y\nb: 1\n", theirs: "a:\n  - x\nb: 2\n", want: "a:\n  - x\n  - y\nb: 2\n"},
		"item removed":  {base: "a:\n  - x\n  - y\nb: 1\n", mine: "a:\n  - y\nb: 1\n", theirs: "a:\n  - x\n  - y\nb: 2\n", want: "a:\n  - y\nb: 2\n"},
		"item moved, changed": {base: "a:\n  - x\n  - y\n", mine: "a:\n  - w\n  - x\n  - y\n", theirs: "a:\n  - x\n  - Y\n", conflict: "a",
			draft: "a:\n  - w\n  - x\n  - y\n", file: "a:\n  - x\n  - Y\n"},
		"both appended": {base: "a:\n  - x\n", mine: "a:\n  - x\n  - y\n", theirs: "a:\n  - x\n  - z\n", conflict: "a",
			draft: "a:\n  - x\n  - y\n", file: "a:\n  - x\n  - z\n"},
		"list of maps": {base: "a:\n  - n: 1\n    v: 1\n  - n: 2\n    v: 2\n", mine: "a:\n  - n: 1\n    v: 9\n  - n: 2\n    v: 2\n",
			theirs: "a:\n  - n: 1\n    v: 1\n  - n: 2\n    v: 8\n", want: "a:\n  - n: 1\n    v: 9\n  - n: 2\n    v: 8\n"},
		"items swapped, one of them changed": {base: "a:\n  - n: 1\n    v: 1\n  - n: 2\n    v: 2\n", mine: "a:\n  - n: 2\n    v: 2\n  - n: 1\n    v: 1\n",
			theirs: "a:\n  - n: 1\n    v: 1\n    w: 3\n  - n: 2\n    v: 2\n", conflict: "a",
			draft: "a:\n  - n: 2\n    v: 2\n  - n: 1\n    v: 1\n", file: "a:\n  - n: 1\n    v: 1\n    w: 3\n  - n: 2\n    v: 2\n"},
		"an item removed, another appended": {base: "a: [{n: 1}, {n: 2}]\n", mine: "a: [{n: 1}, {n: 2, w: 4}]\n",
			theirs: "a: [{n: 2}, {n: 3}]\n", conflict: "a", draft: "a: [{n: 1}, {n: 2, w: 4}]\n", file: "a: [{n: 2}, {n: 3}]\n"},
		"items swapped, other fields changed": {base: "a: [1, 2]\nb: 1\n", mine: "a: [2, 1]\nb: 1\n", theirs: "a: [1, 2]\nb: 2\n", want: "a: [2, 1]\nb: 2\n"},
		"item made equal to another":          {base: "a: [1, 2, 3]\n", mine: "a: [2, 2, 3]\n", theirs: "a: [1, 2, 4]\n", want: "a: [2, 2, 4]\n"},
		"documents":                           {base: "a: 1\n---\nb: 1\n", mine: "a: 2\n---\nb: 1\n", theirs: "a: 1\n---\nb: 1\n", want: "a: 2\n---\nb: 1\n"},
		"later documents":                     {base: "a: 1\n---\nb: 1\n", mine: "a: 2\n---\nb: 1\n", theirs: "a: 1\n---\nb: 2\n", conflict: "document 2: b"},
		"value, then map":                     {base: "a: 1\nb: 2\n", mine: "a:\n  c: 1\nb: 2\n", theirs: "a: 1\nb: 3\n", want: "b: 3\na:\n    c: 1\n"},
		"json":                                {format: envfile.JSON, base: "{\n  \"a\": 1,\n  \"b\": 2\n}\n", mine: "{\n  \"a\": 9,\n  \"b\": 2,\n  \"c\": 3\n}\n", theirs: "{\n  \"a\": 1,\n  \"b\": 8\n}\n", want: "{\n  \"a\": 9,\n  \"b\": 8,\n  \"c\": 3\n}\n"},
		"dotenv":                              {format: envfile.Dotenv, base: "A=1\nB=2\n", mine: "A=9\nB=2\n", theirs: "A=1\nB=8\nC=3\n", want: "A=9\nB=8\nC=3\n"},
		"ini":                                 {format: envfile.INI, base: "[s]\na = 1\nb = 2\n", mine: "[s]\na = 9\nb = 2\n", theirs: "[s]\na = 1\nb = 8\n", want: "[s]\na = 9\nb = 8\n"},
		"toml":                                {format: envfile.TOML, base: "a = 1\n[s]\nb = 2\n", mine: "a = 9\n[s]\nb = 2\n", theirs: "a = 1\n[s]\nb = 8\n", want: "a = 9\n[s]\nb = 8\n"},
		"one value":                           {format: envfile.Binary, base: "old", mine: "mine", theirs: "theirs", conflict: "data", draft: "mine", file: "theirs"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.format == nil {
				c.format = envfile.YAML
			}
			m := threeWay{base: documentOf(t, c.format, c.base), mine: documentOf(t, c.format, c.mine), theirs: documentOf(t, c.format, c.theirs)}
			merged, err := m.merge()
			if c.conflict == "" {
				require.NoError(t, err)
				assert.Equal(t, c.want, string(merged.Bytes()))
				return
			}
			var conflict *ConflictError
			require.ErrorAs(t, err, &conflict)
			assert.Equal(t, []string{c.conflict}, conflict.fields)
			for prefer, want := range map[Side]string{Mine: c.draft, Theirs: c.file} {
				if want == "" {
					continue
				}
				m.prefer = prefer
				merged, err := m.merge()
				require.NoError(t, err)
				assert.Equal(t, want, string(merged.Bytes()))
			}
		})
	}
}

// Random changes of both sides: each field of the merged text is the one of the side
// that has changed it, and a field that both have changed differently is a conflict.
func TestThreeWayRandom(t *testing.T) {
	const seed = 12
	r := rand.New(rand.NewPCG(seed, seed))
	names := strings.Fields("a b c.x c.y c.z.deep d e")
	changed := func(d *envfile.Document) *envfile.Document {
		for range 1 + r.IntN(3) {
			path, err := envfile.ParsePath(names[r.IntN(len(names))])
			require.NoError(t, err)
			op := envfile.Set(path, crypto.Str, string(rune('A'+r.IntN(3))))
			if r.IntN(4) == 0 {
				op = envfile.Unset(path)
			}
			if next, err := d.Apply(op); err == nil {
				d = next
			}
		}
		return d
	}
	conflicts := 0
	for range 500 {
		base := documentOf(t, envfile.YAML, "a: 0\nb: 0\nc:\n  x: 0\n  z:\n    deep: 0\nd: 0\n")
		m := threeWay{base: base, mine: changed(base), theirs: changed(base)}
		was, mine, theirs := fieldSetOf(base).nodes, fieldSetOf(m.mine).nodes, fieldSetOf(m.theirs).nodes
		same := func(a, b *envfile.Node) bool { return a == b || a != nil && b != nil && cli.SameValue(a, b) }
		want, conflict := map[string]*envfile.Node{}, false
		for _, name := range names {
			n := theirs[name]
			switch {
			case same(was[name], mine[name]):
			case same(was[name], theirs[name]), same(mine[name], theirs[name]):
				n = mine[name]
			default:
				conflict = true
			}
			if n != nil {
				want[name] = n
			}
		}
		merged, err := m.merge()
		if conflict {
			conflicts++
			var fields *ConflictError
			require.ErrorAs(t, err, &fields)
			continue
		}
		if err != nil { // both left an empty map, or took one away: that is layout
			var fields *ConflictError
			require.ErrorAs(t, err, &fields)
			require.Equal(t, []string{commentConflict}, fields.fields)
			continue
		}
		got := fieldSetOf(merged).nodes
		require.Len(t, got, len(want))
		for name := range want {
			require.True(t, same(want[name], got[name]), name)
		}
	}
	assert.Greater(t, conflicts, 50)
}

func TestWithin(t *testing.T) {
	for name, want := range map[string]bool{"a.b": true, "a.b.c": true, "a.b[0]": true, "a.bc": false, "a": false} {
		assert.Equal(t, want, within(name, "a.b"), name)
	}
}
