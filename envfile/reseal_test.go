package envfile_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// requireSmallChange checks that two encrypted files differ in one line, and in the lines
// lastmodified, mac and binding of each document's metadata. A file of sops gets the binding.
func requireSmallChange(t *testing.T, old, new string) (line string) {
	t.Helper()
	var others []string
	macs := 0
	without := unbound(t, new)
	if strings.Contains(old, "sealcfg") {
		old = unbound(t, old)
	}
	for _, l := range changedLines(t, old, without) {
		switch {
		case strings.HasPrefix(l, "lastmodified: "):
			assert.Regexp(t, `^lastmodified: "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"$`, l)
		case strings.HasPrefix(l, "mac: ENC["):
			macs++
		default:
			others = append(others, l)
		}
	}
	assert.Equal(t, strings.Count(new, " mac: ENC["), macs)
	require.Len(t, others, 1)
	return others[0]
}

const service = `# Settings of the service
name: shop

db:
  host: db.example.org   # the primary
  port: 5432
  password: "hunter2"
  replicas:
    - one
    - one
    - two
tls:
  key: |
    -----BEGIN-----
    abc
    -----END-----
flags: {fast: true, ratio: 0.5}
`

func TestResealChangesFourLines(t *testing.T) {
	for _, c := range []struct{ path, from, to string }{
		{"name", "name: shop", "name: store"},
		{"db.port", "port: 5432", "port: 5433"},
		{"db.password", `"hunter2"`, `"hunter3"`},
		{"db.replicas[0]", "- one", "- three"},
		{"tls.key", "    abc\n", "    abd\n    abe\n"},
	} {
		s := seal(t, service, envfile.Rules{})
		again := reseal(t, open(t, s), strings.Replace(service, c.from, c.to, 1))
		line := requireSmallChange(t, string(s.Bytes()), string(again.Bytes()))
		assert.Contains(t, line, "ENC[AES256_GCM", c.path)
		assert.LessOrEqual(t, len(changedLines(t, string(s.Bytes()), string(again.Bytes()))), 4, c.path)
		requireFreshNonces(t, string(again.Bytes()), nonces(string(s.Bytes())))
		assert.Equal(t, strings.Replace(service, c.from, c.to, 1), document(t, open(t, again)))
	}
}

func TestResealChangesACommentOnly(t *testing.T) {
	s := seal(t, service, envfile.Rules{})
	changed := strings.Replace(service, "the primary", "the second", 1)
	again := reseal(t, open(t, s), changed)
	assert.Contains(t, requireSmallChange(t, string(s.Bytes()), string(again.Bytes())), "host: ENC[")
	assert.Equal(t, changed, document(t, open(t, again)))
}

func TestResealWithoutChange(t *testing.T) {
	changing := regexp.MustCompile(`"?(lastmodified|mac|binding)"?: "[^"]*"|(mac|binding): ENC\[[^\]]*\]`)
	for _, c := range roundTrips {
		s := seal(t, c.plain, envfile.Rules{})
		again := reseal(t, open(t, s), c.plain)
		assert.Equal(t, changing.ReplaceAllString(string(s.Bytes()), ""), changing.ReplaceAllString(string(again.Bytes()), ""), c.name)
	}
}

// A field that is added at the end comes before the metadata.
func TestResealAppends(t *testing.T) {
	s := seal(t, "a: x\n# foot\n", envfile.Rules{})
	again := reseal(t, open(t, s), "a: x\n# foot\nb: y\n")
	assert.Regexp(t, `(?s)^a: ENC.*\n#ENC.*\nb: ENC.*\nsops:\n.*version: 3.13.3\n$`, string(again.Bytes()))
}

