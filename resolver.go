package sealcfg

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// A Resolver returns secrets of a secret manager: see [source.Resolver].
type Resolver = source.Resolver

// A Reference names a secret of a secret manager: see [source.Reference].
type Reference = source.Reference

// Resolvers holds the resolvers of the packages that the program imports.
var Resolvers ResolverRegistry

// A ResolverRegistry holds resolvers by scheme. The zero value is empty. It is safe for
// concurrent use.
type ResolverRegistry struct {
	mu       sync.RWMutex
	byScheme map[string]Resolver
	fetch    fetcher // nil while the registry is empty
}

// Register adds a resolver, usually in an init function. It panics if another resolver has
// one of its schemes.
func (g *ResolverRegistry) Register(r Resolver) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byScheme == nil {
		g.byScheme, g.fetch = make(map[string]Resolver), fetch
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

// WithResolver adds a resolver for one loader. It takes precedence over the registered
// resolver of the same scheme.
func WithResolver(r Resolver) Option {
	return func(o *options) { o.resolvers, o.fetch = append(o.resolvers, r), fetch }
}

// AllowReferences limits the references that are resolved to those that begin with one of
// the prefixes: "awssm://" for all secrets of a secret manager, "vaultkv://secret/app/" for
// the secrets below a path. Schemes of the same secret manager are equivalent, such as
// vault:// and vaultkv://. With this option, each other reference is a problem of its
// setting. References in variables and flags are problems unless [AllowVariableReferences]
// allows them. A name with a percent sign, a backslash or an element "", "." or ".." is
// never allowed, because it could lead out of the path.
//
// A prefix can end within a name: "awssm://prod/db" also allows prod/db-admin. Without a
// prefix, no reference is allowed.
func AllowReferences(prefix ...string) Option {
	return func(o *options) {
		l := o.limited()
		l.files = append(l.files, checkedPrefixes(o, prefix)...)
	}
}

// AllowVariableReferences does the same as [AllowReferences] for references in variables,
// .env files and flags, because the people who set these are not always the authors of the
// files. If a program uses one of the two options, a reference in a variable or flag is
// rejected unless this option allows it, and a reference in a file is rejected unless
// AllowReferences does.
func AllowVariableReferences(prefix ...string) Option {
	return func(o *options) {
		l := o.limited()
		l.variables = append(l.variables, checkedPrefixes(o, prefix)...)
	}
}

// referenceLimits holds the prefixes of the references that are allowed.
type referenceLimits struct{ files, variables []string }

func (o *options) limited() *referenceLimits {
	if o.limits == nil {
		o.limits, o.permit = &referenceLimits{}, o.withinLimits
	}
	return o.limits
}

// checkedPrefixes returns the prefixes without ref+. It records an error for each prefix
// that can match no reference.
func checkedPrefixes(o *options, prefixes []string) []string {
	var checked []string
	for _, p := range prefixes {
		p = strings.TrimPrefix(p, tree.RefPrefix)
		if !tree.IsReference(tree.RefPrefix + p) {
			o.errs = append(o.errs, fmt.Errorf("allow references %q: expected SCHEME:// or SCHEME:// and the beginning of a name", p))
		}
		checked = append(checked, p)
	}
	return checked
}

// withinLimits returns an error for a reference that the options do not allow. at is the
// origin of the reference.
func (o *options) withinLimits(ref Reference, at Origin) error {
	allowed, option := o.limits.files, "sealcfg.AllowReferences"
	if at.Variable != "" || strings.HasPrefix(at.Place, "--") {
		allowed, option = o.limits.variables, "sealcfg.AllowVariableReferences"
	}
	name := strings.TrimPrefix(ref.Name, "/")
	if name != path.Clean(name) || strings.HasPrefix(name, "../") || name == ".." || strings.ContainsAny(name, `%\`) {
		return errors.New("the name of the reference is not in its shortest form, so no prefix allows it")
	}
	for _, p := range allowed {
		scheme, prefix, _ := strings.Cut(p, "://")
		if o.sameManager(scheme, ref.Scheme) && strings.HasPrefix(ref.Name, prefix) {
			return nil
		}
	}
	return fmt.Errorf("the program does not allow this reference; to allow it, add it to %s", option)
}

// sameManager reports whether two schemes belong to the same resolver.
func (o *options) sameManager(a, b string) bool {
	if a == b {
		return true
	}
	r := o.resolverOf(b)
	return r != nil && slices.Contains(r.Schemes(), a)
}

// fetcher returns nil if there is no resolver.
func (o *options) fetcher() fetcher {
	if o.fetch != nil {
		return o.fetch
	}
	Resolvers.mu.RLock()
	defer Resolvers.mu.RUnlock()
	return Resolvers.fetch
}

func (o *options) resolverOf(scheme string) Resolver {
	for _, r := range slices.Backward(o.resolvers) {
		if slices.Contains(r.Schemes(), scheme) {
			return r
		}
	}
	return Resolvers.of(scheme)
}

// managerOf returns the package below services that has a resolver for scheme, or "".
func managerOf(scheme string) string {
	switch scheme {
	case "awssm", "awssecrets":
		return "aws/awssm"
	case "awsssm":
		return "aws/awsssm"
	case "azurekv", "azurekeyvault":
		return "azure/azurekv"
	case "gcpsm", "gcpsecrets":
		return "gcp/gcpsm"
	case "vaultkv", "vault":
		return "vault/vaultkv"
	}
	return ""
}

// noResolver returns the error for a scheme without a resolver. It names the package to
// import, if there is one.
func noResolver(scheme string) error {
	if pkg := managerOf(scheme); pkg != "" {
		return fmt.Errorf("no resolver for %s%s://: the program does not import github.com/sealcfg/sealcfg/services/%s", tree.RefPrefix, scheme, pkg)
	}
	return fmt.Errorf("no resolver for %s%s://; if the value is not a reference, write %s before it", tree.RefPrefix, scheme, tree.LiteralPrefix)
}
