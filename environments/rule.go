package environments

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// A Rule is a creation rule of a policy: its selectors and the recipients of the
// files. Rules are read-only and safe for concurrent use.
type Rule struct {
	Policy       string // path of the policy
	Line, Column int    // position of the rule in the policy, from 1; 0 without a policy
	PathRegex    string // "" matches every path

	// Rules has the default selector filled in if the policy names none.
	Rules envfile.Rules
	// Threshold is the number of key groups that are needed to decrypt a file. If
	// the policy does not set it, it is 0 and all groups are needed.
	Threshold int
	// Groups are the key groups, at least one, each without duplicates and in
	// the order of sops. A group may be empty.
	Groups [][]Member

	// MetadataIndent is the indentation of one level of the metadata in new YAML
	// files, or 0 if the policy does not set it (stores.yaml.indent).
	MetadataIndent int
	// BinaryIndent is the indentation of one level in new files that are encrypted
	// as one value, less than 1 for tabs (stores.json_binary.indent).
	BinaryIndent int

	path     func() *regexp.Regexp // compiled when a path is matched, nil without
	problems []*PolicyError        // that make the rule unusable
	ignored  *PolicyError          // recipients next to key_groups, which sops ignores
}

// matches reports whether the rule is for a path relative to the policy's directory.
func (r *Rule) matches(path string) bool { return r.path == nil || r.path().MatchString(path) }

// Recipients parses the members of the rule with the providers of reg. It fails
// with an error for each member that is malformed or of a type without a
// provider (a [*keys.UnknownTypeError]), with [envfile.ErrNoRecipients] for a
// group without members, and with a [*PolicyError] for recipients next to key_groups,
// which sops ignores. sops allows a rule without members, for recipients from its
// command line.
func (r *Rule) Recipients(reg *keys.Registry) (envfile.Recipients, error) {
	to := envfile.Recipients{Threshold: r.Quorum()}
	var errs []error
	if r.ignored != nil {
		errs = append(errs, r.ignored)
	}
	for i, members := range r.Groups {
		if len(members) == 0 {
			errs = append(errs, r.emptyGroup(i))
		}
		group := make([]keys.Recipient, 0, len(members))
		for _, m := range members {
			recipient, err := m.recipient(reg)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %s recipient %s: %w", whereIn(r.Policy, m.Line), m.Type, m.Label(), err))
				continue
			}
			group = append(group, recipient)
		}
		to.Groups = append(to.Groups, group)
	}
	if len(errs) > 0 {
		return envfile.Recipients{}, errors.Join(errs...)
	}
	return to, nil
}

// Quorum returns the threshold that sops writes for the rule. With several groups, the
// default is all of them. With one group it has no effect, but sops keeps it.
func (r *Rule) Quorum() int {
	if r.Threshold == 0 && len(r.Groups) > 1 {
		return len(r.Groups)
	}
	return r.Threshold
}

func (r *Rule) emptyGroup(i int) error {
	if len(r.Groups) == 1 {
		return fmt.Errorf("%s: creation rule: %w", whereIn(r.Policy, r.Line), envfile.ErrNoRecipients)
	}
	return fmt.Errorf("%s: key group %d of the creation rule: %w", whereIn(r.Policy, r.Line), i+1, envfile.ErrNoRecipients)
}

// whereIn formats a position in a policy. Without a line it returns policy alone,
// which may also be the name of a flag.
func whereIn(policy string, line int) string {
	if line == 0 {
		return policy
	}
	return fmt.Sprintf("%s:%d", policy, line)
}
