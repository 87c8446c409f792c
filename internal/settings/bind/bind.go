// Package bind fills a struct from a tree, checks it, and compares two structs.
package bind

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// A Binder fills a struct from a tree and collects problems.
type Binder struct {
	File     string     // the file to which hints add missing settings
	Prefix   *string    // prefix of variables, nil if variables are not read
	Root     *plan.Plan // plan of the whole settings, nil for a part of them
	Problems []*tree.Problem
	missing  []*tree.Problem

	Origins []Bound

	defaults []*plan.Field // fields with default tags that are being bound
	planning bool          // checking a default tag: Validate is not called, and the disk is not read
}

// All returns the problems in the order in which they are printed.
func (b *Binder) All() []*tree.Problem { return append(b.Problems, b.missing...) }

// Count returns the number of problems.
func (b *Binder) Count() int { return len(b.Problems) + len(b.missing) }

func (b *Binder) report(f *tree.Flaw, at *tree.FieldPath, origin source.Origin) {
	b.Problems = append(b.Problems, f.Problem(at.Text(), origin))
}

// reportValue reports a flaw in the value of n.
func (b *Binder) reportValue(f *tree.Flaw, n *tree.Node, at *tree.FieldPath) {
	if f.Got != "" {
		f.Reason += ", got " + n.Describe(f.Got)
	}
	b.report(f, at, n.Origin)
}

func (b *Binder) wrongShape(want string, n *tree.Node, at *tree.FieldPath) {
	b.reportValue(&tree.Flaw{Kind: tree.KindType, Reason: "expected " + want, Got: n.What()}, n, at)
}

// placed records the origin of a setting.
func (b *Binder) placed(at *tree.FieldPath, origin source.Origin) {
	b.Origins = append(b.Origins, Bound{at, origin})
}

// require reports that a value is missing, and where to set it. null is the origin of a null that
// was set instead, or nil.
func (b *Binder) require(at *tree.FieldPath, null *source.Origin) {
	path, target, variable := at.Text(), b.File, ""
	if name := at.Variable(); name != "" && b.Prefix != nil {
		variable = "$" + *b.Prefix + name
	}
	if own := b.Root.ExplicitFor(path); len(own) > 0 {
		variable = "$" + own[0]
	}
	switch within := at.ListOrigin(); {
	case within.Variable != "" && variable != "" && !strings.HasPrefix(variable, "$"+within.Variable+tree.LevelSeparator):
		target, variable = variable, "" // the list consists of items from separate variables
	case within.Variable != "":
		target, variable = "$"+within.Variable, ""
	case within.Default:
		target, variable = "the default tag", ""
	case target == "":
		target, variable = variable, ""
	}
	var hints []string
	if target != "" {
		hints = append(hints, "set "+path+" in "+target)
	}
	if variable != "" {
		hints = append(hints, variable)
	}
	f := &tree.Flaw{Kind: tree.KindMissing, Reason: "is required", Hint: strings.Join(hints, " or ")}
	var given source.Origin
	if null != nil {
		given, f.Reason = *null, "null counts as not set"
	}
	b.missing = append(b.missing, f.Problem(path, given))
}

// field binds a field. n is nil if no source sets it.
func (b *Binder) field(f *plan.Field, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	switch {
	case n != nil && (n.Kind != tree.NodeNull || f.Plan.Nilable()):
		b.bindChecked(f, v, n, at)
		return
	case n != nil:
		null := n.Origin
		at.Null = &null
	}
	switch {
	case f.Def != nil:
		b.bindDefault(f, v, at)
	case f.Plan.Nilable():
	case f.Plan.Shape == plan.ShapeStruct:
		at.Lenient = at.Lenient || f.Optional
		b.bindStruct(f.Plan, v, nil, at)
	case !f.Optional && !at.Lenient:
		b.require(at, at.Null)
	}
}

// bindDefault binds a field to its default tag. The default of a type that contains itself may
// require itself again.
func (b *Binder) bindDefault(f *plan.Field, v reflect.Value, at *tree.FieldPath) {
	n := plan.FromText(f.Plan, *f.Def, source.Origin{Default: true})
	if slices.Contains(b.defaults, f) {
		b.report(&tree.Flaw{Kind: tree.KindInvalid, Reason: "the default tag contains itself without end"}, at, n.Origin)
		return
	}
	b.defaults = append(b.defaults, f)
	b.bindChecked(f, v, n, at)
	b.defaults = b.defaults[:len(b.defaults)-1]
}

