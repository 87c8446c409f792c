package sealcfg

import (
	"context"
	"sync"

	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// atOnce is the maximum number of secrets that are fetched at the same time.
const atOnce = 8

// fetch is the [fetcher] of programs with resolvers.
func fetch(ctx context.Context, o *options, all references) {
	f := &fetching{secrets: make(map[string]*secret)}
	of := make(map[*found]*secret)
	for _, r := range all {
		if resolver := o.resolverOf(r.ref.Scheme); resolver != nil {
			of[r] = f.secret(resolver, r.ref)
		}
	}
	f.ask(ctx)
	for r, s := range of {
		r.asked, r.text, r.err = true, s.text, s.err
		if r.err == nil && r.ref.Key != "" {
			r.text, r.err = tree.FieldOfJSON(s.text, r.ref.Key)
		}
	}
}

// A fetching collects the secrets of one load, so that each is fetched once.
type fetching struct {
	secrets map[string]*secret
	asked   []*secret // in the order in which they were found
}

// A secret is a secret of a secret manager. Several settings can refer to it.
type secret struct {
	resolver Resolver
	ref      Reference
	text     string
	err      error
}

// secret returns the secret that ref names. It returns the same one for all references to
// it.
func (f *fetching) secret(resolver Resolver, ref Reference) *secret {
	ref.Key = ""
	same := ref // all schemes of a resolver name the same secrets
	same.Scheme = resolver.Schemes()[0]
	name := same.String() + "?" + ref.Query.Encode()
	if f.secrets[name] == nil {
		f.secrets[name] = &secret{resolver: resolver, ref: ref}
		f.asked = append(f.asked, f.secrets[name])
	}
	return f.secrets[name]
}

// ask fetches all secrets. It fetches several at a time, because secret managers can be
// slow.
func (f *fetching) ask(ctx context.Context) {
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, s := range f.asked {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			s.text, s.err = s.resolver.Resolve(ctx, s.ref)
		})
	}
	all.Wait()
}
