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

// FuzzTOML encrypts, decrypts and changes every valid file. A file that cannot be encrypted must be
// rejected because of its contents: a failed splice is a bug, even if reparse detects it.
func FuzzTOML(f *testing.F) {
	for _, c := range tomlRoundTrips {
		f.Add(c.plain, uint16(len(c.plain)/2))
	}
	for _, c := range tomlReformatted {
		f.Add(c.plain, uint16(1))
	}
	f.Add(tomlService, uint16(7))
	f.Add("[a.b.c]\nx.y = 1\n[[a.l]]\n[a.l.m]\n[[a.l]]\nz = { p.q = [ { r = 1 }, # c\n ] }\n", uint16(3))
	f.Add(string(sealTOML(f, tomlService, envfile.Rules{}).Bytes()), uint16(0))
	f.Fuzz(func(t *testing.T, src string, at uint16) {
		if s, err := envfile.ParseSealed(envfile.TOML, []byte(src)); err == nil {
			if o, err := s.Open(context.Background(), alice); err == nil {
				_, _ = o.Document()
			}
		}
		d, err := envfile.Parse(envfile.TOML, []byte(src))
		if err != nil {
			return
		}
		s := fuzzSeal(t, d)
		o := openTOML(t, string(s.Bytes()))
		require.Equal(t, shape(d.Roots()), shape(o.Roots()), "%q", src)
		once := document(t, o)
		require.Equal(t, shape(d.Roots()), shape(parseTOML(t, once).Roots()), "%q", src)
		warnings, err := d.Warnings(envfile.Rules{})
		require.NoError(t, err)
		if len(warnings) == 0 {
			require.Equal(t, src, once, "changed without a warning")
		}
		again := openTOML(t, string(fuzzSeal(t, parseTOML(t, once)).Bytes()))
		require.Equal(t, once, document(t, again), "the second round changes the text; first %q", src)
		fuzzApply(t, d, int(at))
	})
}

func fuzzSeal(t *testing.T, d *envfile.Document) *envfile.Sealed {
	s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err, "%q", d.Bytes())
	return s
}

// fuzzApply sets, adds and removes fields at a path of the document.
func fuzzApply(t *testing.T, d *envfile.Document, at int) {
	paths := []envfile.Path{{}}
	var visit func(p envfile.Path, n *envfile.Node)
	visit = func(p envfile.Path, n *envfile.Node) {
		i := 0
		for e := range n.Entries() {
			step := envfile.Step{Key: e.Key}
			if n.Kind == envfile.List {
				step = envfile.Step{Index: i, IsIndex: true}
			}
			next := append(slices.Clone(p), step)
			paths = append(paths, next)
			visit(next, e)
			i++
		}
	}
	visit(nil, d.Roots()[0])
	p := paths[at%len(paths)]
	n := d.Roots()[0].At(p)
	ops := []envfile.Op{}
	if len(p) > 0 {
		ops = append(ops, envfile.Unset(p))
	}
	switch n.Kind {
	case envfile.Value:
		ops = append(ops, envfile.Set(p, crypto.Str, "a\"b'\n\\c"), envfile.Set(p, crypto.Float, "1"))
	case envfile.Map:
		for _, more := range []string{"new key", "new.table.key", "new[+]"} {
			ops = append(ops, envfile.Set(append(slices.Clone(p), fieldPath(t, more)...), crypto.Int, "1"))
		}
	case envfile.List:
		ops = append(ops, envfile.SetText(append(slices.Clone(p), envfile.Step{Index: envfile.Append, IsIndex: true}), `{"a": 1}`))
	}
	for _, op := range ops {
		_, err := d.Apply(op)
		if errors.Is(err, envfile.ErrPath) || errors.Is(err, envfile.ErrNoField) {
			continue
		}
		require.NoError(t, err, "%q at %s", d.Bytes(), p)
	}
}

func fieldPath(t *testing.T, s string) envfile.Path {
	p, err := envfile.ParsePath(s)
	require.NoError(t, err)
	return p
}