// bindChecked binds a field and then checks its constraints.
func (b *Binder) bindChecked(f *plan.Field, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	before := b.Count()
	b.Bind(f.Plan, v, n, at)
	if f.Limits != nil && b.Count() == before {
		b.check(f.Limits, f.Plan, v, n, at)
	}
}

// Bind sets v, which must be settable, to the value of n.
func (b *Binder) Bind(p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	at.Lenient, at.Null = false, nil
	if n.Kind == tree.NodeBroken {
		b.report(n.Flaw, at, n.Origin)
		return
	}
	isNull := n.Kind == tree.NodeNull
	switch p.Shape {
	case plan.ShapePointer:
		if isNull {
			b.placed(at, n.Origin) // v is nil already
			return
		}
		target := reflect.New(p.Elem.Type)
		b.Bind(p.Elem, target.Elem(), n, at)
		v.Set(target)
		return
	case plan.ShapeSecret:
		at.Secret = true
		held := reflect.New(p.Elem.Type).Elem()
		b.Bind(p.Elem, held, n, at)
		plan.SecretIn(v.Addr()).Fill(held)
		return
	case plan.ShapeOptional:
		b.bindOptional(p, v, n, at)
		return
	case plan.ShapeStruct:
		if isNull {
			null := n.Origin
			at.Null, n = &null, nil
		}
		b.bindStruct(p, v, n, at)
		return
	}
	switch {
	case isNull && p.IsPointerScalar():
		b.placed(at, n.Origin)
		return
	case isNull && p.Shape != plan.ShapeAny && p.Shape != plan.ShapeJSON: // these two can hold null in lists and maps
		null := n.Origin
		b.require(at, &null)
		return
	}
	before := b.Count()
	b.bindValue(p, v, n, at)
	if p.Validates && b.Count() == before {
		b.validate(group{plan: p}, v, at, n.Origin)
	}
}

// bindValue binds a scalar, a list, a map, a value of any type, or raw JSON. Only the last two may
// be null.
func (b *Binder) bindValue(p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	switch p.Shape {
	case plan.ShapeScalar:
		b.bindScalar(p, v, n, at)
	case plan.ShapeList:
		b.bindList(p, v, n, at)
	case plan.ShapeMap:
		b.bindMap(p, v, n, at)
	case plan.ShapeAny:
		if x := b.anything(n, at); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	case plan.ShapeJSON:
		text, broken, f := n.RawJSON(nil)
		if f != nil {
			b.reportValue(f, broken, at)
			return
		}
		v.SetBytes(text)
		b.placed(at, n.Origin)
	}
}

func (b *Binder) bindOptional(p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	o := plan.OptionalIn(v.Addr())
	if n.Kind == tree.NodeNull {
		o.FillNull()
		b.placed(at, n.Origin)
		return
	}
	held := reflect.New(p.Elem.Type).Elem()
	b.Bind(p.Elem, held, n, at)
	o.Fill(held)
}

func (b *Binder) bindScalar(p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	if n.Kind != tree.NodeScalar {
		b.wrongShape(p.Type.String(), n, at)
		return
	}
	if f := p.Decode(v, n.Type, n.Text); f != nil {
		b.reportValue(f, n, at)
		return
	}
	b.placed(at, n.Origin)
}

func (b *Binder) bindList(p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	if n.Kind == tree.NodeItems { // there is no list that the items change
		n = (&tree.Node{}).WithItems(n)
	}
	switch n.Kind {
	case tree.NodeList:
	case tree.NodeBroken:
		b.report(n.Flaw, at, n.Origin)
		return
	default:
		b.wrongShape("a list", n, at)
		return
	}
	list := v
	if p.Type.Kind() == reflect.Array {
		if len(n.Entries) != v.Len() {
			reason := fmt.Sprintf("expected a list of %d", v.Len())
			b.reportValue(&tree.Flaw{Kind: tree.KindType, Reason: reason, Got: fmt.Sprintf("a list of %d", len(n.Entries))}, n, at)
			return
		}
	} else {
		list = reflect.MakeSlice(p.Type, len(n.Entries), len(n.Entries))
	}
	origin := n.Origin
	for i, e := range n.Entries {
		b.Bind(p.Elem, list.Index(i), e, at.Item(i, &origin))
	}
	v.Set(list)
	if len(n.Entries) == 0 {
		b.placed(at, n.Origin)
	}
}

