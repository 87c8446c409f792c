package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// SealNew encrypts a document for a new file.
func SealNew(ctx context.Context, t *Target, rule *environments.Rule, d *envfile.Document) (*envfile.Sealed, error) {
	to, err := rule.Recipients(keys.Default)
	if err != nil {
		return nil, err
	}
	location, err := t.Location()
	if err != nil {
		return nil, err
	}
	indent := rule.MetadataIndent
	if d.Format() == envfile.Binary {
		indent = rule.BinaryIndent
	}
	if t.Log != nil {
		to = t.Log.Wrapping(to, memberStanzas(rule.Groups))
	}
	s, _, err := envfile.Seal(ctx, d.WithMetadataIndent(indent).WithLocation(location.String()), rule.Rules, to)
	return s, err
}

// CanOpen returns an error if the identities cannot decrypt s, which was just encrypted,
// or cannot be read.
func (a *App) CanOpen(ctx context.Context, t *Target, s *envfile.Sealed) error {
	ids, err := a.IdentitiesFor(ctx, t)
	if err != nil {
		return err
	}
	if m := s.Metadata(); len(m.Groups) == 1 && WrappedFor(m, ProvenRecipients(ids)) {
		return nil
	}
	return s.Unwraps(ctx, ids...)
}

// LockedOut returns an error if the user cannot decrypt s, given the error of CanOpen. It
// names the recipients, and why each key service failed.
func (a *App) LockedOut(t *Target, policy *environments.Policy, s *envfile.Sealed, err error, hint string) error {
	var none *keys.NoIdentityError
	if !errors.As(err, &none) {
		return fmt.Errorf("cannot check whether you can decrypt %s: %w", t.Shown, err)
	}
	if broken := a.BrokenHint(err); broken != "" {
		hint = strings.TrimSuffix(broken+"\n"+hint, "\n")
	}
	var groups *envfile.GroupsError
	if explained := GroupsHint(err); explained != "" && errors.As(err, &groups) {
		return WithHint(fmt.Errorf("you cannot decrypt %s: %s%s", t.Shown, groups.Summary(), Reasons(err)), "%s", explained)
	}
	return WithHint(fmt.Errorf("you cannot decrypt %s: it is encrypted for %s only%s", t.Shown, JoinNames(RecipientNames(policy, s.Metadata())), Reasons(err)), "%s", hint)
}

// WarnValues warns of values that lose their notation by encryption, and of values that
// other programs read differently.
func (a *App) WarnValues(t *Target, d *envfile.Document, rules envfile.Rules) error {
	warnings, err := d.Warnings(rules)
	for _, w := range warnings {
		a.Warn("%s:%d:%d: %s: %s", t.Shown, w.Line, w.Column, CleanName(w.Path), w.Reason)
	}
	return err
}

// WarnNoneSealed warns if a rule encrypts no value of a file that has values. The rule may
// misspell a name, or select by comments in a format without comments.
func (a *App) WarnNoneSealed(t *Target, d *envfile.Document, s *envfile.Sealed) {
	if SealedCount(s) > 0 {
		return
	}
	for _, root := range d.Roots() {
		for _, n := range root.Leaves() {
			if n.Kind == envfile.Value && n.Text != "" {
				a.Warn("%s: no value is encrypted under the rule: %s", t.Shown, s.Metadata().Rules)
				return
			}
		}
	}
}

// WarnOpaque warns if a file with fields becomes one encrypted value only because of its
// file name.
func (a *App) WarnOpaque(t *Target, src []byte) {
	if t.Format != envfile.Binary || !t.Detect {
		return
	}
	if like, _ := envfile.Guess(src); like != envfile.Binary {
		a.Warn("%s: the whole file becomes one encrypted value, because its name has no known extension; it looks like %s\n"+
			"to encrypt its fields instead, add: --input-type %[2]s", t.Shown, like.Name())
	}
}
