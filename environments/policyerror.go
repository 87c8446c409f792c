package environments

import (
	"errors"
	"fmt"
)

// PolicyName is the only name under which a policy is found. It is that of sops.
const PolicyName = ".sops.yaml"

// policyMisname is the name that people write by mistake. sops does not read it.
const policyMisname = ".sops.yml"

var (
	// ErrNoPolicy says that no .sops.yaml governs a file.
	ErrNoPolicy = errors.New("no " + PolicyName)
	// ErrOutside says that a .sops.yaml is not obeyed, for it lies outside of the git
	// repository of the file. It comes with [ErrNoPolicy] if no other was found.
	ErrOutside = errors.New("lies outside of the git repository")
	// ErrForeign says that a .sops.yaml belongs to somebody else, in a folder where
	// everybody can put files, such as /tmp.
	ErrForeign = errors.New("belongs to another user, in a folder where everybody can put files")
	// ErrPolicyName says that there is a .sops.yml where a .sops.yaml was looked
	// for. It comes together with [ErrNoPolicy].
	ErrPolicyName = errors.New("a policy must be called " + PolicyName)
	// ErrNoRule says that a policy has no creation rule for a file.
	ErrNoRule = errors.New("no creation rule matches")
)

// A PolicyError says what is wrong in a .sops.yaml or a sealcfg.yaml, and where. A broken file has
// one for each problem, joined; use [errors.As] to get the first.
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

// Unwrap returns the error of the parser if the text is not YAML, else nil.
func (e *PolicyError) Unwrap() error { return e.err }
