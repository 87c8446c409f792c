package sealcfg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// A Setting describes one setting of a type: what there is to set, not what is.
type Setting struct {
	// Path is spelled as in [Problem]. Items of lists and entries of maps stand
	// for all of them: servers[].host, pools.*.size.
	Path string
	// Type is the Go type behind pointers, Optional and Secret.
	Type string
	// Description is the desc tag, Deprecated the deprecated tag.
	Description string
	Deprecated  string
	// Default is the default tag; HasDefault tells an empty one from none. Of a
	// secret it is left out.
	Default    string
	HasDefault bool
	// Required says that something has to set it, or that the group that it
	// belongs to has to have it. Of a union, it is so for the Kind only.
	Required bool
	// Kind is that of the variant of a union to which it belongs, "" for most.
	Kind   string
	Secret bool
	// Limits are what tags ask for, in words: "one of dev, prod".
	Limits []string
	// Variables set it, without prefix those that only a prefix makes ours. The
	// first is the usual one.
	Variables []string
	// OldNames are those that still work.
	OldNames []string

	plan   *plan
	needed bool // required, and no group around it may be left out
}

// A Description describes the settings of a type, and writes documents of it.
type Description struct {
	// Settings are in the order of the struct.
	Settings []Setting

	prefix *string
	root   *plan
}

// Describe describes the settings of T, as a program with these options takes
// them. It opens no file. The error is a mistake in T or in the options.
func Describe[T any](opts ...Option) (*Description, error) { return New[T](opts...).Describe() }

// Describe is the function [Describe] for the loader's type and options.
func (l *Loader[T]) Describe() (*Description, error) { return l.core().describe() }

func (l *loader) describe() (*Description, error) {
	if l.err != nil {
		return nil, fmt.Errorf("describe settings: %w", l.err)
	}
	d := &Description{prefix: l.o.prefix, root: l.plan}
	d.group(l.plan, nil, spot{reached: true, needed: true})
	return d, nil
}

// A spot is a place in the description.
type spot struct {
	path     string
	variable string // how variables spell it
	reached  bool   // they can
	needed   bool   // the groups around it have to be there
}

// field returns the spot of a field in the group at s.
func (s spot) field(f *field) spot {
	path, variable := envfile.Path{{Key: f.name}}.String(), variableName(f.name)
	if s.path != "" {
		path, variable = s.path+"."+path, s.variable+levels+variable
	}
	return spot{path: path, variable: variable, reached: s.reached, needed: s.needed}
}

// group adds the fields of a struct.
func (d *Description) group(p *plan, above []*plan, at spot) {
	if slices.Contains(above, p) { // a type that contains itself is described once
		return
	}
	above = append(above, p)
	each := func(f *field, kind string) {
		first := len(d.Settings)
		d.place(f, above, at.field(f))
		for i := first; i < len(d.Settings); i++ {
			s := &d.Settings[i]
			if s.Kind == "" {
				s.Kind = kind
			}
			if p.union != nil && f == &p.fields[p.union.kind] && len(s.Limits) == 0 {
				s.Limits = []string{"one of " + p.union.kinds()}
			}
		}
	}
	for i := range p.fields {
		each(&p.fields[i], "")
	}
	if p.union == nil {
		return
	}
	for _, v := range p.union.variants {
		for i := range v.plan.elem.fields {
			each(&v.plan.elem.fields[i], v.kind)
		}
	}
}

// place adds what a field holds: a value, or what is below it.
func (d *Description) place(f *field, above []*plan, at spot) {
	core := f.plan.core()
	switch {
	case core.shape == shapeStruct:
		at.needed = at.needed && f.isRequired()
		d.group(core, above, at)
		return
	case core.shape == shapeList && core.elem.core().shape == shapeStruct:
		d.group(core.elem.core(), above, spot{path: at.path + "[]"})
		return
	case core.shape == shapeMap && core.elem.core().shape == shapeStruct:
		d.group(core.elem.core(), above, spot{path: at.path + ".*"})
		return
	}
	s := Setting{
		Path: at.path, Type: f.plan.typeName(), Description: f.desc, Deprecated: f.deprecated, Required: f.isRequired(), Secret: f.plan.holdsSecret(),
		Limits: f.limits.words(), OldNames: f.aliases, plan: f.plan, needed: at.needed && f.isRequired(),
	}
	if f.def != nil && !s.Secret {
		s.Default, s.HasDefault = *f.def, true
	}
	s.Variables = append(s.Variables, f.explicit...)
	if at.reached && d.prefix != nil {
		s.Variables = append(s.Variables, *d.prefix+at.variable)
	}
	d.Settings = append(d.Settings, s)
}

// holdsSecret says that there is a secret in a value: it is one, or one lies in it
// at any depth.
func (p *plan) holdsSecret() bool { return holdsSecret(p, make(map[*plan]bool)) }

func holdsSecret(p *plan, seen map[*plan]bool) bool {
	if p == nil || seen[p] {
		return false
	}
	seen[p] = true
	if p.shape == shapeSecret || holdsSecret(p.elem, seen) {
		return true
	}
	if p.union != nil && slices.ContainsFunc(p.union.variants, func(v variant) bool { return holdsSecret(v.plan, seen) }) {
		return true
	}
	return slices.ContainsFunc(p.fields, func(f field) bool { return holdsSecret(f.plan, seen) })
}

// words says what the tags ask for.
func (c *constraints) words() []string {
	if c == nil {
		return nil
	}
	var words []string
	if len(c.oneof) > 0 {
		words = append(words, "one of "+strings.Join(c.oneof, ", "))
	}
	for _, w := range []struct{ tag, text string }{{"min ", c.min}, {"max ", c.max}, {"length ", c.len}, {"matches ", c.pattern}} {
		if w.text != "" {
			words = append(words, w.tag+w.text)
		}
	}
	return append(words, c.checks...)
}

// about is what documents say of a setting besides its name, in a few words.
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
