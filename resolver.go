package sealcfg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/crypto"
)

// refPrefix begins a value that names a secret elsewhere: ref+vault://secret/app#password.
const refPrefix = "ref+"

// A Reference names a secret that lies with a manager.
type Reference struct {
	// Scheme says which manager: awssm, vault.
	Scheme string
	// Name is what stands between :// and ? or #, not unescaped: prod/db.
	Name string
	// Query holds what stands behind the question mark.
	Query url.Values
	// Key is the field of a secret that is a JSON object, with slashes between
	// levels; "" means all of it. The loader looks it up, not the resolver.
	Key string
}

// String spells the reference without its query.
func (r Reference) String() string {
	text := refPrefix + r.Scheme + "://" + r.Name
	if r.Key != "" {
		text += "#" + r.Key
	}
	return text
}

// A Resolver asks a manager of secrets. A value that is a text and begins with
// ref+SCHEME:// is replaced by what the resolver of that scheme returns:
//
//	password: ref+awssm://prod/db#password
//
// The host and the credentials are those of the program, never those of a
// reference. Implementations are safe for concurrent use.
type Resolver interface {
	// Schemes returns the schemes that it is for.
	Schemes() []string
	// Resolve returns a secret as a whole, once for all references to it in one
	// load. It must end when ctx does; errors carry no secret.
	Resolve(ctx context.Context, ref Reference) (string, error)
}

// Resolvers holds those of the packages that the program imports.
var Resolvers ResolverRegistry

// A ResolverRegistry holds resolvers by scheme. Its zero value is empty, and it
// is safe for concurrent use.
type ResolverRegistry struct {
	mu       sync.RWMutex
	byScheme map[string]Resolver
}

// Register adds a resolver, usually from an init function. It panics if one of its
// schemes is taken.
func (g *ResolverRegistry) Register(r Resolver) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byScheme == nil {
		g.byScheme = make(map[string]Resolver)
	}
	for _, scheme := range r.Schemes() {
		if _, taken := g.byScheme[scheme]; taken {
			panic(fmt.Sprintf("sealcfg: two resolvers for %s://", scheme))
		}
		g.byScheme[scheme] = r
	}
}

func (g *ResolverRegistry) of(scheme string) Resolver {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.byScheme[scheme]
}

// WithResolver resolves references with r, in place of the registered resolver of
// the same scheme.
func WithResolver(r Resolver) Option {
	return func(o *options) { o.resolvers = append(o.resolvers, r) }
}

func (o *options) resolverOf(scheme string) Resolver {
	for _, r := range slices.Backward(o.resolvers) {
		if slices.Contains(r.Schemes(), scheme) {
			return r
		}
	}
	return Resolvers.of(scheme)
}

// resolve replaces the references in a tree.
func (o *options) resolve(ctx context.Context, p *plan, tree *node) error {
	r := &resolving{o: o, known: make(map[string]fetched)}
	return r.walk(ctx, p, tree)
}

// A resolving asks for each secret once.
type resolving struct {
	o     *options
	known map[string]fetched
}

type fetched struct {
	text string
	err  error
}

func (r *resolving) walk(ctx context.Context, p *plan, n *node) error {
	if n == nil {
		return nil
	}
	if n.kind == nodeScalar {
		return r.scalar(ctx, p, n)
	}
	for _, e := range n.entries {
		var elem *plan
		if core := p.coreOrNil(); core != nil {
			elem = core.elem
			if f := core.named(e.key); core.shape == shapeStruct {
				elem = nil
				if f != nil {
					elem = f.plan
				}
			}
		}
		if err := r.walk(ctx, elem, e); err != nil {
			return err
		}
	}
	return nil
}

// scalar puts the secret in the place of a reference. What is wrong with the
// reference is a problem of the setting; a context that has ended ends the load.
func (r *resolving) scalar(ctx context.Context, p *plan, n *node) error {
	if n.typ != "" && n.typ != crypto.Str || !strings.HasPrefix(n.text, refPrefix) {
		return nil
	}
	ref, ok := parseReference(n.text)
	if !ok {
		return nil
	}
	text, err := r.fetch(ctx, ref)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	at := n.origin
	at.Place = ref.String()
	resolved := textNode(p, text, at)
	if err != nil {
		resolved = &node{kind: nodeBroken, origin: at, flaw: &flaw{kind: KindInvalid, reason: err.Error(), cause: err}}
	}
	resolved.key, resolved.keyOrigin, resolved.index = n.key, n.keyOrigin, n.index
	*n = *resolved
	return nil
}

func (r *resolving) fetch(ctx context.Context, ref Reference) (string, error) {
	whole := ref
	whole.Key = ""
	name := whole.String() + "?" + ref.Query.Encode()
	known, ok := r.known[name]
	if !ok {
		resolver := r.o.resolverOf(ref.Scheme)
		if resolver == nil {
			return "", fmt.Errorf("nothing resolves %s%s:// here: import the package for it", refPrefix, ref.Scheme)
		}
		known.text, known.err = resolver.Resolve(ctx, whole)
		r.known[name] = known
	}
	if known.err != nil || ref.Key == "" {
		return known.text, known.err
	}
	return fieldOfJSON(known.text, ref.Key)
}

// parseReference reports false for a text that only begins like one.
func parseReference(text string) (Reference, bool) {
	scheme, rest, ok := strings.Cut(strings.TrimPrefix(text, refPrefix), "://")
	if !ok || scheme == "" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return Reference{}, false
	}
	rest, key, _ := strings.Cut(rest, "#")
	name, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil || name == "" {
		return Reference{}, false
	}
	return Reference{Scheme: scheme, Name: name, Query: values, Key: strings.TrimPrefix(key, "/")}, true
}

var (
	errNoObject = errors.New("the secret is no JSON object, so it has no field")
	errNoField  = errors.New("the secret has no such field")
)

// fieldOfJSON returns a field of a JSON object: a string as it is, anything else
// as JSON.
func fieldOfJSON(text, key string) (string, error) {
	raw := json.RawMessage(text)
	for step := range strings.SplitSeq(key, "/") {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil || object == nil { // the library's words may quote it
			return "", errNoObject
		}
		field, ok := object[step]
		if !ok {
			return "", errNoField
		}
		raw = field
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, nil
	}
	return string(raw), nil
}
