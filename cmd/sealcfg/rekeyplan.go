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

// rekeyPlan is what will happen to one file.
type rekeyPlan struct {
	t      *target
	old    *envfile.Sealed
	opened *envfile.Opened
	rule   *environments.Rule
	to     envfile.Recipients
	result *envfile.Sealed

	File    string   `json:"file"`
	Gains   []string `json:"gains"`
	Loses   []string `json:"loses"`
	Rules   string   `json:"rules,omitempty"`      // new rules, if they change
	Groups  string   `json:"key_groups,omitempty"` // new key groups, if they change
	Moved   string   `json:"moved_from,omitempty"` // the place it was sealed for, if it is another now
	Unbound bool     `json:"unbound,omitempty"`    // it lacks the binding that sealcfg.yaml demands
	Shut    bool     `json:"not_opened,omitempty"` // in a dry run: there is no key for it
	NewKey  bool     `json:"new_data_key"`
	Written bool     `json:"written"`
}

// plan reads and opens one file and says what would change. It returns nil for
// a file that there is nothing to do with.
func (o *rekeyOptions) plan(ctx context.Context, t *target) (*rekeyPlan, error) {
	a := o.app
	policy, rule, err := t.rule()
	if err != nil {
		return nil, err
	}
	s, err := t.read(ctx)
	if errors.Is(err, envfile.ErrNotSealed) && strings.HasSuffix(t.name, ".local") {
		a.warn("%s is plain text; left as it is", t.shown)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &rekeyPlan{t: t, old: s, rule: rule, File: t.shown, NewKey: !o.keepDataKey, Gains: []string{}, Loses: []string{}}
	gain, lose := difference(policy, rule, s.Metadata())
	p.Gains, p.Loses = append(p.Gains, gain...), append(p.Loses, lose...)
	if rules := rule.Rules.For(t.format); rules != s.Metadata().Rules {
		p.Rules = rules.String()
	}
	if !sameGroups(rule, s.Metadata()) {
		p.Groups = describeGroups(rule)
	}
	if o.keepDataKey {
		if p.Rules != "" {
			return nil, withHint(fmt.Errorf("%s: .sops.yaml seals other values than the file (%s)", t.shown, p.Rules),
				"values have to be sealed again: rekey without --keep-data-key")
		}
	}
	must, err := a.mustBeBound(t)
	if err != nil {
		return nil, err
	}
	p.Unbound = must && !s.Metadata().HasBinding()
	if o.keepDataKey && !p.differs() {
		return nil, nil
	}
	if p.to, err = rule.Recipients(keys.Default); err != nil {
		return nil, err
	}
	location, err := t.location()
	if err != nil {
		return nil, err
	}
	p.opened, err = a.openSealed(ctx, t, s)
	var none *keys.NoIdentityError
	switch {
	case err == nil && !location.Fits(p.opened.Place()):
		p.Moved = p.opened.Place()
	case o.dryRun && errors.As(err, &none) && !errors.Is(err, keys.ErrPassphrase):
		p.Shut, err = true, nil // what the file says of itself is all there is to compare
	}
	return p, err
}

// String says in one line what will happen to the file.
func (p *rekeyPlan) String() string {
	var parts []string
	if len(p.Gains) > 0 {
		parts = append(parts, joinNames(p.Gains)+" "+verb(p.Gains, "gains", "gain")+" access")
	}
	if len(p.Loses) > 0 {
		parts = append(parts, joinNames(p.Loses)+" "+verb(p.Loses, "loses", "lose")+" access")
	}
	if len(parts) == 0 {
		parts = append(parts, "same people")
	}
	if p.Rules != "" {
		parts = append(parts, "new rules ("+p.Rules+")")
	}
	if p.Groups != "" {
		parts = append(parts, p.Groups)
	}
	if p.Moved != "" {
		parts = append(parts, "was sealed as "+p.Moved)
	}
	if p.Unbound {
		parts = append(parts, "without the binding that "+environments.ConfigName+" demands")
	}
	if p.NewKey {
		parts = append(parts, "new data key")
	}
	return p.File + ": " + strings.Join(parts, ", ")
}

func verb(names []string, one, many string) string {
	if len(names) == 1 {
		return one
	}
	return many
}

// differs reports whether the file is not what .sops.yaml says.
func (p *rekeyPlan) differs() bool {
	return len(p.Gains)+len(p.Loses) > 0 || p.Rules != "" || p.Groups != "" || p.Moved != "" || p.Unbound
}
