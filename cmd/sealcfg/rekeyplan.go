package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/ageplugin"
)

// A rekeyPlan describes the change of one file. There may be thousands, so it holds
// no part of the file.
type rekeyPlan struct {
	t      *cli.Target
	rule   *environments.Rule
	rules  envfile.Rules // that the new file will have
	key    crypto.DataKey
	digest [sha256.Size]byte // of the file
	bound  bool              // the file has a binding

	File     string          `json:"file"`
	Gains    []string        `json:"gains"`
	Loses    []string        `json:"loses"`
	Rules    string          `json:"rules,omitempty"`      // new rules, if they change
	Encrypts []cli.FieldName `json:"encrypts,omitempty"`   // unencrypted values that the new rules encrypt
	Decrypts []cli.FieldName `json:"decrypts,omitempty"`   // encrypted values that the new rules leave unencrypted
	Groups   string          `json:"key_groups,omitempty"` // new key groups, if they change
	Moved    string          `json:"moved_from,omitempty"` // the location it was encrypted for, if it is another one now
	Unbound  bool            `json:"unbound,omitempty"`    // it lacks the binding that sealcfg.yaml requires
	Accepted *accepted       `json:"accepted,omitempty"`   // the file fails authentication
	Shut     bool            `json:"not_opened,omitempty"` // in a dry run: there is no key for it
	NewKey   bool            `json:"new_data_key"`
	Written  bool            `json:"written"`
}

