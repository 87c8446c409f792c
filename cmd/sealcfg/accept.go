package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
)

// accepted describes a file that fails authentication and is encrypted again on request.
// It names fields and contains no values.
type accepted struct {
	MAC         bool            `json:"mac_matches"`
	Binding     bool            `json:"binding_matches"`
	Verified    []cli.FieldName `json:"verified,omitempty"`    // encrypted, and each authenticates
	Unencrypted []cli.FieldName `json:"unencrypted,omitempty"` // only the MAC or the binding could verify them
	Added       []cli.FieldName `json:"added,omitempty"`       // unencrypted, where the rules of the file encrypt
	Lost        []cli.FieldName `json:"lost,omitempty"`        // they do not authenticate
	LostRemarks []int           `json:"lost_comments,omitempty"`
}

// rescue recovers as much of a file as possible.
func rescue(ctx context.Context, a *cli.App, t *cli.Target, s *envfile.Sealed) (*envfile.Rescue, *accepted, error) {
	ids, err := a.IdentitiesFor(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	expecting, err := a.Expecting(t, s)
	if err != nil {
		return nil, nil, err
	}
	r, err := expecting.Rescue(ctx, ids...)
	if err != nil {
		return nil, nil, t.At(err)
	}
	several := len(r.Roots()) > 1
	return r, &accepted{
		MAC: r.MAC == nil, Binding: r.Binding == nil && s.Metadata().HasBinding(),
		Verified: cli.FieldNames(r.Verified, several), Unencrypted: cli.FieldNames(r.Unencrypted, several),
		Added: cli.FieldNames(r.Added, several), Lost: cli.FieldNames(r.Lost, several), LostRemarks: r.LostComments,
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
	list := func(what string, names []cli.FieldName) {
		if len(names) > 0 {
			text += fmt.Sprintf("\n  %s: %s", what, strings.Join(cli.FieldTexts(names), ", "))
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
		text += fmt.Sprintf("\n  %s, will be replaced", cli.Count(n, "lost comment", "lost comments"))
	}
	return text
}

// planRescue plans to encrypt a file again that fails authentication with the error
// cause. --accept-unbound accepts failures of the binding only.
func (o *rekeyOptions) planRescue(ctx context.Context, p *rekeyPlan, s *envfile.Sealed, to envfile.Recipients, cause error) error {
	r, report, err := rescue(ctx, o.app, p.t, s)
	if err != nil {
		return err
	}
	if cause != nil && !o.acceptMAC && (r.MAC != nil || len(r.Lost)+len(r.Added)+len(r.LostComments) > 0) {
		return cause
	}
	if n := len(r.Lost); n > 0 && !o.drop {
		return cli.WithHint(fmt.Errorf("%s: %s cannot be recovered: %s%w", p.t.Shown, cli.Count(n, "value", "values"), cli.JoinFields(report.Lost), cli.Silent(envfile.ErrIntegrity)),
			"to take an older version of the file, see: git log -p -- %s\nto remove the lost values, run: sealcfg rekey --accept-mac --drop %s", cli.ShellWord(p.t.Shown), p.t.Name)
	}
	p.Accepted, p.key = report, r.DataKey()
	location, err := p.t.Location()
	if err != nil {
		return err
	}
	if !location.Fits(r.Location()) {
		p.Moved = r.Location()
	}
	if p.Rules != "" {
		encrypts, decrypts, err := r.Reselect(p.rules)
		if err != nil {
			return p.t.At(err)
		}
		several := len(r.Roots()) > 1
		p.Encrypts, p.Decrypts = cli.FieldNames(encrypts, several), cli.FieldNames(decrypts, several)
	}
	nobody, err := throwAway()
	if err != nil {
		return err
	}
	if _, err := r.Rotate(ctx, p.rules, nobody); err != nil {
		return p.t.At(err)
	}
	return o.proven(ctx, p, to)
}

// encryptAdded encrypts values that were added to an encrypted file by hand. It returns
// false if the file has no such values.
func encryptAdded(ctx context.Context, a *cli.App, t *cli.Target, src []byte, yes bool) (done bool, err error) {
	if _, encrypted := envfile.Detect(t.Path, src); !encrypted {
		return false, nil
	}
	s, err := envfile.ParseSealed(t.Format, src)
	if err != nil {
		return false, nil // the caller reports why it cannot be encrypted
	}
	_, err = a.OpenSealed(ctx, t, s)
	if !errors.Is(err, envfile.ErrUnencrypted) {
		return false, nil
	}
	r, report, err := rescue(ctx, a, t, s)
	if err != nil {
		return false, err
	}
	if !r.Authentic() {
		return false, cli.WithHint(fmt.Errorf("%s: %s unencrypted, and the rest of the file does not authenticate%w", t.Shown, cli.AreNames(cli.FieldTexts(report.Added)), cli.Silent(envfile.ErrIntegrity)),
			"to list the recoverable values and accept the file, run: sealcfg rekey --accept-mac %s\nif you did not change the file, find the change: git log -p -- %s", t.Name, cli.ShellWord(t.Shown))
	}
	if !yes {
		if !a.Interactive() {
			return false, cli.WithHint(cli.Usagef("%s: encrypt requires a confirmation for %s, and there is no terminal", t.Shown, cli.JoinFields(report.Added)),
				"if you added this, run: sealcfg encrypt --yes %s", t.Name)
		}
		if err := a.Confirm(ctx, fmt.Sprintf("%s: encrypt %s?", cli.CleanName(t.Shown), cli.JoinFields(report.Added))); err != nil {
			return false, err
		}
	}
	result, err := r.EncryptAdded()
	if err != nil {
		return false, t.At(err)
	}
	if err := a.Save(ctx, t, result, s); err != nil {
		return false, err
	}
	a.Say("encrypted %s in %s; git may keep the unencrypted text, so rotate it where it was issued", cli.JoinFields(report.Added), t.Shown)
	return true, nil
}
