package sealcfg

import (
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
)

// WriteYAML writes an example file: what has to be set, with empty values of the
// right type, and commented out what need not be, with its default. It is plain
// text: fill it in and run sealcfg encrypt on it.
func (d *Description) WriteYAML(w io.Writer) error {
	y := &yamlExample{}
	y.fields(d.root, nil, "")
	_, err := io.WriteString(w, y.b.String())
	return err
}

// A yamlExample writes the fields of a plan as YAML.
type yamlExample struct{ b strings.Builder }

func (y *yamlExample) fields(p *plan, above []*plan, indent string) {
	if slices.Contains(above, p) {
		return
	}
	above = append(above, p)
	for i := range p.fields {
		f := p.fields[i]
		if p.union != nil && i == p.union.kind { // the first kind serves as the example
			f.limits = &constraints{oneof: strings.Split(p.union.kinds(), ", ")}
		}
		y.field(&f, above, indent, "")
	}
	if p.union == nil {
		return
	}
	for i, v := range p.union.variants {
		for j := range v.plan.elem.fields {
			kind := ""
			if i > 0 {
				kind = v.kind
			}
			y.field(&v.plan.elem.fields[j], above, indent, kind)
		}
	}
}

// field writes one field. kind is that of a variant that the example is not of.
func (y *yamlExample) field(f *field, above []*plan, indent, kind string) {
	if f.desc != "" {
		y.b.WriteString(indent + "# " + comment(f.desc) + "\n")
	}
	off := ""
	if !f.isRequired() || kind != "" {
		off = "# "
	}
	key := indent + off + yamlKey(f.name) + ":"
	core := f.plan.core()
	switch {
	case core.shape == shapeStruct && !slices.Contains(above, core):
		y.b.WriteString(key + "\n")
		inner := yamlExample{}
		inner.fields(core, above, "")
		y.block(inner.b.String(), indent, off, "  ")
		return
	case core.shape == shapeList && core.elem.core().shape == shapeStruct && !slices.Contains(above, core.elem.core()):
		y.b.WriteString(key + "\n")
		inner := yamlExample{}
		inner.fields(core.elem.core(), above, "")
		y.block(inner.b.String(), indent, off, "  - ")
		return
	}
	s := Setting{Type: f.plan.typeName(), Secret: f.plan.holdsSecret(), Limits: f.limits.words(), Required: f.isRequired(), Deprecated: f.deprecated, Kind: kind, plan: f.plan}
	value := emptyValue(core, f.limits)
	if f.def != nil && !s.Secret {
		s.Default = *f.def
		value = s.defaultValue()
	}
	text, err := json.Marshal(value) // JSON is YAML
	if err != nil {
		text = []byte(`""`)
	}
	y.b.WriteString(key + " " + string(text) + " # " + comment(strings.Join(s.about(), "; ")) + "\n")
}

// block writes lines further in. In a list, first begins the first line that is
// no comment.
func (y *yamlExample) block(lines, indent, off, first string) {
	begun := first == "  "
	for line := range strings.Lines(lines) {
		lead := "    "
		if first == "  " {
			lead = first
		} else if !begun && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			lead, begun = first, true
		}
		y.b.WriteString(indent + off + lead + line)
	}
}

// emptyValue is a value of the right type that says nothing.
func emptyValue(p *plan, limits *constraints) any {
	switch p.shape {
	case shapeList:
		list := []any{}
		if p.typ.Kind() == reflect.Array {
			for range p.typ.Len() {
				list = append(list, emptyValue(p.elem.core(), nil))
			}
		}
		return list
	case shapeMap:
		return map[string]any{}
	case shapeScalar:
		if limits != nil && len(limits.oneof) > 0 {
			return scalarOf(p, limits.oneof[0])
		}
		switch p.typ {
		case durationType:
			return "0s"
		case timeType:
			return "2000-01-01T00:00:00Z"
		}
		return scalarOf(p, zeroText(p.typ.Kind()))
	}
	return nil
}

func zeroText(k reflect.Kind) string {
	switch {
	case k == reflect.Bool:
		return "false"
	case k >= reflect.Int && k <= reflect.Float64:
		return "0"
	}
	return ""
}

// yamlKey writes a key, in quotes where YAML might read it as something else.
func yamlKey(name string) string {
	plain := name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && !(name[0] >= '0' && name[0] <= '9')
	switch strings.ToLower(name) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain {
		return name
	}
	text, err := json.Marshal(name)
	if err != nil {
		return `""`
	}
	return string(text)
}
