package environments

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/keys"
)

// AllKeys permits every key when it is passed to [Permit].
const AllKeys = "all"

// Permit returns a function for [keys.Source], which calls it before it sends a
// stanza of a file to a key service. The function permits the allowed keys and the
// keys in the policy. Anyone who can write the file could have added other keys.
//
// allowed holds keys as .sops.yaml spells them or as [keys.Name] does, or
// [AllKeys]. policy is called only if it decides. Its error is the cause of the
// [*keys.NotPermittedError]. A nil policy permits no key.
func Permit(allowed []string, policy func() (*Policy, error)) func(*keys.Stanza) error {
	return func(s *keys.Stanza) error {
		if slices.ContainsFunc(allowed, func(text string) bool { return allows(text, s) }) {
			return nil
		}
		p, err := policy()
		if err == nil && p.Names(s) {
			return nil
		}
		return &keys.NotPermittedError{Type: s.Type, Recipient: keys.Name(s), Cause: err}
	}
}

func allows(text string, s *keys.Stanza) bool {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return false
	case text == AllKeys, slices.Contains(keys.Names(s), text):
		return true
	}
	m, ok := parseAlone(text)
	return ok && m.isKeyOf(s)
}

// Names reports whether the policy lists the key of a stanza, in a rule or
// elsewhere. It compares the type and the fields that identify the key and the way
// to reach it, such as role and profile of a kms key. An Azure key without a
// version matches all its versions. A nil policy lists no keys.
func (p *Policy) Names(s *keys.Stanza) bool {
	return p != nil && slices.ContainsFunc(p.keys, func(m Member) bool { return m.isKeyOf(s) })
}

// isKeyOf reports whether a stanza was made for the member.
func (m Member) isKeyOf(s *keys.Stanza) bool {
	if m.Type != s.Type || m.Fields == nil {
		return false
	}
	kind, known := keys.KindOf(m.Type)
	return known && kind.SameKey(&keys.Stanza{Type: m.Type, Fields: m.Fields}, s)
}
