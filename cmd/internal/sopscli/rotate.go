package sopscli

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

// rotate implements sops rotate and sops -r. The file gets a new data key. Flags can add
// and remove recipients.
func (r *invocation) rotate(ctx context.Context) error {
	if len(r.rest) == 0 || r.rest[0] == "-" {
		return errorf(codeNoFile, "no file specified")
	}
	if err := r.oneFile(); err != nil {
		return err
	}
	missing := codeNoRead
	if r.on("rotate") { // with -r, sops looks for the file first
		missing = codeNoFile
	}
	for _, name := range strings.Fields(changeFlags()) {
		if r.str(name) != "" {
			missing = codeNoFileForKeys
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
		return f.encryptError(err)
	}
	if err := r.keepsWriter(ctx, f.Target, s); err != nil {
		return err
	}
	return r.write(ctx, f, s.Bytes(), opened.Sealed().Bytes(), false)
}

// rotatedRecipients returns the recipients of the file with the changes from flags.
func (r *invocation) rotatedRecipients(f *inputFile, meta *envfile.Metadata) (envfile.Recipients, error) {
	none := envfile.Recipients{}
	added, err := r.givenRecipients("add-")
	if err != nil {
		return none, err
	}
	removed, err := r.givenRecipients("rm-")
	if err != nil {
		return none, err
	}
	known, err := r.rejectUnlisted(f, meta, added, removed)
	if err != nil {
		return none, err
	}
	groups := make([][]*keys.Stanza, len(meta.Groups))
	for i, stanzas := range meta.Groups {
		for _, s := range stanzas {
			if !hasMember(removed, s) {
				groups[i] = append(groups[i], trustedKey(known, s))
			}
		}
		slices.SortStableFunc(groups[i], bySopsType)
	}
	// sops adds to the first key group, and removes last.
	for _, m := range added {
		s := &keys.Stanza{Type: m.Type, Fields: m.Fields}
		if !hasMember(removed, s) && !hasMember([]environments.Member{m}, meta.Groups[0]...) {
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

// rejectUnlisted returns an error if the new data key would be wrapped for a recipient
// that only the file lists. The metadata of a file is not authenticated: anyone with
// write access can add a recipient, and sops would wrap the new key for it. Without a
// creation rule, rejectUnlisted warns, and rejects only key services and plugins that
// are not permitted. It returns the recipients in the rule and in the flags.
func (r *invocation) rejectUnlisted(f *inputFile, meta *envfile.Metadata, added, removed []environments.Member) ([]environments.Member, error) {
	if _, _, err := f.Rule(); errors.Is(err, environments.ErrOutside) {
		return nil, err // a policy outside of the repository may be meant for this file
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
	var unlisted, unchecked []string
	for _, s := range meta.Stanzas() {
		name := cli.Label(policy, keys.Name(s))
		switch {
		case hasMember(removed, s), hasMember(named, s):
		case rule != nil:
			unlisted = append(unlisted, name)
		case !isLocal(s), usesPlugin(s):
			if err := r.Permit(f.Target)(s); err != nil {
				return nil, f.At(err)
			}
			unchecked = append(unchecked, name)
		default:
			unchecked = append(unchecked, name)
		}
	}
	if len(unchecked) > 0 {
		r.Warn("%s: every recipient in the file gets the new data key, because no creation rule applies to the file: %s", f.Shown, cli.JoinNames(unchecked))
	}
	if rule != nil && len(meta.Groups)+len(rule.Groups) > 2 && !cli.SameGroups(rule, meta) {
		return nil, cli.WithHint(fmt.Errorf("%s: the key groups of the file differ from .sops.yaml, and rotate would keep them", f.Shown),
			"apply .sops.yaml first: %s updatekeys %s", programName(), cli.ShellWord(f.Shown))
	}
	if len(unlisted) > 0 {
		return nil, cli.WithHint(fmt.Errorf("%s: rotate would give the new data key to %s, in the file but not in .sops.yaml", f.Shown, cli.JoinNames(unlisted)),
			"to remove them from the file, run: %s updatekeys %s\nto keep them, add them to .sops.yaml", programName(), cli.ShellWord(f.Shown))
	}
	return named, nil
}

// trustedKey returns the key of a stanza with the fields from members. If members do not
// include the key, it returns the stanza, whose fields are not authenticated.
func trustedKey(members []environments.Member, s *keys.Stanza) *keys.Stanza {
	for _, m := range members {
		if cli.IsFor(s, m) {
			return &keys.Stanza{Type: m.Type, Fields: m.Fields}
		}
	}
	return s
}

// hasMember reports whether one of the stanzas is for one of the members.
func hasMember(members []environments.Member, stanzas ...*keys.Stanza) bool {
	return slices.ContainsFunc(members, func(m environments.Member) bool {
		return slices.ContainsFunc(stanzas, func(s *keys.Stanza) bool { return cli.IsFor(s, m) })
	})
}

// usesPlugin reports whether wrapping for a recipient starts an age plugin.
func usesPlugin(s *keys.Stanza) bool {
	r, err := cli.RecipientOf(s)
	return err == nil && ageplugin.Starts(r)
}

// keepsWriter rejects a change after which the user could not decrypt the file.
func (r *invocation) keepsWriter(ctx context.Context, t *cli.Target, s *envfile.Sealed) error {
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
		return cli.WithHint(errorf(codeGeneric, "%s: you would lock yourself out: %s", t.Shown, groups.Summary()), "%s", explained)
	}
	return errorf(codeGeneric, "%s: you would lock yourself out: none of your identities could decrypt it", t.Shown)
}

// isLocal reports whether the key of a stanza is used without contacting a host.
func isLocal(s *keys.Stanza) bool {
	kind, _ := keys.KindOf(s.Type)
	return kind.Local
}
