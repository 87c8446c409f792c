package sealcfg

import (
	"reflect"
	"strconv"
)

// A renamer puts what a source says under the names that settings have today,
// and says which of them are on their way out. It runs source by source, so that
// an old name in one file and the new one in another are the same setting.
type renamer struct{ warnings []*Problem }

func (r *renamer) rename(p *plan, n *node, at *place) {
	if n == nil || !p.renames() {
		return
	}
	at.secret = at.secret || p.hides()
	p = p.core()
	switch {
	case p.shape == shapeStruct && n.kind == nodeMap:
		for _, e := range n.entries {
			if f := p.fieldFor(n, e.key); f != nil {
				r.field(f, n, e, at.key(f.name, f.variable))
			}
		}
	case p.shape == shapeMap && n.kind == nodeMap:
		for _, e := range n.entries {
			r.rename(p.elem, e, at.entry(e.key, variableName(e.key)))
		}
	case p.shape == shapeList && (n.kind == nodeList || n.kind == nodeItems):
		for i, e := range n.entries {
			if n.kind == nodeItems {
				i = e.index
			}
			r.rename(p.elem, e, at.index(i, n.origin))
		}
	}
}

// field renames the entry e of n, which is meant for f.
func (r *renamer) field(f *field, n, e *node, at *place) {
	if e.key != f.name {
		old := strconv.Quote(e.key)
		if n.get(f.name) != nil {
			e.key, e.kind = f.name, nodeBroken
			e.flaw = &flaw{kind: KindInvalid, reason: "is set twice: also under its old name " + old}
			n.drop(f.name, e)
			return
		}
		r.warn(at, e, &flaw{kind: KindDeprecated, reason: "the name " + old + " is deprecated", hint: "write " + f.name})
		e.key = f.name
	}
	if f.deprecated != "" {
		r.warn(at, e, &flaw{kind: KindDeprecated, reason: "is deprecated", hint: f.deprecated})
	}
	r.rename(f.plan, e, at)
}

func (r *renamer) warn(at *place, e *node, f *flaw) {
	r.warnings = append(r.warnings, f.problem(at.path(), e.keyOrigin))
}

// drop removes the entries of a map with the given key, but for one.
func (n *node) drop(key string, but *node) {
	var kept []*node
	for _, e := range n.entries {
		if e.key != key || e == but {
			kept = append(kept, e)
		}
	}
	n.entries = kept
}

// renames says whether there is an old or deprecated name anywhere below p. It
// is asked once a type: most types have none, and are not walked.
func (p *plan) renames() bool {
	p.renamesOnce.Do(func() { p.hasRenames = renamesIn(p, make(map[reflect.Type]bool)) })
	return p.hasRenames
}

func renamesIn(p *plan, seen map[reflect.Type]bool) bool {
	if p == nil || seen[p.typ] {
		return false
	}
	seen[p.typ] = true
	for i := range p.fields {
		if f := &p.fields[i]; len(f.aliases) > 0 || f.deprecated != "" || renamesIn(f.plan, seen) {
			return true
		}
	}
	if p.union != nil {
		for _, v := range p.union.variants {
			if renamesIn(v.plan, seen) {
				return true
			}
		}
	}
	return renamesIn(p.elem, seen)
}
