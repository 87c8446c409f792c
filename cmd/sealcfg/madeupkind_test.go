package main

import (
	"os"
	"regexp"
	"strings"

	"github.com/sealcfg/sealcfg/keys"
)

// madeUpForm is safe:PLACE/NUMBER.
var madeUpForm = regexp.MustCompile(`^safe:([a-z0-9-]+)/([0-9]+)$`)

// init adds a kind of keys if a script asks for it (madeupkind.txtar): the script proves
// that a kind needs no code except its entry.
func init() {
	if os.Getenv("SEALCFG_TEST_MADE_UP_KIND") == "" {
		return
	}
	format := func(fields []keys.Field) string {
		s := &keys.Stanza{Fields: fields}
		return "safe:" + s.Field("where") + "/" + s.Field("number")
	}
	keys.AddKind(keys.Kind{
		Name: "madeup", Title: "the safe", Import: "example.com/safe",
		Fields: []string{"where", "number"}, Reach: []string{"where", "number"},
		RuleKey: "made_up", GroupKey: "made_up_keys",
		Entry: []keys.EntryField{{Key: "place", Field: "where", Required: true}, {Key: "number", Field: "number", Required: true}},
		Parse: func(text string) (string, []keys.Field) {
			p := madeUpForm.FindStringSubmatch(text)
			if p == nil {
				return text, nil
			}
			return text, []keys.Field{{Name: "where", Value: p[1]}, {Name: "number", Value: p[2]}}
		},
		Format:    format,
		Recognize: func(text string) bool { return strings.HasPrefix(text, "safe:") && madeUpForm.MatchString(text) },
		Flag:      keys.FlagOfKind{Name: "made-up", Variable: "MADE_UP_SAFES", Keys: "safes"},
		ReadOrder: 8, FlagOrder: 8,
		Log: keys.LogOfKind{Name: "SAFE", Success: "succeeded", Fields: func(s *keys.Stanza, _ string) []keys.Field {
			return s.Fields
		}},
		Hint: "open the denied safe with your hands",
	})
}
