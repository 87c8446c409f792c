package sealcfg

import (
	"context"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/errtext"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// resolve replaces the references in a tree by their secrets. It runs after the sources are
// merged, so that it does not fetch a secret that a stronger source overrides. A reference
// that cannot be resolved becomes a problem of its setting. resolve returns an error only
// if ctx has ended.
func (o *options) resolve(ctx context.Context, p *plan.Plan, tree *tree.Node) error {
	var r references
	r.find(p, tree)
	if len(r) == 0 {
		return nil
	}
	wanted := r
	if o.permit != nil {
		wanted = r.permitted(o)
	}
	if fetch := o.fetcher(); fetch != nil {
		fetch(ctx, o, wanted)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, f := range r {
		f.replace()
	}
	return nil
}

// A fetcher fetches the secrets of references. It is nil in a program without resolvers,
// which therefore does not link the code.
type fetcher func(context.Context, *options, references)

// references are the settings that hold references.
type references []*found

// A found is a setting that holds a reference.
type found struct {
	plan  *plan.Plan
	node  *tree.Node
	ref   Reference // without scheme if it cannot be parsed
	asked bool      // whether it has a resolver
	text  string    // the secret
	err   error     // why there is no secret
}

// find adds the references in n. p is nil within a value that is bound as a whole, and for
// a path without a setting.
func (r *references) find(p *plan.Plan, n *tree.Node) {
	if n == nil {
		return
	}
	if n.Kind == tree.NodeScalar {
		r.scalar(p, n)
		return
	}
	for _, e := range n.Entries {
		step := envfile.Step{Key: e.Key}
		if n.Kind != tree.NodeMap {
			step = envfile.Step{IsIndex: true}
		}
		r.find(p.Below(step), e)
	}
}

func (r *references) scalar(p *plan.Plan, n *tree.Node) {
	if n.Type != "" && n.Type != crypto.Str || n.Origin.Place == inCode {
		return
	}
	if isEncrypted(n.Text) { // decrypted values never begin like this
		n.Replace(&tree.Node{Kind: tree.NodeBroken, Origin: n.Origin, Flaw: &tree.Flaw{
			Kind: tree.KindInvalid, Reason: "an encrypted value without the metadata of its file",
			Hint: "give the decrypted value, or restore the metadata",
		}})
		return
	}
	if !tree.IsReference(n.Text) {
		return
	}
	if text, ok := strings.CutPrefix(n.Text, tree.LiteralPrefix); ok {
		n.Replace(plan.FromText(p, text, n.Origin))
		return
	}
	f := &found{plan: p, node: n}
	if f.ref, f.err = tree.ParseReference(n.Text); f.err == nil {
		f.err = noResolver(f.ref.Scheme)
	}
	*r = append(*r, f)
}

// permitted returns the references that the options allow. It sets the error of the others.
func (r references) permitted(o *options) (wanted references) {
	for _, f := range r {
		if err := o.permit(f.ref, f.node.Origin); err != nil && f.ref.Scheme != "" {
			f.err, f.asked = err, o.resolverOf(f.ref.Scheme) != nil
			continue
		}
		wanted = append(wanted, f)
	}
	return wanted
}

// replace replaces the reference by the secret or by the error.
func (f *found) replace() {
	at := f.node.Origin
	// A text with an unknown scheme may be a value instead of a reference, so it is not shown.
	if f.asked || managerOf(f.ref.Scheme) != "" {
		at.Place = f.ref.String()
	}
	if f.err != nil {
		reason := errtext.OneLine(f.err.Error())
		f.node.Replace(&tree.Node{Kind: tree.NodeBroken, Origin: at, Flaw: &tree.Flaw{Kind: tree.KindInvalid, Reason: reason, Cause: tree.ShownError(f.err)}})
		return
	}
	f.node.Replace(plan.FromText(f.plan, f.text, at))
}

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
