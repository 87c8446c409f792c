package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/sealcfg/sealcfg/internal/naming"
)

// A tag holds the parsed tags of a struct field.
type tag struct {
	name     string // "" with inline
	named    bool   // a tag sets the name
	skip     bool
	inline   bool // yaml:",inline"
	optional bool
	def      *string

	aliases    []string
	explicit   []string // variables
	deprecated string
	desc       string
	limits     *Constraints
	kind       string // the kind that selects this variant of a union
}

func readTag(f reflect.StructField) (tag, error) {
	var t tag
	if text, ok := f.Tag.Lookup("default"); ok {
		t.def = &text
	}
	t.aliases, t.explicit = words(f.Tag.Get("alias")), words(f.Tag.Get("env"))
	t.deprecated, t.desc = f.Tag.Get("deprecated"), f.Tag.Get("desc")
	t.limits, t.kind = readConstraints(f.Tag), f.Tag.Get("kind")
	yamlName, yamlOptions, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	for option := range strings.SplitSeq(yamlOptions, ",") {
		t.inline = t.inline || option == "inline"
	}
	cfg := f.Tag.Get("cfg")
	if !f.IsExported() && !f.Anonymous {
		t.skip = true
		if cfg == "-" {
			return t, nil
		}
		for _, key := range []string{"cfg", "default", "kind", "env", "alias"} {
			if _, ok := f.Tag.Lookup(key); ok {
				return t, fmt.Errorf("field %s has the tag %s but is not exported", f.Name, key)
			}
		}
		return t, nil
	}
	for _, name := range t.explicit {
		if strings.Contains(name, "=") || slices.Contains(otherEnvOptions, name) {
			return t, fmt.Errorf("field %s: %q in its env tag is not a variable; an env tag lists names only", f.Name, name)
		}
	}
	name, options, hasOptions := strings.Cut(cfg, ",")
	if hasOptions {
		for option := range strings.SplitSeq(options, ",") {
			if option != "optional" {
				return t, fmt.Errorf("field %s: unknown option %q in its cfg tag", f.Name, option)
			}
			t.optional = true
		}
	}
	if name == "" {
		name = yamlName
	}
	t.skip = name == "-"
	t.named = name != ""
	if !t.named {
		name = naming.Snake(f.Name)
	}
	t.name = name
	return t, nil
}

// otherEnvOptions are options that env tags of other packages contain besides a name. If they were
// read as variables, they would never be set, and the user would get no error.
var otherEnvOptions = []string{"required", "notEmpty", "unset", "file", "expand", "init", "noinit", "overwrite", "decodeunset"}

// words splits a tag at commas and spaces.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// VariableName converts a name to the form used in variables: upper case, with _ for characters
// that variables cannot contain.
func VariableName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' {
			return unicode.ToUpper(r)
		}
		return '_'
	}, name)
}
