package interop

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/getsops/sops/v3"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// generate makes a document of random bytes: any bytes produce a map with comments,
// lists, styles and unusual strings.
type generate struct {
	in    []byte
	out   strings.Builder
	depth int
	keys  int
}

func (g *generate) next(n int) int {
	if len(g.in) == 0 {
		return 0
	}
	b := g.in[0]
	g.in = g.in[1:]
	return int(b) % n
}

var scalars = []string{
	"x", "same", "two words", "5", "-7", "1.50", "1e3", "0123", "true", "False", "null", "", "~", "2024-01-31", "2024-01-31T12:00:00+02:00",
	`"quoted"`, `"a\nb"`, `""`, "'single'", "'it''s'", "''", "- x", "a: b", "yes", ".inf", "9223372036854775807", "ENC[AES256_GCM,x]",
	"größe 😀", `"\t"`, "'# no'", "x#y", "!tag x", "!!str 5", "&a x", "@at", "%p",
}

var names = []string{"a", "password", "x_plain", "b_secret", `"q k"`, "'s'", "on", "k.l", "m:n", "größe"}

func (g *generate) comment(indent string) {
	switch g.next(6) {
	case 0:
		g.out.WriteString(indent + "# " + []string{"public", "secret", "c", "public"}[g.next(4)] + "\n")
	case 1:
		g.out.WriteString("\n")
	case 2:
		g.out.WriteString("# out\n")
	}
}

func (g *generate) scalar(indent string) {
	if g.next(8) == 7 {
		header := []string{"|", "|-", "|+", ">", ">-"}[g.next(5)]
		g.out.WriteString(" " + header + "\n" + indent + "  line\n")
		if g.next(2) == 1 {
			g.out.WriteString("\n" + indent + "    deeper\n")
		}
		return
	}
	g.out.WriteString(" " + scalars[g.next(len(scalars))])
	if g.next(4) == 3 {
		g.out.WriteString(" # " + []string{"in", "public"}[g.next(2)])
	}
	g.out.WriteString("\n")
}

func (g *generate) value(indent string) {
	kind := g.next(8)
	if g.depth > 3 || len(g.in) == 0 {
		kind = 0
	}
	g.depth++
	defer func() { g.depth-- }()
	switch kind {
	case 5:
		g.out.WriteString("\n")
		g.entries(indent + "  ")
	case 6:
		deeper := indent + []string{"", "  "}[g.next(2)]
		g.out.WriteString("\n")
		for range 1 + g.next(4) {
			g.comment(deeper)
			g.out.WriteString(deeper + "-")
			g.value(deeper)
		}
		g.comment(deeper)
	case 7:
		g.out.WriteString([]string{" {a: x, 'b': [1, same]}\n", " [same, same, {k: v}]\n", " {}\n", " []\n", " [a, # c\n" + indent + "   b]\n", " [] # none\n", " {} # none\n"}[g.next(7)])
	default:
		g.scalar(indent)
	}
}

func (g *generate) entries(indent string) {
	for range 1 + g.next(4) {
		g.comment(indent)
		g.keys++
		name := names[g.next(len(names))]
		if g.keys > 1 {
			name = fmt.Sprintf("k%d%s", g.keys, strings.Trim(name, `"'`))
		}
		g.out.WriteString(indent + name + ":")
		g.value(indent)
	}
	g.comment(indent)
}

func document(seed []byte) []byte {
	g := &generate{in: seed}
	g.entries("")
	if g.next(5) == 4 {
		g.out.WriteString("---\n")
		g.keys = 0
		g.entries("")
	}
	return []byte(g.out.String())
}

// FuzzBothWays checks that each program reads the same values from files that the
// other encrypted.
func FuzzBothWays(f *testing.F) { fuzzBothWays(f, envfile.YAML, document, nil) }

