package interop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// nonceBook records the ciphertext for each data key and nonce.
type nonceBook map[string]string

var sealedParts = regexp.MustCompile(`ENC\[AES256_GCM,data:([^,\]]+),iv:([^,\]]+),tag:([^,\]]+),type`)

// add reports whether every nonce of a file has only one ciphertext.
func (b nonceBook) add(key, text []byte) bool {
	for _, m := range sealedParts.FindAllStringSubmatch(string(text), -1) {
		place, sealed := string(key)+" "+m[2], m[1]+" "+m[3]
		if before, ok := b[place]; ok && before != sealed {
			return false
		}
		b[place] = sealed
	}
	return true
}

func TestNonceBook(t *testing.T) {
	book := nonceBook{}
	const text = "a: ENC[AES256_GCM,data:eA==,iv:aXY=,tag:dGFn,type:str]\n"
	require.True(t, book.add([]byte("key"), []byte(text)))
	require.True(t, book.add([]byte("key"), []byte(text+text)), "the same ciphertext")
	other := strings.Replace(text, "eA==", "eQ==", 1)
	require.True(t, book.add([]byte("another key"), []byte(other)))
	require.False(t, book.add([]byte("key"), []byte(other)))
}

// nonceStart are the files that the edits begin with: equal values, lists,
// comments, values in clear, and values that differ in their type only.
var nonceStart = map[envfile.Format]string{
	envfile.YAML:   "# c\na: same\nb: same # in\nl: [same, same, 5, \"5\", 5.5, true]\nm:\n  # c\n  a: same\n  e: \"\"\n  n_unencrypted: same\n",
	envfile.JSON:   `{"a": "same", "b": "same", "l": ["same", "same", 5, "5", 5.5, true, null], "m": {"a": "same", "e": "", "n_unencrypted": "same"}}`,
	envfile.Dotenv: "# c\nA=same\nB=same\n# c\nA=same\nE=\nN_unencrypted=same\n",
	envfile.INI:    "; c\n[s]\na = same\n; c\nb = same\n[t]\na = same\ne =\nn_unencrypted = same\n",
}

// Only a few values, so that old ones come back often.
var nonceValues = []struct {
	typ  crypto.Type
	text string
	sops any
}{
	{crypto.Str, "same", "same"}, {crypto.Str, "other", "other"}, {crypto.Str, "5", "5"}, {crypto.Str, "", ""}, {crypto.Int, "5", 5},
	{crypto.Float, "5.5", 5.5}, {crypto.Float, "5", 5.0}, {crypto.Bool, "True", true}, {crypto.Str, "True", "True"}, {crypto.Str, "true", "true"},
}

// editor changes one file by turns with sealcfg and with sops.
type editor struct {
	t      testing.TB
	format envfile.Format
	text   []byte
	book   nonceBook
	choose func(n int) int
	added  int
}

func newEditor(t testing.TB, format envfile.Format, choose func(n int) int) *editor {
	_, s, err := sealAs(format, []byte(nonceStart[format]), envfile.Rules{})
	require.NoError(t, err)
	e := &editor{t: t, format: format, text: s.Bytes(), book: nonceBook{}, choose: choose}
	require.True(t, e.book.add(mustSopsOpenAs(t, format, e.text).key, e.text))
	return e
}

// step is one change by one of the two programs. Both must decrypt the result.
func (e *editor) step() {
	if e.choose(2) == 0 {
		e.text = e.ours()
	} else {
		e.text = e.theirs(e.choose(2) == 0)
	}
	theirs := mustSopsOpenAs(e.t, e.format, e.text)
	o := mustOpenAs(e.t, e.format, e.text)
	require.Equal(e.t, sopsPlaces(e.t, e.format, theirs.branches), oursPlaces(e.format, o.Roots()), "%s", e.text)
	require.True(e.t, e.book.add(theirs.key, e.text), "one nonce for two ciphertexts under one data key:\n%s", e.text)
}

func (e *editor) ours() []byte {
	ctx := context.Background()
	o := mustOpenAs(e.t, e.format, e.text)
	var s *envfile.Sealed
	var err error
	switch e.choose(12) {
	case 0:
		s, err = o.Rotate(ctx, envfile.Rules{}, demo.to)
	case 1:
		s, err = o.Rewrap(ctx, recipients(demo.recipient, other))
	default:
		d, docErr := o.Document()
		require.NoError(e.t, docErr, "%s", e.text)
		s, err = o.Reseal(e.change(d))
	}
	require.NoError(e.t, err, "%s", e.text)
	return s.Bytes()
}

