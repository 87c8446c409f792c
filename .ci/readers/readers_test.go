// Package readers_test changes files without their key. If sealcfg still decrypts a file, it compares the
// plaintext as sealcfg and as other readers parse it.
package readers_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

var formats = []envfile.Format{envfile.YAML, envfile.YAML, envfile.YAML, envfile.JSON, envfile.TOML, envfile.INI, envfile.Dotenv, envfile.Binary}

// identity is made for this test and protects no secret.
const identity = "AGE-SECRET-KEY-15205YUFKQDP4J4XXY84FVGZNJ7CDKHZ096SZ2NAP2QF7M5Q9VZ7QPU7KDW"

var selectors = []envfile.Rules{
	{},
	{EncryptedRegex: "^(a|password|token|TOKEN|A|on|t0|list)$"},
	{UnencryptedRegex: "^(b|host|HOST|no)$"},
	{EncryptedRegex: "^(a|password|token|TOKEN|A)$", MACOnlyEncrypted: true},
}

// A file is an encrypted file as its owner wrote it.
type file struct {
	key       crypto.DataKey
	encrypted string
	plain     string
	python    string // views of the plaintext
	golang    string
}

// encrypt returns the file of a tree, nil if sealcfg refuses the tree.
func encrypt(t *testing.T, format envfile.Format, rules envfile.Rules, seed uint16) *file {
	t.Helper()
	d, err := envfile.Parse(format, []byte(plaintext(format.Name(), seed)))
	if err != nil {
		return nil
	}
	id, err := keys.ParseAgeIdentity(identity)
	require.NoError(t, err)
	to, err := keys.ParseAgeRecipient(id.(keys.Recipienter).Recipient())
	require.NoError(t, err)
	if format == envfile.Binary {
		rules = envfile.Rules{}
	}
	s, o, err := envfile.Seal(context.Background(), d, rules, envfile.Recipients{Groups: [][]keys.Recipient{{to}}})
	if err != nil {
		return nil
	}
	f := &file{key: o.DataKey(), encrypted: string(s.Bytes())}
	text, err := o.Text()
	require.NoError(t, err)
	f.plain = string(text)
	f.python, f.golang = views(t, format, text)
	return f
}

func views(t *testing.T, format envfile.Format, text []byte) (python, golang string) {
	t.Helper()
	read, ok := goReaders[format.Name()]
	if !ok {
		return string(text), string(text)
	}
	v, err := read(text)
	if err != nil {
		return readPython(t, format.Name(), text), "error"
	}
	return readPython(t, format.Name(), text), v.String()
}

// blockOf is the binding, with the name before it.
var blockOf = regexp.MustCompile(`(?m)^ *"?sealcfg"?( = \{.*\}|:( *\{[^}]*\},?|\n.*\n.*))\n|^(sops_)?sealcfg__map_.*\n|,? *"sealcfg": \{[^}]*\}`)

// FuzzReaders changes an encrypted file without its key. If sealcfg still decrypts it, every reader must parse the
// plaintext to the same values as before. Without a binding, and in entries that it skips, every
// reader must parse each encrypted value as sealcfg does.
func FuzzReaders(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range attacks {
		f.Add(uint16(r.IntN(trees)), byte(r.IntN(modes)), []byte{0, byte(r.IntN(64)), 0, byte(i)})
	}
	f.Fuzz(func(t *testing.T, seed uint16, mode byte, edits []byte) { attack(t, seed, mode, edits) })
}

// TestAttacks makes each attack on files of each kind, at random positions.
func TestAttacks(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	decrypted := 0
	for i := range attacks {
		for mode := range byte(modes) {
			seed, edits := uint16(r.IntN(trees)), []byte{byte(r.IntN(12)), byte(r.IntN(64)), 0, byte(i)}
			t.Run(fmt.Sprintf("%d %d %x", seed, mode, edits), func(t *testing.T) {
				if attack(t, seed, mode, edits) {
					decrypted++
				}
			})
		}
	}
	t.Logf("%d of %d files were decrypted", decrypted, len(attacks)*modes)
	require.NotZero(t, decrypted)
}

const trees = 256

var modes = len(formats) * 2 * len(selectors)

// cached holds the files that were made, and nil for refused trees: they are used again and again.
var cached = map[string]*file{}

