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

	plan *plan
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
func (l *Loader[T]) Describe() (*Description, error) { return l.core.describe() }

func (l *loader) describe() (*Description, error) {
	if l.err != nil {
		return nil, fmt.Errorf("describe settings: %w", l.err)
	}
	d := &Description{prefix: l.o.prefix, root: l.plan}
	d.struc(l.plan, nil, "", "", nil)
	return d, nil
}

// struc adds the fields of a struct. path is where it stands; variable is how
// variables spell that, "" for what no variable reaches and for the top.
func (d *Description) struc(p *plan, above []*plan, path, variable string, inside *bool) {
	if slices.Contains(above, p) { // a type that contains itself is described once
		return
	}
	above = append(above, p)
	reached := inside == nil || *inside
	each := func(f *field, kind string) {
		at := envfile.Path{{Key: f.name}}.String()
		if path != "" {
			at = path + "." + at
		}
		name := variableName(f.name)
		if variable != "" {
			name = variable + levels + name
		}
		first := len(d.Settings)
		d.place(f, f.plan, above, at, name, reached)
		for i := first; i < len(d.Settings); i++ {
			if s := &d.Settings[i]; s.Kind == "" {
				s.Kind = kind
			}
			if p.union != nil && f == &p.fields[p.union.kind] && len(d.Settings[i].Limits) == 0 {
				d.Settings[i].Limits = []string{"one of " + p.union.kinds()}
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

// place adds what stands at a path: a value, or what is below it.
func (d *Description) place(f *field, p *plan, above []*plan, path, variable string, reached bool) {
	core := p.core()
	switch {
	case core.shape == shapeStruct:
		d.struc(core, above, path, variable, &reached)
		return
	case core.shape == shapeList && below(core.elem) == shapeStruct:
		no := false
		d.struc(core.elem.core(), above, path+"[]", "", &no)
		return
	case core.shape == shapeMap && below(core.elem) == shapeStruct:
		no := false
		d.struc(core.elem.core(), above, path+".*", "", &no)
		return
	}
	s := Setting{
		Path: path, Type: p.typeName(), Description: f.desc, Deprecated: f.deprecated, Required: f.isRequired(), Secret: p.holdsSecret(),
		Limits: f.limits.words(), OldNames: f.aliases, plan: p,
	}
	if f.def != nil && !s.Secret {
		s.Default, s.HasDefault = *f.def, true
	}
	s.Variables = append(s.Variables, f.explicit...)
	if reached && d.prefix != nil {
		s.Variables = append(s.Variables, *d.prefix+variable)
	}
	d.Settings = append(d.Settings, s)
}

func below(p *plan) shape { return p.core().shape }

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
