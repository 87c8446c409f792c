package environments

import (
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// groupKeys are the keys of a key group that sops supports.
var groupKeys = []string{"age", "pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault", "merge"}

// flatGroup reads the recipients that are direct fields of a creation rule.
func (r *reader) flatGroup(f map[string]*envfile.Node) []Member {
	profile := r.text(f["aws_profile"], "aws_profile")
	var group []Member
	add := func(key string, member func(string) Member) {
		group = append(group, r.flat(f[key], key, member)...)
	}
	add("age", ageMember)
	add("pgp", pgpMember)
	add("kms", func(s string) Member { return kmsMemberFromText(s, profile) })
	add("gcp_kms", gcpMember)
	if n := f["hckms"]; n != nil && n.Kind != envfile.List {
		r.fail(n, "hckms must be a list, not %s", describe(n)) // the only one that sops does not read from a string
	} else {
		add("hckms", huaweiMember)
	}
	add("azure_keyvault", azureMemberFromURL)
	add("hc_vault_transit_uri", vaultMember)
	return group
}

// flat reads a comma-separated string, or a list of such strings.
func (r *reader) flat(n *envfile.Node, key string, member func(string) Member) []Member {
	if n == nil {
		return nil
	}
	if n.Kind != envfile.List {
		return r.split(n, key, member)
	}
	var members []Member
	for _, e := range r.list(n, key) {
		found := r.split(e, "an entry of "+key, member)
		if len(found) == 0 && e.Kind == envfile.Value && e.Text == "" {
			r.fail(e, "an entry of %s is empty", key)
		}
		members = append(members, found...)
	}
	return members
}

// split reads one text that holds recipients between commas.
func (r *reader) split(n *envfile.Node, what string, member func(string) Member) []Member {
	var members []Member
	for part := range strings.SplitSeq(r.text(n, what), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		m := member(part)
		m.Line, m.Column = r.lineOf(n, part), n.Column
		members = append(members, m)
	}
	r.recipients[n] = len(members)
	return members
}

// lineOf returns the line of a part of a string, which may span several lines.
func (r *reader) lineOf(n *envfile.Node, part string) int {
	if n.Alias != "" || n.Line == 0 {
		return n.Line
	}
	for i, line := range r.lines[min(n.Line-1, len(r.lines)):] {
		if strings.Contains(line, part) {
			return n.Line + i
		}
	}
	return n.Line
}

// one reads a string that holds one recipient.
func (r *reader) one(n *envfile.Node, what string, member func(string) Member) []Member {
	text := strings.TrimSpace(r.text(n, what))
	if text == "" {
		if n.Kind == envfile.Value && n.Text == "" {
			r.fail(n, "%s is empty", what)
		}
		return nil
	}
	m := member(text)
	m.Line, m.Column = n.Line, n.Column
	r.recipients[n] = 1
	return []Member{m}
}

// group reads an entry of key_groups, in the order of sops: merged groups come
// first.
func (r *reader) group(n *envfile.Node) []Member {
	f := r.fields(n, "a key group", groupKeys)
	var group []Member
	for _, m := range r.list(f["merge"], "merge") {
		group = append(group, r.group(m)...)
	}
	texts := func(key string, read func(*envfile.Node, string, func(string) Member) []Member, member func(string) Member) {
		for _, e := range r.list(f[key], key) {
			group = append(group, read(e, "an entry of "+key, member)...)
		}
	}
	maps := func(key string, known []string, member func(*reader, *envfile.Node, map[string]*envfile.Node) Member) {
		for _, e := range r.list(f[key], key) {
			group = append(group, r.entry(e, key, known, member)...)
		}
	}
	texts("age", r.split, ageMember) // sops splits the entries of age, and of no other list
	texts("pgp", r.one, pgpMember)
	maps("kms", []string{"arn", "role", "context", "aws_profile"}, (*reader).kmsEntry)
	maps("gcp_kms", []string{"resource_id"}, (*reader).gcpEntry)
	maps("hckms", []string{"key_id"}, (*reader).huaweiEntry)
	maps("azure_keyvault", []string{"vaultUrl", "key", "version"}, (*reader).azureEntry)
	texts("hc_vault", r.one, vaultMember)
	return group
}

// entry reads a recipient that is written as a map.
func (r *reader) entry(n *envfile.Node, key string, known []string, member func(*reader, *envfile.Node, map[string]*envfile.Node) Member) []Member {
	before := len(r.problems)
	f := r.fields(n, "an entry of "+key, known)
	if n.Kind != envfile.Map {
		return nil
	}
	m := member(r, n, f)
	if len(r.problems) > before {
		return nil
	}
	m.Line, m.Column = n.Line, n.Column
	m.Name = n.Anchor
	if m.Name == "" {
		m.Name = n.Alias
	}
	return []Member{m}
}

// required reads a string field that must be present.
func (r *reader) required(in *envfile.Node, f map[string]*envfile.Node, key string) string {
	n := f[key]
	text := strings.TrimSpace(r.text(n, key))
	if n == nil || n.Kind == envfile.Value && text == "" {
		r.fail(in, "%s is missing", key)
	}
	if n != nil {
		r.recipients[n] = 1
	}
	return text
}

func (r *reader) kmsEntry(n *envfile.Node, f map[string]*envfile.Node) Member {
	var context []keys.Field
	if c := f["context"]; c != nil {
		for _, e := range r.merged(c, "context").order {
			if e.Kind == envfile.Null {
				r.failKey(e, "%q in context must be a string, not empty", e.Key)
				continue
			}
			context = append(context, keys.Field{Name: e.Key, Value: r.text(e, "an entry of context")})
		}
	}
	arn := r.required(n, f, "arn")
	return kmsMember(arn, r.text(f["role"], "role"), context, r.text(f["aws_profile"], "aws_profile"))
}

func (r *reader) gcpEntry(n *envfile.Node, f map[string]*envfile.Node) Member {
	return gcpMember(r.required(n, f, "resource_id"))
}

func (r *reader) huaweiEntry(n *envfile.Node, f map[string]*envfile.Node) Member {
	return huaweiMember(r.required(n, f, "key_id"))
}

func (r *reader) azureEntry(n *envfile.Node, f map[string]*envfile.Node) Member {
	vault, name := r.required(n, f, "vaultUrl"), r.required(n, f, "key")
	return azureMember(vault, name, r.text(f["version"], "version"))
}

// distinct removes repeated members. sops does so in key groups only, but a second
// stanza for the same recipient is useless.
func distinct(group []Member) []Member {
	type identity struct{ typ, recipient string }
	seen := map[identity]bool{}
	kept := []Member{}
	for _, m := range group {
		id := identity{m.Type, m.Recipient}
		if !seen[id] {
			seen[id] = true
			kept = append(kept, m)
		}
	}
	return kept
}
