package envfile

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/internal/pattern"
	"github.com/sealcfg/sealcfg/keys"
)

// FormatVersion is the version that new metadata gets: the sops release whose format this package
// implements. Readers require strict semver.
const FormatVersion = "3.13.3"

// Metadata holds the sops block of a file. It is not authenticated before the file is decrypted.
// Without a binding, recipients and selectors are never authenticated: compare them with the
// policy.
type Metadata struct {
	Groups       [][]*keys.Stanza // key groups; one unless the file uses Shamir shares
	Threshold    int              // number of groups needed, 0 with one group
	Rules        Rules
	LastModified string // RFC 3339
	Version      string // of the sops format

	mac     string
	binding *tree.Node   // the block sops.sealcfg, or nil without one that this package can read
	unknown []*tree.Node // fields that this version does not know, kept

	hasOther     bool   // there is a binding of another version
	otherBinding string // its number, if it has one
}

// HasMAC reports whether the file has a MAC. A file without a MAC cannot be decrypted.
func (m *Metadata) HasMAC() bool { return m.mac != "" }

// Stanzas returns the stanzas of all groups.
func (m *Metadata) Stanzas() []*keys.Stanza { return slices.Concat(m.Groups...) }

// parseMetadata parses the tree of a sops block. Like sops, it ignores the case of field names and
// converts values of other types (lenient.go).
func parseMetadata(block *tree.Node) (*Metadata, error) {
	if block.Kind != tree.Map {
		return nil, tree.ErrorAt(block, "sops metadata: expected a map, got a %s", block.Kind)
	}
	if err := distinctNames(block); err != nil {
		return nil, err
	}
	m := &Metadata{}
	var group []*keys.Stanza
	var keyGroups *tree.Node
	for e := range block.Entries() {
		name := strings.ToLower(e.Key)
		var err error
		switch _, isKind := keys.KindOf(name); {
		case isKind:
			var stanzas []*keys.Stanza
			stanzas, err = parseStanzas(name, e)
			group = append(group, stanzas...)
		case name == "key_groups":
			keyGroups = e
		default:
			err = m.parseField(name, e)
		}
		if err != nil {
			return nil, err
		}
	}
	if keyGroups != nil {
		if err := m.parseGroups(keyGroups); err != nil {
			return nil, err
		}
	}
	if len(group) > 0 { // in this case sops ignores the groups
		m.Groups = [][]*keys.Stanza{group}
	}
	switch n := len(m.Stanzas()); {
	case n == 0:
		return nil, tree.ErrorAt(block, "sops metadata has no recipients")
	case n > layout.MaxStanzas:
		return nil, tooManyStanzas(block)
	}
	n := len(m.Groups)
	if n > 1 && m.Threshold == 0 {
		m.Threshold = n // sops's default
	}
	if n > 1 && (m.Threshold < 2 || m.Threshold > n) {
		return nil, tree.ErrorAt(block, "sops.shamir_threshold is %d for %d key groups, expected 2 to %d", m.Threshold, n, n)
	}
	m.Rules = m.Rules.Normal()
	if err := m.Rules.Validate(); err != nil {
		return nil, &tree.SyntaxError{Line: block.Line, Reason: err.Error()}
	}
	return m, nil
}

func (m *Metadata) parseField(name string, e *tree.Node) error {
	for _, s := range m.Rules.selectors() {
		if s.name == name {
			return parseString(e, s.value)
		}
	}
	switch name {
	case "lastmodified":
		if err := parseString(e, &m.LastModified); err != nil {
			return err
		}
		t, err := time.Parse(time.RFC3339, m.LastModified)
		if err != nil {
			return tree.ErrorAt(e, "sops.lastmodified is not an RFC 3339 time")
		}
		m.LastModified = t.Format(time.RFC3339) // the text that the MAC is bound to
	case bindingKey:
		m.parseBinding(e)
	case "mac":
		return parseString(e, &m.mac)
	case "version":
		return parseString(e, &m.Version)
	case "mac_only_encrypted":
		var ok bool
		if m.Rules.MACOnlyEncrypted, ok = lenientBool(e); !ok {
			return tree.ErrorAt(e, "sops.mac_only_encrypted is not a boolean")
		}
	case "shamir_threshold":
		var ok bool
		if m.Threshold, ok = lenientCount(e); !ok {
			return tree.ErrorAt(e, "sops.shamir_threshold is not a number")
		}
	default:
		m.unknown = append(m.unknown, e)
	}
	return nil
}

