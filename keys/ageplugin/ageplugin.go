// Package ageplugin supports the plugins of age: programs called age-plugin-NAME,
// which keep keys in a token, an enclave or elsewhere. Their recipients look like
// age1NAME1…, their identities like AGE-PLUGIN-NAME-1…. It is imported for its side
// effect:
//
//	import _ "github.com/sealcfg/sealcfg/keys/ageplugin"
//
// It is the only library package of this module that starts programs. It finds them
// on PATH and nowhere else. It starts a plugin to unwrap only for an identity of
// the user, and to wrap only for a recipient that the program passes a secret to.
// It starts no plugin to parse a recipient, which may come from a file that is not
// authenticated yet.
//
// The recipients age1tag1… and age1tagpq1… are public keys whose private key a
// plugin holds. Wrapping for them requires no plugin.
//
// A plugin is started once for all stanzas of a key group, and only one plugin runs
// at a time. When the context of a call ends, the call ends. The plugin continues
// until it notices that the call has ended: package age cannot end it. If it reads
// its standard input, it ends with the calling process at the latest.
package ageplugin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age/plugin"
	"filippo.io/age/tag"

	"github.com/sealcfg/sealcfg/keys"
)

func init() { keys.Age.Register(kind{make(chan struct{}, 1)}) }

// kind holds a token while a plugin runs for an identity: tokens and people deal
// with one question at a time.
type kind struct{ turn chan struct{} }

func (kind) Name() string { return keys.AgePlugin }

func (kind) ParseRecipient(text string) (keys.Recipient, error) {
	switch {
	case strings.HasPrefix(text, "age1tag1"), strings.HasPrefix(text, "age1tagpq1"):
		r, err := tag.ParseRecipient(text)
		if err != nil {
			return nil, fmt.Errorf("malformed age recipient %q", text)
		}
		return keys.AgeRecipient(r, text), nil
	case strings.HasPrefix(text, "age1pq1"), !strings.HasPrefix(text, "age1"), strings.Count(text, "1") < 2:
		return nil, keys.ErrOtherKind
	}
	name, _, err := plugin.ParseRecipient(text)
	if err != nil {
		return nil, fmt.Errorf("malformed age recipient %q", text)
	}
	return &recipient{text: text, program: program(name)}, nil
}

func (k kind) ParseIdentity(text, recipient string, src keys.Source) (keys.Identity, error) {
	if !strings.HasPrefix(text, "AGE-PLUGIN-") {
		return nil, keys.ErrOtherKind
	}
	name, _, err := plugin.ParseIdentity(text)
	if err != nil {
		return nil, errors.New("malformed age identity")
	}
	return &identity{text: text, program: program(name), recipient: recipient, src: src, turn: k.turn}, nil
}

// Identities returns none: the identities of plugins are in the key sources of
// native ones.
func (kind) Identities(context.Context, keys.Source) ([]keys.Identity, error) { return nil, nil }

func program(name string) string { return "age-plugin-" + name }
