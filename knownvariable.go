package sealcfg

import (
	"strings"

	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// KnownVariable reports whether a setting has the name, in the form of
// [Reading.SetVariable]. A source calls it to fetch only values that are needed. If no
// setting has the name, KnownVariable adds a warning or, with [Strict], a problem, with the
// origin at. It returns an error if the name matches two settings.
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
