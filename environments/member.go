package environments

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/sealcfg/sealcfg/internal/pattern"
	"github.com/sealcfg/sealcfg/keys"
)

// A Member is a recipient as a rule names it.
type Member struct {
	Type string // of its stanzas in a file: age, pgp, kms, gcp_kms, azure_kv, hc_vault, hckms
	// Recipient is its public name, in the one spelling that sops compares:
	// for kms arn[+role][|key:value,…[|profile]], for azure_kv URL/keys/name[/version].
	Recipient    string
	Name         string // the label in the policy, or ""
	Line, Column int    // its position, from 1
	// Fields name the key as the stanzas of a file do (see [keys.Stanza]), nil if
	// Recipient is malformed. A kms member has its role, context and profile here.
	Fields []keys.Field
}

// Label returns the name, or the recipient if it has no name.
func (m Member) Label() string {
	if m.Name != "" {
		return m.Name
	}
	return m.Recipient
}

func (m Member) recipient(reg *keys.Registry) (keys.Recipient, error) {
	p, err := reg.Provider(m.Type)
	if err != nil {
		return nil, err
	}
	if m.Fields == nil {
		return nil, fmt.Errorf("malformed %s key %q", m.Type, m.Recipient)
	}
	return p.StanzaRecipient(&keys.Stanza{Type: m.Type, Fields: m.Fields})
}

// The stanza types of the SOPS format.
const (
	typeAge    = "age"
	typePGP    = "pgp"
	typeKMS    = "kms"
	typeGCP    = "gcp_kms"
	typeAzure  = "azure_kv"
	typeVault  = "hc_vault"
	typeHuawei = "hckms"
)

func ageMember(s string) Member {
	return Member{Type: typeAge, Recipient: s, Fields: []keys.Field{{Name: "recipient", Value: s}}}
}

func pgpMember(s string) Member {
	fp := strings.ReplaceAll(s, " ", "") // gpg prints fingerprints in groups of four
	return Member{Type: typePGP, Recipient: fp, Fields: []keys.Field{{Name: "fp", Value: fp}}}
}

func gcpMember(s string) Member {
	id := strings.ReplaceAll(s, " ", "")
	return Member{Type: typeGCP, Recipient: id, Fields: []keys.Field{{Name: "resource_id", Value: id}}}
}

func huaweiMember(s string) Member {
	return Member{Type: typeHuawei, Recipient: s, Fields: []keys.Field{{Name: "key_id", Value: s}}}
}

// kmsMemberFromText reads arn or arn+role.
func kmsMemberFromText(s, profile string) Member {
	arn, role := strings.ReplaceAll(s, " ", ""), ""
	if i := strings.Index(arn, "+arn:"); i > 0 {
		arn, role = arn[:i], arn[i+1:]
	}
	return kmsMember(arn, role, nil, profile)
}

func kmsMember(arn, role string, context []keys.Field, profile string) Member {
	m := Member{Type: typeKMS, Recipient: arn, Fields: []keys.Field{{Name: "arn", Value: arn}}}
	if role != "" {
		m.Recipient += "+" + role
		m.Fields = append(m.Fields, keys.Field{Name: "role", Value: role})
	}
	var pairs []string
	if len(context) > 0 {
		sort.Slice(context, func(i, j int) bool { return context[i].Name < context[j].Name })
		for _, c := range context {
			pairs = append(pairs, c.Name+":"+c.Value)
		}
		m.Fields = append(m.Fields, keys.Field{Name: "context", Map: context})
	}
	if len(pairs) > 0 || profile != "" {
		m.Recipient += "|" + strings.Join(pairs, ",")
	}
	if profile != "" {
		m.Recipient += "|" + profile
		m.Fields = append(m.Fields, keys.Field{Name: "aws_profile", Value: profile})
	}
	return m
}

var azureURL = pattern.New(`^(https://[^/]+)/keys/([^/]+)(?:/([^/]*))?$`)

func azureMemberFromURL(s string) Member {
	if p := azureURL().FindStringSubmatch(s); p != nil {
		return azureMember(p[1], p[2], p[3])
	}
	return Member{Type: typeAzure, Recipient: s}
}

func azureMember(vault, name, version string) Member {
	m := Member{
		Type:      typeAzure,
		Recipient: vault + "/keys/" + name,
		Fields:    []keys.Field{{Name: "vault_url", Value: vault}, {Name: "name", Value: name}},
	}
	if version != "" {
		m.Recipient += "/" + version
		m.Fields = append(m.Fields, keys.Field{Name: "version", Value: version})
	}
	return m
}

// vaultURI is address, version of the API, path of the engine, "keys", name.
var vaultURI = pattern.New(`^(https?://[^/]+)/v[0-9]+/(.+)/[^/]+/([^/]+)/?$`)

func vaultMember(s string) Member {
	m := Member{Type: typeVault, Recipient: s}
	if p := vaultURI().FindStringSubmatch(s); p != nil {
		m.Recipient = strings.TrimSuffix(s, "/")
		m.Fields = []keys.Field{
			{Name: "vault_address", Value: p[1]},
			{Name: "engine_path", Value: p[2]},
			{Name: "key_name", Value: p[3]},
		}
	}
	return m
}

// recipientForms identify the type of a recipient that is given without one, as
// under keys:.
var recipientForms = []struct {
	typ  string
	form func() *regexp.Regexp
}{
	{typeAge, pattern.New(`^(age1[0-9a-z]+|ssh-(ed25519|rsa) .+)$`)},
	{typeKMS, pattern.New(`^arn:aws[0-9a-z-]*:kms:`)},
	{typeGCP, pattern.New(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`)},
	{typeAzure, azureURL},
	{typeVault, vaultURI},
	{typePGP, pattern.New(`^(0x)?([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$`)},
	{typeHuawei, pattern.New(`^[a-z]+(-[0-9a-z]+)+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)},
}

// parseAlone reads a recipient whose type is not given by a field.
func parseAlone(s string) (Member, bool) {
	s = strings.TrimSpace(s)
	if strings.Contains(s, ",") {
		return Member{}, false
	}
	for _, f := range recipientForms {
		text := s
		if f.typ == typePGP {
			text = strings.ReplaceAll(s, " ", "")
		}
		if !f.form().MatchString(text) {
			continue
		}
		switch f.typ {
		case typeAge:
			return ageMember(s), true
		case typeKMS:
			return kmsMemberFromText(s, ""), true
		case typeGCP:
			return gcpMember(s), true
		case typeAzure:
			return azureMemberFromURL(s), true
		case typeVault:
			return vaultMember(s), true
		case typePGP:
			return pgpMember(s), true
		case typeHuawei:
			return huaweiMember(s), true
		}
	}
	return Member{}, false
}
