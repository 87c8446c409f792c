// Package describe writes documents about a settings type: tables, example files and JSON
// Schema. [sealcfg.Describe] and [sealcfg.Schema] use it; programs need it only to name
// its types.
//
// [sealcfg.Describe]: https://pkg.go.dev/github.com/sealcfg/sealcfg#Describe
// [sealcfg.Schema]: https://pkg.go.dev/github.com/sealcfg/sealcfg#Schema
package describe

import (
	"slices"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Setting describes one setting of a type. It has no value.
type Setting struct {
	// Path is a field path. All items of a list, and all entries of a map, have the same path:
	// servers[].host, pools.*.size.
	Path string
	// Type is the Go type inside pointers, Optional and Secret.
	Type string
	// Description and Deprecated are the contents of the desc and deprecated tags.
	Description string
	Deprecated  string
	// Default is the default tag, except for secrets. HasDefault reports whether there
	// is one, because it may be empty.
	Default    string
	HasDefault bool
	// Required reports whether a source must set it, if the group that it belongs to
	// is set. For a setting of a variant, this applies to its Kind only.
	Required bool
	// Kind is the kind of the variant that it belongs to, "" outside of variants.
	Kind   string
	Secret bool
	// Limits describes the checks of its tags: "one of dev, prod".
	Limits []string
	// Variables lists the variables that set it, the preferred one first. Variables with
	// a prefix are listed only if the options have one.
	Variables []string
	// OldNames lists its former names, which still work.
	OldNames []string

	plan   *plan.Plan
	needed bool // required, as are all groups that contain it
}

// A Description describes the settings of a type, and writes documents about them.
type Description struct {
	// Settings lists the settings in the order of the struct.
	Settings []Setting

	prefix *string
	root   *plan.Plan
}

// Of describes the settings of a plan. prefix is the prefix of variables, or nil if variables are
// not read.
func Of(p *plan.Plan, prefix *string) *Description {
	d := &Description{prefix: prefix, root: p}
	d.group(p, nil, spot{reached: true, needed: true})
	return d
}

// A spot is the position of a setting in the description.
type spot struct {
	path     string
	variable string // the path as a variable, without the prefix
	reached  bool   // a variable can set it
	needed   bool   // all groups that contain it are required
}

// field returns the spot of a field in the group at s.
func (s spot) field(f *plan.Field) spot {
	path, variable := envfile.Path{{Key: f.Name}}.String(), plan.VariableName(f.Name)
	if s.path != "" {
		path, variable = s.path+"."+path, s.variable+tree.LevelSeparator+variable
	}
	return spot{path: path, variable: variable, reached: s.reached, needed: s.needed}
}

// group adds the settings of a struct.
func (d *Description) group(p *plan.Plan, above []*plan.Plan, at spot) {
	if slices.Contains(above, p) { // a type that contains itself is described once
		return
	}
	above = append(above, p)
	each := func(f *plan.Field, kind string) {
		first := len(d.Settings)
		d.place(f, above, at.field(f))
		for i := first; i < len(d.Settings); i++ {
			s := &d.Settings[i]
			if s.Kind == "" {
				s.Kind = kind
			}
			if p.Union != nil && f == &p.Fields[p.Union.Kind] && len(s.Limits) == 0 {
				s.Limits = []string{"one of " + p.Union.Kinds()}
			}
		}
	}
	for i := range p.Fields {
		each(&p.Fields[i], "")
	}
	if p.Union == nil {
		return
	}
	for _, v := range p.Union.Variants {
		for i := range v.Plan.Elem.Fields {
			each(&v.Plan.Elem.Fields[i], v.Kind)
		}
	}
}

// place adds the setting of a field, or the settings in it if it holds structs.
func (d *Description) place(f *plan.Field, above []*plan.Plan, at spot) {
	core := f.Plan.Core()
	switch {
	case core.Shape == plan.ShapeStruct:
		at.needed = at.needed && f.IsRequired()
		d.group(core, above, at)
		return
	case core.Shape == plan.ShapeList && core.Elem.Core().Shape == plan.ShapeStruct:
		d.group(core.Elem.Core(), above, spot{path: at.path + "[]"})
		return
	case core.Shape == plan.ShapeMap && core.Elem.Core().Shape == plan.ShapeStruct:
		d.group(core.Elem.Core(), above, spot{path: at.path + ".*"})
		return
	}
	s := Setting{
		Path: at.path, Type: f.Plan.TypeName(), Description: f.Desc, Deprecated: f.Deprecated, Required: f.IsRequired(), Secret: f.Plan.HoldsSecret(),
		Limits: f.Limits.Words(), OldNames: f.Aliases, plan: f.Plan, needed: at.needed && f.IsRequired(),
	}
	if f.Def != nil && !s.Secret {
		s.Default, s.HasDefault = *f.Def, true
	}
	s.Variables = append(s.Variables, f.Explicit...)
	if at.reached && d.prefix != nil {
		s.Variables = append(s.Variables, *d.prefix+at.variable)
	}
	d.Settings = append(d.Settings, s)
}

// about returns the properties of a setting that documents list, in a few words each.
func (s *Setting) about() []string {
	about := []string{s.Type}
	if s.Secret {
		about = append(about, "secret")
	}
	about = append(about, s.Limits...)
	switch {
	case s.Required && s.Kind != "":
		about = append(about, "required for the kind "+s.Kind)
	case s.Required:
		about = append(about, "required")
	case s.Kind != "":
		about = append(about, "for the kind "+s.Kind)
	}
	if s.Deprecated != "" {
		about = append(about, "deprecated: "+s.Deprecated)
	}
	return about
}
