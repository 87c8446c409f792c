package yaml

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
)

// ambiguousTexts are unquoted values that a reader takes for another type than a string, by reader.
var ambiguousTexts = map[string][]string{
	"every reader": {"", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "0", "5", "-5", "12345678901234567890123",
		"1.5", "-0.5", "1.", "1.5e+3", "0x1F", ".inf", "-.inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"},
	"YAML 1.1": {"yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N",
		"0777", "0_7", "0b101", "-0b1_0", "1_000", "1_000.5_", "+5", "+0x1f", "1:30", "12:30:45", "-190:20:30", "190:20:30.15",
		"=", "<<", "2001-12-14", "2001-12-14T21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2001-1-1 1:00:00", "2001-12-14t21:59:43Z"},
	"YAML 1.2":  {"0o17", "1e3", "1E-3", "+1e+3", ".5", "+.5", ".5e3", "+.inf", "5e0"},
	"yaml.v3":   {"-0o17", "2001-1-2", "2001-1-2T3:4:5Z", "0B1", "0X1F", "0O7", "00128", "1__0"},
	"js-yaml":   {"0o1_7", "-.NaN", "1_0e3"},
	"Psych":     {":symbol", ":8080", ":\"a\"", "1,000", "1,000.5", "0,1", "0x1,F", "1:2"},
	"strtod":    {"inf", "-Infinity", "nan", "NaN", "+nan", "0x1p-2", "0x.8p1"},
	"SnakeYAML": {"1e3", "._5", ".", "-."},
}

// unambiguousTexts are strings to every reader.
var unambiguousTexts = []string{
	"a", "text", "nope", "yess", "onn", "nul", "nulls", "truest", "10.0.0.1", "127.0.0.1:8080", "1.2.3", "v1", "1a", "5m", "10%", "80:80", "22:80", "1:60",
	"2001-12", "2001-12-14x", "12-14", "1 2", "a:b", "http://x:80", "0xg", "1e", "e5", "-", "--", "+", "- 5", "==", "<<<", "~x", "infinite", ".info", "nano",
	"1.5.", "5 ", "é", "½", "Ⅷ", "१", "0o", "-x", "ENC[AES256_GCM,data:x]",
}

func TestAmbiguous(t *testing.T) {
	for reader, texts := range ambiguousTexts {
		for _, text := range texts {
			assert.True(t, layout.Ambiguous(text), "%s: %q", reader, text)
		}
	}
	for _, text := range unambiguousTexts {
		assert.False(t, layout.Ambiguous(text), "%q", text)
	}
	assert.True(t, layout.Ambiguous(strings.Repeat("9", 5000)))
	assert.True(t, layout.Ambiguous("."+strings.Repeat("9", 5000)))
	assert.False(t, layout.Ambiguous(strings.Repeat("9", 5000)+" and more"))
}

// Every value that PyYAML, a YAML 1.1 reader, does not take for a string is ambiguous: the values
// of the table, and random ones of the same characters.
func TestAmbiguousAsPyYAMLReads(t *testing.T) {
	texts := append([]string(nil), unambiguousTexts...)
	for _, list := range ambiguousTexts {
		texts = append(texts, list...)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, letters := range []string{"0123456789", "01_.,:-+", "0x1Fb_", "0123-Tt: .Z+", "nNoOyYeEsStTrRuUfFaAlL", "iInNfFaA.-+", "12:590.", "<=~.", "1.eE+-_"} {
		for range 2000 {
			var b strings.Builder
			for range 1 + random.IntN(6) {
				b.WriteByte(letters[random.IntN(len(letters))])
			}
			texts = append(texts, b.String())
		}
	}
	for i, text := range pyYAMLTypes(t, texts) {
		if text != "str" {
			assert.True(t, layout.Ambiguous(texts[i]), "%q is of type %s to PyYAML", texts[i], text)
		}
	}
}

// pyYAMLTypes returns the types that PyYAML gives to plain scalars, in any context.
func pyYAMLTypes(t *testing.T, texts []string) []string {
	t.Helper()
	const script = `import json, sys, yaml
resolve = yaml.SafeLoader("").resolve
print(json.dumps([resolve(yaml.ScalarNode, text, (True, False)).rsplit(":", 1)[1] for text in json.load(sys.stdin)]))`
	python := "/usr/bin/python3" // Debian's, which has python3-yaml
	if exec.Command(python, "-c", "import yaml").Run() != nil {
		if os.Getenv("CI") == "true" && runtime.GOOS == "linux" {
			t.Fatal("python3-yaml is missing")
		}
		t.Skip("python3-yaml is missing")
	}
	in, err := json.Marshal(texts)
	require.NoError(t, err)
	cmd := exec.Command(python, "-c", script)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	require.NoError(t, err)
	var types []string
	require.NoError(t, json.Unmarshal(out, &types))
	require.Len(t, types, len(texts))
	return types
}
