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

// Flags defines a flag for each setting of l that can be set with text. It defines no flags
// for secrets, because other users of the machine can see the arguments of a program. The
// flag of db.api_key is --db.api-key. The usage text of a flag contains the description and
// the variables of the setting; the flag set adds the default. A flag on the command line
// overrides all sources except [Set]. The flag of a list or map can be repeated, to add
// items or entries.
//
// define is called for each flag. It is flag.Var, the Var method of a flag set, or another
// function that accepts a value with the methods Set and String. Flags does not keep it.
// For cobra, use package pflags. Call Flags before the flags are parsed, and l.Load
// afterwards.
//
// Flags returns an error and defines no flag if l's type cannot be bound, if two settings
// have the same flag (a_b and a-b), or if V requires other methods than Set, String, Type
// and IsBoolFlag.
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

// A flagSource reads the flags that [Flags] has defined.
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

// A flagValue is the value of one flag. It keeps the text of each occurrence, and the
// binder parses it.
type flagValue struct {
	name  string
	usage string
	path  envfile.Path
	plan  *plan.Plan
	def   string
	texts []string // one for each occurrence on the command line
}

// node merges the items of a list or the entries of a map. For other types, it uses the
// last text.
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

// Set adds an occurrence of the flag. The flag set calls it.
func (f *flagValue) Set(text string) error {
	f.texts = append(f.texts, text)
	return nil
}

// String returns the default, which flag sets print in their help.
func (f *flagValue) String() string {
	if f == nil {
		return ""
	}
	return f.def
}

// Type returns the name of the setting's type, which pflag prints (see package pflags).
func (f *flagValue) Type() string { return f.plan.TypeName() }

// IsBoolFlag reports whether --debug means the same as --debug=true.
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

// usage returns the help text of a flag without its default, which flag sets add. Flag sets
// print a word in backquotes as the placeholder of the value.
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

// flagName returns the name of the flag for a path: db.api-key for db.api_key.
func flagName(path envfile.Path) string {
	var keys []string
	for _, s := range path {
		keys = append(keys, strings.ReplaceAll(s.Key, "_", "-"))
	}
	return strings.Join(keys, ".")
}
