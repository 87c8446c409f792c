package envfile_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

var applyFormats = []envfile.Format{envfile.YAML, envfile.JSON, envfile.Dotenv, envfile.INI, envfile.TOML}

// FuzzApply works like "set" and "unset" in each format: it encrypts, decrypts, changes one field
// and encrypts again. The result must decrypt to the expected values. The other fields of the first
// document must not change, and no nonce may be used for two values.
func FuzzApply(f *testing.F) {
	for i, format := range applyFormats {
		for _, c := range roundTripsAs {
			if c.format == format {
				f.Add(uint8(i), c.plain, "s", "x y", uint8(0))
				f.Add(uint8(i), c.plain, "m.new[+]", "7", uint8(1))
				f.Add(uint8(i), c.plain, "a", "", uint8(2))
			}
		}
	}
	addSeeds(f, func(text string) {
		f.Add(uint8(0), text, "a", "x: y", uint8(0))
		f.Add(uint8(0), text, "a", "", uint8(2))
	})
	f.Fuzz(func(t *testing.T, index uint8, src, at, text string, what uint8) {
		format := applyFormats[int(index)%len(applyFormats)]
		path, err := envfile.ParsePath(at)
		if err != nil {
			return
		}
		d, err := envfile.Parse(format, []byte(src))
		if err != nil {
			return
		}
		s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
		if err != nil {
			return // FuzzRoundTrip and FuzzFormats check the reason
		}
		_, o := openAs(t, format, s.Bytes())
		plain, err := o.Document()
		require.NoError(t, err)

		op := []envfile.Op{
			envfile.Set(path, crypto.Str, text), envfile.SetNull(path), envfile.Unset(path), envfile.SetText(path, text),
		}[what%4]
		changed, err := plain.Apply(op)
		if err != nil {
			return
		}
		requireOthersKept(t, path, plain.Roots()[0], changed.Roots()[0])

		again, err := o.Reseal(changed)
		var refused *envfile.SyntaxError
		if errors.As(err, &refused) {
			return
		}
		require.NoError(t, err, "%q", changed.Bytes())
		requireFreshNonces(t, string(again.Bytes()), nonces(string(s.Bytes())))
		_, o = openAs(t, format, again.Bytes())
		require.Equal(t, shape(changed.Roots()), shape(o.Roots()))
	})
}

// requireOthersKept checks that a change under path affects only the first key of the path.
func requireOthersKept(t *testing.T, path envfile.Path, before, after *envfile.Node) {
	t.Helper()
	others := func(n *envfile.Node) []string {
		var all []string
		for e := range n.Entries() {
			if e.Key != path[0].Key {
				all = append(all, shape([]*envfile.Node{e})...)
			}
		}
		slices.Sort(all) // a TOML table may move
		return all
	}
	if before.Kind == envfile.Map && !path[0].IsIndex {
		require.Equal(t, others(before), others(after))
	}
}
