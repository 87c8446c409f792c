package sealcfg

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// A flagSource is the flags that [Loader.Flags] has defined.
type flagSource struct{ flags []*flagValue }

func (s *flagSource) Name() string { return "flags" }

func (s *flagSource) Read(_ context.Context, r *Reading) error {
	for _, f := range s.flags {
		if len(f.texts) > 0 {
			r.add(nodeAt(r.plan, f.path, Origin{Place: "--" + f.name}, f.node))
		}
	}
	return nil
}

// A flagValue is the value of one flag. It keeps what was given; binding reads it.
type flagValue struct {
	name  string
	path  envfile.Path
	plan  *plan
	def   string
	texts []string // each time it was given
}

// node puts the items of a list together; of anything else, the last text counts.
func (f *flagValue) node(p *plan) *node {
	at := Origin{Place: "--" + f.name}
	last := textNode(p, f.texts[len(f.texts)-1], at)
	if p.core().shape != shapeList {
		return last
	}
	list := &node{kind: nodeList, origin: at}
	for _, text := range f.texts {
		n := textNode(p, text, at)
		if n.kind != nodeList {
			return n
		}
		list.entries = append(list.entries, n.entries...)
	}
	return list
}

// Set is called by the flag set for each time that the flag is given.
func (f *flagValue) Set(text string) error {
	f.texts = append(f.texts, text)
	return nil
}

// String returns the default, which is all that a flag set asks for.
func (f *flagValue) String() string {
	if f == nil {
		return ""
	}
	return f.def
}

// Type names the type, for flag sets that ask (see package pflags).
func (f *flagValue) Type() string { return f.plan.typeName() }

// IsBoolFlag makes --debug the same as --debug=true.
func (f *flagValue) IsBoolFlag() bool { return f.plan != nil && f.plan.core().isBool() }

func (l *loader) defineFlags(fs *flag.FlagSet) error {
	if l.err != nil {
		return l.err
	}
	var all []*flagValue
	var usages []string
	var err error
	l.plan.eachField(func(path envfile.Path, f *field) {
		if f.plan.isSecret() || f.plan.core().shape == shapeStruct || !f.plan.core().takesText() {
			return
		}
		v := &flagValue{name: flagName(path), path: append(envfile.Path(nil), path...), plan: f.plan}
		if f.def != nil {
			v.def = *f.def
		}
		if fs.Lookup(v.name) != nil {
			err = fmt.Errorf("%s: there is a flag --%s already", path, v.name)
		}
		all, usages = append(all, v), append(usages, l.usage(path, f))
	})
	if err != nil {
		return err
	}
	for i, v := range all {
		fs.Var(v, v.name, usages[i])
	}
	l.flags.flags = append(l.flags.flags, all...)
	return nil
}

// usage is the help of a flag; flag sets add the default. A word in backquotes is
// what they show as its value.
func (l *loader) usage(path envfile.Path, f *field) string {
	var parts []string
	switch {
	case f.desc != "":
		parts = append(parts, f.desc)
	case !f.plan.core().isBool():
		parts = append(parts, "`"+f.plan.typeName()+"`")
	}
	names := append([]string(nil), f.explicit...)
	if l.o.prefix != nil {
		names = append(names, *l.o.prefix+variableOf(path))
	}
	if len(names) > 0 {
		parts = append(parts, "[env: "+strings.Join(names, ", ")+"]")
	}
	return strings.Join(parts, " ")
}

// flagName spells a path as a flag: db.api_key is db.api-key.
func flagName(path envfile.Path) string {
	var keys []string
	for _, s := range path {
		keys = append(keys, strings.ReplaceAll(s.Key, "_", "-"))
	}
	return strings.Join(keys, ".")
}
