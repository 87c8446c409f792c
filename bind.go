package sealcfg

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/internal/closest"
)

// A binder fills a struct from a tree, and collects what is wrong.
type binder struct {
	file     string  // where to set what is missing
	prefix   *string // of variables, nil if they are not read
	root     *plan   // of the settings as a whole, nil for a part of them
	problems []*Problem
	missing  []*Problem

	origins []placed

	defaults []*field // whose default tags are being bound
	planning bool     // to try a default tag: Validate is not called, the disk not looked at
}

// all returns the problems in the order in which they are shown.
func (b *binder) all() []*Problem { return append(b.problems, b.missing...) }

func (b *binder) count() int { return len(b.problems) + len(b.missing) }

func (b *binder) report(f *flaw, at *place, origin Origin) {
	b.problems = append(b.problems, f.problem(at.path(), origin))
}

// reportValue reports what is wrong with the value of n.
func (b *binder) reportValue(f *flaw, n *node, at *place) {
	if f.got != "" {
		f.reason += ", got " + n.describe(f.got)
	}
	b.report(f, at, n.origin)
}

func (b *binder) wrongShape(want string, n *node, at *place) {
	b.reportValue(&flaw{kind: KindType, reason: "expected " + want, got: n.what()}, n, at)
}

func (b *binder) placed(at *place, origin Origin) {
	b.origins = append(b.origins, placed{at, origin})
}

