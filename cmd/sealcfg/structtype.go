package main

import (
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/dsn"
)

// A goShape is the Go type that a part of a file asks for.
type goShape struct {
	scalar   string // a type of Go; "" for the others, and for a null
	elem     *goShape
	list     bool
	fields   []goField // of a struct, in the order of the file
	isStruct bool
	null     bool // it was null somewhere
	password bool // an unencrypted value is a URL or DSN with a password
}

type goField struct {
	key      string
	shape    *goShape
	optional bool // not in every item of a list
}

// shapeOf reads names and types, of sealed values too.
func shapeOf(n *envfile.Node) *goShape {
	switch n.Kind {
	case envfile.Map:
		s := &goShape{isStruct: true}
		var merged *goShape // by YAML's merge key
		for e := range n.Entries() {
			switch {
			case e.Key == "<<" && e.Kind == envfile.Map:
				merged = shapeOf(e)
			case e.Key == "<<" && e.Kind == envfile.List:
				merged = shapeOf(e).elem
			default:
				s.fields = append(s.fields, goField{key: e.Key, shape: shapeOf(e)})
			}
		}
		if merged != nil && merged.isStruct {
			return s.unionOfStructs(merged, false)
		}
		return s
	case envfile.List:
		s := &goShape{list: true}
		for e := range n.Entries() {
			s.elem = s.elem.inList(shapeOf(e))
		}
		return s
	case envfile.Null:
		return &goShape{null: true}
	}
	typ := n.Type
	if sealed, _, err := crypto.SealedType(strings.TrimRight(n.Text, "\n")); err == nil {
		typ = sealed
	}
	return &goShape{scalar: goTypes[typ], password: dsn.HasPassword(n.Text)}
}

var goTypes = map[crypto.Type]string{
	crypto.Str: "string", crypto.Int: "int", crypto.Float: "float64", crypto.Bool: "bool", crypto.Time: "time.Time",
}

// with lays the shape of a stronger file over s: what either has, both have.
func (s *goShape) with(over *goShape) *goShape { return s.union(over, false) }

// inList is with for items of one list, whose fields need not be in each.
func (s *goShape) inList(item *goShape) *goShape { return s.union(item, true) }

func (s *goShape) union(o *goShape, items bool) *goShape {
	if s == nil {
		return o
	}
	null, password := s.null || o.null, s.password || o.password
	switch {
	case s.empty():
		s = o
	case o.empty():
	case s.isStruct && o.isStruct:
		s = s.unionOfStructs(o, items)
	case s.list && o.list:
		elem := s.elem
		if o.elem != nil {
			elem = elem.inList(o.elem)
		}
		s = &goShape{list: true, elem: elem}
	case s.scalar != "" && s.scalar == o.scalar:
	case isNumber(s.scalar) && isNumber(o.scalar):
		s = &goShape{scalar: "float64"}
	default:
		s = &goShape{scalar: "any"}
	}
	joined := *s
	joined.null, joined.password = null, password
	return &joined
}

// empty says that nothing but null is known.
func (s *goShape) empty() bool { return s.scalar == "" && !s.list && !s.isStruct }

func isNumber(typ string) bool { return typ == "int" || typ == "float64" }

func (s *goShape) unionOfStructs(o *goShape, items bool) *goShape {
	joined := &goShape{isStruct: true}
	for _, f := range s.fields {
		if other := o.field(f.key); other != nil {
			f.shape, f.optional = f.shape.union(other.shape, items), f.optional || other.optional
		} else {
			f.optional = f.optional || items
		}
		joined.fields = append(joined.fields, f)
	}
	for _, f := range o.fields {
		if s.field(f.key) == nil {
			f.optional = f.optional || items
			joined.fields = append(joined.fields, f)
		}
	}
	return joined
}

func (s *goShape) field(key string) *goField {
	for i := range s.fields {
		if s.fields[i].key == key {
			return &s.fields[i]
		}
	}
	return nil
}
