package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
)

// PolicyRules are the rules of a creation rule that differ from the rules of a file. While
// the file keeps its rules, they decide which new values must be encrypted.
type PolicyRules struct {
	rules envfile.Rules
	where string // position of the creation rule
}

// KeepRulesFlag adds --keep-rules to a command.
func KeepRulesFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "keep-rules", false, "keep the selectors of the file where they differ from .sops.yaml")
}

// CheckPolicy compares a file with its policy before it is written. It returns the
// rules of the policy if they differ. It warns of different recipients, which an edit
// does not change.
func (a *App) CheckPolicy(ctx context.Context, t *Target, opened *envfile.Opened) (*PolicyRules, error) {
	meta := opened.Sealed().Metadata()
	policy, rule, other, err := t.CompareRules(meta)
	if err != nil || rule == nil {
		return nil, err
	}
	if other != nil {
		if err := a.acceptRules(ctx, t, opened, other); err != nil {
			return nil, err
		}
	}
	gain, lose := RecipientChanges(policy, rule, meta)
	if len(gain)+len(lose) > 0 {
		a.Warn("%s: the recipients differ from .sops.yaml (%s); to update the file, run: sealcfg rekey %s",
			t.Shown, describeDifference(gain, lose), t.Name)
	}
	if !SameGroups(rule, meta) {
		a.Warn("%s: the key groups differ from .sops.yaml (%s); to update the file, run: sealcfg rekey %s", t.Shown, DescribeGroups(rule), t.Name)
	}
	return other, nil
}

// CompareRules returns the creation rule of a file, nil without one, and the rules of the
// creation rule if they differ from the rules of the file.
func (t *Target) CompareRules(meta *envfile.Metadata) (*environments.Policy, *environments.Rule, *PolicyRules, error) {
	policy, rule, err := t.Rule()
	switch {
	case errors.Is(err, environments.ErrNoPolicy), errors.Is(err, environments.ErrNoRule):
		return nil, nil, nil, nil
	case err != nil:
		return nil, nil, nil, err
	}
	rules := rule.Rules.For(t.Format)
	if rules == meta.Rules {
		return policy, rule, nil, nil
	}
	return policy, rule, &PolicyRules{rules, ruleAt(rule)}, nil
}

// ruleAt is the position of a creation rule.
func ruleAt(rule *environments.Rule) string {
	if rule.Line == 0 {
		return Shown(rule.Policy)
	}
	return Shown(rule.Policy) + ":" + strconv.Itoa(rule.Line)
}

// WarnRules warns if the rules of a file differ from its policy. It is for commands that
// do not write new values.
func (a *App) WarnRules(t *Target, meta *envfile.Metadata) error {
	_, _, other, err := t.CompareRules(meta)
	if other != nil {
		a.Warn("%s: the rules of the file (%s) differ from %s (%s); the file keeps its rules", t.Shown, meta.Rules, other.where, other.rules)
	}
	return err
}

// acceptRules returns nil if the rules of the file may be used: its binding authenticates
// them, or the user accepts them.
func (a *App) acceptRules(ctx context.Context, t *Target, opened *envfile.Opened, other *PolicyRules) error {
	own := opened.Sealed().Metadata().Rules
	differ := fmt.Sprintf("%s: the rules of the file (%s) differ from %s (%s)", t.Shown, own, other.where, other.rules)
	switch {
	case opened.Bound():
		a.Say("note: %s; the file keeps its rules", differ)
		return nil
	case t.KeepRules:
		a.Warn("%s, and the file has no binding that authenticates its rules; it keeps them", differ)
		return nil
	case !a.Interactive():
		return WithHint(Usagef("%s, and the file has no binding that authenticates its rules", differ),
			"if the rules of the file are right, add: --keep-rules\nto see which values the other rules would change, run: sealcfg rekey --dry-run %s", t.Name)
	}
	a.Say("%s; without a binding, anyone with write access could have set the rules of the file", differ)
	if err := a.Confirm(ctx, "keep the rules of the file?"); err != nil {
		return err
	}
	t.KeepRules = true
	return nil
}

// Guard fails if a changed document would have values in the file unencrypted that the
// policy encrypts, unless they are in the file unencrypted already.
func (a *App) Guard(t *Target, opened *envfile.Opened, after *envfile.Document, other *PolicyRules) error {
	if other == nil {
		return nil
	}
	added, changed, err := opened.Exposed(after, other.rules)
	if err != nil {
		return t.At(err)
	}
	several := len(after.Roots()) > 1
	if len(added) > 0 {
		return WithHint(fmt.Errorf("%s: %s would be written unencrypted, but %s encrypts it (%s)", t.Shown, JoinFields(FieldNames(added, several)), other.where, other.rules),
			"use a field that the rules of the file encrypt (%s)\nto see which values the other rules would change, run: sealcfg rekey --dry-run %s", opened.Sealed().Metadata().Rules, t.Name)
	}
	if len(changed) > 0 {
		a.Say("note: %s: %s stays unencrypted, although %s encrypts it", t.Shown, JoinFields(FieldNames(changed, several)), other.where)
	}
	return nil
}
