package sealcfg

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/read"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Source is one place that settings come from. Sources are read weakest first,
// and each is laid over the ones before it: maps merge, lists and single values
// are replaced. [WithSource] adds one, [Order] moves it.
type Source interface {
	// Name is what [Order] and messages call the source. Those of the package are
	// called base, the environment's name and that with .local, the path of a
	// .env file or of a secrets directory, environment, flags and set.
	Name() string

	// Read adds the values of the source to r. A source without values is no error.
	// An error ends the load and must not quote values. A wrong value is reported
	// later, when its setting is bound. r must not be used after Read has returned.
	//
	// Read is called once by each load, from one goroutine at a time for each
	// [Handle], and must end when ctx does.
	Read(ctx context.Context, r *Reading) error
}

// A Reading is what a [Source] tells its settings to.
type Reading struct {
	plan     *plan.Plan
	name     string     // of the source
	below    *tree.Node // what weaker sources say
	tree     *tree.Node // what this one says
	warnings []*tree.Problem
	strict   bool // unknown variables are problems
	problems []*tree.Problem
}

// Set says that the setting under path has the value text: a text that is yet to
// be parsed, like one of the process environment. path is spelled as in
// [Problem]; an index changes or appends an item of a list that a weaker source
// gives. at is where the text stands, for people; the zero Origin is the name of the
// source. The error says that path is
// none; a path that no setting has is found when the settings are bound.
func (r *Reading) Set(path, text string, at Origin) error {
	at = r.origin(at)
	return r.put(path, at, func(p *plan.Plan) *tree.Node { return plan.FromText(p, text, at) })
}

// SetJSON is [Reading.Set] for a JSON text, whose objects and arrays become maps
// and lists; an empty path means all settings. The error for what is no JSON, or
// has a key twice, does not quote it.
func (r *Reading) SetJSON(path, text string, at Origin) error {
	at = r.origin(at)
	n := tree.FromJSON(text, at)
	if n == nil {
		return fmt.Errorf("%s: not JSON with distinct keys", at)
	}
	if path == "" {
		if n.Kind != tree.NodeMap {
			return fmt.Errorf("%s: expected a JSON object", at)
		}
		r.add(n)
		return nil
	}
	return r.put(path, at, func(*plan.Plan) *tree.Node { return n })
}

// SetVariable is [Reading.Set] for a setting that is named like a variable:
// DB__API_KEY is db.api_key, in any case. It reports false, and sets nothing, if
// no setting has that name. The error says that the name fits two settings.
func (r *Reading) SetVariable(name, text string, at Origin) (known bool, err error) {
	n, err := r.variable(name, text, r.origin(at))
	if n == nil || err != nil {
		return false, err
	}
	r.add(n)
	return true, nil
}

// known reports whether a setting is named like the variable.
func (r *Reading) known(name string) (bool, error) {
	n, err := r.variable(name, "", Origin{})
	return n != nil, err
}

// variable returns the tree that a variable stands for, nil if no setting has its name.
func (r *Reading) variable(name, text string, at Origin) (*tree.Node, error) {
	v := variable{name: name, rest: strings.ToUpper(name), text: text, origin: at}
	return v.tree(r.plan, r.below, v.rest)
}

// Lookup returns what weaker sources say of the setting under path: its text, and
// false if there is none, or if it is no single value.
func (r *Reading) Lookup(path string) (string, bool) {
	steps, err := envfile.ParsePath(path)
	if err != nil {
		return "", false
	}
	n := r.below
	for _, s := range steps {
		if s.IsIndex {
			n = n.Item(s.Index)
		} else {
			n = n.Get(s.Key)
		}
	}
	if n == nil || n.Kind != tree.NodeScalar {
		return "", false
	}
	return n.Text, true
}

func (r *Reading) put(path string, at Origin, leaf func(*plan.Plan) *tree.Node) error {
	steps, err := envfile.ParsePath(path)
	if err != nil {
		return fmt.Errorf("set %q: %w", path, err)
	}
	for _, s := range steps {
		if s.IsIndex && s.Index == envfile.Append {
			return fmt.Errorf("set %q: %w: the index is missing", path, envfile.ErrPath)
		}
	}
	n := read.NodeAt(r.plan, steps, at, leaf)
	if n.Kind != tree.NodeMap {
		return fmt.Errorf("set %q: %w: it begins with an index", path, envfile.ErrPath)
	}
	r.add(n)
	return nil
}

// origin is where a text stands of which the source does not say it.
func (r *Reading) origin(at Origin) Origin {
	if at == (Origin{}) {
		at.Place = r.name
	}
	return at
}

func (r *Reading) add(n *tree.Node) { r.tree = tree.Merge(r.tree, n) }

func (r *Reading) warn(p *tree.Problem) { r.warnings = append(r.warnings, p) }

// unknown says of a name that is all ours that nothing has it.
func (r *Reading) unknown(p *tree.Problem) {
	if r.strict {
		r.problems = append(r.problems, p)
		return
	}
	r.warn(p)
}

// readings is what all sources have said.
type readings struct {
	tree     *tree.Node
	warnings []*tree.Problem
	problems []*tree.Problem
}

func readAll(ctx context.Context, sources []Source, p *plan.Plan, strict bool) (*readings, error) {
	all := &readings{}
	for _, s := range sources {
		r := &Reading{plan: p, name: s.Name(), below: all.tree, strict: strict}
		if err := s.Read(ctx, r); err != nil {
			return nil, err
		}
		renames := read.Renamer{}
		renames.Rename(p, r.tree, &tree.FieldPath{})
		if file, ok := s.(*fileSource); ok {
			file.overrides = read.Overridden(nil, nil, p, all.tree, r.tree)
		}
		all.warnings = append(append(all.warnings, r.warnings...), renames.Warnings...)
		all.problems = append(all.problems, r.problems...)
		read.ForgetVariants(p, all.tree, r.tree)
		all.tree = tree.Merge(all.tree, r.tree)
	}
	return all, nil
}