func (b *Binder) bindMap(p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	if n.Kind != tree.NodeMap {
		b.wrongShape("a map", n, at)
		return
	}
	m := reflect.MakeMapWithSize(p.Type, len(n.Entries))
	for _, e := range n.Entries {
		entry := at.Entry(e.Key, plan.VariableName(e.Key))
		key := reflect.New(p.Type.Key()).Elem()
		if f := p.Key(key, "", e.Key); f != nil {
			f.Reason = "key: " + f.Reason
			b.report(f, entry, e.KeyOrigin)
			continue
		}
		if m.MapIndex(key).IsValid() {
			b.report(&tree.Flaw{Kind: tree.KindInvalid, Reason: "duplicate key: another key has the same value"}, entry, e.KeyOrigin)
			continue
		}
		value := reflect.New(p.Elem.Type).Elem()
		b.Bind(p.Elem, value, e, entry)
		m.SetMapIndex(key, value)
	}
	v.Set(m)
	if len(n.Entries) == 0 {
		b.placed(at, n.Origin)
	}
}

// bindStruct binds a struct. If no source sets it, n is nil: then each field gets its default or is
// reported as missing.
func (b *Binder) bindStruct(p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath) {
	b.bindFields(p, v, n, at, nil)
}

// bindFields binds the fields of a struct. The names in beside are valid in the same map but are
// not fields of the struct.
func (b *Binder) bindFields(p *plan.Plan, v reflect.Value, n *tree.Node, at *tree.FieldPath, beside []string) {
	origin := source.Origin{Default: true}
	before := b.Count()
	given := make([]*tree.Node, len(p.Fields))
	var rest []*tree.Node
	if n != nil {
		if n.Kind != tree.NodeMap {
			b.wrongShape("a map", n, at)
			return
		}
		origin = n.Origin
		for _, e := range n.Entries {
			if i, ok := p.ByName[e.Key]; ok && given[i] == nil {
				given[i] = e
			} else if ok { // only in JSON in which old names are not replaced: defaults, and secrets from a secret manager
				b.report(&tree.Flaw{Kind: tree.KindInvalid, Reason: "is set twice: also under its old name"}, at.Key(p.Fields[i].Name, ""), e.KeyOrigin)
			} else {
				rest = append(rest, e)
			}
		}
	}
	kindOK := true
	places := make([]tree.FieldPath, len(p.Fields))
	for i := range p.Fields {
		f := &p.Fields[i]
		start := b.Count()
		places[i] = at.Below(f.Name, f.Variable)
		b.field(f, v.FieldByIndex(f.Index), given[i], &places[i])
		if p.Union != nil && p.Union.Kind == i {
			kindOK = b.Count() == start
		}
	}
	if p.Union != nil {
		rest = b.bindVariant(p, v, n, rest, kindOK, at)
	}
	if len(rest) > 0 {
		b.unknown(rest, append(p.Names(), beside...), at)
	}
	if at.Lenient || b.Count() > before {
		return
	}
	for _, in := range p.Inlined {
		if in.Validates && !b.validate(group{p, in.Index}, v.FieldByIndex(in.Index), at, origin) {
			return // a method promoted from it would report the same problem again
		}
	}
	if p.Validates {
		b.validate(group{plan: p}, v, at, origin)
	}
}

// unknown reports entries of a map as unknown keys. names lists the valid keys.
func (b *Binder) unknown(entries []*tree.Node, names []string, at *tree.FieldPath) {
	for _, e := range entries {
		f := &tree.Flaw{Kind: tree.KindUnknown, Reason: "unknown key"}
		if name, ok := closest.Of(e.Key, names); ok {
			f.Hint = "did you mean " + strconv.Quote(name) + "?"
		}
		b.report(f, at.Key(e.Key, ""), e.KeyOrigin)
	}
}
