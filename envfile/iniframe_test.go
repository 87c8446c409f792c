package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// Python's configparser takes three things for a part of a name or value: quotes, a comment on the
// line, and a line with more indentation than the previous one.
func TestINIFrames(t *testing.T) {
	const plain = "[a]\nfirst_unencrypted = no\nsecond = yes\n'q' = \"x\"\n\"r\" = no\u00a0\n\n[b]\nthird = z ; old\n"
	s, _ := sealAs(t, envfile.INI, plain, envfile.Rules{})
	text := string(s.Bytes())
	o, err := openExpecting(envfile.INI, text, envfile.Expectation{Bound: true})
	require.NoError(t, err)
	assert.Equal(t, plain, document(t, o))
	for name, change := range map[string][2]string{
		"a line that goes on with the value before": {"\nsecond", "\n  second"},
		"a header that does":                        {"\n[b]", "\n [b]"},
		"quotes around an encrypted value":          {"second = ENC", "second = 'ENC"},
		"quotes around an unencrypted value":        {"= no", "= 'no'"},
		"other quotes":                              {`"ENC`, "'ENC"},
		"quotes around a name":                      {"first_unencrypted", `"first_unencrypted"`},
		"a comment after a value":                   {"= no", "= no ; x"},
		"no comment after a value":                  {" ;", "\n;"},
		"a no-break space after a value":            {"= no", "= no\u00a0"},
		"a no-break space before a value":           {"= no", "= \u00a0no"},
		"a line separator after an encrypted value": {"]\n'q'", "]\u2028\n'q'"},
		"a form feed before a comment":              {" ;", "\f ;"},
		"a vertical tab before a name":              {"first_", "\vfirst_"},
		"U+0085 after a name":                       {"first_unencrypted", "first_unencrypted\u0085"},
		"a carriage return in front of the =":       {"first_unencrypted =", "first_unencrypted\r="},
		"an em space after a header":                {"[b]", "[b]\u2003"},
		"a no-break space before a header":          {"[b]", "\u00a0[b]"},
		"a blank in a quoted name":                  {"\"r\"", "\"r \""},
		"another delimiter":                         {"first_unencrypted =", "first_unencrypted :"},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		switch name {
		case "quotes around an encrypted value":
			changed = strings.Replace(changed, "]\n'q'", "]'\n'q'", 1)
		case "other quotes":
			changed = strings.Replace(changed, "]\"\n", "]'\n", 1)
		}
		require.NotEqual(t, text, changed, name)
		_, err := openExpecting(envfile.INI, changed, envfile.Expectation{Bound: true})
		var binding *envfile.BindingError
		assert.ErrorAs(t, err, &binding, name)
	}
	for name, change := range map[string][2]string{
		"blank lines":         {"\n[b]", "\n\n\n[b]"},
		"CRLF":                {"= no\n", "= no\r\n"},
		"CRLF after a header": {"[b]\n", "[b]\r\n"},
		"a comment":           {"[b]\n", "; new\n[b]\n"},
		"blanks around the =": {"first_unencrypted = no", "first_unencrypted=no"},
		"all lines indented":  {"\n[b]\nthird", "\n[b]\n  third"},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		require.NotEqual(t, text, changed, name)
		_, err := openExpecting(envfile.INI, changed, envfile.Expectation{})
		assert.NoError(t, err, name)
	}
}
