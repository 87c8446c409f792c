package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/oneline"
)

// atOnce is how many secrets are asked for at the same time.
const atOnce = 8

// resolve replaces the references in a tree: after the sources are merged, so that
// nobody is asked for what a stronger source overrides. What is wrong with a
// reference is a problem of its setting; a context that has ended ends the load.
func (o *options) resolve(ctx context.Context, p *plan, tree *node) error {
	r := &resolving{o: o, secrets: make(map[string]*secret)}
	r.find(p, tree)
	r.fetch(ctx)
	if err := ctx.Err(); err != nil && len(r.found) > 0 {
		return err
	}
	for _, f := range r.found {
		f.replace()
	}
	return nil
}

// A resolving asks for each secret once.
type resolving struct {
	o       *options
	found   []*found
	secrets map[string]*secret
	asked   []*secret // as they were found
}

// A found is a setting that holds a reference.
type found struct {
	plan   *plan
	node   *node
	ref    Reference
	secret *secret
}

// A secret is what several settings may refer to.
type secret struct {
	resolver Resolver
	ref      Reference
	text     string
	err      error
}

// find looks for references at n. p is nil within what is bound as one value, and
// for a place that no setting has.
func (r *resolving) find(p *plan, n *node) {
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

func (r *resolving) scalar(p *plan, n *node) {
	if n.typ != "" && n.typ != crypto.Str || n.origin.Place == inCode || !isReference(n.text) {
		return
	}
	if text, ok := strings.CutPrefix(n.text, literalPrefix); ok {
		n.replace(textNode(p, text, n.origin))
		return
	}
	f := &found{plan: p, node: n}
	ref, err := parseReference(n.text)
	if err != nil {
		f.secret = &secret{err: err}
	} else {
		f.ref, f.secret = ref, r.secret(ref)
	}
	r.found = append(r.found, f)
}

// secret returns the secret of a reference, the same one for all references to it.
func (r *resolving) secret(ref Reference) *secret {
	resolver := r.o.resolverOf(ref.Scheme)
	if resolver == nil {
		return &secret{err: noResolver(ref.Scheme)}
	}
	ref.Key = ""
	same := ref // schemes of one resolver name the same secrets
	same.Scheme = resolver.Schemes()[0]
	name := same.String() + "?" + ref.Query.Encode()
	if r.secrets[name] == nil {
		r.secrets[name] = &secret{resolver: resolver, ref: ref}
		r.asked = append(r.asked, r.secrets[name])
	}
	return r.secrets[name]
}

// fetch asks for all secrets, some at a time: they may lie with managers that are
// slow, or do not answer at all.
func (r *resolving) fetch(ctx context.Context) {
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, s := range r.asked {
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

// replace puts the secret in the place of the reference.
func (f *found) replace() {
	at := f.node.origin
	// What no manager is known for may be a value after all, and is not shown.
	if f.secret.resolver != nil || managerOf(f.ref.Scheme) != "" {
		at.Place = f.ref.String()
	}
	text, err := f.secret.text, f.secret.err
	if err == nil && f.ref.Key != "" {
		text, err = fieldOfJSON(text, f.ref.Key)
	}
	if err != nil {
		reason := oneline.Text(err.Error())
		f.node.replace(&node{kind: nodeBroken, origin: at, flaw: &flaw{kind: KindInvalid, reason: reason, cause: err}})
		return
	}
	f.node.replace(textNode(f.plan, text, at))
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
