package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

const (
	recipientArgument = "-r"
	// envRecipients names age recipients, with commas, as for sops.
	envRecipients = "SOPS_AGE_RECIPIENTS"
)

// AddRecipientFlag adds -r to a command that makes an encrypted file.
func AddRecipientFlag(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVarP(to, "recipient", "r", nil,
		"encrypt for this age or SSH `RECIPIENT`, where no .sops.yaml covers the file; can be repeated (also: $"+envRecipients+")")
}

// givenRecipients are the recipients that the user names for a new file. They are used if
// no policy covers the file. If one does, they must be in its creation rule.
type givenRecipients struct {
	members []environments.Member
	from    string // the flag or the variable
}

// NamedRecipients returns the recipients of the flags or, without flags, of the variable.
func (a *App) NamedRecipients(flags []string) (givenRecipients, error) {
	g := givenRecipients{from: recipientArgument}
	text := strings.Join(flags, ",")
	if len(flags) == 0 {
		g.from, text = "$"+envRecipients, a.Env(envRecipients)
	}
	g.members = environments.RecipientFlags{Lists: map[string]string{keys.AgeType: text}}.Members()
	if err := CheckGiven(g.from, g.members); err != nil {
		return givenRecipients{}, Usage(err)
	}
	if len(flags) > 0 && len(g.members) == 0 {
		return givenRecipients{}, Usagef("-r: no recipient")
	}
	return g, nil
}

// FindRule returns target.ruled for a new file.
func (g givenRecipients) FindRule(t *Target) func() (*environments.Policy, *environments.Rule, error) {
	return func() (*environments.Policy, *environments.Rule, error) {
		policy, rule, err := t.App.Finder.Rule(t.Path)
		switch {
		case err == nil:
			return policy, rule, g.within(policy, rule)
		case !errors.Is(err, environments.ErrNoPolicy) && !(errors.Is(err, environments.ErrNoRule) && !policy.HasRules()):
			return policy, nil, err
		case len(g.members) == 0 && errors.Is(err, environments.ErrNoPolicy):
			return nil, nil, WithHint(err, "%s\nor name recipients: -r RECIPIENT, or $%s", t.App.Hint(err), envRecipients)
		case len(g.members) == 0:
			return policy, nil, err
		}
		indent := envfile.DefaultIndent
		if policy != nil {
			indent = policy.Indent(envfile.YAML)
		}
		return policy, &environments.Rule{
			Policy: g.from, Groups: [][]environments.Member{g.members}, Rules: envfile.Rules{}.Normal(), MetadataIndent: max(0, indent),
		}, nil
	}
}

// within rejects recipients that a rule does not name.
func (g givenRecipients) within(policy *environments.Policy, rule *environments.Rule) error {
	var others []string
	for _, m := range g.members {
		if !slices.ContainsFunc(slices.Concat(rule.Groups...), func(of environments.Member) bool { return sameMember(m, of) }) {
			others = append(others, Label(policy, m.Recipient))
		}
	}
	if len(others) == 0 {
		return nil
	}
	where := fmt.Sprintf("%s:%d", Shown(policy.Path), rule.Line)
	hint := "leave out -r"
	if g.from != recipientArgument {
		hint = "unset " + envRecipients
	}
	return WithHint(Usagef("%s names %s, but the rule at %s does not", g.from, JoinNames(others), where),
		"%s; or add the recipient to %s", hint, where)
}

func sameMember(a, b environments.Member) bool {
	return IsFor(&keys.Stanza{Type: a.Type, Fields: a.Fields}, b)
}

// NoteGiven reports that the recipients come from the user and not from a policy.
func (a *App) NoteGiven(t *Target, rule *environments.Rule) {
	if rule.Policy != recipientArgument && rule.Policy != "$"+envRecipients {
		return
	}
	var names []string
	for _, m := range slices.Concat(rule.Groups...) {
		names = append(names, m.Recipient)
	}
	a.Say("note: no .sops.yaml covers %s: encrypted for %s, from %s", t.Shown, JoinNames(names), rule.Policy)
}

// AddYourself returns the hint to add the user's recipient.
func AddYourself(rule *environments.Rule) string {
	if rule.Policy == recipientArgument || rule.Policy == "$"+envRecipients {
		return "add your recipient to " + rule.Policy + "; to print it, run: sealcfg key show"
	}
	return "add your recipient to .sops.yaml; to print it, run: sealcfg key show"
}

// malformed reports whether a recipient does not have the form of its type. The recipients
// of key services are not parsed otherwise before they are used.
func malformed(m environments.Member) bool {
	if kind, _ := keys.KindOf(m.Type); kind.WellFormed != nil {
		return !kind.WellFormed(m.Recipient)
	}
	return m.Fields == nil
}

// CheckGiven rejects malformed recipients of a flag or variable, which from names. Its
// value may be a private key, so the error does not quote it.
func CheckGiven(from string, members []environments.Member) error {
	for i, m := range members {
		var err error
		if malformed(m) {
			err = errors.New("malformed")
		} else {
			_, err = RecipientOf(&keys.Stanza{Type: m.Type, Fields: m.Fields})
		}
		var missing *keys.MissingKindError
		var unknown *keys.UnknownTypeError
		switch {
		case keys.IsAgeSecret(m.Recipient):
			return WithHint(fmt.Errorf("%s holds a private key, expected a recipient", from), "print your recipient: sealcfg key show")
		case err == nil:
		case errors.As(err, &missing), errors.As(err, &unknown):
			return fmt.Errorf("%s: %w", from, err)
		default:
			return fmt.Errorf("%s: malformed %s recipient (number %d of %d)", from, m.Type, i+1, len(members))
		}
	}
	return nil
}

func RecipientOf(s *keys.Stanza) (keys.Recipient, error) {
	p, err := keys.Default.Provider(s.Type)
	if err != nil {
		return nil, err
	}
	return p.StanzaRecipient(s)
}
