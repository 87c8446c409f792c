package interop

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A verdict is the reason why we reject a file. If sops accepts the file, sops
// describes the result; it is "" if sops rejects the file, too.
type verdict struct{ reason, sops string }

var verdicts = map[string]verdict{
	"02-scalars.yaml":        {"integer is larger than 9223372036854775807", ""},
	"09-boolkey.yaml":        {"expected a string: quote it", ""},
	"13-dupkey.yaml":         {"duplicate key", ""},
	"15-onlycomment.yaml":    {"expected at least one field", ""},
	"19-scalar.yaml":         {"expected a map at the top level", ""},
	"21-tab.yaml":            {"cannot start any token", ""},
	"22-multidoc-list2.yaml": {"expected a map at the top level", ""},
	"24-dup-nested.yaml":     {"duplicate key", ""},
	"25-intkey-nested.yaml":  {"expected a string: quote it", ""},
	"36-bom.json":            {"byte order mark", ""},
	"39-inf.json":            {"too large for a 64-bit float", ""},
	"42-noeq.env":            {"line 2: expected KEY=value", ""},
	"43-multiline.env":       {"line 3: expected KEY=value", ""},
	"46-sopsprefix.env":      {"is the name of the metadata", ""},

	"03-anchors.yaml":        {"cannot be encrypted through an alias", "expands aliases and loses them"},
	"30-a.json":              {"more digits than a 64-bit float", "rounds the number"},
	"31-dup.json":            {"duplicate key", "keeps both, of which readers take one or the other"},
	"33-two.json":            {"unexpected text after the object", "drops the second object"},
	"34-trailing.json":       {"unexpected text after the object", "drops it"},
	"37-lone-surrogate.json": {"half a surrogate pair", "makes U+FFFD of it"},
	"60-broken.json":         {"the text ends in the middle", "seals what there is of a truncated file"},
	"51-noboolkey.ini":       {"joins the next line", "joins the lines for good"},
}

// We reject the files that sops rejects, and accept the files that it accepts,
// except those that it damages. Each rejection has its reason.
func TestVerdicts(t *testing.T) {
	for name, text := range texts(t, "in") {
		t.Run(name, func(t *testing.T) {
			_, _, ours := sealAs(formatOf(name), []byte(text), envfile.Rules{})
			f := newFolder(t)
			in := "in" + filepath.Ext(name)
			f.write(in, text)
			_, _, code := f.try("encrypt", in)
			v, refused := verdicts[name]
			if !refused {
				require.NoError(t, ours)
				assert.Zero(t, code)
				return
			}
			require.ErrorContains(t, ours, v.reason)
			var syntax *envfile.SyntaxError
			assert.True(t, errors.As(ours, &syntax) || errors.Is(ours, envfile.ErrAlreadySealed))
			assert.Equal(t, v.sops != "", code == 0, "sops exits %d", code)
		})
	}
}

// damaged are documents in which sops changes a value, or which it cannot decrypt
// after it has encrypted them. reason is our reason to reject them. Without a
// reason, we encrypt them, and sops decrypts the original values.
var damaged = []struct {
	name, text string
	rules      envfile.Rules
	reason     string
	values     []string
}{
	{"a.ini", "[a]\nk = \"quoted ; value\"\n", envfile.Rules{}, "", []string{"quoted ; value"}},
	{"a.ini", "[a]\nk = a#b\n", envfile.Rules{}, "", []string{"a#b"}},
	{"a.ini", "[a]\nk = a#b\n", envfile.Rules{EncryptedRegex: "^x$"}, "would cut it at its # or ;", nil},
	{"a.ini", "[a]\nk = `a#b`\n", envfile.Rules{EncryptedRegex: "^x$"}, "", []string{"a#b"}},
	{"a.ini", "[a]\nk = x\nk = y\n", envfile.Rules{}, "duplicate key", nil},
	{"a.ini", "[a]\nk = x \\\n  y\n", envfile.Rules{}, "joins the next line", nil},
	{"a.ini", "[a]\n- = x\n", envfile.Rules{}, "replaces the key", nil},
	{"a.ini", "####\n# title\n[a]\nk = x\n", envfile.Rules{}, "has only comment marks", nil},
	{"a.ini", "[a] ; why\nk = x\n", envfile.Rules{}, "after a section's bracket", nil},
	{"a.json", `{"a": 12345678901234567890}`, envfile.Rules{}, "more digits", nil},
	{"a.json", `{"a": 9007199254740993, "b": 1e21}`, envfile.Rules{}, "", []string{"9007199254740993", "1000000000000000000000"}},
	{"a.json", `{"a": {"b": 1, "b": 2}}`, envfile.Rules{}, "duplicate key", nil},
	{"a.json", `{"a":`, envfile.Rules{}, "ends in the middle", nil},

	{"a.yaml", "a: 1\n---\nb: 1\nb: 2\n", envfile.Rules{}, "duplicate key", nil},
	{"a.yaml", "l:\n  - a\n  #\n  - b\n", envfile.Rules{}, "", []string{"a", "b"}},
}

func TestDamagedBySops(t *testing.T) {
	for _, c := range damaged {
		t.Run(c.text, func(t *testing.T) {
			format := formatOf(c.name)
			_, s, err := sealAs(format, []byte(c.text), c.rules)
			if c.reason != "" {
				require.ErrorContains(t, err, c.reason)
				return
			}
			require.NoError(t, err)
			var values []string
			for _, root := range mustOpenAs(t, format, s.Bytes()).Roots() {
				for _, n := range root.Leaves() {
					values = append(values, n.Text)
				}
			}
			assert.Equal(t, c.values, values)
			assert.Equal(t, sopsPlaces(t, format, mustSopsOpenAs(t, format, s.Bytes()).branches),
				oursPlaces(format, mustOpenAs(t, format, s.Bytes()).Roots()))
		})
	}
}