func parseString(e *tree.Node, to *string) error {
	text, ok := lenientText(e)
	if !ok {
		return tree.ErrorAt(e, "sops.%s is not a string (quote it)", e.Key)
	}
	*to = text
	return nil
}

// distinctNames rejects names that differ only in case. sops prefers the exact name, in any order.
func distinctNames(n *tree.Node) error {
	seen := map[string]bool{}
	for e := range n.Entries() {
		name := strings.ToLower(e.Key)
		if seen[name] {
			return tree.ErrorAt(e, "duplicate field %s in the sops metadata, which ignores the case of names", name)
		}
		seen[name] = true
	}
	return nil
}

func (m *Metadata) parseGroups(list *tree.Node) error {
	groups, ok := lenientList(list)
	if !ok {
		return tree.ErrorAt(list, "sops.key_groups: expected a list, got a %s", list.Kind)
	}
	for _, g := range groups {
		if g.Kind != tree.Map && g.Kind != tree.Null {
			return tree.ErrorAt(g, "entry of sops.key_groups: expected a map, got a %s", g.Kind)
		}
		if err := distinctNames(g); err != nil {
			return err
		}
		var group []*keys.Stanza
		for e := range g.Entries() {
			stanzas, err := parseStanzas(strings.ToLower(e.Key), e)
			if err != nil {
				return err
			}
			group = append(group, stanzas...)
		}
		m.Groups = append(m.Groups, group)
	}
	return nil
}

func parseStanzas(typ string, list *tree.Node) ([]*keys.Stanza, error) {
	entries, ok := lenientList(list)
	if !ok {
		return nil, tree.ErrorAt(list, "sops.%s: expected a list, got a %s", typ, list.Kind)
	}
	if len(entries) > layout.MaxStanzas {
		return nil, tooManyStanzas(list)
	}
	var stanzas []*keys.Stanza
	for _, e := range entries {
		if e.Kind != tree.Map {
			return nil, tree.ErrorAt(e, "entry of sops.%s: expected a map, got a %s", typ, e.Kind)
		}
		if err := distinctNames(e); err != nil {
			return nil, err
		}
		s := &keys.Stanza{Type: typ}
		for f := range e.Entries() {
			if name := strings.ToLower(f.Key); name == "enc" {
				s.Wrapped = f.Text
			} else {
				s.Fields = append(s.Fields, parseStanzaField(name, f))
			}
		}
		stanzas = append(stanzas, s)
	}
	return stanzas, nil
}

func tooManyStanzas(at *tree.Node) error {
	return tree.ErrorAt(at, "sops metadata has more than %d recipients", layout.MaxStanzas)
}

func parseStanzaField(name string, n *tree.Node) keys.Field {
	if n.Kind != tree.Map {
		return keys.Field{Name: name, Value: n.Text}
	}
	f := keys.Field{Name: name, Map: []keys.Field{}}
	for e := range n.Entries() {
		f.Map = append(f.Map, parseStanzaField(e.Key, e)) // context keys keep their case
	}
	return f
}

// tree returns the block as sops would write it: names in alphabetical order at every level,
// without empty fields.
func (m *Metadata) tree() *tree.Node {
	b := &tree.Node{Kind: tree.Map, Key: layout.MetaKey}
	if len(m.Groups) == 1 {
		b.Children = groupTree(m.Groups[0])
	} else {
		groups := &tree.Node{Kind: tree.List, Key: "key_groups"}
		for _, g := range m.Groups {
			groups.Children = append(groups.Children, &tree.Node{Kind: tree.Map, Children: groupTree(g)})
		}
		b.Children = append(b.Children, groups)
	}
	add := func(name string, typ crypto.Type, text string) {
		if text != "" {
			b.Children = append(b.Children, &tree.Node{Kind: tree.Value, Key: name, Type: typ, Text: text})
		}
	}
	for _, s := range m.Rules.selectors() {
		add(s.name, crypto.Str, *s.value)
	}
	add("lastmodified", crypto.Str, m.LastModified)
	add("mac", crypto.Str, m.mac)
	add("version", crypto.Str, m.Version)
	if m.Rules.MACOnlyEncrypted {
		add("mac_only_encrypted", crypto.Bool, crypto.FormatBool(true))
	}
	if m.Threshold > 0 {
		add("shamir_threshold", crypto.Int, strconv.Itoa(m.Threshold))
	}
	if m.binding != nil {
		b.Children = append(b.Children, bindingBlock(m.binding.Get(bindingText).Text))
	}
	b.Children = append(b.Children, m.unknown...)
	layout.SortEntries(b.Children)
	return b
}

