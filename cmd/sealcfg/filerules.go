package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
)

// otherRules are the rules of a creation rule that differ from the rules of a file.
// While the file keeps its own, they decide which values must not be unencrypted.
type otherRules struct {
	rules envfile.Rules
	where string // position of the creation rule
}

// keepRulesFlag adds --keep-rules to a command.
func keepRulesFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "keep-rules", false, "keep the selectors of the file where they differ from .sops.yaml")
}

// checkPolicy compares a file with its policy before it is written. It returns the
// rules of the policy if they differ. It warns of different recipients, which an edit
// does not change.
func (a *app) checkPolicy(ctx context.Context, t *target, opened *envfile.Opened) (*otherRules, error) {
	meta := opened.Sealed().Metadata()
	policy, rule, other, err := t.compareRules(meta)
	if err != nil || rule == nil {
		return nil, err
	}
	if other != nil {
		if err := a.acceptRules(ctx, t, opened, other); err != nil {
			return nil, err
		}
	}
	gain, lose := difference(policy, rule, meta)
	if len(gain)+len(lose) > 0 {
		a.warn("%s: .sops.yaml names other people than the file (%s); sealcfg rekey %s brings it in line",
			t.shown, describeDifference(gain, lose), t.name)
	}
	if !sameGroups(rule, meta) {
		a.warn("%s: its key groups are not those of .sops.yaml (%s); sealcfg rekey %s brings it in line", t.shown, describeGroups(rule), t.name)
	}
	return other, nil
}

// compareRules returns the creation rule of a file, nil if there is none, and its rules
// if they differ from those of the file.
func (t *target) compareRules(meta *envfile.Metadata) (*environments.Policy, *environments.Rule, *otherRules, error) {
	policy, rule, err := t.rule()
	switch {
	case errors.Is(err, environments.ErrNoPolicy), errors.Is(err, environments.ErrNoRule):
		return nil, nil, nil, nil
	case err != nil:
		return nil, nil, nil, err
	}
	rules := rule.Rules.For(t.format)
	if rules == meta.Rules {
		return policy, rule, nil, nil
	}
	return policy, rule, &otherRules{rules, ruleAt(rule)}, nil
}

// ruleAt is the position of a creation rule.
func ruleAt(rule *environments.Rule) string {
	if rule.Line == 0 {
		return shown(rule.Policy)
	}
	return shown(rule.Policy) + ":" + strconv.Itoa(rule.Line)
}

// warnRules warns of a file whose rules differ from its policy, for commands that write
// no new value.
func (a *app) warnRules(t *target, meta *envfile.Metadata) error {
	_, _, other, err := t.compareRules(meta)
	if other != nil {
		a.warn("%s: the rules of the file (%s) differ from %s (%s); the file keeps its rules", t.shown, meta.Rules, other.where, other.rules)
	}
	return err
}

// acceptRules makes sure that the rules of a file count: its binding authenticates
// them, or the user accepts them.
func (a *app) acceptRules(ctx context.Context, t *target, opened *envfile.Opened, other *otherRules) error {
	own := opened.Sealed().Metadata().Rules
	differ := fmt.Sprintf("%s: the rules of the file (%s) differ from %s (%s)", t.shown, own, other.where, other.rules)
	switch {
	case opened.Bound():
		a.say("note: %s; the file keeps its rules", differ)
		return nil
	case t.keepRules:
		a.warn("%s, and the file has no binding that authenticates its rules; it keeps them", differ)
		return nil
	case !a.interactive():
		return withHint(usagef("%s, and the file has no binding that authenticates its rules", differ),
			"if the rules of the file are right, add: --keep-rules\nto see which values the other rules would change, run: sealcfg rekey --dry-run %s", t.name)
	}
	a.say("%s; without a binding, anyone with write access could have set the rules of the file", differ)
	if err := a.confirm(ctx, "keep the rules of the file?"); err != nil {
		return err
	}
	t.keepRules = true
	return nil
}

// guard fails if a changed document would have values in the file unencrypted that the
// policy encrypts, unless they are in the file unencrypted already.
func (a *app) guard(t *target, opened *envfile.Opened, after *envfile.Document, other *otherRules) error {
	if other == nil {
		return nil
	}
	added, changed, err := opened.Exposed(after, other.rules)
	if err != nil {
		return t.at(err)
	}
	several := len(after.Roots()) > 1
	if len(added) > 0 {
		return withHint(fmt.Errorf("%s: %s would be written unencrypted, but %s encrypts it (%s)", t.shown, joinFields(fieldNames(added, several)), other.where, other.rules),
			"use a field that the rules of the file encrypt (%s)\nto see which values the other rules would change, run: sealcfg rekey --dry-run %s", opened.Sealed().Metadata().Rules, t.name)
	}
	if len(changed) > 0 {
		a.say("note: %s: %s stays unencrypted, although %s encrypts it", t.shown, joinFields(fieldNames(changed, several)), other.where)
	}
	return nil
}
