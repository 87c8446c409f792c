package layout

import (
	"strings"

	"github.com/sealcfg/sealcfg/internal/pattern"
)

// ambiguousWords are words in lower case that some reader takes for a boolean, null, number, merge
// key or default value if they are not quoted.
var ambiguousWords = map[string]bool{
	"": true, "~": true, "null": true,
	"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true, "true": true, "false": true,
	"<<": true, "=": true,
}

var (
	// Commas are for Psych, hexadecimal floats for readers that call strtod.
	ambiguousNumber = pattern.New(`(?i)^[-+]?(` +
		`0[box][0-9a-f_,]+` +
		`|[0-9][0-9_,]*(\.[0-9_,]*)?(e[-+]?[0-9_]+)?` +
		`|\.[0-9_,]*(e[-+]?[0-9_]+)?` +
		`|[0-9][0-9_,]*(:[0-5]?[0-9])+(\.[0-9_]*)?` +
		`|0x[0-9a-f_]*\.?[0-9a-f_]*p[-+]?[0-9]+` +
		`|\.?inf(inity)?|\.?nan` +
		`)$`)
	ambiguousTime = pattern.New(`(?i)^[-+]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}` +
		`((t|[ \t]+)[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]*)?)?([ \t]*(z|[-+][0-9]{1,2}(:?[0-9]{2})?))?)?$`)
)

// longestAmbiguous is longer than any word, number or time without padding digits.
const longestAmbiguous = 400

// Ambiguous reports whether a YAML 1.1 or 1.2 reader may take an unquoted text for a value that is
// not a string. It considers PyYAML, ruamel, libyaml, SnakeYAML, Psych, js-yaml, yaml.v3, and the
// core schema of YAML 1.2. In doubt it returns true.
func Ambiguous(text string) bool {
	if text == "" {
		return true
	}
	switch c := text[0]; {
	case c >= '0' && c <= '9', c == '+', c == '-', c == '.', c == 'i', c == 'I', c == 'n', c == 'N':
		if len(text) > longestAmbiguous {
			return strings.Trim(text, "0123456789+-._,:eExXabcdfABCDF") == ""
		}
		if mayBeNumber(text) && (ambiguousNumber().MatchString(text) || ambiguousTime().MatchString(text)) {
			return true
		}
	case c == ':': // a Ruby symbol
		return true
	}
	return len(text) <= len("false") && ambiguousWords[strings.ToLower(text)]
}

var inNumber = SetOf("0123456789abcdefABCDEFxXoOpP_.,:+-iInNtTyYzZ \t")

// mayBeNumber reports whether a value consists of characters of numbers and times. It avoids the
// regular expressions for most texts.
func mayBeNumber(text string) bool {
	for i := range len(text) {
		if !inNumber[text[i]] {
			return false
		}
	}
	return true
}
