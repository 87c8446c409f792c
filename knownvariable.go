package sealcfg

import (
	"strings"

	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
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
	f := &tree.Flaw{Kind: tree.KindUnknown, Reason: "no setting has this name"}
	if guess, near := closest.Of(strings.ToUpper(name), r.plan.Variables()); near {
		f.Hint = "did you mean " + strings.ToLower(guess) + "?"
	}
	r.unknown(f.Problem("", r.origin(at)))
	return false, nil
}
