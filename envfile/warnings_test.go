package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// Exactly the values with a changed notation have a warning.
func TestNotationWarnings(t *testing.T) {
	for text, want := range map[string]string{
		"4e5": "exponent", "12345e6": "exponent", "1E-2": "exponent", "-1e3": "exponent", "1e21": "exponent", "+1e3": "exponent",
		"3.14159265358979323846": "more digits than a 64-bit float", "0.1000000000000000055511151231257827": "more digits",
		"1.50": "zeros at its end", "+1.5": "loses its plus", "1_0.5": "underscores", "1_000": "underscores", "0x1F": "not decimal", "0b11": "not decimal", "0o17": "not decimal",
		"0.1": "", "1.0": "", "5": "", "-5": "", "0.30000000000000004": "", "9007199254740993": "", "1.5": "",
	} {
		for f, head := range map[envfile.Format]string{envfile.YAML: "a: ", envfile.TOML: "a = "} {
			assertWarning(t, f, head+text+"\n", want)
		}
	}
	for text, want := range map[string]string{
		"2024-02-29 12:00:00": "another notation", "2024-2-9": "another notation", "2024-02-29T12:00:00.500Z": "another notation", "2024-01-31T00:00:00Z": "another notation",
		"2024-02-29": "", "2024-02-29T12:00:00Z": "", "2024-02-29T12:00:00+02:00": "",
		".5": "another notation", "5.": "another notation", ".INF": "another notation", ".inf": "", "!!float 5": "another notation", "0123": "octal", "00.5": "leading zero",
		"99999999999999999999": "too large for 64 bits", "yes": "boolean", "'4e5'": "", "text": "", "~": "", "[4e5]": "exponent", "1:30": "",
	} {
		assertWarning(t, envfile.YAML, "a: "+text+"\n", want)
	}
	assertWarning(t, envfile.TOML, "a = +inf\n", "loses its plus")
	assertWarning(t, envfile.TOML, "a = 2024-02-29 12:00:00\n", "")
	assertWarning(t, envfile.JSON, `{"a": 4e5}`, "another notation")

	d, err := envfile.Parse(envfile.YAML, []byte("a_unencrypted: 4e5\n"))
	require.NoError(t, err)
	warnings, err := d.Warnings(envfile.Rules{})
	require.NoError(t, err)
	assert.Empty(t, warnings, "it stays as it is")
}

func TestWarningsInDotenv(t *testing.T) {
	for text, want := range map[string]string{
		`DIR=C:\new\table`: `sops reads \n as a line feed`, `JSON={"re":"a\\n"}`: `sops reads \n as a line feed`, `A=a\nb`: `sops reads \n as a line feed`,
		`KEY=-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----\n`: "", `A=C:\temp`: "",
		"\uFEFFTOKEN=abc": "byte order mark", "A=caf\xe9": "not UTF-8", "A=é": "", "A=x\r": "carriage return", "export A=1": "export", `A="x"`: "quotes",
	} {
		assertWarning(t, envfile.Dotenv, text+"\nB=2\n", want)
	}
	assertWarning(t, envfile.INI, "[s]\na = \xe9\n", "not UTF-8")
	assertWarning(t, envfile.INI, "[s]\na = x\ry\n", "carriage return")
	assertWarning(t, envfile.Dotenv, "a=x\ry\n", "carriage return")
	assertWarning(t, envfile.INI, "[s]\na = \"\"\"x\ny\"\"\"\n", "several lines")
}

// A new value has the same warning as a value of a file.
func TestValueWarning(t *testing.T) {
	for _, c := range []struct {
		format          envfile.Format
		typ, text, want string
	}{
		{envfile.YAML, "float", "4e5", "exponent"}, {envfile.TOML, "float", "3.14159265358979323846", "more digits"}, {envfile.JSON, "float", "1.50", "zeros at its end"},
		{envfile.YAML, "int", "0640", "octal"}, {envfile.YAML, "float", "0640", "octal"}, {envfile.YAML, "int", "0x1F", "not decimal"}, {envfile.JSON, "int", "+5", "plus"},
		{envfile.YAML, "time", "2024-02-29 12:00:00", "date or time"}, {envfile.YAML, "int", "5", ""}, {envfile.YAML, "int", "5\n", ""}, {envfile.YAML, "float", "5", ""}, {envfile.YAML, "float", "1.5", ""},
		{envfile.YAML, "float", "5.0", ""}, {envfile.YAML, "bool", "true", ""}, {envfile.YAML, "str", "4e5\r", ""}, {envfile.TOML, "time", "2024-02-29T12:00:00Z", ""},
		{envfile.Dotenv, "str", "a\rb", "carriage return"}, {envfile.Dotenv, "str", `"x"`, "quotes"}, {envfile.Dotenv, "str", "a\nb", ""}, {envfile.Dotenv, "str", "4e5", ""},
		{envfile.INI, "str", "a\rb", "carriage return"}, {envfile.INI, "str", "a\nb", "several lines"}, {envfile.INI, "str", "x", ""},
	} {
		got := envfile.ValueWarning(c.format, crypto.Type(c.typ), c.text)
		if c.want == "" {
			assert.Empty(t, got, c.text)
		} else {
			assert.Contains(t, got, c.want, c.text)
		}
	}
}

func assertWarning(t *testing.T, f envfile.Format, text, want string) {
	t.Helper()
	d, err := envfile.Parse(f, []byte(text))
	require.NoError(t, err, text)
	warnings, err := d.Warnings(envfile.Rules{})
	require.NoError(t, err)
	_, o, err := envfile.Seal(t.Context(), d, envfile.Rules{}, sealedTo(alice))
	require.NoError(t, err, text)
	back, err := o.Text()
	require.NoError(t, err, text)
	if f != envfile.Dotenv && f != envfile.INI && string(back) != text {
		assert.NotEmpty(t, want, "%q comes back as %q", text, back)
	}
	if want == "" {
		assert.Empty(t, warnings, text)
		return
	}
	require.Len(t, warnings, 1, text)
	assert.Contains(t, warnings[0].Reason, want, text)
	assert.NotContains(t, warnings[0].Reason, strings.TrimSpace(strings.TrimPrefix(text, "a: ")))
}
