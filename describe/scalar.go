package describe

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// sealedTypes are the types of encrypted values that settings can have.
var sealedTypes = []crypto.Type{crypto.Str, crypto.Int, crypto.Float, crypto.Bool, crypto.Time}

// sealedStart matches the start of every encrypted value.
const sealedStart = `^ENC\[AES256_GCM,`

func sealedRef(t crypto.Type) string { return "#/$defs/sealed-" + string(t) }

// sealedDefs returns the definitions of the encrypted values that the schema refers to. The
// patterns allow the line feed at the end of a YAML block scalar.
func (s *schemer) sealedDefs() jsonObject {
	var defs jsonObject
	for _, t := range sealedTypes {
		if slices.Contains(s.used, string(t)) {
			defs.add("sealed-"+string(t), jsonObject{
				{"type", "string"},
				{"pattern", sealedStart + `data:[A-Za-z0-9+/=]+,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:` + string(t) + `\]\n?$`},
			})
		}
	}
	return defs
}

// scalar returns the schema of a single value, in plaintext or encrypted.
func (s *schemer) scalar(p *plan.Plan, limits *plan.Constraints, nilable bool) jsonObject {
	plain, types := plainScalar(p)
	addTo(limits, &plain, p)
	choices := []jsonObject{plain}
	if isStringSchema(plain) { // an encrypted value is a string too, and must have the type
		choices[0] = append(plain, jsonMember{"not", jsonObject{{"pattern", sealedStart}}})
	}
	for _, t := range types {
		s.used = append(s.used, string(t))
		choices = append(choices, jsonObject{{"$ref", sealedRef(t)}})
	}
	if nilable {
		choices = append(choices, jsonObject{{"type", "null"}})
	}
	return jsonObject{{"anyOf", choices}}
}

func isStringSchema(o jsonObject) bool {
	for _, m := range o {
		if m.key == "type" && m.value == "string" {
			return true
		}
	}
	return false
}

// plainScalar returns the schema of the plaintext value, and the types that the encrypted value may
// have.
func plainScalar(p *plan.Plan) (jsonObject, []crypto.Type) {
	text := []crypto.Type{crypto.Str}
	switch p.Type {
	case plan.DurationType:
		return jsonObject{{"type", "string"}, {"pattern", `^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`}}, text
	case plan.TimeType:
		return jsonObject{{"type", "string"}, {"format", "date-time"}}, []crypto.Type{crypto.Time, crypto.Str}
	}
	if plan.IsURLType(p.Type) {
		return jsonObject{{"type", "string"}, {"format", "uri-reference"}}, text
	}
	switch plan.MathBigName(p.Type) {
	case "":
	case "Int":
		return jsonObject{{"type", []string{"integer", "string"}}}, []crypto.Type{crypto.Int, crypto.Str}
	default:
		return jsonObject{{"type", []string{"number", "string"}}}, []crypto.Type{crypto.Int, crypto.Float, crypto.Str}
	}
	if plan.StdDecoder(p.Type) != nil || reflect.PointerTo(p.Type).Implements(plan.TextUnmarshalerType) {
		return jsonObject{{"type", "string"}}, text
	}
	switch kind := p.Type.Kind(); kind {
	case reflect.Bool:
		return jsonObject{{"type", "boolean"}}, []crypto.Type{crypto.Bool}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		o := jsonObject{{"type", "integer"}}
		if bits := p.Type.Bits(); bits < 64 {
			o.add("minimum", -(int64(1) << (bits - 1)))
			o.add("maximum", int64(1)<<(bits-1)-1)
		}
		return o, []crypto.Type{crypto.Int}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		o := jsonObject{{"type", "integer"}, {"minimum", 0}}
		if bits := p.Type.Bits(); bits < 64 {
			o.add("maximum", int64(1)<<bits-1)
		}
		return o, []crypto.Type{crypto.Int}
	case reflect.Float32, reflect.Float64:
		return jsonObject{{"type", "number"}}, []crypto.Type{crypto.Int, crypto.Float}
	case reflect.Complex64, reflect.Complex128:
		return jsonObject{{"type", []string{"number", "string"}}}, []crypto.Type{crypto.Int, crypto.Float, crypto.Str}
	}
	return jsonObject{{"type", "string"}}, text
}

// ofItems returns the constraints for each item of a list or map.
func ofItems(c *plan.Constraints) *plan.Constraints {
	if c == nil {
		return nil
	}
	return &plan.Constraints{Oneof: c.Oneof, Pattern: c.Pattern, Checks: c.Checks}
}

// addCount adds the bounds on the length of a string, list or map.
func addCount(c *plan.Constraints, o *jsonObject, of string) {
	if c == nil {
		return
	}
	for _, bound := range []struct{ text, word string }{{c.Min, "min"}, {c.Max, "max"}, {c.Len, "min"}, {c.Len, "max"}} {
		if n, err := strconv.Atoi(bound.text); err == nil {
			o.set(bound.word+of, n)
		}
	}
}

// schemaFormats maps checks to their formats in JSON Schema.
var schemaFormats = map[string]string{"url": "uri", "email": "email"}

// addTo adds the constraints of a single value that JSON Schema can express. It cannot express
// bounds on durations and times, for example.
func addTo(c *plan.Constraints, o *jsonObject, p *plan.Plan) {
	if c == nil {
		return
	}
	if len(c.Oneof) > 0 {
		words := make([]any, len(c.Oneof))
		for i, word := range c.Oneof {
			words[i] = scalarOf(p, word)
		}
		o.set("enum", words)
	}
	if c.Pattern != "" {
		o.set("pattern", c.Pattern)
	}
	for _, name := range c.Checks {
		if format := schemaFormats[name]; format != "" {
			o.set("format", format)
		}
	}
	s := plan.ScaleOf(p)
	switch {
	case s == nil:
	case s.Unit != "":
		addCount(c, o, "Length")
	case p.Type == plan.DurationType, p.Type == plan.TimeType:
	default:
		for _, bound := range []struct{ text, word string }{{c.Min, "minimum"}, {c.Max, "maximum"}} {
			if json.Valid([]byte(bound.text)) {
				o.set(bound.word, json.RawMessage(bound.text))
			}
		}
	}
}

// valueOf returns a node made by plan.FromText as a value for encoding/json.
func valueOf(p *plan.Plan, n *tree.Node) any {
	core := p.CoreOrNil()
	switch n.Kind {
	case tree.NodeList:
		items := []any{}
		for _, e := range n.Entries {
			var elem *plan.Plan
			if core != nil {
				elem = core.Elem
			}
			items = append(items, valueOf(elem, e))
		}
		return items
	case tree.NodeMap:
		object := jsonObject{}
		for _, e := range n.Entries {
			var elem *plan.Plan
			if core != nil && core.Shape == plan.ShapeStruct {
				if f := core.Named(e.Key); f != nil {
					elem = f.Plan
				}
			} else if core != nil {
				elem = core.Elem
			}
			object.add(e.Key, valueOf(elem, e))
		}
		return object
	case tree.NodeNull:
		return nil
	}
	return scalarOf(core, n.Text)
}

// scalarOf returns text as a value for encoding/json: numbers and booleans without quotes if p has
// such a type.
func scalarOf(p *plan.Plan, text string) any {
	if p == nil || p.Shape != plan.ShapeScalar || !json.Valid([]byte(text)) {
		return text
	}
	plain, _ := plainScalar(p)
	for _, m := range plain {
		if m.key == "type" && (m.value == "integer" || m.value == "number" || m.value == "boolean") {
			return json.RawMessage(strings.TrimSpace(text))
		}
	}
	return text
}
