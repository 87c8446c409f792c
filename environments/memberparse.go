package environments

import (
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// groupKeys returns the keys of a key group.
func groupKeys() []string {
	known := []string{"merge"}
	for _, kind := range keys.Kinds() {
		known = append(known, kind.GroupKey)
	}
	return known
}

// flatKeys returns the keys of a creation rule that hold recipients directly.
func flatKeys() []string {
	var known []string
	for _, kind := range keys.Kinds() {
		known = append(known, kind.RuleKey)
	}
	return known
}

// settingKeys returns the keys of a creation rule that apply to all of its keys of a
// kind.
func settingKeys() []string {
	var known []string
	for _, kind := range keys.Kinds() {
		known = append(known, kind.Settings...)
	}
	return known
}

// flatGroup reads the recipients that are direct fields of a creation rule.
func (r *reader) flatGroup(f map[string]*envfile.Node) []Member {
	settings := map[string]keys.Field{}
	for _, key := range settingKeys() {
		settings[key] = keys.Field{Name: key, Value: r.text(f[key], key)}
	}
	var group []Member
	for _, kind := range keys.Kinds() {
		n := f[kind.RuleKey]
		if n != nil && n.Kind != envfile.List && kind.ListOnly {
			r.fail(n, "%s must be a list, not %s", kind.RuleKey, describe(n))
			continue
		}
		group = append(group, r.flat(n, kind.RuleKey, func(text string) Member {
			m := memberOf(kind, text)
			for _, key := range kind.Settings {
				m = m.with(kind, settings[key])
			}
			return m
		})...)
	}
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
	f := r.fields(n, "a key group", groupKeys())
	var group []Member
	for _, m := range r.list(f["merge"], "merge") {
		group = append(group, r.group(m)...)
	}
	for _, kind := range keys.Kinds() {
		member := func(text string) Member { return memberOf(kind, text) }
		for _, e := range r.list(f[kind.GroupKey], kind.GroupKey) {
			switch what := "an entry of " + kind.GroupKey; {
			case kind.Entry != nil:
				group = append(group, r.entry(e, kind)...)
			case kind.SplitGroup:
				group = append(group, r.split(e, what, member)...)
			default:
				group = append(group, r.one(e, what, member)...)
			}
		}
	}
	return group
}

// entry reads a recipient that is written as a map.
func (r *reader) entry(n *envfile.Node, kind *keys.Kind) []Member {
	before := len(r.problems)
	var known []string
	for _, field := range kind.Entry {
		known = append(known, field.Key)
	}
	f := r.fields(n, "an entry of "+kind.GroupKey, known)
	if n.Kind != envfile.Map {
		return nil
	}
	m := r.entryMember(n, kind, f)
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

// entryMember returns the member with the fields of an entry. The text of a key with
// one field is read as in a creation rule.
func (r *reader) entryMember(n *envfile.Node, kind *keys.Kind, f map[string]*envfile.Node) Member {
	var fields []keys.Field
	for _, e := range kind.Entry {
		field := keys.Field{Name: e.Field}
		switch {
		case e.Map:
			field.Map = r.stringMap(f[e.Key], e.Key)
		case e.Required:
			field.Value = r.required(n, f, e.Key)
		default:
			field.Value = r.text(f[e.Key], e.Key)
		}
		fields = append(fields, field)
	}
	if len(kind.Fields) == 1 {
		return memberOf(kind, fields[0].Value)
	}
	return Member{Type: kind.Name, Fields: []keys.Field{}}.with(kind, fields...)
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

// stringMap reads a map of strings, sorted by key. A nil node is an empty map.
func (r *reader) stringMap(n *envfile.Node, what string) []keys.Field {
	if n == nil {
		return nil
	}
	var fields []keys.Field
	for _, e := range r.merged(n, what).order {
		if e.Kind == envfile.Null {
			r.failKey(e, "%q in %s must be a string, not empty", e.Key, what)
			continue
		}
		fields = append(fields, keys.Field{Name: e.Key, Value: r.text(e, "an entry of "+what)})
	}
	return sorted(fields)
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
