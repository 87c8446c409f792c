package sealcfg

import (
	"strings"

	"github.com/sealcfg/sealcfg/internal/closest"
)

// KnownVariable reports whether a setting is named like a variable, as
// [Reading.SetVariable] reads it: a source asks before it fetches what nobody
// needs. Of a name that no setting has, the user is warned; with [Strict], it is a
// problem. The error says that the name fits two settings.
func (r *Reading) KnownVariable(name string, at Origin) (bool, error) {
	known, err := r.known(name)
	if known || err != nil {
		return known, err
	}
	f := &flaw{kind: KindUnknown, reason: "no setting has this name"}
	if guess, near := closest.Of(strings.ToUpper(name), r.plan.variables()); near {
		f.hint = "did you mean " + strings.ToLower(guess) + "?"
	}
	r.unknown(f.problem("", r.origin(at)))
	return false, nil
}
