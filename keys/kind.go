package keys

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// A Kind describes one kind of keys. Policy, metadata, the protocol of the KMS
// helper, messages and flags read these descriptions, so a new kind is one entry of
// the table in kinds.go and a package with its provider.
type Kind struct {
	Name   string // the stanza type, which is the name of the metadata list: "gcp_kms"
	Title  string // in messages: "Google Cloud KMS"
	Import string // path of the package that registers the provider, "" for age
	// Local is true if no host is contacted: the key belongs to a person. Such a key
	// needs no permission (see [Source.Permit]), and may require a passphrase or a
	// smart card.
	Local bool

	// Fields are the fields of a stanza that name the key, in the order of [Name]. The
	// first is required.
	Fields []string
	// Reach are the fields that identify a key and the way to reach it. Two keys
	// with the same values need the same permission.
	Reach []string
	// Newest is a field that a policy may omit to select the newest version of the
	// key, or "". The stanza then records the version that wrapped the data key.
	Newest string

	// RuleKey is the key of a creation rule with a comma-separated string of keys, or
	// a list of such strings.
	RuleKey string
	// ListOnly is true if the value of RuleKey must be a list, as in sops.
	ListOnly bool
	// Settings are the fields that a creation rule sets for all of its keys of this
	// kind, with the same names as in a stanza. Each must be in Fields.
	Settings []string
	// GroupKey is the key of a key group with a list of keys.
	GroupKey string
	// SplitGroup is true if an entry of GroupKey may hold several keys, separated by
	// commas, as in sops.
	SplitGroup bool
	// Entry are the fields of an entry of GroupKey, in the order in which they are
	// read. If it is nil, an entry is a string.
	Entry []EntryField

	// Parse returns the canonical text of a key as in .sops.yaml, and its fields,
	// which are nil if text is malformed. text has no comma and no white space around
	// it.
	Parse func(text string) (canonical string, fields []Field)
	// Format returns the text of a key with these fields. If it is nil, the text is
	// the value of the first field.
	Format func(fields []Field) string
	// Recognize reports whether text can only be a key of this kind.
	Recognize func(text string) bool
	// WellFormed reports whether a key on the command line has the form that its
	// service expects. If it is nil, Parse decides.
	WellFormed func(text string) bool

	// Flag is the flag of sops for keys of this kind, such as "gcp-kms".
	Flag FlagOfKind
	// ReadOrder and FlagOrder are the positions of the kind, the smallest first,
	// among the stanzas that sops reads from a file and among its flags.
	ReadOrder, FlagOrder int
	// Log describes sops's log lines for keys of this kind.
	Log LogOfKind

	// Hint tells the user how to log in to the service.
	Hint string
	// WrapHint replaces Hint if the service did not wrap a data key. It may be "".
	WrapHint string
}

// An EntryField is a field of a key in a key group.
type EntryField struct {
	Key      string // in .sops.yaml: "vaultUrl"
	Field    string // in a stanza: "vault_url"
	Required bool
	Map      bool // it is a map of strings
}

// A FlagOfKind is a flag of sops with a comma-separated list of keys. The flags to add
// and remove keys have the same name with the prefix "add-" or "rm-".
type FlagOfKind struct {
	Name     string
	Short    string // one letter, or ""
	Variable string // that replaces the flag, without $
	Keys     string // in the help: "GCP KMS keys"
}

// A LogOfKind holds the words in sops's log for one kind of keys.
type LogOfKind struct {
	Name    string // of the logger: "GCPKMS"
	Success string // "succeeded"
	// Fields returns the fields that sops logs. verb is "encrypt" or "decrypt".
	Fields func(s *Stanza, verb string) []Field
}

// kinds points to the table with the added kinds. AddKind replaces the list and never
// changes it.
var kinds = func() *atomic.Pointer[[]*Kind] {
	p := new(atomic.Pointer[[]*Kind])
	p.Store(&table)
	return p
}()

// Kinds returns all kinds, in the order in which sops reads them from a creation rule.
// The caller must not change them.
func Kinds() []*Kind { return *kinds.Load() }

// KindOf returns the kind of a stanza type. It reports whether the type is known; if
// not, the kind has only a name and a title.
func KindOf(typ string) (*Kind, bool) {
	for _, k := range Kinds() {
		if k.Name == typ {
			return k, true
		}
	}
	return &Kind{Name: typ, Title: typ}, false
}

// AddKind adds a kind. It panics if the name is already in use, because that is a mistake
// in the program's imports. Call it from an init function: other packages may use
// the kinds from then on.
func AddKind(k Kind) {
	for {
		old := kinds.Load()
		if slices.ContainsFunc(*old, func(other *Kind) bool { return other.Name == k.Name }) {
			panic("keys: kind " + k.Name + " added twice")
		}
		all := append(slices.Clip(slices.Clone(*old)), &k)
		if kinds.CompareAndSwap(old, &all) {
			return
		}
	}
}

// Types lists the stanza types in the order of the metadata.
func Types() []string {
	var types []string
	for _, k := range Kinds() {
		types = append(types, k.Name)
	}
	slices.Sort(types)
	return types
}

// Text returns the text of a key with these fields as in .sops.yaml.
func (k *Kind) Text(fields []Field) string {
	if k.Format != nil {
		return k.Format(fields)
	}
	return valueOf(fields, k.Fields[0])
}

// SameKey reports whether two stanzas name the same key, reached in the same way. policy
// may omit the version (see [Kind.Newest]).
func (k *Kind) SameKey(policy, s *Stanza) bool {
	for _, name := range k.Reach {
		if policy.Field(name) != s.Field(name) {
			return false
		}
	}
	if k.Newest == "" {
		return true
	}
	version := policy.Field(k.Newest)
	return version == "" || version == s.Field(k.Newest)
}

// An UnknownTypeError reports that no provider supports a stanza type.
type UnknownTypeError struct{ Type string }

func (e *UnknownTypeError) Error() string {
	text := fmt.Sprintf("no provider for keys of type %q", e.Type)
	if k, _ := KindOf(e.Type); k.Import != "" {
		text += ": missing import of " + k.Import
	}
	return text
}

func valueOf(fields []Field, name string) string {
	return (&Stanza{Fields: fields}).Field(name)
}

// pairs returns a map as key:value,… in the order of its keys.
func pairs(m []Field) string {
	var all []string
	for _, p := range m {
		all = append(all, p.Name+":"+p.Value)
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}
