package environments

import (
	"errors"
	"fmt"
)

// PolicyName is the only file name of a policy. sops uses the same name.
const PolicyName = ".sops.yaml"

// policyMisname is the name that people write by mistake. sops does not read it.
const policyMisname = ".sops.yml"

var (
	// ErrNoPolicy reports that no .sops.yaml applies to a file.
	ErrNoPolicy = errors.New("no " + PolicyName)
	// ErrOutside reports that a .sops.yaml is not used because it is outside the git
	// repository of the file. It comes with [ErrNoPolicy] if no other was found.
	ErrOutside = errors.New("is outside the git repository")
	// ErrForeign reports that a .sops.yaml belongs to another user, in a directory
	// that every user can write to, such as /tmp.
	ErrForeign = errors.New("belongs to another user, in a directory where every user can create files")
	// ErrPolicyName reports that there is a .sops.yml instead of a .sops.yaml. It
	// comes together with [ErrNoPolicy].
	ErrPolicyName = errors.New("a policy must be named " + PolicyName)
	// ErrNoRule reports that a policy has no creation rule for a file.
	ErrNoRule = errors.New("no creation rule matches")
)

// A PolicyError is a problem in a .sops.yaml or a sealcfg.yaml, with its position.
// A broken file has one for each problem, joined; use [errors.As] to get the first.
type PolicyError struct {
	Path         string // of the file
	Line, Column int    // from 1, columns in characters; 0 if not known
	Reason       string
	err          error
}

func (e *PolicyError) Error() string {
	switch {
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.Path, e.Reason)
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Reason)
}

// Unwrap returns the error of the parser if the file is not YAML, or nil.
func (e *PolicyError) Unwrap() error { return e.err }
