package keys

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Registry maps stanza types to providers. The zero value is empty and ready
// for use; it is safe for concurrent use.
type Registry struct {
	mu        sync.RWMutex
	providers map[string]Provider
}

// Default holds age and the providers that the program imports for their side
// effects.
var Default = func() *Registry {
	r := new(Registry)
	r.Register(Age)
	return r
}()

// Register adds a provider. It panics if its type is already registered, because
// that is a mistake in the program's imports.
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

// Provider returns the provider for a stanza type, or an [*UnknownTypeError].
func (r *Registry) Provider(typ string) (Provider, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if p, ok := r.providers[typ]; ok {
		return p, nil
	}
	return nil, &UnknownTypeError{Type: typ}
}

// EnvDecryptionOrder is the variable with the types of keys to try first, separated
// by commas.
const EnvDecryptionOrder = "SOPS_DECRYPTION_ORDER"

// Identities collects the identities of all providers in the order in which to try
// them: age and pgp first, because they cost the least, or in the order of
// $SOPS_DECRYPTION_ORDER. A broken key source is reported to [Source.Broken] and
// does not stop the others; a wrong $SOPS_DECRYPTION_ORDER counts as one. The error is
// the error of ctx.
func (r *Registry) Identities(ctx context.Context, src Source) ([]Identity, error) {
	order, err := decryptionOrder(src)
	var all []Identity
	if err != nil {
		all = append(all, src.Unusable(ctx, err, func(*Stanza) bool { return true }))
	}
	for _, t := range order {
		p, err := r.Provider(t)
		if err != nil {
			continue // not linked
		}
		ids, err := p.Identities(ctx, src)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			reason := fmt.Errorf("load %s identities: %w", t, err)
			ids = append(ids, src.Unusable(ctx, reason, func(s *Stanza) bool { return s.Type == t }))
		}
		all = append(all, ids...)
	}
	return all, nil
}

// decryptionOrder returns the types in $SOPS_DECRYPTION_ORDER, then the other types. The
// error is about names in the variable that it ignores.
func decryptionOrder(src Source) (order []string, err error) {
	text, ok := src.env(EnvDecryptionOrder)
	if !ok {
		text = "age,pgp"
	}
	for name := range strings.SplitSeq(text, ",") {
		switch name = strings.TrimSpace(name); {
		case !slices.Contains(Types(), name):
			err = fmt.Errorf("$%s: unknown key type, expected %s", EnvDecryptionOrder, strings.Join(Types(), ", "))
		case slices.Contains(order, name):
			err = fmt.Errorf("$%s: %s is listed twice", EnvDecryptionOrder, name)
		default:
			order = append(order, name)
		}
	}
	for _, t := range Types() {
		if !slices.Contains(order, t) {
			order = append(order, t)
		}
	}
	return order, err
}

// text returns a field as a string: a map becomes key:value,… in the order of its
// keys.
func (s *Stanza) text(name string) string {
	for _, f := range s.Fields {
		if f.Name == name && f.Map != nil {
			return pairs(f.Map)
		}
	}
	return s.Field(name)
}

// Name returns the public name of the key that a stanza was made for, even if no
// provider for its type is registered.
func Name(s *Stanza) string {
	var parts []string
	kind, _ := KindOf(s.Type)
	for _, f := range kind.Fields {
		if v := s.text(f); v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 {
		return s.Type
	}
	return strings.Join(parts, " ")
}

// Names lists the names that a policy may use for the key that a stanza was made
// for, the full name of [Name] first. A Key Vault key has a second name: a policy
// omits the version to select the newest one, and the stanza then records the
// version that was the newest when the data key was wrapped.
func Names(s *Stanza) []string {
	names := []string{Name(s)}
	kind, _ := KindOf(s.Type)
	if kind.Newest != "" && s.Field(kind.Newest) != "" {
		names = append(names, Name(&Stanza{Type: s.Type, Fields: slices.DeleteFunc(slices.Clone(s.Fields), func(f Field) bool {
			return f.Name == kind.Newest
		})}))
	}
	return names
}