// attack edits a file, and reports whether sealcfg decrypts it still.
func attack(t *testing.T, seed uint16, mode byte, edits []byte) bool {
	t.Helper()
	seed %= trees
	format := formats[int(mode)%len(formats)]
	rest := int(mode) / len(formats)
	bound, rules := rest%2 == 0, selectors[rest/2%len(selectors)]
	name := fmt.Sprint(format.Name(), rest/2%len(selectors), seed)
	file, ok := cached[name]
	if !ok {
		file = encrypt(t, format, rules, seed)
		cached[name] = file
	}
	if file == nil {
		return false
	}
	text := file.encrypted
	if !bound {
		text = blockOf.ReplaceAllString(text, "")
		require.NotEqual(t, file.encrypted, text)
	}
	text = edited(text, edits)
	s, err := envfile.ParseSealed(format, []byte(text))
	if err != nil {
		return false
	}
	o, err := s.OpenWith(file.key)
	if err != nil {
		return false
	}
	plain, err := o.Text()
	if err != nil {
		return false
	}
	python, golang := views(t, format, plain)
	if o.Bound() && !rules.MACOnlyEncrypted {
		require.True(t, python == file.python || python == "error", "a reader of Python sees another value:\n%s", report(file, text, plain, python, file.python))
		require.True(t, golang == file.golang || golang == "error", "a reader of Go sees another value:\n%s", report(file, text, plain, golang, file.golang))
	}
	if (format == envfile.YAML || format == envfile.JSON) && len(o.ForeignTags()) == 0 {
		sees(t, o, python, true, file, text, plain)
		sees(t, o, golang, false, file, text, plain) // goccy/go-yaml has no times
	}
	return true
}

// sees reports encrypted values that a reader does not see as sealcfg does.
func sees(t *testing.T, o *envfile.Opened, seen string, times bool, file *file, text string, plain []byte) {
	t.Helper()
	last := len(o.Roots()) - 1
	if seen == "error" || last > 0 && !strings.Contains(seen, fmt.Sprintf("\n%d ", last)) {
		return // goccy/go-yaml skips documents after an empty one
	}
	lines := map[string]bool{}
	for line := range strings.SplitSeq(strings.ReplaceAll(seen, `!merge "<<"`, `"<<"`), "\n") {
		lines[line] = true
	}
	var walk func(at string, n *envfile.Node)
	walk = func(at string, n *envfile.Node) {
		i := 0
		for e := range n.Entries() {
			in := at + "." + quote(e.Key)
			if n.Kind == envfile.List {
				in = fmt.Sprintf("%s[%d]", at, i)
			}
			i++
			if e.Kind == envfile.Value && e.Sealed && (times || e.Type != crypto.Time) {
				require.True(t, lines[in+" "+scalar(e)], "a reader does not see %s %s:\n%s", in, scalar(e), report(file, text, plain, seen, ""))
			}
			walk(in, e)
		}
	}
	for i, root := range o.Roots() {
		walk(fmt.Sprint(i), root)
	}
}

func scalar(n *envfile.Node) string {
	switch n.Type {
	case crypto.Int:
		return "i" + n.Text
	case crypto.Bool:
		return strings.ToLower(n.Text)
	case crypto.Time:
		if at, err := time.Parse(time.RFC3339Nano, n.Text); err == nil {
			return moment(at)
		}
	case crypto.Float:
		var f float64
		if _, err := fmt.Sscan(strings.Replace(n.Text, ".inf", "inf", 1), &f); err == nil {
			return float(f)
		}
	}
	return quote(n.Text)
}

func report(f *file, text string, plain []byte, seen, before string) string {
	return fmt.Sprintf("--- encrypted\n%s\n--- changed\n%s\n--- plaintext before\n%s\n--- plaintext\n%s\n--- seen before\n%s\n--- seen\n%s\n", f.encrypted, text, f.plain, plain, before, seen)
}

// Most trees can be encrypted, and all readers read most of them.
func TestTrees(t *testing.T) {
	for _, format := range formats {
		encrypted, python, golang := 0, 0, 0
		for seed := range uint16(300) {
			f := encrypt(t, format, envfile.Rules{}, seed)
			if f == nil {
				_, err := envfile.Parse(format, []byte(plaintext(format.Name(), seed)))
				if testing.Verbose() {
					t.Logf("%s %d: %v\n%s", format.Name(), seed, err, plaintext(format.Name(), seed))
				}
				continue
			}
			encrypted++
			if f.python != "error" {
				python++
			} else if testing.Verbose() {
				t.Logf("python %s %d: \n%s", format.Name(), seed, plaintext(format.Name(), seed))
			}
			if f.golang != "error" {
				golang++
			} else if testing.Verbose() {
				t.Logf("go %s %d: \n%s", format.Name(), seed, plaintext(format.Name(), seed))
			}
		}
		t.Logf("%s: %d encrypted, %d read by Python, %d by Go", format.Name(), encrypted, python, golang)
		require.Greater(t, encrypted, 200, format.Name())
		require.Greater(t, python, 150, format.Name())
		require.Greater(t, golang, 150, format.Name())
	}
}