// The layout of a file that sops wrote stays, and one change changes one line.
func TestResealFilesOfSops(t *testing.T) {
	id := conformanceIdentity(t)
	tried := 0
	for _, folder := range []string{"sealed-by-sops", "sops-fixtures"} {
		for name, text := range conformanceFiles(t, folder) {
			if name == "no_mac.yaml" {
				continue
			}
			o, err := parseSealed(t, text).Open(context.Background(), id)
			require.NoError(t, err, name)
			d, err := o.Document()
			require.NoError(t, err, name)
			for p, n := range o.Roots()[0].Leaves() {
				if n.Kind != envfile.Value || n.Text == "" || strings.Contains(n.Text, "\n") || len(n.Text) > 40 {
					continue
				}
				at := p.Clone()
				changed, err := d.Apply(envfile.Set(at, crypto.Str, n.Text+"x"))
				require.NoError(t, err, "%s: %s", name, at)
				s, err := o.Reseal(changed)
				require.NoError(t, err, "%s: %s", name, at)
				t.Run(name+"/"+at.String(), func(t *testing.T) {
					line := requireSmallChange(t, text, string(s.Bytes()))
					assert.Equal(t, n.Sealed, strings.Contains(line, "ENC[AES256_GCM"))
					again, err := parseSealed(t, string(s.Bytes())).Open(context.Background(), id)
					require.NoError(t, err)
					assert.Equal(t, n.Text+"x", again.Roots()[0].At(at).Text)
				})
				tried++
			}
		}
	}
	assert.Greater(t, tried, 50)
}

func TestResealNonceOfListItems(t *testing.T) {
	s := seal(t, "l: [same, same, other]\n", envfile.Rules{})
	requireFreshNonces(t, string(s.Bytes()))
	before := encForm.FindAllString(string(s.Bytes()), 3)

	// Add an equal item: the old ones keep their ciphertexts, the new one gets a new ciphertext.
	again := reseal(t, open(t, s), "l: [same, same, same, other]\n")
	requireFreshNonces(t, string(again.Bytes()), nonces(string(s.Bytes())))
	after := encForm.FindAllString(string(again.Bytes()), 4)
	assert.Equal(t, before[:2], after[:2])
	assert.NotContains(t, before, after[2])
	assert.Equal(t, before[2], after[3], "an item that moved keeps its ciphertext")

	// Remove the first item: the others move up and keep their ciphertexts.
	again = reseal(t, open(t, s), "l: [same, other]\n")
	assert.Equal(t, []string{before[0], before[2]}, encForm.FindAllString(string(again.Bytes()), 2))

	// The same text under another key has another path, so no ciphertext is reused.
	again = reseal(t, open(t, s), "m: [same, same, other]\n")
	for _, enc := range encForm.FindAllString(string(again.Bytes()), 3) {
		assert.NotContains(t, before, enc)
	}
}

// The edited document may have another layout than the encrypted file. The metadata must still fit.
func TestResealOtherLayout(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{"  a: x\n  b: y\n", "a: x\nb: y\n"},
		{"a: x\n", "    a: x\n"},
		{"a: x\n", "{a: x}\n"},
		{"{a: x}\n", "a: x\n"},
		{"{a: x}", "a: x"},
		{"a: x\n", "{}\n"},
		{"{}\n", "a: x\n"},
		{"a: x\n", "--- {}\n"},
		{"a: x\n---\nb: y\n", "a: x\n"},
		{"a: x\n", "a: x\n---\nb: y\n"},
		{"a: x\n---\nb: y\n", "a: x\n---\n{}\n"},
		{"a: x\n---\n{}\n", "a: x\n---\n"},
		{"a: x\r\nb: y\r\n", "a: x\nb: y\n"},
		{"a: x\nb: y\n", "\ufeffa: x\r\nb: z\r\n"},
	} {
		o := open(t, seal(t, c.from, envfile.Rules{}))
		s := reseal(t, o, c.to)
		assert.Equal(t, c.to, document(t, open(t, s)), "from %q", c.from)
		r, err := open(t, s).Rotate(context.Background(), envfile.Rules{}, sealedTo(alice, bob))
		require.NoError(t, err)
		assert.Equal(t, c.to, document(t, open(t, r)), "from %q", c.from)
	}
}

