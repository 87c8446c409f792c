package read

import (
	"strconv"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Renamer replaces old names of settings with current names, and collects warnings about
// deprecated names. It handles each source separately, so that an old name in one file and the new
// name in another set the same setting.
type Renamer struct{ Warnings []*tree.Problem }

// Rename replaces the old names in n, which is at path at.
func (r *Renamer) Rename(p *plan.Plan, n *tree.Node, at *tree.FieldPath) {
	if n == nil || !p.Renames() {
		return
	}
	at.Secret = at.Secret || p.IsSecret()
	p = p.Core()
	switch {
	case p.Shape == plan.ShapeStruct && n.Kind == tree.NodeMap:
		for _, e := range n.Entries {
			if f := p.FieldFor(n, e.Key); f != nil {
				r.field(f, n, e, at.Key(f.Name, f.Variable))
			}
		}
	case p.Shape == plan.ShapeMap && n.Kind == tree.NodeMap:
		for _, e := range n.Entries {
			r.Rename(p.Elem, e, at.Entry(e.Key, plan.VariableName(e.Key)))
		}
	case p.Shape == plan.ShapeList && (n.Kind == tree.NodeList || n.Kind == tree.NodeItems):
		for i, e := range n.Entries {
			if n.Kind == tree.NodeItems {
				i = e.Index
			}
			r.Rename(p.Elem, e, at.Index(i, n.Origin))
		}
	}
}

// field renames the entry e of n, which sets f.
func (r *Renamer) field(f *plan.Field, n, e *tree.Node, at *tree.FieldPath) {
	if e.Key != f.Name {
		old := strconv.Quote(e.Key)
		if n.Get(f.Name) != nil {
			e.Key, e.Kind = f.Name, tree.NodeBroken
			e.Flaw = &tree.Flaw{Kind: tree.KindInvalid, Reason: "is set twice: also under its old name " + old}
			n.Drop(f.Name, e)
			return
		}
		r.warn(at, e, &tree.Flaw{Kind: tree.KindDeprecated, Reason: "the name " + old + " is deprecated", Hint: "write " + f.Name})
		e.Key = f.Name
	}
	if f.Deprecated != "" {
		r.warn(at, e, &tree.Flaw{Kind: tree.KindDeprecated, Reason: "is deprecated", Hint: f.Deprecated})
	}
	r.Rename(f.Plan, e, at)
}

func (r *Renamer) warn(at *tree.FieldPath, e *tree.Node, f *tree.Flaw) {
	r.Warnings = append(r.Warnings, f.Problem(at.Text(), e.KeyOrigin))
}
