package environments

import (
	"strings"

	"github.com/sealcfg/sealcfg/keys"
)

// RecipientFlags holds the recipients of a command line. Each field is a list
// separated by commas, as in the creation rules of a policy.
type RecipientFlags struct {
	Age, PGP, KMS, GCPKMS, HCKMS, AzureKV, HCVault string
	// Profile and Context apply to every key in KMS.
	Profile string
	Context []keys.Field
}

// Members returns the recipients in the order of sops, without duplicates. It does
// not check them; [Rule.Recipients] reports malformed ones.
func (f RecipientFlags) Members() []Member {
	var members []Member
	add := func(list string, member func(string) Member) {
		for part := range strings.SplitSeq(list, ",") {
			if part = strings.TrimSpace(part); part != "" {
				members = append(members, member(part))
			}
		}
	}
	add(f.KMS, func(s string) Member {
		m := kmsMemberFromText(s, "")
		role := keys.Stanza{Fields: m.Fields}
		return kmsMember(role.Field("arn"), role.Field("role"), f.Context, f.Profile)
	})
	add(f.GCPKMS, gcpMember)
	add(f.HCKMS, huaweiMember)
	add(f.AzureKV, azureMemberFromURL)
	add(f.PGP, pgpMember)
	add(f.HCVault, vaultMember)
	add(f.Age, ageMember)
	return distinct(members)
}
