package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// Label returns the name of a recipient in the policy or, without a name, the shortened
// recipient.
func Label(policy *environments.Policy, recipient string) string {
	return labelOf(policy, []string{recipient})
}

// labelOf is Label for a recipient with several spellings, such as a key ARN and an alias.
func labelOf(policy *environments.Policy, names []string) string {
	name, key := nameOf(policy, names), short(names[0])
	switch {
	case name == "" && policy != nil && policy.CountNamed(key) > 0:
		return strconv.Quote(key) // a name of another recipient
	case name == "":
		return key
	}
	return distinct(policy, name, key)
}

// distinct returns a name that cannot be mistaken for another recipient. The key is added
// to a name that several recipients have, that has other characters than printable ASCII,
// or that looks like a key.
func distinct(policy *environments.Policy, name, key string) string {
	plain := !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
	if plain && policy.CountNamed(name) < 2 && !strings.HasPrefix(name, "age1") {
		return name
	}
	return name + " (" + key + ")"
}

// nameOf returns the name of a recipient in the policy, or "". The recipient may have
// several spellings.
func nameOf(policy *environments.Policy, names []string) string {
	if policy != nil {
		for _, n := range names {
			if name := policy.NameOf(n); name != "" {
				return name
			}
		}
	}
	return ""
}

// short shortens a long key to one line with both ends, which is enough to distinguish
// keys.
func short(recipient string) string {
	recipient = CleanName(recipient)
	if strings.HasPrefix(recipient, "ssh-") {
		return shortSSH(recipient)
	}
	if len(recipient) <= 24 || strings.ContainsAny(recipient, " /:") {
		return recipient
	}
	return recipient[:12] + "..." + recipient[len(recipient)-6:]
}

// shortSSH keeps the type of an SSH key, its comment, and its end, which differs between
// keys of one type.
func shortSSH(recipient string) string {
	words := strings.Fields(recipient)
	if len(words) > 1 {
		if key := strings.TrimRight(words[1], "="); len(key) > 12 {
			words[1] = "..." + key[len(key)-6:]
		}
	}
	return strings.Join(words, " ")
}

// RecipientNames lists the recipients of a file by name.
func RecipientNames(policy *environments.Policy, meta *envfile.Metadata) []string {
	var names []string
	for _, s := range meta.Stanzas() {
		names = append(names, labelOf(policy, keys.Names(s)))
	}
	return names
}

// DescribeRecipients lists the recipients of a file by name, and how many key groups are
// needed to decrypt it.
func DescribeRecipients(policy *environments.Policy, meta *envfile.Metadata) string {
	names := JoinNames(RecipientNames(policy, meta))
	if len(meta.Groups) < 2 {
		return names
	}
	if meta.Threshold == len(meta.Groups) && len(meta.Stanzas()) == len(meta.Groups) { // one key in each
		names += " together"
	}
	return fmt.Sprintf("%s (%d of %d key groups)", names, meta.Threshold, len(meta.Groups))
}

// GroupsHint returns the hint for a user with keys of too few key groups, "" for other
// errors. Most users who write two dashes expect that either key is enough.
func GroupsHint(err error) string {
	var groups *envfile.GroupsError
	if !errors.As(err, &groups) || groups.Opened == 0 {
		return ""
	}
	return "each dash under key_groups in .sops.yaml starts a group, and a key of every group is needed; if one key should be enough, put all keys under one dash"
}

// RecipientChanges returns the names of the recipients that a file would gain and lose
// under its creation rule.
func RecipientChanges(policy *environments.Policy, rule *environments.Rule, meta *envfile.Metadata) (gain, lose []string) {
	stanzas := meta.Stanzas()
	members := slices.Concat(rule.Groups...)
	for _, m := range members {
		if !slices.ContainsFunc(stanzas, func(s *keys.Stanza) bool { return IsFor(s, m) }) {
			who := short(m.Recipient)
			if m.Name != "" {
				who = distinct(policy, m.Name, who)
			}
			gain = append(gain, who)
		}
	}
	for _, s := range stanzas {
		if !slices.ContainsFunc(members, func(m environments.Member) bool { return IsFor(s, m) }) {
			lose = append(lose, labelOf(policy, keys.Names(s)))
		}
	}
	return slices.Compact(gain), slices.Compact(lose)
}

