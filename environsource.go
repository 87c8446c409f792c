package sealcfg

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/read"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// An environSource reads settings from the process environment, or from a list of variables
// such as a .env file. It derives the names of the variables from the struct. Case does not
// matter.
type environSource struct {
	prefix  *string                                 // nil: only variables that an env tag lists
	from    string                                  // a file; "" for the process environment
	process bool                                    // whether this is the process environment
	ignored string                                  // never reported as unknown: the variable that names the environment
	list    func(context.Context) ([]string, error) // returns NAME=value
}

func (s *environSource) Name() string {
	if s.process {
		return "environment"
	}
	return s.from
}

// A variable is a variable of the environment, or an entry that is named like one.
type variable struct {
	name   string
	rest   string // upper case, without the prefix
	exact  bool   // whether name is in upper case
	text   string
	origin Origin
}

// Read adds the variables that name a setting. It reports variables that have the prefix of
// the program but name no setting.
func (s *environSource) Read(ctx context.Context, r *Reading) error {
	environ, err := s.list(ctx)
	if err != nil {
		return err
	}
	if s.prefix != nil {
		if err := s.derived(environ, r); err != nil {
			return err
		}
	}
	s.explicit(environ, r)
	return nil
}

// derived adds the variables that consist of the prefix and the path of a setting.
func (s *environSource) derived(environ []string, r *Reading) error {
	for _, v := range s.variables(environ) {
		n, err := v.tree(r.plan, r.below, v.rest)
		if err != nil {
			return err
		}
		if n != nil {
			r.add(n)
		} else if *s.prefix != "" && v.name != s.ignored && !slices.Contains(r.plan.ExplicitVariables(), v.name) {
			f := &tree.Flaw{Kind: tree.KindUnknown, Reason: "unknown variable"}
			if guess, near := closest.Of(v.rest, r.plan.Variables()); near {
				f.Hint = "did you mean $" + strings.ToUpper(*s.prefix) + guess + "?"
			}
			r.unknown(f.Problem("", v.origin))
		}
	}
	return nil
}

// explicit adds the variables that fields list in their env tags. If several variables of
// one field are set, the first one in the tag counts. Case matters, as usual for variables
// such as DATABASE_URL.
func (s *environSource) explicit(environ []string, r *Reading) {
	if len(r.plan.ExplicitVariables()) == 0 {
		return
	}
	set := make(map[string]string, len(environ))
	for _, e := range environ {
		if name, text, ok := strings.Cut(e, "="); ok {
			set[name] = text
		}
	}
	r.plan.EachField(func(path envfile.Path, f *plan.Field) {
		for _, name := range f.Explicit {
			if text, ok := set[name]; ok {
				at := Origin{File: s.from, Variable: name}
				r.add(read.NodeAt(r.plan, path, at, func(p *plan.Plan) *tree.Node { return plan.FromText(p, text, at) }))
				return
			}
		}
	})
}

// variables returns the variables with the prefix, in the order in which they are merged.
// The variable of a group comes before the variables of its parts. If two names differ only
// in case, the one in upper case comes last and wins.
func (s *environSource) variables(environ []string) []variable {
	prefix := strings.ToUpper(*s.prefix)
	var found []variable
	for _, e := range environ {
		name, text, ok := strings.Cut(e, "=")
		upper := strings.ToUpper(name)
		rest, ours := strings.CutPrefix(upper, prefix)
		if !ok || !ours || rest == "" {
			continue
		}
		found = append(found, variable{name: name, rest: rest, exact: name == upper, text: text, origin: Origin{File: s.from, Variable: name}})
	}
	sort.SliceStable(found, func(i, j int) bool {
		a, b := &found[i], &found[j]
		if x, y := strings.Count(a.rest, tree.LevelSeparator), strings.Count(b.rest, tree.LevelSeparator); x != y {
			return x < y
		}
		if a.rest != b.rest {
			return a.rest < b.rest
		}
		if a.exact != b.exact {
			return b.exact
		}
		return a.name < b.name
	})
	return found
}

// tree returns a tree for p that holds the value of the variable at the path that rest
// names. It returns nil if rest names nothing in p, and an error if rest matches two
// settings.
func (v variable) tree(p *plan.Plan, below *tree.Node, rest string) (*tree.Node, error) {
	p = p.Core()
	switch p.Shape {
	case plan.ShapeStruct:
		f, spelled, after, err := fieldOf(p, v.name, rest)
		if f == nil || err != nil {
			return nil, err
		}
		return v.entry(spelled, f.Plan, below, after)
	case plan.ShapeMap:
		name, after, nested := strings.Cut(rest, tree.LevelSeparator)
		if name == "" || nested && after == "" {
			return nil, nil
		}
		key, err := keyOf(below, v.name, name)
		if err != nil {
			return nil, err
		}
		return v.entry(key, p.Elem, below, after)
	case plan.ShapeList:
		return v.item(p, below, rest)
	}
	return nil, nil
}

