package main

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// label is what people call a recipient, else the recipient, shortened.
func label(policy *environments.Policy, recipient string) string {
	if policy != nil {
		if name := policy.NameOf(recipient); name != "" {
			return name
		}
	}
	return short(recipient)
}

// short keeps both ends of a long key: enough to tell two apart.
func short(recipient string) string {
	if len(recipient) <= 24 || strings.ContainsAny(recipient, " /:") {
		return recipient
	}
	return recipient[:12] + "..." + recipient[len(recipient)-6:]
}

// readers lists, by name, for whom a file is sealed.
func readers(policy *environments.Policy, meta *envfile.Metadata) []string {
	var names []string
	for _, s := range meta.Stanzas() {
		names = append(names, label(policy, keys.Name(s)))
	}
	return names
}

// difference compares the recipients of a file with those of its rule: who
// would gain access and who would lose it, by name.
func difference(policy *environments.Policy, rule *environments.Rule, meta *envfile.Metadata) (gain, lose []string) {
	has := map[string]bool{}
	for _, s := range meta.Stanzas() {
		has[keys.Name(s)] = true
	}
	wants := map[string]bool{}
	for _, group := range rule.Groups {
		for _, m := range group {
			name := keys.Name(&keys.Stanza{Type: m.Type, Fields: m.Fields})
			wants[name] = true
			if !has[name] {
				who := m.Name
				if who == "" {
					who = short(m.Recipient)
				}
				gain = append(gain, who)
			}
		}
	}
	for _, s := range meta.Stanzas() {
		if name := keys.Name(s); !wants[name] {
			lose = append(lose, label(policy, name))
		}
	}
	return slices.Compact(gain), slices.Compact(lose)
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

// joinNames writes a list as a sentence does: alice, bob and ci.
func joinNames(names []string) string {
	switch len(names) {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