// IsFor reports whether a stanza was made for a member of a rule. The comment of an SSH
// key is not compared.
func IsFor(s *keys.Stanza, m environments.Member) bool {
	if s.Type != m.Type {
		return false
	}
	name := keys.Name(&keys.Stanza{Type: m.Type, Fields: m.Fields})
	return slices.Contains(keys.Names(s), name) || s.Type == keys.AgeType && keys.SameAgeRecipient(keys.Name(s), name)
}

// SameGroups reports whether a file and its creation rule have the same key groups and
// threshold. If both have one group, it does not compare recipients.
func SameGroups(rule *environments.Rule, meta *envfile.Metadata) bool {
	if len(rule.Groups) != len(meta.Groups) || rule.Quorum() != meta.Threshold && len(meta.Groups) > 1 {
		return false
	}
	if len(rule.Groups) == 1 {
		return true // RecipientChanges compares the recipients
	}
	for i, group := range rule.Groups {
		if len(group) != len(meta.Groups[i]) {
			return false
		}
		for _, m := range group {
			if !slices.ContainsFunc(meta.Groups[i], func(s *keys.Stanza) bool { return IsFor(s, m) }) {
				return false
			}
		}
	}
	return true
}

func DescribeGroups(rule *environments.Rule) string {
	if len(rule.Groups) == 1 {
		return "key groups removed"
	}
	return fmt.Sprintf("%d of %d key groups needed", rule.Quorum(), len(rule.Groups))
}

func describeDifference(gain, lose []string) string {
	var parts []string
	if len(gain) > 0 {
		parts = append(parts, "not yet in the file: "+strings.Join(gain, ", "))
	}
	if len(lose) > 0 {
		parts = append(parts, "not in .sops.yaml: "+strings.Join(lose, ", "))
	}
	return strings.Join(parts, "; ")
}

// WarnKeepsDataKey warns that recipients who lose access keep the data key. command makes
// a new data key.
func (a *App) WarnKeepsDataKey(leavers []string, command string) {
	slices.Sort(leavers)
	if leavers = slices.Compact(leavers); len(leavers) > 0 {
		a.Warn("%s %s the data key and can read later versions; %s makes a new data key",
			JoinNames(leavers), Verb(leavers, "keeps", "keep"), command)
	}
}

// OwnRecipients lists the recipients of the identities that are known without a
// passphrase.
func OwnRecipients(ids []keys.Identity) []string {
	return append([]string{}, keys.Recipients(ids...)...)
}

// ProvenRecipients lists the recipients that are derived from the identities themselves,
// and not from a .pub file, which may be stale.
func ProvenRecipients(ids []keys.Identity) []string {
	return OwnRecipients(slices.DeleteFunc(slices.Clone(ids), func(id keys.Identity) bool {
		c, ok := id.(keys.Claimer)
		return ok && c.Claimed()
	}))
}

// IsOneOf reports whether a recipient is in a list.
func IsOneOf(recipient string, others []string) bool {
	return slices.ContainsFunc(others, func(o string) bool { return keys.SameAgeRecipient(o, recipient) })
}

// WrappedFor reports whether one of the recipients has a stanza.
func WrappedFor(meta *envfile.Metadata, recipients []string) bool {
	return slices.ContainsFunc(meta.Stanzas(), func(s *keys.Stanza) bool {
		return IsOneOf(keys.Name(s), recipients)
	})
}

// memberStanzas returns the recipients of key groups as stanzas without a key.
func memberStanzas(groups [][]environments.Member) [][]*keys.Stanza {
	stanzas := make([][]*keys.Stanza, len(groups))
	for i, group := range groups {
		for _, m := range group {
			stanzas[i] = append(stanzas[i], &keys.Stanza{Type: m.Type, Fields: m.Fields})
		}
	}
	return stanzas
}

// Quorum describes the threshold of a file with several key groups, "" for other files.
func Quorum(meta *envfile.Metadata) string {
	if len(meta.Groups) < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d of %d key groups needed)", meta.Threshold, len(meta.Groups))
}

type Reader struct {
	Name      string `json:"name,omitempty"`
	Type      string `json:"type"`
	Recipient string `json:"recipient"`
}

func FileReaders(policy *environments.Policy, meta *envfile.Metadata) []Reader {
	var all []Reader
	for _, s := range meta.Stanzas() {
		all = append(all, Reader{Type: s.Type, Recipient: keys.Name(s), Name: nameOf(policy, keys.Names(s))})
	}
	return all
}
