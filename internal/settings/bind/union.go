package bind

import (
	"reflect"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// bindVariant binds the variant that the kind selects from rest, the entries that are not fields of
// the union itself. It returns the unknown entries: all of rest if no kind is set, and the entries
// that no variant has if the kind is invalid.
func (b *Binder) bindVariant(p *plan.Plan, v reflect.Value, n *tree.Node, rest []*tree.Node, kindOK bool, at *tree.FieldPath) (unknown []*tree.Node) {
	kind := v.FieldByIndex(p.Fields[p.Union.Kind].Index).String()
	chosen := p.Union.Of(kind)
	if kindOK && chosen == nil && n.Get(plan.KindName) == nil && kind == "" {
		return rest
	}
	if chosen != nil && kindOK {
		target := reflect.New(chosen.Plan.Elem.Type)
		var entries *tree.Node
		if n != nil {
			entries = &tree.Node{Kind: tree.NodeMap, Origin: n.Origin, Entries: rest}
		}
		b.bindFields(chosen.Plan.Elem, target.Elem(), entries, at, p.Names())
		v.FieldByIndex(chosen.Index).Set(target)
		return nil
	}
	if kindOK {
		f := &p.Fields[p.Union.Kind]
		var given source.Origin
		if e := n.Get(plan.KindName); e != nil {
			given = e.Origin
		} else {
			given.Default = true
		}
		b.report(&tree.Flaw{Kind: tree.KindInvalid, Reason: "must be one of " + p.Union.Kinds()}, at.Key(f.Name, f.Variable), given)
	}
	for _, e := range rest {
		if p.Named(e.Key) == nil {
			unknown = append(unknown, e)
		}
	}
	return unknown
}
