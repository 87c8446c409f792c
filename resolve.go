package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/errtext"
)

// resolve replaces the references in a tree: after the sources are merged, so that
// nobody is asked for what a stronger source overrides. What is wrong with a
// reference is a problem of its setting; a context that has ended ends the load.
func (o *options) resolve(ctx context.Context, p *plan, tree *node) error {
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
	plan  *plan
	node  *node
	ref   Reference // without scheme if it cannot be read
	asked bool      // a resolver is for it
	text  string    // the secret
	err   error     // why there is none
}

// find looks for references at n. p is nil within what is bound as one value, and
// for a place that no setting has.
func (r *references) find(p *plan, n *node) {
	if n == nil {
		return
	}
	if n.kind == nodeScalar {
		r.scalar(p, n)
		return
	}
	for _, e := range n.entries {
		step := envfile.Step{Key: e.key}
		if n.kind != nodeMap {
			step = envfile.Step{IsIndex: true}
		}
		r.find(p.below(step), e)
	}
}

func (r *references) scalar(p *plan, n *node) {
	if n.typ != "" && n.typ != crypto.Str || n.origin.Place == inCode {
		return
	}
	if isEncrypted(n.text) { // no decrypted value is one
		n.replace(&node{kind: nodeBroken, origin: n.origin, flaw: &flaw{
			kind: KindInvalid, reason: "an encrypted value without the metadata of its file",
			hint: "give the decrypted value, or restore the metadata",
		}})
		return
	}
	if !isReference(n.text) {
		return
	}
	if text, ok := strings.CutPrefix(n.text, literalPrefix); ok {
		n.replace(textNode(p, text, n.origin))
		return
	}
	f := &found{plan: p, node: n}
	if f.ref, f.err = parseReference(n.text); f.err == nil {
		f.err = noResolver(f.ref.Scheme)
	}
	*r = append(*r, f)
}

// permitted returns the references that the options allow. The others get an error.
func (r references) permitted(o *options) (wanted references) {
	for _, f := range r {
		if err := o.permit(f.ref, f.node.origin); err != nil && f.ref.Scheme != "" {
			f.err, f.asked = err, o.resolverOf(f.ref.Scheme) != nil
			continue
		}
		wanted = append(wanted, f)
	}
	return wanted
}

// replace puts the secret in the place of the reference.
func (f *found) replace() {
	at := f.node.origin
	// What no manager is known for may be a value after all, and is not shown.
	if f.asked || managerOf(f.ref.Scheme) != "" {
		at.Place = f.ref.String()
	}
	if f.err != nil {
		reason := errtext.OneLine(f.err.Error())
		f.node.replace(&node{kind: nodeBroken, origin: at, flaw: &flaw{kind: KindInvalid, reason: reason, cause: shown(f.err)}})
		return
	}
	f.node.replace(textNode(f.plan, f.text, at))
}

// replace puts another value in the same place.
func (n *node) replace(by *node) {
	by.key, by.keyOrigin, by.index = n.key, n.keyOrigin, n.index
	*n = *by
}

// defaultReferences is an error if a default tag holds a reference: a default is
// for when nothing else is known, and it is not resolved.
func (p *plan) defaultReferences() (err error) {
	if p == nil {
		return nil
	}
	p.eachField(func(path envfile.Path, f *field) {
		if f.def != nil && isReference(*f.def) {
			err = errors.Join(err, fmt.Errorf("settings type %s: %s: a default tag cannot hold a reference", p.typ, path))
		}
	})
	return err
}
