package environments

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/sealcfg/sealcfg/keys"
)

// A Member is a recipient as a rule names it.
type Member struct {
	Type string // the name of its [keys.Kind]
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

// memberOf returns the member for a key as .sops.yaml writes it.
func memberOf(kind *keys.Kind, text string) Member {
	recipient, fields := kind.Parse(text)
	return Member{Type: kind.Name, Recipient: recipient, Fields: fields}
}

// with returns the member with more fields, sorted as in a stanza. Empty fields are
// left out.
func (m Member) with(kind *keys.Kind, more ...keys.Field) Member {
	if m.Fields == nil {
		return m
	}
	all := append(slices.Clone(m.Fields), more...)
	var fields []keys.Field
	for _, name := range kind.Fields {
		for _, f := range all {
			if f.Name == name && (f.Value != "" || len(f.Map) > 0 || name == kind.Fields[0]) {
				fields = append(fields, f)
			}
		}
	}
	return Member{Type: m.Type, Recipient: kind.Text(fields), Fields: fields}
}

// sorted returns a map of strings in the order of its keys.
func sorted(m []keys.Field) []keys.Field {
	all := slices.Clone(m)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// parseAlone reads a recipient without a field that names its kind, as under keys:.
func parseAlone(s string) (Member, bool) {
	s = strings.TrimSpace(s)
	if strings.Contains(s, ",") {
		return Member{}, false
	}
	for _, kind := range keys.Kinds() {
		if kind.Recognize(s) {
			return memberOf(kind, s), true
		}
	}
	return Member{}, false
}
