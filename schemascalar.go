package sealcfg

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// sealedTypes are the types of sealed values that settings can have.
var sealedTypes = []crypto.Type{crypto.Str, crypto.Int, crypto.Float, crypto.Bool, crypto.Time}

// sealedStart begins every sealed value.
const sealedStart = `^ENC\[AES256_GCM,`

func sealedRef(t crypto.Type) string { return "#/$defs/sealed-" + string(t) }

// sealedDefs returns the definitions of the sealed values that were referred to.
// The line feed is that of a sealed block of YAML.
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

// scalar returns the schema of a single value: as plain text, or sealed.
func (s *schemer) scalar(p *plan, limits *constraints, nilable bool) jsonObject {
	plain, types := plainScalar(p)
	limits.addTo(&plain, p)
	choices := []jsonObject{plain}
	if isStringSchema(plain) { // a sealed value is a string too, and must have the type
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

// plainScalar returns the schema of the plain value, and the types that it may
// have when it is sealed.
func plainScalar(p *plan) (jsonObject, []crypto.Type) {
	text := []crypto.Type{crypto.Str}
	switch p.typ {
	case durationType:
		return jsonObject{{"type", "string"}, {"pattern", `^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`}}, text
	case timeType:
		return jsonObject{{"type", "string"}, {"format", "date-time"}}, []crypto.Type{crypto.Time, crypto.Str}
	}
	if isURLType(p.typ) {
		return jsonObject{{"type", "string"}, {"format", "uri-reference"}}, text
	}
	switch bigName(p.typ) {
	case "":
	case "Int":
		return jsonObject{{"type", []string{"integer", "string"}}}, []crypto.Type{crypto.Int, crypto.Str}
	default:
		return jsonObject{{"type", []string{"number", "string"}}}, []crypto.Type{crypto.Int, crypto.Float, crypto.Str}
	}
	if stdDecoder(p.typ) != nil || reflect.PointerTo(p.typ).Implements(textUnmarshalerType) {
		return jsonObject{{"type", "string"}}, text
	}
	switch kind := p.typ.Kind(); kind {
	case reflect.Bool:
		return jsonObject{{"type", "boolean"}}, []crypto.Type{crypto.Bool}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		o := jsonObject{{"type", "integer"}}
		if bits := p.typ.Bits(); bits < 64 {
			o.add("minimum", -(int64(1) << (bits - 1)))
			o.add("maximum", int64(1)<<(bits-1)-1)
		}
		return o, []crypto.Type{crypto.Int}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		o := jsonObject{{"type", "integer"}, {"minimum", 0}}
		if bits := p.typ.Bits(); bits < 64 {
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

// ofItems returns what holds for each item of a list or map.
func (c *constraints) ofItems() *constraints {
	if c == nil {
		return nil
	}
	return &constraints{oneof: c.oneof, pattern: c.pattern, checks: c.checks}
}

// addCount adds the bounds of a list or map.
func (c *constraints) addCount(o *jsonObject, of string) {
	if c == nil {
		return
	}
	for _, bound := range []struct{ text, word string }{{c.min, "min"}, {c.max, "max"}, {c.len, "min"}, {c.len, "max"}} {
		if n, err := strconv.Atoi(bound.text); err == nil {
			o.set(bound.word+of, n)
		}
	}
}

// schemaFormats are what checks are called in JSON Schema.
var schemaFormats = map[string]string{"url": "uri", "email": "email"}

// addTo adds what tags ask of a single value, as far as JSON Schema can say it:
// not the bounds of durations and times, for instance.
func (c *constraints) addTo(o *jsonObject, p *plan) {
	if c == nil {
		return
	}
	if len(c.oneof) > 0 {
		words := make([]any, len(c.oneof))
		for i, word := range c.oneof {
			words[i] = scalarOf(p, word)
		}
		o.set("enum", words)
	}
	if c.pattern != "" {
		o.set("pattern", c.pattern)
	}
	for _, name := range c.checks {
		if format := schemaFormats[name]; format != "" {
			o.set("format", format)
		}
	}
	s := scaleOf(p)
	switch {
	case s == nil:
	case s.unit != "":
		c.addCount(o, "Length")
	case p.typ == durationType, p.typ == timeType:
	default:
		for _, bound := range []struct{ text, word string }{{c.min, "minimum"}, {c.max, "maximum"}} {
			if json.Valid([]byte(bound.text)) {
				o.set(bound.word, json.RawMessage(bound.text))
			}
		}
	}
}

// valueOf returns what a text that was made a node says, for JSON.
func valueOf(p *plan, n *node) any {
	core := p.coreOrNil()
	switch n.kind {
	case nodeList:
		items := []any{}
		for _, e := range n.entries {
			var elem *plan
			if core != nil {
				elem = core.elem
			}
			items = append(items, valueOf(elem, e))
		}
		return items
	case nodeMap:
		object := jsonObject{}
		for _, e := range n.entries {
			var elem *plan
			if core != nil && core.shape == shapeStruct {
				if f := core.named(e.key); f != nil {
					elem = f.plan
				}
			} else if core != nil {
				elem = core.elem
			}
			object.add(e.key, valueOf(elem, e))
		}
		return object
	case nodeNull:
		return nil
	}
	return scalarOf(core, n.text)
}

// scalarOf returns a text as JSON has it for the type: numbers and booleans
// without quotes.
func scalarOf(p *plan, text string) any {
	if p == nil || p.shape != shapeScalar || !json.Valid([]byte(text)) {
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