// entry returns the tree for an entry of a map or struct, and nil if rest names nothing in
// p.
func (v variable) entry(key string, p *plan.Plan, below *tree.Node, rest string) (*tree.Node, error) {
	child, err := v.child(p, below.Get(key), rest)
	if child == nil {
		return nil, err
	}
	child.Key, child.KeyOrigin = key, v.origin
	return &tree.Node{Kind: tree.NodeMap, Origin: v.origin, Entries: []*tree.Node{child}}, nil
}

// item returns the tree for an item of a list, such as HOSTS__0.
func (v variable) item(p *plan.Plan, below *tree.Node, rest string) (*tree.Node, error) {
	position, after, nested := strings.Cut(rest, tree.LevelSeparator)
	i, err := strconv.ParseUint(position, 10, 16)
	if err != nil || nested && after == "" {
		return nil, nil
	}
	child, err := v.child(p.Elem, below.Item(int(i)), after)
	if child == nil {
		return nil, err
	}
	child.Index = int(i)
	return &tree.Node{Kind: tree.NodeItems, Origin: v.origin, Entries: []*tree.Node{child}}, nil
}

func (v variable) child(p *plan.Plan, below *tree.Node, rest string) (*tree.Node, error) {
	if rest == "" {
		return plan.FromText(p, v.text, v.origin), nil
	}
	return v.tree(p, below, rest)
}

// fieldOf returns the field whose variable name rest begins with, the name or alias that
// matched, and the part of rest after it. The longest name wins, because a name can contain
// the separator of levels. It returns an error if two fields match.
func fieldOf(p *plan.Plan, name, rest string) (found *plan.Field, spelled, after string, err error) {
	longest := 0
	var twin *plan.Field
	for _, f := range p.Every {
		for n, spelling := range append([]string{f.Name}, f.Aliases...) {
			variable := f.Variable
			if n > 0 {
				variable = plan.VariableName(spelling)
			}
			tail, ok := strings.CutPrefix(rest, variable)
			if ok && tail != "" {
				if tail, ok = strings.CutPrefix(tail, tree.LevelSeparator); tail == "" {
					ok = false
				}
			}
			switch {
			case !ok:
			case len(variable) > longest:
				found, spelled, after, twin, longest = f, spelling, tail, nil, len(variable)
			case len(variable) == longest && f != found:
				twin = f
			}
		}
	}
	if twin != nil {
		return nil, "", "", fmt.Errorf("$%s matches two fields of %s: %q and %q", name, plan.TypeName(p.Type), found.Name, twin.Name)
	}
	return found, spelled, after, nil
}

// keyOf returns the key of a map that the name of a variable stands for: a key that weaker
// sources have set, or otherwise the name in lower case. It returns an error if two keys
// match.
func keyOf(below *tree.Node, variable, name string) (string, error) {
	found := strings.ToLower(name)
	var first *tree.Node
	if below != nil && below.Kind == tree.NodeMap {
		for _, e := range below.Entries {
			if plan.VariableName(e.Key) != name {
				continue
			}
			if first != nil { // no key is quoted, because a Secret may hold the map
				return "", fmt.Errorf("$%s matches two keys of a map, at %s and %s", variable, first.KeyOrigin, e.KeyOrigin)
			}
			first, found = e, e.Key
		}
	}
	return found, nil
}

// KnownVariable reports whether a setting has the name, in the form of
// [Reading.SetVariable]. A source calls it to fetch only values that are needed. If no
// setting has the name, KnownVariable adds a warning or, with [Strict], a problem; at is
// the origin in that message. It returns an error if the name matches two settings.
func (r *Reading) KnownVariable(name string, at Origin) (bool, error) {
	known, err := r.known(name)
	if known || err != nil {
		return known, err
	}
	f := &tree.Flaw{Kind: tree.KindUnknown, Reason: "no setting has this name"}
	if guess, near := closest.Of(strings.ToUpper(name), r.plan.Variables()); near {
		f.Hint = "did you mean " + strings.ToLower(guess) + "?"
	}
	r.unknown(f.Problem("", r.origin(at)))
	return false, nil
}