// require reports that a value is missing, and where it could be set. null is
// the origin of the null that stands in its place, nil if none does.
func (b *binder) require(at *place, null *Origin) {
	path, target, variable := at.path(), b.file, ""
	if name := at.variable(); name != "" && b.prefix != nil {
		variable = "$" + *b.prefix + name
	}
	if own := b.root.explicitFor(path); len(own) > 0 {
		variable = "$" + own[0]
	}
	switch within := at.within(); {
	case within.Variable != "" && variable != "" && !strings.HasPrefix(variable, "$"+within.Variable+levels):
		target, variable = variable, "" // the list is made of items
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
	f := &flaw{kind: KindMissing, reason: "is required", hint: strings.Join(hints, " or ")}
	var given Origin
	if null != nil {
		given, f.reason = *null, "null counts as not set"
	}
	b.missing = append(b.missing, f.problem(path, given))
}

// field binds a field. n is nil if no source mentions it.
func (b *binder) field(f *field, v reflect.Value, n *node, at *place) {
	switch {
	case n != nil && (n.kind != nodeNull || f.plan.nilable()):
		b.bindChecked(f, v, n, at)
		return
	case n != nil:
		null := n.origin
		at.null = &null
	}
	switch {
	case f.def != nil:
		b.bindDefault(f, v, at)
	case f.plan.nilable():
	case f.plan.shape == shapeStruct:
		at.lenient = at.lenient || f.optional
		b.bindStruct(f.plan, v, nil, at)
	case !f.optional && !at.lenient:
		b.require(at, at.null)
	}
}

// bindDefault binds a field to its default tag. That of a type which contains itself
// may need itself again.
func (b *binder) bindDefault(f *field, v reflect.Value, at *place) {
	n := textNode(f.plan, *f.def, Origin{Default: true})
	if slices.Contains(b.defaults, f) {
		b.report(&flaw{kind: KindInvalid, reason: "the default tag contains itself without end"}, at, n.origin)
		return
	}
	b.defaults = append(b.defaults, f)
	b.bindChecked(f, v, n, at)
	b.defaults = b.defaults[:len(b.defaults)-1]
}

// bindChecked binds a field, and then holds it to what its tags ask for.
func (b *binder) bindChecked(f *field, v reflect.Value, n *node, at *place) {
	before := b.count()
	b.bind(f.plan, v, n, at)
	if f.limits != nil && b.count() == before {
		b.check(f.limits, f.plan, v, n, at)
	}
}

// bind sets v, which must be settable, to what n says.
func (b *binder) bind(p *plan, v reflect.Value, n *node, at *place) {
	at.lenient, at.null = false, nil
	if n.kind == nodeBroken {
		b.report(n.flaw, at, n.origin)
		return
	}
	isNull := n.kind == nodeNull
	switch p.shape {
	case shapePointer:
		if isNull {
			b.placed(at, n.origin) // v is nil already
			return
		}
		target := reflect.New(p.elem.typ)
		b.bind(p.elem, target.Elem(), n, at)
		v.Set(target)
		return
	case shapeSecret:
		at.secret = true
		held := reflect.New(p.elem.typ).Elem()
		b.bind(p.elem, held, n, at)
		v.Addr().Interface().(boxed).fill(held)
		return
	case shapeOptional:
		b.bindOptional(p, v, n, at)
		return
	case shapeStruct:
		if isNull {
			null := n.origin
			at.null, n = &null, nil
		}
		b.bindStruct(p, v, n, at)
		return
	}
	switch {
	case isNull && p.isPointerScalar():
		b.placed(at, n.origin)
		return
	case isNull && p.shape != shapeAny && p.shape != shapeJSON: // they hold nulls, in lists and maps
		null := n.origin
		b.require(at, &null)
		return
	}
	before := b.count()
	b.bindValue(p, v, n, at)
	if p.validates && b.count() == before {
		b.validate(group{plan: p}, v, at, n.origin)
	}
}

// bindValue binds what is neither null nor held by something else.
func (b *binder) bindValue(p *plan, v reflect.Value, n *node, at *place) {
	switch p.shape {
	case shapeScalar:
		b.bindScalar(p, v, n, at)
	case shapeList:
		b.bindList(p, v, n, at)
	case shapeMap:
		b.bindMap(p, v, n, at)
	case shapeAny:
		if x := b.anything(n, at); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	case shapeJSON:
		text, broken, f := n.rawJSON(nil)
		if f != nil {
			b.reportValue(f, broken, at)
			return
		}
		v.SetBytes(text)
		b.placed(at, n.origin)
	}
}

func (b *binder) bindOptional(p *plan, v reflect.Value, n *node, at *place) {
	o := v.Addr().Interface().(optional)
	if n.kind == nodeNull {
		o.holdNull()
		b.placed(at, n.origin)
		return
	}
	held := reflect.New(p.elem.typ).Elem()
	b.bind(p.elem, held, n, at)
	o.hold(held)
}

func (b *binder) bindScalar(p *plan, v reflect.Value, n *node, at *place) {
	if n.kind != nodeScalar {
		b.wrongShape(p.typ.String(), n, at)
		return
	}
	if f := p.decode(v, n.typ, n.text); f != nil {
		b.reportValue(f, n, at)
		return
	}
	b.placed(at, n.origin)
}

func (b *binder) bindList(p *plan, v reflect.Value, n *node, at *place) {
	if n.kind == nodeItems { // nothing was below them
		n = (&node{}).withItems(n)
	}
	switch n.kind {
	case nodeList:
	case nodeBroken:
		b.report(n.flaw, at, n.origin)
		return
	default:
		b.wrongShape("a list", n, at)
		return
	}
	list := v
	if p.typ.Kind() == reflect.Array {
		if len(n.entries) != v.Len() {
			reason := fmt.Sprintf("expected a list of %d", v.Len())
			b.reportValue(&flaw{kind: KindType, reason: reason, got: fmt.Sprintf("a list of %d", len(n.entries))}, n, at)
			return
		}
	} else {
		list = reflect.MakeSlice(p.typ, len(n.entries), len(n.entries))
	}
	origin := n.origin
	for i, e := range n.entries {
		b.bind(p.elem, list.Index(i), e, at.item(i, &origin))
	}
	v.Set(list)
	if len(n.entries) == 0 {
		b.placed(at, n.origin)
	}
}

func (b *binder) bindMap(p *plan, v reflect.Value, n *node, at *place) {
	if n.kind != nodeMap {
		b.wrongShape("a map", n, at)
		return
	}
	m := reflect.MakeMapWithSize(p.typ, len(n.entries))
	for _, e := range n.entries {
		entry := at.entry(e.key, variableName(e.key))
		key := reflect.New(p.typ.Key()).Elem()
		if f := p.key(key, "", e.key); f != nil {
			f.reason = "key: " + f.reason
			b.report(f, entry, e.keyOrigin)
			continue
		}
		if m.MapIndex(key).IsValid() {
			b.report(&flaw{kind: KindInvalid, reason: "duplicate key: another key has the same value"}, entry, e.keyOrigin)
			continue
		}
		value := reflect.New(p.elem.typ).Elem()
		b.bind(p.elem, value, e, entry)
		m.SetMapIndex(key, value)
	}
	v.Set(m)
	if len(n.entries) == 0 {
		b.placed(at, n.origin)
	}
}

// bindStruct also binds a struct that nothing mentions (n is nil): each of its
// fields has its own default, or is reported as missing.
func (b *binder) bindStruct(p *plan, v reflect.Value, n *node, at *place) {
	b.bindFields(p, v, n, at, nil)
}

// bindFields binds the fields of a struct. beside are names that stand in the
// same map and are not those of the struct.
func (b *binder) bindFields(p *plan, v reflect.Value, n *node, at *place, beside []string) {
	origin := Origin{Default: true}
	before := b.count()
	given := make([]*node, len(p.fields))
	var rest []*node
	if n != nil {
		if n.kind != nodeMap {
			b.wrongShape("a map", n, at)
			return
		}
		origin = n.origin
		for _, e := range n.entries {
			if i, ok := p.byName[e.key]; ok && given[i] == nil {
				given[i] = e
			} else if ok { // in JSON that was not read with the sources: a default, a secret of a manager
				b.report(&flaw{kind: KindInvalid, reason: "is set twice: also under its old name"}, at.key(p.fields[i].name, ""), e.keyOrigin)
			} else {
				rest = append(rest, e)
			}
		}
	}
	kindOK := true
	places := make([]place, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		start := b.count()
		places[i] = at.below(f.name, f.variable)
		b.field(f, v.FieldByIndex(f.index), given[i], &places[i])
		if p.union != nil && p.union.kind == i {
			kindOK = b.count() == start
		}
	}
	if p.union != nil {
		rest = b.bindVariant(p, v, n, rest, kindOK, at)
	}
	if len(rest) > 0 {
		b.unknown(rest, append(p.names(), beside...), at)
	}
	if at.lenient || b.count() > before {
		return
	}
	for _, in := range p.inlined {
		if in.validates && !b.validate(group{p, in.index}, v.FieldByIndex(in.index), at, origin) {
			return // a method promoted from it would say the same again
		}
	}
	if p.validates {
		b.validate(group{plan: p}, v, at, origin)
	}
}

// unknown reports entries of a map that has only the named ones.
func (b *binder) unknown(entries []*node, names []string, at *place) {
	for _, e := range entries {
		f := &flaw{kind: KindUnknown, reason: "unknown key"}
		if name, ok := closest.Of(e.key, names); ok {
			f.hint = "did you mean " + strconv.Quote(name) + "?"
		}
		b.report(f, at.key(e.key, ""), e.keyOrigin)
	}
}
