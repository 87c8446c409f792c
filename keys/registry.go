package keys

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
)

// A Registry maps stanza types to providers. The zero value is empty and ready
// for use; it is safe for concurrent use.
type Registry struct {
	mu        sync.RWMutex
	providers map[string]Provider
}

// Default holds age and whatever the program imports for its side effect.
var Default = func() *Registry {
	r := new(Registry)
	r.Register(ageProvider{})
	return r
}()

// Register adds a provider. It panics if its type is taken, for that is a
// mistake in the program's imports.
func (r *Registry) Register(p Provider) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.providers[p.Type()]; ok {
		panic("keys: provider " + p.Type() + " registered twice")
	}
	if r.providers == nil {
		r.providers = make(map[string]Provider)
	}
	r.providers[p.Type()] = p
}

// An UnknownTypeError says that no provider handles a stanza type.
type UnknownTypeError struct{ Type string }

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("no provider for keys of type %q (missing import?)", e.Type)
}

// Provider returns the provider for a stanza type, or an [*UnknownTypeError].
func (r *Registry) Provider(typ string) (Provider, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if p, ok := r.providers[typ]; ok {
		return p, nil
	}
	return nil, &UnknownTypeError{Type: typ}
}

// Identities collects the identities of all providers.
func (r *Registry) Identities(ctx context.Context, src Source) ([]Identity, error) {
	r.mu.RLock()
	types := make([]string, 0, len(r.providers))
	for t := range r.providers {
		types = append(types, t)
	}
	r.mu.RUnlock()
	sort.Strings(types) // age before pgp, as sops tries them

	var all []Identity
	for _, t := range types {
		p, err := r.Provider(t)
		if err != nil {
			return nil, err
		}
		ids, err := p.Identities(ctx, src)
		if err != nil {
			return nil, fmt.Errorf("load %s identities: %w", t, err)
		}
		all = append(all, ids...)
	}
	return all, nil
}

// identifying lists, for each stanza type of the SOPS format, the fields that
// name the key (stores.go in sops).
var identifying = map[string][]string{
	"age":      {"recipient"},
	"pgp":      {"fp"},
	"kms":      {"arn", "role", "aws_profile"},
	"gcp_kms":  {"resource_id"},
	"azure_kv": {"vault_url", "name", "version"},
	"hc_vault": {"vault_address", "engine_path", "key_name"},
	"hckms":    {"key_id"},
}

// Types lists the stanza types of the SOPS format in the order of the metadata.
func Types() []string {
	return []string{"age", "azure_kv", "gcp_kms", "hc_vault", "hckms", "kms", "pgp"}
}

// Name returns the public name of the key that a stanza was made for, also
// when no provider for its type is at hand.
func Name(s *Stanza) string {
	var parts []string
	for _, f := range identifying[s.Type] {
		if v := s.Field(f); v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 {
		return s.Type
	}
	return strings.Join(parts, " ")
}
