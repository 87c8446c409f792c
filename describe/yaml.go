package describe

import (
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
)

// WriteYAML writes an example file. Required settings have an empty value of the right type. Other
// settings are commented out, with their default. The file is plaintext: fill it in, then run
// sealcfg encrypt.
func (d *Description) WriteYAML(w io.Writer) error {
	y := &yamlExample{}
	y.fields(d.root, nil, "")
	_, err := io.WriteString(w, y.b.String())
	return err
}

// A yamlExample writes the fields of a plan as YAML.
type yamlExample struct{ b strings.Builder }

func (y *yamlExample) fields(p *plan.Plan, above []*plan.Plan, indent string) {
	if slices.Contains(above, p) {
		return
	}
	above = append(above, p)
	for i := range p.Fields {
		f := p.Fields[i]
		if p.Union != nil && i == p.Union.Kind { // the example uses the first kind
			f.Limits = &plan.Constraints{Oneof: strings.Split(p.Union.Kinds(), ", ")}
		}
		y.field(&f, above, indent, "")
	}
	if p.Union == nil {
		return
	}
	for i, v := range p.Union.Variants {
		for j := range v.Plan.Elem.Fields {
			kind := ""
			if i > 0 {
				kind = v.Kind
			}
			y.field(&v.Plan.Elem.Fields[j], above, indent, kind)
		}
	}
}

// field writes one field. kind is the field's variant, or "" if the example uses that variant.
func (y *yamlExample) field(f *plan.Field, above []*plan.Plan, indent, kind string) {
	if f.Desc != "" {
		y.b.WriteString(indent + "# " + comment(f.Desc) + "\n")
	}
	off := ""
	if !f.IsRequired() || kind != "" {
		off = "# "
	}
	key := indent + off + yamlKey(f.Name) + ":"
	core := f.Plan.Core()
	switch {
	case core.Shape == plan.ShapeStruct && !slices.Contains(above, core):
		y.b.WriteString(key + "\n")
		inner := yamlExample{}
		inner.fields(core, above, "")
		y.block(inner.b.String(), indent, off, "  ")
		return
	case core.Shape == plan.ShapeList && core.Elem.Core().Shape == plan.ShapeStruct && !slices.Contains(above, core.Elem.Core()):
		y.b.WriteString(key + "\n")
		inner := yamlExample{}
		inner.fields(core.Elem.Core(), above, "")
		y.block(inner.b.String(), indent, off, "  - ")
		return
	}
	s := Setting{Type: f.Plan.TypeName(), Secret: f.Plan.HoldsSecret(), Limits: f.Limits.Words(), Required: f.IsRequired(), Deprecated: f.Deprecated, Kind: kind, plan: f.Plan}
	value := emptyValue(core, f.Limits)
	if f.Def != nil && !s.Secret {
		s.Default = *f.Def
		value = s.defaultValue()
	}
	text, err := json.Marshal(value) // JSON is valid YAML
	if err != nil {
		text = []byte(`""`)
	}
	y.b.WriteString(key + " " + string(text) + " # " + comment(strings.Join(s.about(), "; ")) + "\n")
}

// block indents lines. In a list, first starts the first line that is not a comment.
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

// emptyValue returns an empty value of the right type.
func emptyValue(p *plan.Plan, limits *plan.Constraints) any {
	switch p.Shape {
	case plan.ShapeList:
		list := []any{}
		if p.Type.Kind() == reflect.Array {
			for range p.Type.Len() {
				list = append(list, emptyValue(p.Elem.Core(), nil))
			}
		}
		return list
	case plan.ShapeMap:
		return map[string]any{}
	case plan.ShapeScalar:
		if limits != nil && len(limits.Oneof) > 0 {
			return scalarOf(p, limits.Oneof[0])
		}
		switch p.Type {
		case plan.DurationType:
			return "0s"
		case plan.TimeType:
			return "2000-01-01T00:00:00Z"
		}
		return scalarOf(p, zeroText(p.Type.Kind()))
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

// yamlKey returns a key for YAML, in quotes if YAML could read it as another type.
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