func groupTree(group []*keys.Stanza) []*tree.Node {
	byType := map[string]*tree.Node{}
	var lists []*tree.Node
	for _, s := range group {
		list := byType[s.Type]
		if list == nil {
			list = &tree.Node{Kind: tree.List, Key: s.Type}
			byType[s.Type] = list
			lists = append(lists, list)
		}
		entry := fieldsTree("", s.Fields)
		entry.Children = append(entry.Children, &tree.Node{Kind: tree.Value, Key: "enc", Type: crypto.Str, Text: s.Wrapped})
		layout.SortEntries(entry.Children)
		list.Children = append(list.Children, entry)
	}
	layout.SortEntries(lists)
	return lists
}

func fieldsTree(key string, fields []keys.Field) *tree.Node {
	n := &tree.Node{Kind: tree.Map, Key: key}
	for _, f := range fields {
		if f.Map != nil {
			n.Children = append(n.Children, fieldsTree(f.Name, f.Map))
		} else {
			n.Children = append(n.Children, &tree.Node{Kind: tree.Value, Key: f.Name, Type: crypto.Str, Text: f.Value})
		}
	}
	return n
}

// semver matches a strict version, which every sops command requires.
var semver = pattern.New(`^(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){2}(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

// forWriting returns a copy for the next write. It replaces a version that sops would reject.
func (m *Metadata) forWriting() *Metadata {
	w := *m
	if !semver().MatchString(w.Version) {
		w.Version = FormatVersion
	}
	return &w
}

// touch sets the time of the last change, in UTC and whole seconds. The time always increases:
// data bound to the old time must not authenticate with the new one.
func (m *Metadata) touch(now time.Time) {
	if last, err := time.Parse(time.RFC3339, m.LastModified); err == nil && now.Before(last.Add(time.Second)) {
		now = last.Add(time.Second)
	}
	m.LastModified = now.UTC().Format(time.RFC3339)
}

// This file converts metadata values to strings, booleans, numbers and lists as sops does. sops
// decodes with mapstructure and WeaklyTypedInput. A selector that is converted differently would
// encrypt other values.

// lenientText converts a value to a string. A YAML time is rejected: it must be quoted.
func lenientText(n *tree.Node) (text string, ok bool) {
	switch {
	case n.Kind == tree.Null:
		return "", true
	case n.Kind != tree.Value || n.Type == crypto.Time:
		return "", false
	case n.Type == crypto.Bool && n.Text == crypto.FormatBool(true):
		return "1", true
	case n.Type == crypto.Bool:
		return "0", true
	}
	return n.Text, true
}

func lenientBool(n *tree.Node) (value, ok bool) {
	text, ok := lenientText(n)
	if !ok || text == "" {
		return false, ok
	}
	if n.Type == crypto.Int || n.Type == crypto.Float {
		f, err := strconv.ParseFloat(text, 64)
		return f != 0, err == nil
	}
	value, err := strconv.ParseBool(text)
	return value, err == nil
}

// lenientCount converts a value to a number that is not negative.
func lenientCount(n *tree.Node) (value int, ok bool) {
	text, ok := lenientText(n)
	if !ok || text == "" {
		return 0, ok
	}
	if n.Type == crypto.Float {
		f, err := strconv.ParseFloat(text, 64)
		return int(f), err == nil && f >= 0 && f < math.MaxInt32
	}
	// sops 3.9 wrote 2.000000 into INI files.
	i, err := strconv.ParseInt(strings.TrimSuffix(text, ".000000"), 0, 32)
	return int(i), err == nil && i >= 0
}

// lenientList converts a value to a list. A map becomes a list of one entry, an empty map an empty
// list.
func lenientList(n *tree.Node) (entries []*tree.Node, ok bool) {
	switch n.Kind {
	case tree.Null:
		return nil, true
	case tree.Map:
		if n.Len() > 0 {
			return []*tree.Node{n}, true
		}
		return nil, true
	case tree.List:
		for e := range n.Entries() {
			entries = append(entries, e)
		}
		return entries, true
	}
	return nil, false
}
