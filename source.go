package sealcfg

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/read"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// A Source provides settings. Sources are read weakest first, and each one overrides the
// previous ones: maps merge, lists and single values are replaced. [WithSource] adds a
// source, and [Order] changes the order.
type Source interface {
	// Name returns the name of the source, for [Order] and for messages. The sources of
	// this package are named base, prod, prod.local (for the environment prod), the path of
	// a .env file or a secrets directory, environment, flags and set.
	Name() string

	// Read adds the source's settings to r. A source without settings returns nil. An error
	// ends the load and must not quote values. A value of the wrong type is reported later,
	// when its setting is bound. r must not be used after Read has returned.
	//
	// Each load calls Read once. The loads of one [Handle] never call it concurrently. Read
	// must return when ctx ends.
	Read(ctx context.Context, r *Reading) error
}

// A Reading receives the settings of a [Source].
type Reading struct {
	plan     *plan.Plan
	name     string     // of the source
	below    *tree.Node // settings of weaker sources
	tree     *tree.Node // settings of this source
	warnings []*tree.Problem
	strict   bool // whether unknown variables are problems
	problems []*tree.Problem
}

// Set sets the setting at path to text, which is parsed like a variable of the process
// environment. path has the form of paths in [Problem]; an index changes or appends an item
// of a list from a weaker source. at is the origin for messages; the zero Origin stands for
// the name of the source. Set returns an error if path is not a valid path. A path without
// a setting is reported later, when the settings are bound.
func (r *Reading) Set(path, text string, at Origin) error {
	at = r.origin(at)
	return r.put(path, at, func(p *plan.Plan) *tree.Node { return plan.FromText(p, text, at) })
}

// SetJSON does the same as [Reading.Set] for JSON: objects and arrays become maps and
// lists. If path is empty, text must be an object with all settings of the source. SetJSON
// returns an error, without quoting text, if text is not JSON or an object has a key twice.
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

// SetVariable does the same as [Reading.Set] for a name in the form of a variable:
// DB__API_KEY, in any case, sets db.api_key. If no setting has the name, it sets nothing
// and returns false. It returns an error if the name matches two settings.
func (r *Reading) SetVariable(name, text string, at Origin) (known bool, err error) {
	n, err := r.variable(name, text, r.origin(at))
	if n == nil || err != nil {
		return false, err
	}
	r.add(n)
	return true, nil
}

// known reports whether a setting has the name of a variable.
func (r *Reading) known(name string) (bool, error) {
	n, err := r.variable(name, "", Origin{})
	return n != nil, err
}

// variable returns the tree for a variable, or nil if no setting has its name.
func (r *Reading) variable(name, text string, at Origin) (*tree.Node, error) {
	v := variable{name: name, rest: strings.ToUpper(name), text: text, origin: at}
	return v.tree(r.plan, r.below, v.rest)
}

// Lookup returns the text of the setting at path from weaker sources. It returns false if
// none of them sets it, or if it is not a single value.
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

// put adds a tree with one setting. leaf returns the node for the plan of the setting.
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

// origin returns at, or the name of the source for the zero Origin.
func (r *Reading) origin(at Origin) Origin {
	if at == (Origin{}) {
		at.Place = r.name
	}
	return at
}

func (r *Reading) add(n *tree.Node) { r.tree = tree.Merge(r.tree, n) }

func (r *Reading) warn(p *tree.Problem) { r.warnings = append(r.warnings, p) }

// unknown adds a warning or, with [Strict], a problem about a name without a setting.
func (r *Reading) unknown(p *tree.Problem) {
	if r.strict {
		r.problems = append(r.problems, p)
		return
	}
	r.warn(p)
}

// readings holds the merged settings of all sources, with warnings and problems.
type readings struct {
	tree     *tree.Node
	warnings []*tree.Problem
	problems []*tree.Problem
}

// readAll reads the sources and merges their settings.
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

// An Origin is where a setting came from: see [source.Origin].
type Origin = source.Origin

// Origins holds the origin of each setting that has a value, but no values.
// [Handle.Origins] returns it, and [WithOrigins] lets [Load] fill it. It is safe for
// concurrent use after Load has returned.
type Origins struct{ table *bind.OriginTable }

// Of returns the origin of the setting at path, such as db.hosts[0]. It returns the zero
// Origin if the setting has no value. path has the form of paths in [Problem].
func (o *Origins) Of(path string) Origin {
	return o.table.Of(path)
}

// All yields the path and origin of each setting, in the order of the struct's fields.
// Lists and maps are yielded entry by entry. In a path, each key of a map within a [Secret]
// is replaced by [secret].
func (o *Origins) All() iter.Seq2[string, Origin] {
	return o.table.Each
}
