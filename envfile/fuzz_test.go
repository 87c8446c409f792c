package envfile_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

func addSeeds(f *testing.F, add func(text string)) {
	for _, s := range reformatted {
		add(s.plain)
	}
	for _, s := range roundTrips {
		add(s.plain)
	}
	for _, text := range conformanceFiles(f, "in") {
		add(text)
	}
}

// FuzzRoundTrip encrypts and decrypts every valid file. A file that cannot be encrypted must be
// rejected because of its contents: a failed splice is a bug, even if reparse detects it.
func FuzzRoundTrip(f *testing.F) {
	addSeeds(f, func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, src string) {
		d, err := envfile.Parse(envfile.YAML, []byte(src))
		if err != nil {
			return
		}
		s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
		var refused *envfile.SyntaxError
		if errors.As(err, &refused) {
			return
		}
		require.NoError(t, err, "%q", src)
		requireFreshNonces(t, string(s.Bytes()))
		o := open(t, s)
		require.Equal(t, shape(d.Roots()), shape(o.Roots()), "%q", src)
		once := document(t, o)
		require.Equal(t, shape(d.Roots()), shape(parse(t, once).Roots()), "%q", src)
		twice := document(t, open(t, seal(t, once, envfile.Rules{})))
		require.Equal(t, once, twice, "the second round changes the text; first %q", src)
	})
}

// FuzzParseSealed parses arbitrary bytes, which must not panic.
func FuzzParseSealed(f *testing.F) {
	for _, folder := range []string{"sealed-by-sops", "sops-fixtures"} {
		for _, text := range conformanceFiles(f, folder) {
			f.Add(text)
		}
	}
	addSeeds(f, func(text string) { f.Add(text) })
	f.Add(string(seal(f, "a: 1\n# c\nl: [x, y]\n", envfile.Rules{}).Bytes()))
	id := conformanceIdentity(f)
	f.Fuzz(func(t *testing.T, src string) {
		_, _ = envfile.Parse(envfile.YAML, []byte(src))
		s, err := envfile.ParseSealed(envfile.YAML, []byte(src))
		if err != nil {
			return
		}
		o, err := s.Open(context.Background(), alice, id)
		if err != nil {
			return
		}
		d, err := o.Document()
		if err != nil {
			return
		}
		require.Equal(t, shape(o.Roots()), shape(d.Roots()))
	})
}

// FuzzErrorsHideValues damages a file at one position. The error must not contain a value of the
// file.
func FuzzErrorsHideValues(f *testing.F) {
	addSeeds(f, func(text string) { f.Add(text, uint16(len(text)/2), "*") })
	f.Add("password: correcthorse\n", uint16(10), "*")
	f.Add("password: !!int correcthorse\n", uint16(0), "")
	f.Fuzz(func(t *testing.T, src string, at uint16, insert string) {
		d, err := envfile.Parse(envfile.YAML, []byte(src))
		if err != nil || len(insert) > 3 || int(at) > len(src) {
			return
		}
		var values []string
		names := strings.Join(slices.Collect(func(yield func(string) bool) {
			for _, r := range d.Roots() {
				allNames(r, yield)
			}
		}), "\n")
		for _, r := range d.Roots() {
			for _, n := range r.Leaves() {
				if len(n.Text) >= 8 && !strings.Contains(names, n.Text) {
					values = append(values, n.Text)
				}
			}
		}
		broken := src[:at] + insert + src[at:]
		_, err = envfile.Parse(envfile.YAML, []byte(broken))
		if err == nil {
			return
		}
		for _, v := range values {
			if strings.Contains(err.Error(), v) && !harmless[v] {
				t.Fatalf("the error repeats the value %q: %v\n%s", v, err, broken)
			}
		}
	})
}

// harmless holds words of sealcfg's messages that a file may contain by chance.
var harmless = map[string]bool{}

func allNames(n *envfile.Node, yield func(string) bool) {
	yield(n.Key)
	yield(n.Anchor)
	yield(n.Alias)
	for e := range n.Entries() {
		allNames(e, yield)
	}
}

// FuzzReseal changes a part of the plaintext of an encrypted file.
func FuzzReseal(f *testing.F) {
	addSeeds(f, func(text string) { f.Add(text, uint16(len(text)/2), uint16(2), "x") })
	f.Fuzz(func(t *testing.T, src string, at, length uint16, insert string) {
		d, err := envfile.Parse(envfile.YAML, []byte(src))
		if err != nil {
			return
		}
		s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
		if err != nil {
			return
		}
		o := open(t, s)
		plain := document(t, o)
		from := min(int(at), len(plain))
		to := min(from+int(length), len(plain))
		changed, err := envfile.Parse(envfile.YAML, []byte(plain[:from]+insert+plain[to:]))
		if err != nil {
			return
		}
		again, err := o.Reseal(changed)
		var refused *envfile.SyntaxError
		if errors.As(err, &refused) {
			return
		}
		require.NoError(t, err, "%q", changed.Bytes())
		requireFreshNonces(t, string(again.Bytes()), nonces(string(s.Bytes())))
		require.Equal(t, shape(changed.Roots()), shape(open(t, again).Roots()))
	})
}