func TestResealMovedMaps(t *testing.T) {
	s := seal(t, "l:\n  - name: a\n    port: 1\n  - name: b\n    port: 2\n", envfile.Rules{})
	e := encForm.FindAllString(string(s.Bytes()), 4)
	again := reseal(t, open(t, s), "l:\n  - name: b\n    port: 2\n  - name: a\n    port: 1\n")
	assert.Equal(t, []string{e[2], e[3], e[0], e[1]}, encForm.FindAllString(string(again.Bytes()), 4))
}

func TestResealTypeChange(t *testing.T) {
	s := seal(t, "a: 5432\n", envfile.Rules{})
	again := reseal(t, open(t, s), "a: \"5432\"\n")
	requireFreshNonces(t, string(again.Bytes()), nonces(string(s.Bytes())))
	assert.Contains(t, string(again.Bytes()), ",type:str]")
	assert.Equal(t, "a: \"5432\"\n", document(t, open(t, again)))
}

// In a series of edits, no nonce encrypts two different values, in any version of the file.
func TestResealNeverReusesANonce(t *testing.T) {
	const rounds, steps = 30, 12
	for round := range rounds {
		rng := rand.New(rand.NewPCG(uint64(round), 42))
		model := newRandomFile(rng)
		s := seal(t, model.text(), envfile.Rules{})
		used := map[string]string{} // nonce to ciphertext, over all versions
		note := func(text string) {
			for nonce, uses := range nonces(text) {
				require.Len(t, uses, 1, "round %d: used twice in one version", round)
				if was, ok := used[nonce]; ok {
					require.Equal(t, was, uses[0], "round %d: used again for something else", round)
				}
				used[nonce] = uses[0]
			}
		}
		note(string(s.Bytes()))
		for range steps {
			model.change(rng)
			s = reseal(t, open(t, s), model.text())
			note(string(s.Bytes()))
			require.Equal(t, model.text(), document(t, open(t, s)), "round %d", round)
		}
	}
}

// A randomFile is a small settings file. Its values come from a short list, so that equal values
// are frequent.
type randomFile struct {
	scalars map[string]string
	list    []string
	comment string
}

var words = []string{"alpha", "beta", "1", "true", "\"1\"", "'x'", "\"\""}

func newRandomFile(rng *rand.Rand) *randomFile {
	f := &randomFile{scalars: map[string]string{}, comment: "c0"}
	for range 4 {
		f.change(rng)
	}
	return f
}

func (f *randomFile) change(rng *rand.Rand) {
	word := words[rng.IntN(len(words))]
	at := 0
	if len(f.list) > 0 {
		at = rng.IntN(len(f.list))
	}
	switch rng.IntN(7) {
	case 0, 1:
		f.scalars[fmt.Sprintf("k%d", rng.IntN(4))] = word
	case 2:
		delete(f.scalars, fmt.Sprintf("k%d", rng.IntN(4)))
	case 3:
		f.list = append(f.list[:at:at], append([]string{word}, f.list[at:]...)...)
	case 4:
		if len(f.list) > 0 {
			f.list = append(f.list[:at:at], f.list[at+1:]...)
		}
	case 5:
		rng.Shuffle(len(f.list), func(i, j int) { f.list[i], f.list[j] = f.list[j], f.list[i] })
	case 6:
		f.comment = fmt.Sprintf("c%d", rng.IntN(3))
	}
}

func (f *randomFile) text() string {
	var b strings.Builder
	b.WriteString("# " + f.comment + "\nfirst: x\n")
	for i := range 4 {
		if v, ok := f.scalars[fmt.Sprintf("k%d", i)]; ok {
			fmt.Fprintf(&b, "k%d: %s # %s\n", i, v, f.comment)
		}
	}
	b.WriteString("l:")
	if len(f.list) == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	for _, v := range f.list {
		b.WriteString("  # " + f.comment + "\n  - " + v + "\n")
	}
	return b.String()
}

func TestResealAfterTheKeyIsGone(t *testing.T) {
	_, err := seal(t, "a: x\n", envfile.Rules{}).Open(context.Background(), bob)
	var none *keys.NoIdentityError
	require.ErrorAs(t, err, &none)
	assert.Equal(t, 1, none.Tried)
	assert.Equal(t, []string{recipient(alice).String()}, none.Recipients)
}
