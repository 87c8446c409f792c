package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/oneline"
)

// resolve replaces the references in a tree: after the sources are merged, so that
// nobody is asked for what a stronger source overrides.
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

// walk resolves what stands at n. p is nil within what is bound as one value, and
// for a place that no setting has.
func (r *resolving) walk(ctx context.Context, p *plan, n *node) error {
	if n == nil {
		return nil
	}
	if n.kind == nodeScalar {
		return r.scalar(ctx, p, n)
	}
	for _, e := range n.entries {
		step := envfile.Step{Key: e.key}
		if n.kind != nodeMap {
			step = envfile.Step{IsIndex: true}
		}
		if err := r.walk(ctx, p.below(step), e); err != nil {
			return err
		}
	}
	return nil
}

// scalar puts the secret in the place of a reference. What is wrong with the
// reference is a problem of the setting; a context that has ended ends the load.
func (r *resolving) scalar(ctx context.Context, p *plan, n *node) error {
	if n.typ != "" && n.typ != crypto.Str || n.origin.Place == inCode || !isReference(n.text) {
		return nil
	}
	if text, ok := strings.CutPrefix(n.text, literalPrefix); ok {
		n.replace(textNode(p, text, n.origin))
		return nil
	}
	at := n.origin
	ref, err := parseReference(n.text)
	text := ""
	if err == nil {
		at.Place = ref.String()
		text, err = r.fetch(ctx, ref)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		reason := oneline.Text(err.Error())
		n.replace(&node{kind: nodeBroken, origin: at, flaw: &flaw{kind: KindInvalid, reason: reason, cause: err}})
	default:
		n.replace(textNode(p, text, at))
	}
	return nil
}

// replace puts another value in the same place.
func (n *node) replace(by *node) {
	by.key, by.keyOrigin, by.index = n.key, n.keyOrigin, n.index
	*n = *by
}

func (r *resolving) fetch(ctx context.Context, ref Reference) (string, error) {
	resolver := r.o.resolverOf(ref.Scheme)
	if resolver == nil {
		return "", noResolver(ref.Scheme)
	}
	whole := ref
	whole.Key = ""
	same := whole // schemes of one resolver name the same secrets
	same.Scheme = resolver.Schemes()[0]
	name := same.String() + "?" + ref.Query.Encode()
	known, ok := r.known[name]
	if !ok {
		known.text, known.err = resolver.Resolve(ctx, whole)
		r.known[name] = known
	}
	if known.err != nil || ref.Key == "" {
		return known.text, known.err
	}
	return fieldOfJSON(known.text, ref.Key)
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
