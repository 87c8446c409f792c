package environments

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/keys"
)

// RecipientFlags holds the recipients of a command line.
type RecipientFlags struct {
	// Lists has a list for each kind, by [keys.Kind.Name]. It is separated by commas, as
	// in the creation rules of a policy.
	Lists map[string]string
	// Fields are added to every key of a kind, such as the profile and the encryption
	// context of kms.
	Fields map[string][]keys.Field
}

// Members returns the recipients in the order of sops, without duplicates. It does
// not check them; [Rule.Recipients] reports malformed ones.
func (f RecipientFlags) Members() []Member {
	var members []Member
	kinds := slices.SortedStableFunc(slices.Values(keys.Kinds()), func(a, b *keys.Kind) int { return a.FlagOrder - b.FlagOrder })
	for _, kind := range kinds {
		var more []keys.Field
		for _, field := range f.Fields[kind.Name] {
			field.Map = sorted(field.Map)
			more = append(more, field)
		}
		for part := range strings.SplitSeq(f.Lists[kind.Name], ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			m := memberOf(kind, part)
			if len(more) > 0 {
				m = m.with(kind, more...)
			}
			members = append(members, m)
		}
	}
	return distinct(members)
}
