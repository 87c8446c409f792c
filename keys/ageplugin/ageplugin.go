// Package ageplugin lets the plugins of age open SOPS files: programs called
// age-plugin-NAME, which keep keys in a token, an enclave or elsewhere. Their
// recipients look like age1NAME1…, their identities like AGE-PLUGIN-NAME-1….
// It is imported for its side effect:
//
//	import _ "github.com/sealcfg/sealcfg/keys/ageplugin"
//
// It is the one library package of this module that starts programs, found on
// PATH and nowhere else. One is started to unwrap only for an identity that
// the user has, and to wrap only for a recipient that the program hands a secret
// to. Reading a recipient, as it stands in a file that nobody has authenticated
// yet, starts nothing.
//
// The recipients age1tag1… and age1tagpq1… are public keys whose private half a
// plugin holds; wrapping for them takes no program.
//
// A plugin is started once for all stanzas of a key group, and one at a time.
// When the context of a call ends, the call ends. The program goes on until it
// notices that nobody listens: package age gives no way to end it, and it ends
// with the calling process at the latest if it reads its standard input.
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

// Identities finds none: those of plugins stand in the places of native ones.
func (kind) Identities(context.Context, keys.Source) ([]keys.Identity, error) { return nil, nil }

func program(name string) string { return "age-plugin-" + name }
