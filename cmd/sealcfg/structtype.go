package main

import (
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/dsn"
)

// A goType is the Go type for a part of a file.
type goType struct {
	scalar   string // a type of Go; "" for the others, and for a null
	elem     *goType
	list     bool
	fields   []goField // of a struct, in the order of the file
	isStruct bool
	null     bool // it was null somewhere
	password bool // an unencrypted value is a URL or DSN with a password
}

type goField struct {
	key      string
	shape    *goType
	optional bool // not in every item of a list
}

// shapeOf returns the type of a node. It does not need to be decrypted.
func shapeOf(n *envfile.Node) *goType {
	switch n.Kind {
	case envfile.Map:
		s := &goType{isStruct: true}
		var merged *goType // by YAML's merge key
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
		s := &goType{list: true}
		for e := range n.Entries() {
			s.elem = s.elem.inList(shapeOf(e))
		}
		return s
	case envfile.Null:
		return &goType{null: true}
	}
	typ := n.Type
	if sealed, _, err := crypto.SealedType(strings.TrimRight(n.Text, "\n")); err == nil {
		typ = sealed
	}
	return &goType{scalar: goTypes[typ], password: dsn.HasPassword(n.Text)}
}

var goTypes = map[crypto.Type]string{
	crypto.Str: "string", crypto.Int: "int", crypto.Float: "float64", crypto.Bool: "bool", crypto.Time: "time.Time",
}

// with merges the type of a stronger layer: the result has the fields of both.
func (s *goType) with(over *goType) *goType { return s.union(over, false) }

// inList merges the types of two list items. A field that only one of them has is
// optional.
func (s *goType) inList(item *goType) *goType { return s.union(item, true) }

func (s *goType) union(o *goType, items bool) *goType {
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
		s = &goType{list: true, elem: elem}
	case s.scalar != "" && s.scalar == o.scalar:
	case isNumber(s.scalar) && isNumber(o.scalar):
		s = &goType{scalar: "float64"}
	default:
		s = &goType{scalar: "any"}
	}
	joined := *s
	joined.null, joined.password = null, password
	return &joined
}

// empty reports whether only null is known.
func (s *goType) empty() bool { return s.scalar == "" && !s.list && !s.isStruct }

func isNumber(typ string) bool { return typ == "int" || typ == "float64" }

func (s *goType) unionOfStructs(o *goType, items bool) *goType {
	joined := &goType{isStruct: true}
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

func (s *goType) field(key string) *goField {
	for i := range s.fields {
		if s.fields[i].key == key {
			return &s.fields[i]
		}
	}
	return nil
}
