package sealcfg

import (
	"context"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/errtext"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// resolve replaces the references in a tree: after the sources are merged, so that
// nobody is asked for what a stronger source overrides. What is wrong with a
// reference is a problem of its setting; a context that has ended ends the load.
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

// A fetcher asks for the secrets that references name. There is none in a program
// without resolvers, which does not link how they are asked.
type fetcher func(context.Context, *options, references)

// references are what find has found.
type references []*found

// A found is a setting that holds a reference.
type found struct {
	plan  *plan.Plan
	node  *tree.Node
	ref   Reference // without scheme if it cannot be read
	asked bool      // a resolver is for it
	text  string    // the secret
	err   error     // why there is none
}

// find looks for references at n. p is nil within what is bound as one value, and
// for a place that no setting has.
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
	if isEncrypted(n.Text) { // no decrypted value is one
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

// permitted returns the references that the options allow. The others get an error.
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

// replace puts the secret in the place of the reference.
func (f *found) replace() {
	at := f.node.Origin
	// What no manager is known for may be a value after all, and is not shown.
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
