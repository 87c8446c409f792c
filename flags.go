package sealcfg

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/read"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// Flags defines a flag for each setting of l that a text can set, but for secrets:
// the arguments of a program are public. db.api_key is --db.api-key. The help of a
// flag tells its variable, the flag set adds the default. A flag that is given
// overrides all sources but [Set]; items of a list and entries of a map may be given
// one by one.
//
// define is what makes a flag of a value: flag.Var, the Var of a flag set, or
// anything else that takes a value with Set and String; it is not kept. Package
// pflags is for cobra. Call Flags before the flags are parsed, and l.Load after that.
//
// It is an error, and none is defined, if l's type cannot be bound, if two settings
// would have the same flag (a_b and a-b), or if V is a type of values that asks for
// more than these have: Set, String, Type, IsBoolFlag.
func Flags[T, V any](l *Loader[T], define func(value V, name, usage string)) error {
	made, err := l.core().makeFlags()
	if err != nil {
		return fmt.Errorf("define flags: %w", err)
	}
	for _, f := range made.flags {
		if _, ok := any(f).(V); !ok {
			return fmt.Errorf("define flags: no flag value implements %s", reflect.TypeFor[V]())
		}
	}
	for _, f := range made.flags {
		define(any(f).(V), f.name, f.usage)
	}
	core := l.core()
	core.flags = append(core.flags, made)
	return nil
}

// A flagSource is the flags that [Flags] has defined.
type flagSource struct{ flags []*flagValue }

func (s *flagSource) Name() string { return "flags" }

func (s *flagSource) Read(_ context.Context, r *Reading) error {
	for _, f := range s.flags {
		if len(f.texts) > 0 {
			r.add(read.NodeAt(r.plan, f.path, Origin{Place: "--" + f.name}, f.node))
		}
	}
	return nil
}

// A flagValue is the value of one flag. It keeps what was given; binding reads it.
type flagValue struct {
	name  string
	usage string
	path  envfile.Path
	plan  *plan.Plan
	def   string
	texts []string // each time it was given
}

// node puts the items of a list and the entries of a map together; of anything
// else, the last text counts.
func (f *flagValue) node(p *plan.Plan) *tree.Node {
	at := Origin{Place: "--" + f.name}
	texts := f.texts
	if s := p.Core().Shape; s != plan.ShapeList && s != plan.ShapeMap {
		texts = texts[len(texts)-1:]
	}
	var all *tree.Node
	for _, text := range texts {
		n := plan.FromText(p, text, at)
		switch {
		case n.Kind == tree.NodeBroken:
			return n
		case n.Kind != tree.NodeList && n.Kind != tree.NodeMap && len(texts) > 1: // a reference
			return tree.BrokenNode("a flag with a reference cannot be given more than once", at)
		case all != nil && all.Kind == tree.NodeList && n.Kind == tree.NodeList:
			all.Entries = append(all.Entries, n.Entries...)
		default:
			all = tree.Merge(all, n)
		}
	}
	return all
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
func (f *flagValue) Type() string { return f.plan.TypeName() }

// IsBoolFlag makes --debug the same as --debug=true.
func (f *flagValue) IsBoolFlag() bool { return f.plan != nil && f.plan.Core().IsBool() }

func (l *loader) makeFlags() (*flagSource, error) {
	if l.err != nil {
		return nil, l.err
	}
	made := &flagSource{}
	taken := make(map[string]envfile.Path)
	var err error
	l.plan.EachField(func(path envfile.Path, f *plan.Field) {
		if f.Plan.IsSecret() || f.Plan.Core().Shape == plan.ShapeStruct || !f.Plan.Core().TakesText() {
			return
		}
		v := &flagValue{name: flagName(path), usage: l.usage(path, f), path: append(envfile.Path(nil), path...), plan: f.Plan}
		if f.Def != nil {
			v.def = *f.Def
		}
		if other, twice := taken[v.name]; twice {
			err = fmt.Errorf("%s and %s would have the same flag, --%s", other, v.path, v.name)
		}
		taken[v.name] = v.path
		made.flags = append(made.flags, v)
	})
	return made, err
}

// usage is the help of a flag; flag sets add the default. A word in backquotes is
// what they show as its value.
func (l *loader) usage(path envfile.Path, f *plan.Field) string {
	var parts []string
	switch {
	case f.Desc != "":
		parts = append(parts, f.Desc)
	case !f.Plan.Core().IsBool():
		parts = append(parts, "`"+f.Plan.TypeName()+"`")
	}
	names := append([]string(nil), f.Explicit...)
	if l.o.prefix != nil {
		names = append(names, *l.o.prefix+plan.VariableOf(path))
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
