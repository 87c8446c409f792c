package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// accepted describes a file that fails authentication and is encrypted again on request.
// It names fields, and holds no value.
type accepted struct {
	MAC         bool        `json:"mac_matches"`
	Binding     bool        `json:"binding_matches"`
	Verified    []fieldName `json:"verified,omitempty"`    // encrypted, and each authenticates
	Unencrypted []fieldName `json:"unencrypted,omitempty"` // only the MAC or the binding could verify them
	Added       []fieldName `json:"added,omitempty"`       // unencrypted, where the rules of the file encrypt
	Lost        []fieldName `json:"lost,omitempty"`        // they do not authenticate
	LostRemarks []int       `json:"lost_comments,omitempty"`
}

// rescue recovers as much of a file as possible.
func (a *app) rescue(ctx context.Context, t *target, s *envfile.Sealed) (*envfile.Rescue, *accepted, error) {
	ids, err := a.identitiesFor(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	expecting, err := a.expecting(t, s)
	if err != nil {
		return nil, nil, err
	}
	r, err := expecting.Rescue(ctx, ids...)
	if err != nil {
		return nil, nil, t.at(err)
	}
	several := len(r.Roots()) > 1
	return r, &accepted{
		MAC: r.MAC == nil, Binding: r.Binding == nil && s.Metadata().HasBinding(),
		Verified: fieldNames(r.Verified, several), Unencrypted: fieldNames(r.Unencrypted, several),
		Added: fieldNames(r.Added, several), Lost: fieldNames(r.Lost, several), LostRemarks: r.LostComments,
	}, nil
}

// String lists the fields in one line for each degree of verification.
func (f *accepted) String() string {
	text := "the MAC does not match"
	switch {
	case f.MAC && len(f.Added) > 0:
		text = "the MAC matches without the added values"
	case f.MAC:
		text = "the MAC matches"
	}
	if !f.Binding {
		text += ", and no binding authenticates names, structure and recipients"
	}
	list := func(what string, names []fieldName) {
		if len(names) > 0 {
			text += fmt.Sprintf("\n  %s: %s", what, strings.Join(fieldTexts(names), ", "))
		}
	}
	list("encrypted, and each value authenticates", f.Verified)
	if f.MAC {
		list("unencrypted", f.Unencrypted)
	} else {
		list("unencrypted, cannot be verified", f.Unencrypted)
	}
	list("unencrypted although the rules encrypt, will be encrypted", f.Added)
	list("lost, will be removed", f.Lost)
	if n := len(f.LostRemarks); n > 0 {
		text += fmt.Sprintf("\n  %s, will be replaced", countOf(n, "lost comment", "lost comments"))
	}
	return text
}

// planRescue plans to encrypt a file again that fails authentication with the error
// cause. --accept-unbound accepts failures of the binding only.
func (o *rekeyOptions) planRescue(ctx context.Context, p *rekeyPlan, s *envfile.Sealed, to envfile.Recipients, cause error) error {
	r, report, err := o.app.rescue(ctx, p.t, s)
	if err != nil {
		return err
	}
	if cause != nil && !o.acceptMAC && (r.MAC != nil || len(r.Lost)+len(r.Added)+len(r.LostComments) > 0) {
		return cause
	}
	if n := len(r.Lost); n > 0 && !o.drop {
		return withHint(fmt.Errorf("%s: %s cannot be recovered: %s%w", p.t.shown, countOf(n, "value", "values"), joinFields(report.Lost), silent(envfile.ErrIntegrity)),
			"to take an older version of the file, see: git log -p -- %s\nto remove the lost values, run: sealcfg rekey --accept-mac --drop %s", shellWord(p.t.shown), p.t.name)
	}
	p.Accepted, p.key = report, r.DataKey()
	location, err := p.t.location()
	if err != nil {
		return err
	}
	if !location.Fits(r.Location()) {
		p.Moved = r.Location()
	}
	if p.Rules != "" {
		encrypts, decrypts, err := r.Reselect(p.rules)
		if err != nil {
			return p.t.at(err)
		}
		several := len(r.Roots()) > 1
		p.Encrypts, p.Decrypts = fieldNames(encrypts, several), fieldNames(decrypts, several)
	}
	nobody, err := throwAway()
	if err != nil {
		return err
	}
	if _, err := r.Rotate(ctx, p.rules, nobody); err != nil {
		return p.t.at(err)
	}
	return o.proven(ctx, p, to)
}

// encryptAdded encrypts values that were added to an encrypted file by hand. It returns
// false if the file has no such values.
func (a *app) encryptAdded(ctx context.Context, t *target, src []byte, yes bool) (done bool, err error) {
	if _, encrypted := envfile.Detect(t.path, src); !encrypted {
		return false, nil
	}
	s, err := envfile.ParseSealed(t.format, src)
	if err != nil {
		return false, nil // the caller reports why it cannot be encrypted
	}
	_, err = a.openSealed(ctx, t, s)
	if !errors.Is(err, envfile.ErrUnencrypted) {
		return false, nil
	}
	r, report, err := a.rescue(ctx, t, s)
	if err != nil {
		return false, err
	}
	if !r.Authentic() {
		return false, withHint(fmt.Errorf("%s: %s unencrypted, and the rest of the file does not authenticate%w", t.shown, areNames(fieldTexts(report.Added)), silent(envfile.ErrIntegrity)),
			"review the change: git log -p -- %s\nto list the recoverable values and accept the file, run: sealcfg rekey --accept-mac %s", shellWord(t.shown), t.name)
	}
	if !yes {
		if !a.interactive() {
			return false, withHint(usagef("%s: encrypt asks before it encrypts %s, and there is no terminal to ask on", t.shown, joinFields(report.Added)),
				"if you added this, run: sealcfg encrypt --yes %s", t.name)
		}
		if err := a.confirm(ctx, fmt.Sprintf("%s: encrypt %s?", cleanName(t.shown), joinFields(report.Added))); err != nil {
			return false, err
		}
	}
	result, err := r.EncryptAdded()
	if err != nil {
		return false, t.at(err)
	}
	if err := a.save(ctx, t, result, s); err != nil {
		return false, err
	}
	a.say("encrypted %s in %s; git may keep the unencrypted text, so rotate it where it was issued", joinFields(report.Added), t.shown)
	return true, nil
}
