package describe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// schemaDialect is the version of JSON Schema that Schema writes.
const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// Schema returns the JSON Schema of a plan. In the schema of a layer, no setting is required.
func Schema(p *plan.Plan, layer bool) ([]byte, error) {
	s := &schemer{layer: layer, open: make(map[*plan.Plan]string), defs: jsonObject{}}
	root := s.structOf(p)
	root.addFirst("$schema", schemaDialect)
	root.addTo("properties", "sops", jsonObject{{"description", "the metadata of a sealed file"}, {"type", "object"}})
	root.add("$defs", append(s.defs, s.sealedDefs()...))
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(root)
	return out.Bytes(), err
}

// A schemer writes the schema of a plan.
type schemer struct {
	layer bool                  // no setting is required
	open  map[*plan.Plan]string // structs that contain the current one, with the name of their definition if one is needed
	defs  jsonObject
	used  []string // types of encrypted values that the schema refers to
}

// structOf returns the schema of a struct. If the struct contains itself, it returns a reference to
// a definition.
func (s *schemer) structOf(p *plan.Plan) jsonObject {
	if name, recursive := s.open[p]; recursive {
		if name == "" {
			bare, _, _ := strings.Cut(p.Type.Name(), "[") // type arguments contain slashes
			name = fmt.Sprintf("%s-%d", bare, len(s.defs)+1)
			s.open[p] = name
		}
		return jsonObject{{"$ref", "#/$defs/" + name}}
	}
	s.open[p] = ""
	o := jsonObject{{"type", "object"}}
	properties, required := s.fields(p.Fields)
	o.add("properties", properties)
	if len(required) > 0 && !s.layer {
		o.add("required", required)
	}
	if p.Union == nil {
		o.add("additionalProperties", false)
	} else {
		s.addUnion(&o, p)
	}
	name := s.open[p]
	delete(s.open, p)
	if name == "" {
		return o
	}
	s.defs.add(name, o)
	return jsonObject{{"$ref", "#/$defs/" + name}}
}

// addUnion adds the schemas of the variants.
func (s *schemer) addUnion(o *jsonObject, p *plan.Plan) {
	var variants []jsonObject
	for _, v := range p.Union.Variants {
		properties, required := s.fields(v.Plan.Elem.Fields)
		s.used = append(s.used, string(crypto.Str))
		kind := jsonObject{{"anyOf", []jsonObject{{{"const", v.Kind}}, {{"$ref", sealedRef(crypto.Str)}}}}}
		variant := jsonObject{{"properties", append(jsonObject{{plan.KindName, kind}}, properties...)}}
		if len(required) > 0 && !s.layer {
			variant.add("required", required)
		}
		variants = append(variants, variant)
	}
	o.add("anyOf", variants) // not oneOf: several variants match while the kind is encrypted
	o.add("unevaluatedProperties", false)
}

// fields returns the properties of a struct, including old names, and the required ones.
func (s *schemer) fields(fields []plan.Field) (properties jsonObject, required []string) {
	properties = jsonObject{}
	for i := range fields {
		f := &fields[i]
		o := s.field(f)
		properties.add(f.Name, o)
		for _, old := range f.Aliases {
			properties.add(old, append(jsonObject{{"deprecated", true}}, o...))
		}
		if f.IsRequired() && len(f.Aliases) == 0 {
			required = append(required, f.Name)
		}
	}
	return properties, required
}

func (s *schemer) field(f *plan.Field) jsonObject {
	o := s.of(f.Plan, f.Limits)
	var about jsonObject
	if f.Desc != "" {
		about.add("description", f.Desc)
	}
	if f.Deprecated != "" {
		about.add("deprecated", true)
	}
	if f.Plan.IsSecret() || f.Plan.ItemsAreSecret() {
		about.add("writeOnly", true)
	}
	if f.Def != nil && !f.Plan.HoldsSecret() {
		if n := plan.FromText(f.Plan, *f.Def, source.Origin{}); n.Kind != tree.NodeBroken {
			about.add("default", valueOf(f.Plan, n))
		}
	}
	return append(about, o...)
}

// of returns the schema of a value. limits are the constraints of its field, or nil.
func (s *schemer) of(p *plan.Plan, limits *plan.Constraints) jsonObject {
	var o jsonObject
	nilable := p.Nilable()
	switch core := p.Core(); core.Shape {
	case plan.ShapeStruct:
		o = s.structOf(core)
	case plan.ShapeList:
		o = jsonObject{{"type", "array"}, {"items", s.of(core.Elem, ofItems(limits))}}
		if core.Type.Kind() == reflect.Array {
			o.add("minItems", core.Type.Len())
			o.add("maxItems", core.Type.Len())
		}
		addCount(limits, &o, "Items")
	case plan.ShapeMap:
		o = jsonObject{{"type", "object"}, {"additionalProperties", s.of(core.Elem, ofItems(limits))}}
		addCount(limits, &o, "Properties")
	case plan.ShapeScalar:
		return s.scalar(core, limits, nilable)
	default: // ShapeAny and ShapeJSON accept any value
		return nil
	}
	if nilable {
		return jsonObject{{"anyOf", []jsonObject{o, {{"type", "null"}}}}}
	}
	return o
}