// change sets, adds or removes values, as `sealcfg set` and `edit` do.
func (e *editor) change(d *envfile.Document) *envfile.Document {
	for range e.choose(3) {
		var paths []envfile.Path
		for p := range d.Roots()[0].Leaves() {
			paths = append(paths, append(envfile.Path(nil), p...))
		}
		if len(paths) == 0 {
			return d
		}
		path, v := paths[e.choose(len(paths))], nonceValues[e.choose(len(nonceValues))]
		last := &path[len(path)-1]
		op := envfile.Set(path, v.typ, v.text)
		switch e.choose(4) {
		case 0:
			op = envfile.Unset(path)
		case 1:
			if last.IsIndex {
				last.Index = envfile.Append
			} else {
				last.Key = fmt.Sprintf("k%d", e.choose(6))
			}
			op = envfile.Set(path, v.typ, v.text)
		}
		if next, err := d.Apply(op); err == nil { // a value may have no spelling in a format
			d = next
		}
	}
	return d
}

// theirs makes a change like `sops set`, or like `sops edit` if overText is set.
// Both work on the plaintext with one cipher, which decrypts, encrypts and keeps
// the nonces.
func (e *editor) theirs(overText bool) []byte {
	tree, err := sopsStore(e.format).LoadEncryptedFile(e.text)
	require.NoError(e.t, err)
	key, err := sopsDataKey(&tree)
	require.NoError(e.t, err)
	c := aes.NewCipher()
	_, err = tree.Decrypt(key, c)
	require.NoError(e.t, err)
	if overText {
		plain, err := sopsStore(e.format).EmitPlainFile(tree.Branches)
		require.NoError(e.t, err)
		tree.Branches, err = sopsStore(e.format).LoadPlainFile(plain)
		require.NoError(e.t, err, "%s", plain)
	}
	tree.Branches[0] = e.changeBranch(tree.Branches[0], e.format == envfile.INI)
	text, err := sopsEmit(e.format, &tree, key, c)
	require.NoError(e.t, err)
	return text
}

// changeBranch sets, adds or removes one value. Formats without types get strings.
func (e *editor) changeBranch(b sops.TreeBranch, sections bool) sops.TreeBranch {
	v := nonceValues[e.choose(len(nonceValues))].sops
	if e.format == envfile.Dotenv || e.format == envfile.INI {
		v = fmt.Sprint(v)
	}
	i := e.choose(len(b) + 1)
	if i == len(b) {
		if sections {
			return b
		}
		e.added++
		return append(b, sops.TreeItem{Key: fmt.Sprintf("s%d", e.added), Value: v})
	}
	switch at := b[i].Value.(type) {
	case sops.TreeBranch:
		b[i].Value = e.changeBranch(at, false)
	case []any:
		if j := e.choose(len(at) + 1); j < len(at) {
			at[j] = v
		} else {
			b[i].Value = append(at, v)
		}
	case nil: // a comment, or null
	default:
		if e.choose(4) == 0 && len(b) > 2 {
			return append(b[:i:i], b[i+1:]...)
		}
		b[i].Value = v
	}
	return b
}

// No nonce is ever used for two values: over random edits by sealcfg and sops in
// turn on one file, in each format.
func TestNoncesOverEdits(t *testing.T) {
	for format := range nonceStart {
		t.Run(format.Name(), func(t *testing.T) {
			steps := 200
			if underRace || testing.Short() {
				steps = 50
			}
			random := rand.New(rand.NewPCG(3, uint64(len(format.Name()))))
			e := newEditor(t, format, random.IntN)
			start := time.Now()
			for range steps {
				e.step()
			}
			t.Logf("%d edits, %d nonces, %s", steps, len(e.book), time.Since(start).Round(time.Millisecond))
			require.Greater(t, len(e.book), steps/2)
		})
	}
}

// FuzzNonces lets the fuzzer choose the edits.
func FuzzNonces(f *testing.F) {
	formats := []envfile.Format{envfile.YAML, envfile.JSON, envfile.Dotenv, envfile.INI}
	for i := range formats {
		f.Add(uint8(i), []byte("\x00\x02\x01\x00\x01\x01\x01\x02\x03\x00\x00\x07\x02\x01\x04\x01\x01"))
		f.Add(uint8(i), []byte(strings.Repeat("\x01\x00\x02\x05\x03", 12)))
	}
	f.Fuzz(func(t *testing.T, format uint8, choices []byte) {
		if len(choices) > 120 {
			return
		}
		e := newEditor(t, formats[int(format)%len(formats)], func(n int) int {
			if len(choices) == 0 {
				return 0
			}
			c := choices[0]
			choices = choices[1:]
			return int(c) % n
		})
		for len(choices) > 0 {
			e.step()
		}
	})
}