// fuzzBothWays tests documents that document makes of random bytes, and variants of
// the given documents, under all selectors.
func fuzzBothWays(f *testing.F, format envfile.Format, document func(seed []byte) []byte, given []string) {
	for _, s := range []string{"", "AAECAwQFBgc=", "BQUFBgYGBwcH", "AgICBQIGAgYCAAECAwQF", "BQYHAAECAwQFBgcAAQIDBAUGBwAB", "////AAD/AP8A/wD/"} {
		b, err := base64.StdEncoding.DecodeString(s)
		require.NoError(f, err)
		f.Add(b, uint8(len(b)), "")
	}
	for i, text := range given {
		f.Add([]byte(nil), uint8(i), text)
	}
	rules := someRules()
	f.Fuzz(func(t *testing.T, seed []byte, n uint8, text string) {
		if len(seed) > 200 || len(text) > 400 {
			return
		}
		src := []byte(text)
		if text == "" {
			src = document(seed)
		}
		bothWays(t, format, src, rules[int(n)%len(rules)])
	})
}

func bothWays(t *testing.T, format envfile.Format, src []byte, r envfile.Rules) {
	plain, sopsErr := sopsPlainAs(format, src)
	d, s, err := sealAs(format, src, r)
	var refused *envfile.SyntaxError
	if errors.As(err, &refused) || errors.Is(err, envfile.ErrAlreadySealed) {
		return
	}
	require.NoError(t, err, "%s", src)
	require.NoError(t, sopsErr, "%s", src)
	want := oursPlaces(format, d.Roots())
	asWritten := format != envfile.INI || !strings.ContainsAny(strings.Join(want, ""), "#;") // see docs/interop.md
	if asWritten {
		require.Equal(t, sopsPlaces(t, format, plain), want, "%q", src)
	}

	got, err := sopsOpenAs(format, s.Bytes())
	require.NoError(t, err, "%s", s.Bytes())
	require.Equal(t, want, sopsPlaces(t, format, got.branches), "%s", s.Bytes())
	require.Zero(t, countSealedText(got.warnings), "a comment that sops cannot open:\n%s\n%s", src, s.Bytes())
	if format == envfile.INI || format == envfile.Dotenv {
		o, err := openAs(format, s.Bytes())
		require.NoError(t, err)
		text, err := o.Text()
		require.NoError(t, err)
		require.Equal(t, string(src), string(text), "%s", s.Bytes())
		if asWritten {
			require.Equal(t, commentsByKey(plain), commentsByKey(got.branches), "%q\n%s", src, s.Bytes())
		}
	}

	theirs, err := sopsSealAs(format, src, r)
	if err != nil {
		return
	}
	back, err := sopsOpenAs(format, theirs)
	if err != nil || !equalShapes(want, sopsPlaces(t, format, back.branches)) {
		return // sops does not read its own file, or reads other values
	}
	require.Equal(t, back.mac, got.mac, "%s\n%s", s.Bytes(), theirs)
	o, err := openAs(format, theirs)
	require.NoError(t, err, "%s\n%s", src, theirs)
	require.Equal(t, want, oursPlaces(format, o.Roots()), "%s", theirs)
	text, err := o.Document()
	require.NoError(t, err, "%s", theirs)
	again, err := o.Reseal(text)
	require.NoError(t, err, "%s", theirs)
	got, err = sopsOpenAs(format, again.Bytes())
	require.NoError(t, err, "%s", again.Bytes())
	require.Equal(t, want, sopsPlaces(t, format, got.branches))
	require.Equal(t, back.mac, got.mac)
}

// commentsByKey lists the comments as sops reads them, each with the key before it.
func commentsByKey(branches sops.TreeBranches) []string {
	var all []string
	var visit func(at string, b sops.TreeBranch)
	visit = func(at string, b sops.TreeBranch) {
		for _, item := range b {
			switch key := item.Key.(type) {
			case sops.Comment:
				all = append(all, fmt.Sprintf("%s %q", at, key.Value))
			case string:
				at = key
				if inner, ok := item.Value.(sops.TreeBranch); ok {
					visit(key, inner)
				}
			}
		}
	}
	for _, b := range branches {
		visit("", b)
	}
	return all
}

func equalShapes(a, b []string) bool {
	return strings.Join(a, "\n") == strings.Join(b, "\n")
}
