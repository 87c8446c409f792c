package yaml

import (
	"flag"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Scanned reports whether the scanner accepts a file. It fails if the scanner's nodes differ from
// the parser's.
func Scanned(t *testing.T, src string) bool {
	t.Helper()
	got, ok := scanYAML([]byte(src))
	if !ok {
		return false
	}
	want, err := decodeAll([]byte(src))
	if err != nil {
		t.Errorf("the parser refuses what the scanner takes: %v\n%s", err, src)
		return true
	}
	if !reflect.DeepEqual(want, got) { // values, tags, styles, comments, lines and columns
		t.Errorf("the scanner makes other nodes than the parser\n%s", src)
	}
	return true
}

func TestScanTakes(t *testing.T) {
	for _, src := range []string{
		"a: 1\n",
		"---\na: 1\n",
		"# top\n\n# of a\na: x y # z\n",
		"a:\n  b:\n    c: 1\n  d: 'it''s'\ne: \"x\\ty\"\n",
		"a:\n- 1\n- b: 2\n  c: 3\nd:\n  - - x\n    - y\n",
		"a: |\n  one\n\n    two\nb: |-\n  x\n\n# of c\n\n# of c too\nc: {}\nd: []\n",
		"a:\nb:\n  # of c\n\n  c: é\n  ü: \"é\" # é\n",
		"a: ENC[AES256_GCM,data:YQ==,iv:Yg==,tag:Yw==,type:str]\n#ENC[AES256_GCM,data:YQ==,iv:Yg==,tag:Yw==,type:comment]\nsops:\n    age:\n        - recipient: age1\n          enc: |\n            -----BEGIN\n            x\n    mac: ENC[]\n",
	} {
		require.True(t, Scanned(t, src), src)
	}
}

func TestScanLeavesToTheParser(t *testing.T) {
	for _, src := range []string{
		"", "\n", "- a\n", "a\n", "a: 1", "a: 1\r\nb: 2\r\n", "a: \x00\n", "a: \xff\n", "a: \u0085\n", "\uFEFFa: 1\n", "a: \u2028\n",
		"a: 1\n---\nb: 2\n", "a: 1\n...\n", "%YAML 1.1\n---\na: 1\n",
		"a: &x 1\nb: *x\n", "a: !!str 1\n", "<<: {}\n", "a: b: c\n", "a: [x]\n", "a: {x: y}\n", "? a\n: b\n", "a: >\n  x\n",
		"a: x\n  y\n", "a: \"x\n  y\"\n", "a: 'x\n  y'\n", "a: \"\\x41\"\n", "a: |2\n   x\n", "a: |\n\n  x\n", "a: | # c\n  x\n", "a: |\n",
		"a:\n  b: 1\n c: 2\n", "a: 1\n b: 2\n", "a: 1\n- b\n", "a:\n  - b\n  c: 1\n", "a\t: 1\n", "a: x\ty\n", "a:\t1\n",
		"a: 1\n# of a\n\nb: 2\n", "a:\n  b: 1\n  # of b\nc: 2\n", "a: 1\n# at the end\n", "a: # here\n  b: 1\n", "- # here\n  a: 1\n", "a: {} # c\n",
		strings.Repeat("a", 600) + ": 1\n", "a:" + strings.Repeat(" ", 300) + "# c\n", strings.Repeat("- ", 200) + "a\n",
	} {
		require.False(t, Scanned(t, src), "%q", src)
	}
}

// A million random files were needed to find the scanner's bugs.
var (
	scanTexts = flag.Int("scantexts", 20_000, "on how many random texts the scanner is tried")
)

func TestScanRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	taken := 0
	for range *scanTexts {
		if Scanned(t, randomLines(r)) {
			taken++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d taken", taken, *scanTexts)
	require.Greater(t, taken, *scanTexts/100)
}

// randomLines returns a file in the plain block style, or almost: comments in all positions, lists
// in lists, lines with too much or too little indentation.
func randomLines(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	move := func(by ...int) int { return by[r.IntN(len(by))] }
	var b strings.Builder
	if r.IntN(8) == 0 {
		b.WriteString(pick("---\n", "--- \n", "\n", "# top\n\n", "# top\n", "...\n"))
	}
	indent := 0
	for range 1 + r.IntN(12) {
		if r.IntN(3) == 0 {
			indent = max(0, indent+move(-4, -2, -2, -1, 1, 2, 2, 4))
		}
		blanks := strings.Repeat(" ", indent)
		text := "\n" + blanks
		usual := []string{"1", "x", "'q'", `"d"`, "{}", "a:b", "ENC[AES256_GCM,data:a]", "|" + text + "  t" + text + "    u", "|-" + text + "   t\n" + text + "   u\n"}
		odd := []string{"x y", "true", `"e\n\"f"`, "[]", "a#b", "x: y", "null", "~", "2001-01-01", "0x1f", "1.5", "é ü", "'it''s'", "-1", "--f", "|", "|-",
			"|" + text + "   # no\n\n", "<<", "a  ", "[a]", ">" + text + "  f", "=", "?x", ":x", ".", "...", "a:", "\ta", "x\ty", "'a' b", "| ", "\"\ta \"", "'\t'"}
		value := pick(usual...)
		if r.IntN(20) == 0 {
			value = pick(odd...)
		}
		key := pick("a", "b", "c d", `"k"`, "'k'", "é", "1", "k#", "true") + ":"
		dash := "-" + pick(" ", " ", " ", "  ", "   ")
		comment := pick("", "", "", "", "", " # c", "  # é", " #", "#n", " ")
		line := blanks
		switch r.IntN(12) {
		case 0, 1, 2:
			line += key + " " + value + comment
		case 3, 4:
			line += key + comment
			indent += move(0, 2)
		case 5:
			line += dash + value + comment
		case 6:
			line += dash + key + " " + value + comment
			indent += len(dash)
		case 7:
			line += dash + key + comment
			indent += len(dash) + move(0, 2)
		case 8:
			line += dash + dash + value + comment
		case 9, 10:
			line += pick("# n", "# é", "#")
		default:
			line = pick("", "", "  ", blanks, "# low", "    # deep")
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func FuzzYAMLScan(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		f.Add(randomLines(r))
	}
	f.Add("a: \"x\\ny\" # c\nb:\n- 'q'\n- |\n  t\n# of d\nd: {}\n")
	f.Fuzz(func(t *testing.T, src string) { Scanned(t, src) })
}
