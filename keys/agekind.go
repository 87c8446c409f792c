package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// An AgeKind is a kind of age recipients and identities. It is implemented in a
// separate package, because it needs more modules or does more than compute. In a
// SOPS file, all kinds are in the list "age". The package registers with [Age] when
// it is imported, in the manner of database/sql drivers:
//
//	import _ "github.com/sealcfg/sealcfg/keys/agessh"
//
// Implementations must be safe for concurrent use.
type AgeKind interface {
	// Name is the name of the kind. Only one kind can have a name.
	Name() string
	// ParseRecipient parses a recipient. It starts no program and contacts no
	// service, because files contain recipients and a file is not authenticated. The
	// error is [ErrOtherKind] if text is of another kind.
	ParseRecipient(text string) (Recipient, error)
	// ParseIdentity parses one word of an identity file, without a prompt. recipient
	// is the recipient in a comment above it, or "". The error is [ErrOtherKind] if
	// text is of another kind, and never contains text.
	ParseIdentity(text, recipient string, src Source) (Identity, error)
	// Identities searches the key sources of this kind, as [Provider] does.
	Identities(ctx context.Context, src Source) ([]Identity, error)
}

// ErrOtherKind reports that a string is not of an [AgeKind].
var ErrOtherKind = errors.New("of another kind")

// An AgeProvider is the [Provider] of the list "age" of a file. It supports native
// and hybrid keys, and the kinds that have registered. The zero value is ready for
// use; it is safe for concurrent use.
type AgeProvider struct {
	mu    sync.RWMutex
	kinds []AgeKind
}

// Age is the provider of age in [Default].
var Age = new(AgeProvider)

// Register adds a kind. It panics if the name is already registered, because that
// is a mistake in the program's imports.
func (p *AgeProvider) Register(k AgeKind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.kinds, func(other AgeKind) bool { return other.Name() == k.Name() }) {
		panic("keys: kind " + k.Name() + " of age registered twice")
	}
	p.kinds = append(p.kinds, k)
}

func (p *AgeProvider) registered() []AgeKind {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Clone(p.kinds)
}

// Type returns [AgeType].
func (p *AgeProvider) Type() string { return AgeType }

// The kinds of this project, and where they live.
const (
	AgeSSH    = "ssh"
	AgePlugin = "plugin"
)

var kindImports = map[string]string{
	AgeSSH:    "github.com/sealcfg/sealcfg/keys/agessh",
	AgePlugin: "github.com/sealcfg/sealcfg/keys/ageplugin",
}

// A MissingKindError reports that the program lacks the package for a kind of age
// recipients or identities.
type MissingKindError struct {
	Kind   string // [AgeSSH] or [AgePlugin]
	Import string // path of the package
}

func (e *MissingKindError) Error() string {
	return fmt.Sprintf("age keys of kind %q require the package %s (missing import?)", e.Kind, e.Import)
}

func missingKind(kind string) error { return &MissingKindError{kind, kindImports[kind]} }

// kindOfRecipient guesses the kind of a recipient from its prefix. It returns ""
// for a recipient that no package of this module supports.
func kindOfRecipient(s string) string {
	switch {
	case strings.HasPrefix(s, "ssh-"):
		return AgeSSH
	case strings.HasPrefix(s, "age1") && !strings.HasPrefix(s, "age1pq1") && strings.Count(s, "1") > 1:
		return AgePlugin
	}
	return ""
}

// missingKinds returns an error for each package that the program lacks for age
// stanzas that no identity unwrapped.
func missingKinds(stanzas []*Stanza) []error {
	var errs []error
	has := map[string]bool{"": true}
	for _, k := range Age.registered() {
		has[k.Name()] = true
	}
	for _, s := range stanzas {
		if kind := kindOfRecipient(s.Field("recipient")); s.Type == AgeType && !has[kind] {
			has[kind] = true
			errs = append(errs, missingKind(kind))
		}
	}
	return errs
}
