package environments

import (
	"strings"

	"github.com/sealcfg/sealcfg/keys"
)

// A Given is recipients as a command line gives them: texts with commas between
// them, as in the rules of a policy.
type Given struct {
	Age, PGP, KMS, GCPKMS, HCKMS, AzureKV, HCVault string
	// Profile and Context go with every key in KMS.
	Profile string
	Context []keys.Field
}

// Members reads the recipients, in the order of sops and each once. Malformed
// ones are found by [Rule.Recipients].
func (g Given) Members() []Member {
	var members []Member
	add := func(list string, member func(string) Member) {
		for part := range strings.SplitSeq(list, ",") {
			if part = strings.TrimSpace(part); part != "" {
				members = append(members, member(part))
			}
		}
	}
	add(g.KMS, func(s string) Member {
		m := kmsMemberFromText(s, "")
		role := keys.Stanza{Fields: m.Fields}
		return kmsMember(role.Field("arn"), role.Field("role"), g.Context, g.Profile)
	})
	add(g.GCPKMS, gcpMember)
	add(g.HCKMS, huaweiMember)
	add(g.AzureKV, azureMemberFromURL)
	add(g.PGP, pgpMember)
	add(g.HCVault, vaultMember)
	add(g.Age, ageMember)
	return distinct(members)
}