// plan decrypts a file and returns its change, nil if it needs none.
func (o *rekeyOptions) plan(ctx context.Context, t *cli.Target, s *envfile.Sealed) (*rekeyPlan, error) {
	a := o.app
	policy, rule, err := t.Rule()
	if err != nil {
		return nil, err
	}
	p := &rekeyPlan{t: t, rule: rule, digest: sha256.Sum256(s.Bytes()), bound: s.Metadata().HasBinding(),
		File: t.Shown, NewKey: !o.keepDataKey, Gains: []string{}, Loses: []string{}}
	gain, lose := cli.RecipientChanges(policy, rule, s.Metadata())
	p.Gains, p.Loses = append(p.Gains, gain...), append(p.Loses, lose...)
	p.rules = s.Metadata().Rules
	if rules := rule.Rules.For(t.Format); rules != p.rules && !o.keepRules {
		p.Rules, p.rules = rules.String(), rules
	}
	if !cli.SameGroups(rule, s.Metadata()) {
		p.Groups = cli.DescribeGroups(rule)
	}
	if o.keepDataKey && p.Rules != "" {
		return nil, cli.WithHint(fmt.Errorf("%s: .sops.yaml encrypts other values than the file does (%s)", t.Shown, p.Rules),
			"to keep the rules of the file, add: --keep-rules\nto see which values the other rules would change, run: sealcfg rekey --dry-run %s", t.Name)
	}
	must, err := a.MustBeBound(t)
	if err != nil {
		return nil, err
	}
	p.Unbound = must && !s.Metadata().HasBinding()
	if o.keepDataKey && !p.differs() {
		return nil, nil
	}
	to, err := rule.Recipients(keys.Default)
	if err != nil {
		return nil, err
	}
	opened, err := a.OpenSealed(ctx, t, s)
	if errors.Is(err, envfile.ErrIntegrity) && (o.acceptMAC || o.unbound) || err == nil && p.Unbound && o.unbound {
		return p, o.planRescue(ctx, p, s, to, err)
	}
	var none *keys.NoIdentityError
	if o.dryRun && errors.As(err, &none) && !errors.Is(err, keys.ErrPassphrase) {
		p.Shut = true // the metadata is all that can be compared
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	p.key = opened.DataKey()
	location, err := t.Location()
	if err != nil {
		return nil, err
	}
	if !location.Fits(opened.Location()) {
		p.Moved = opened.Location()
	}
	if p.Rules != "" {
		encrypts, decrypts, err := opened.Reselect(p.rules)
		if err != nil {
			return nil, t.At(err)
		}
		several := len(opened.Roots()) > 1
		p.Encrypts, p.Decrypts = cli.FieldNames(encrypts, several), cli.FieldNames(decrypts, several)
	}
	if o.dryRun {
		return p, nil
	}
	return p, o.try(ctx, p, opened, to)
}

// try checks that a file can be encrypted again, and that the user can decrypt the result.
// It contacts a key service once per creation rule, and not per file.
func (o *rekeyOptions) try(ctx context.Context, p *rekeyPlan, opened *envfile.Opened, to envfile.Recipients) error {
	// With the same rules, only a failure of a key service prevents the encryption.
	if !o.keepDataKey && (p.Rules != "" || o.allOrNothing) {
		nobody, err := throwAway()
		if err != nil {
			return err
		}
		if _, err := opened.Rotate(ctx, p.rules, nobody); err != nil {
			return p.t.At(err)
		}
	}
	return o.proven(ctx, p, to)
}

// proven fails if the user could not decrypt the new file.
func (o *rekeyOptions) proven(ctx context.Context, p *rekeyPlan, to envfile.Recipients) error {
	proof, _ := o.proofs.LoadOrStore(p.rule, sync.OnceValue(func() error { return o.prove(ctx, p.t, p.rule, to) }))
	return lockedOutOf(o.app, p.t, p.rule, proof.(func() error)())
}

// throwAway returns a recipient without an identity, for trials.
var throwAway = sync.OnceValues(func() (envfile.Recipients, error) {
	_, recipient, err := newIdentity(false)
	if err != nil {
		return envfile.Recipients{}, err
	}
	r, err := cli.RecipientOf(&keys.Stanza{Type: keys.AgeType, Fields: []keys.Field{{Name: "recipient", Value: recipient}}})
	return envfile.Recipients{Groups: [][]keys.Recipient{{r}}}, err
})

// prove fails if a data key cannot be wrapped for the recipients of a creation rule, or
// if the user could not unwrap it.
func (o *rekeyOptions) prove(ctx context.Context, t *cli.Target, rule *environments.Rule, to envfile.Recipients) error {
	ids, err := o.app.IdentitiesFor(ctx, t)
	if err != nil {
		return err
	}
	own := cli.ProvenRecipients(ids)
	isOwn := func(m environments.Member) bool {
		return cli.IsOneOf(keys.Name(&keys.Stanza{Type: m.Type, Fields: m.Fields}), own)
	}
	for _, r := range slices.Concat(to.Groups...) {
		if ageplugin.Starts(r) { // it may prompt for each file
			return nil
		}
	}
	usesService := func(m environments.Member) bool { return m.Type != keys.AgeType }
	if group := rule.Groups[0]; len(rule.Groups) == 1 && slices.ContainsFunc(group, isOwn) && !slices.ContainsFunc(group, usesService) {
		return nil
	}
	d, err := envfile.Parse(envfile.Binary, []byte("a"))
	if err != nil {
		return err
	}
	s, _, err := envfile.Seal(ctx, d, envfile.Rules{}, to)
	if err != nil {
		return err
	}
	return s.Unwraps(ctx, ids...)
}

// String describes the change in one line, without the file's name.
func (p *rekeyPlan) String() string {
	var parts []string
	if len(p.Gains) > 0 {
		parts = append(parts, cli.JoinNames(p.Gains)+" "+cli.Verb(p.Gains, "gains", "gain")+" access")
	}
	if len(p.Loses) > 0 {
		parts = append(parts, cli.JoinNames(p.Loses)+" "+cli.Verb(p.Loses, "loses", "lose")+" access")
	}
	if len(parts) == 0 {
		parts = append(parts, "same recipients")
	}
	if p.Rules != "" {
		parts = append(parts, "new rules ("+p.Rules+")")
	}
	if len(p.Encrypts) > 0 {
		parts = append(parts, "encrypts "+cli.JoinFields(p.Encrypts))
	}
	if len(p.Decrypts) > 0 {
		parts = append(parts, "leaves "+cli.JoinFields(p.Decrypts)+" unencrypted")
	}
	if p.Groups != "" {
		parts = append(parts, p.Groups)
	}
	if p.Moved != "" {
		parts = append(parts, "was encrypted as "+p.Moved)
	}
	if p.Unbound {
		parts = append(parts, "lacks the binding that "+environments.ConfigName+" requires")
	}
	if p.NewKey {
		parts = append(parts, "new data key")
	}
	return cli.CleanName(strings.Join(parts, ", "))
}

// differs reports whether the file differs from .sops.yaml.
func (p *rekeyPlan) differs() bool {
	return p.Accepted != nil || len(p.Gains)+len(p.Loses) > 0 || p.Rules != "" || p.Groups != "" || p.Moved != "" || p.Unbound
}
