package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/ageplugin"
)

// rotate is sops rotate and sops -r: a new data key, for those who can read the
// file now, and for those whom the flags add or take away.
func (r *sopsRun) rotate(ctx context.Context) error {
	if len(r.rest) == 0 || r.rest[0] == "-" {
		return sopsError(sopsNoFile, "no file specified")
	}
	if err := r.oneFile(); err != nil {
		return err
	}
	missing := sopsNoRead
	if r.on("rotate") { // the old form looks for the file first
		missing = sopsNoFile
	}
	for _, name := range strings.Fields(changeFlags) {
		if r.str(name) != "" {
			missing = sopsNoSuchForKeys
		}
	}
	f, err := r.file(missing)
	if err != nil {
		return err
	}
	opened, err := r.openFile(ctx, f)
	if err != nil {
		return err
	}
	if err := f.sameType(); err != nil {
		return err
	}
	meta := opened.Sealed().Metadata()
	to, err := r.rotatedRecipients(f, meta)
	if err != nil {
		return err
	}
	s, err := opened.Rotate(ctx, meta.Rules, to)
	if err != nil {
		return f.sealing(err)
	}
	if err := r.keepsWriter(ctx, f.Target, s); err != nil {
		return err
	}
	return r.write(ctx, f, s.Bytes(), opened.Sealed().Bytes(), false)
}

// rotatedRecipients are those of the file, with the changes that flags ask for.
func (r *sopsRun) rotatedRecipients(f *sopsFile, meta *envfile.Metadata) (envfile.Recipients, error) {
	none := envfile.Recipients{}
	added, err := r.givenRecipients("add-")
	if err != nil {
		return none, err
	}
	removed, err := r.givenRecipients("rm-")
	if err != nil {
		return none, err
	}
	known, err := r.noStrangers(f, meta, added, removed)
	if err != nil {
		return none, err
	}
	groups := make([][]*keys.Stanza, len(meta.Groups))
	for i, stanzas := range meta.Groups {
		for _, s := range stanzas {
			if !names(removed, s) {
				groups[i] = append(groups[i], asNamed(known, s))
			}
		}
		slices.SortStableFunc(groups[i], bySopsType)
	}
	// sops adds to the first key group, and removes last.
	for _, m := range added {
		s := &keys.Stanza{Type: m.Type, Fields: m.Fields}
		if !names(removed, s) && !names([]environments.Member{m}, meta.Groups[0]...) {
			groups[0] = append(groups[0], s)
		}
	}
	to := envfile.Recipients{Threshold: meta.Threshold}
	for _, stanzas := range groups {
		var group []keys.Recipient
		for _, s := range stanzas {
			recipient, err := cli.RecipientOf(s)
			if err != nil {
				return none, f.At(fmt.Errorf("%s recipient %s: %w", s.Type, keys.Name(s), err))
			}
			group = append(group, recipient)
		}
		to.Groups = append(to.Groups, group)
	}
	return r.log.Wrapping(to, groups), nil
}

// noStrangers looks at whom the new data key would be given to. The metadata of a
// file is not authenticated: whoever can write it may have added somebody, and
// sops would hand them the key. So nobody stays whom the rule does not name, if
// there is one; and no service is asked that stands in the file only. It returns
// those whom the rule and the flags name.
func (r *sopsRun) noStrangers(f *sopsFile, meta *envfile.Metadata, added, removed []environments.Member) ([]environments.Member, error) {
	if _, _, err := f.Rule(); errors.Is(err, environments.ErrOutside) {
		return nil, err // somebody meant a policy to hold here
	}
	if err := r.WarnRules(f.Target, meta); err != nil {
		return nil, err
	}
	policy, rule, _, err := f.CompareRules(meta)
	if err != nil {
		return nil, err
	}
	named := slices.Clone(added)
	if rule != nil {
		named = append(named, slices.Concat(rule.Groups...)...)
	}
	var strangers, unchecked []string
	for _, s := range meta.Stanzas() {
		who := cli.Label(policy, keys.Name(s))
		switch {
		case names(removed, s), names(named, s):
		case rule != nil:
			strangers = append(strangers, who)
		case s.Type != keys.AgeType && s.Type != "pgp", ofPlugin(s):
			if err := r.Permit(f.Target)(s); err != nil {
				return nil, f.At(err)
			}
			unchecked = append(unchecked, who)
		default:
			unchecked = append(unchecked, who)
		}
	}
	if len(unchecked) > 0 {
		r.Warn("%s: no rule of a .sops.yaml says who may read it: whomever the file names gets the new data key (%s)", f.Shown, cli.JoinNames(unchecked))
	}
	if rule != nil && len(meta.Groups)+len(rule.Groups) > 2 && !cli.SameGroups(rule, meta) {
		return nil, cli.WithHint(fmt.Errorf("%s: its key groups are not those of .sops.yaml: the new data key would be divided as the file says", f.Shown),
			"bring the file in line with .sops.yaml: sops updatekeys")
	}
	if len(strangers) > 0 {
		return nil, cli.WithHint(fmt.Errorf("%s: the file names %s, whom .sops.yaml does not: they would get the new data key", f.Shown, cli.JoinNames(strangers)),
			"add them to .sops.yaml, or bring the file in line with it: sops updatekeys")
	}
	return named, nil
}

// asNamed is the key of a stanza in the words of those who name it. The file's own,
// for which nobody vouches, count only where nobody does.
func asNamed(members []environments.Member, s *keys.Stanza) *keys.Stanza {
	for _, m := range members {
		if cli.IsFor(s, m) {
			return &keys.Stanza{Type: m.Type, Fields: m.Fields}
		}
	}
	return s
}

// names reports whether one of the stanzas is for one of the members.
func names(members []environments.Member, stanzas ...*keys.Stanza) bool {
	return slices.ContainsFunc(members, func(m environments.Member) bool {
		return slices.ContainsFunc(stanzas, func(s *keys.Stanza) bool { return cli.IsFor(s, m) })
	})
}

// ofPlugin reports whether to wrap for a recipient starts a program that it names.
func ofPlugin(s *keys.Stanza) bool {
	r, err := cli.RecipientOf(s)
	return err == nil && ageplugin.Starts(r)
}

// keepsWriter refuses a change after which its author could not open the file.
func (r *sopsRun) keepsWriter(ctx context.Context, t *cli.Target, s *envfile.Sealed) error {
	ids, err := r.IdentitiesFor(ctx, t)
	if err != nil {
		return err
	}
	err = s.Unwraps(ctx, ids...)
	var groups *envfile.GroupsError
	switch explained := cli.GroupsHint(err); {
	case err == nil:
		return nil
	case explained != "" && errors.As(err, &groups):
		return cli.WithHint(sopsError(sopsGeneric, "%s: you would lock yourself out: %s", t.Shown, groups.Summary()), "%s", explained)
	}
	return sopsError(sopsGeneric, "%s: you would lock yourself out: none of your identities could decrypt it", t.Shown)
}
