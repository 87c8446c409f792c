package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// sealNew seals a document for a file that does not exist sealed yet.
func sealNew(ctx context.Context, t *target, rule *environments.Rule, d *envfile.Document) (*envfile.Sealed, error) {
	to, err := rule.Recipients(keys.Default)
	if err != nil {
		return nil, err
	}
	location, err := t.location()
	if err != nil {
		return nil, err
	}
	indent := rule.MetadataIndent
	if d.Format() == envfile.Binary {
		indent = rule.BinaryIndent
	}
	if t.log != nil {
		to = t.log.wrapping(to, memberStanzas(rule.Groups))
	}
	s, _, err := envfile.Seal(ctx, d.WithMetadataIndent(indent).WithLocation(location.String()), rule.Rules, to)
	return s, err
}

// canOpen fails if the user is not among those for whom a file has just been
// sealed, also if identities cannot be read.
func (a *app) canOpen(ctx context.Context, t *target, s *envfile.Sealed) error {
	ids, err := a.identitiesFor(ctx, t)
	if err != nil {
		return err
	}
	if m := s.Metadata(); len(m.Groups) == 1 && wrappedFor(m, provenRecipients(ids)) {
		return nil
	}
	return s.Unwraps(ctx, ids...)
}

// lockedOut returns an error for a user who cannot decrypt s, given the error of
// canOpen. It names the recipients, and why each key service failed.
func (a *app) lockedOut(t *target, policy *environments.Policy, s *envfile.Sealed, err error, hint string) error {
	var none *keys.NoIdentityError
	if !errors.As(err, &none) {
		return fmt.Errorf("cannot check whether you can decrypt %s: %w", t.shown, err)
	}
	if broken := a.brokenHint(err); broken != "" {
		hint = strings.TrimSuffix(broken+"\n"+hint, "\n")
	}
	var groups *envfile.GroupsError
	if explained := groupsHint(err); explained != "" && errors.As(err, &groups) {
		return withHint(fmt.Errorf("you cannot decrypt %s: %s%s", t.shown, groups.Summary(), reasons(err)), "%s", explained)
	}
	return withHint(fmt.Errorf("you cannot decrypt %s: it is encrypted for %s only%s", t.shown, joinNames(readers(policy, s.Metadata())), reasons(err)), "%s", hint)
}

// warnTraps names the values whose spelling does not survive sealing, or that
// are probably not what their author thinks.
func (a *app) warnTraps(t *target, d *envfile.Document, rules envfile.Rules) error {
	traps, err := d.Traps(rules)
	for _, trap := range traps {
		a.warn("%s:%d:%d: %s: %s", t.shown, trap.Line, trap.Column, cleanName(trap.Path), trap.Reason)
	}
	return err
}

// warnNoneSealed tells of a rule that seals nothing in a file that has values: a
// misspelt name in it, or one that looks at comments for a format without any.
func (a *app) warnNoneSealed(t *target, d *envfile.Document, s *envfile.Sealed) {
	if sealedCount(s) > 0 {
		return
	}
	for _, root := range d.Roots() {
		for _, n := range root.Leaves() {
			if n.Kind == envfile.Value && n.Text != "" {
				a.warn("%s: no value of it is sealed: the rule is %s", t.shown, s.Metadata().Rules)
				return
			}
		}
	}
}

// warnOpaque warns that text with fields becomes one encrypted value, only because
// of the name of its file.
func (a *app) warnOpaque(t *target, src []byte) {
	if t.format != envfile.Binary || !t.detect {
		return
	}
	if like, _ := envfile.Guess(src); like != envfile.Binary {
		a.warn("%s: the whole file becomes one encrypted value, because its name has no known extension; it looks like %s\n"+
			"to encrypt its fields instead, add: --input-type %[2]s", t.shown, like.Name())
	}
}
