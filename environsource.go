package sealcfg

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// levels stands between the names of a variable: APP_DB__API_KEY is db.api_key.
const levels = "__"

// An environSource is the process environment, as far as it begins with a prefix.
// Names are derived from the struct, never guessed from the variable, and
// compared without regard to case.
type environSource struct {
	prefix string
	from   string                                  // a file, "" for the process environment
	list   func(context.Context) ([]string, error) // NAME=value
}

type variable struct {
	name   string
	rest   string // upper case, without the prefix
	exact  bool   // the name itself is in upper case
	text   string
	origin Origin
}

// read returns the variables that name a setting. Others are none of ours: a
// prefix may be shared.
func (s *environSource) read(ctx context.Context, p *plan, below *node) (*node, error) {
	environ, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	var tree *node
	for _, v := range s.variables(environ) {
		n, err := v.tree(p, below, v.rest)
		if err != nil {
			return nil, err
		}
		tree = merge(tree, n)
	}
	return tree, nil
}

// variables returns those with the prefix in the order in which they are laid
// over one another: what names a group before what names a part of it, and of
// two that differ in case only the upper-case one last.
func (s *environSource) variables(environ []string) []variable {
	prefix := strings.ToUpper(s.prefix)
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
	slices.SortStableFunc(found, func(a, b variable) int {
		if c := cmp.Compare(strings.Count(a.rest, levels), strings.Count(b.rest, levels)); c != 0 {
			return c
		}
		if c := strings.Compare(a.rest, b.rest); c != 0 {
			return c
		}
		if a.exact != b.exact {
			if a.exact {
				return 1
			}
			return -1
		}
		return strings.Compare(a.name, b.name)
	})
	return found
}

// tree returns a tree for p that holds the variable's value under the path that
// rest spells, nil if rest names nothing in p.
func (v variable) tree(p *plan, below *node, rest string) (*node, error) {
	p = p.core()
	var key string
	var elem *plan
	switch p.shape {
	case shapeStruct:
		f, after, err := fieldOf(p, v.name, rest)
		if f == nil || err != nil {
			return nil, err
		}
		key, elem, rest = f.name, f.plan, after
	case shapeMap:
		name, after, nested := strings.Cut(rest, levels)
		if name == "" || nested && after == "" {
			return nil, nil
		}
		key, elem, rest = keyOf(below, name), p.elem, after
	default:
		return nil, nil
	}
	var child *node
	if rest == "" {
		child = textNode(elem, v.text, v.origin)
	} else {
		var err error
		if child, err = v.tree(elem, below.get(key), rest); child == nil {
			return nil, err
		}
	}
	child.key, child.keyOrigin = key, v.origin
	return &node{kind: nodeMap, origin: v.origin, entries: []*node{child}}, nil
}

// fieldOf returns the field that rest begins with, and what follows its name.
// The longest name wins, for a name may itself contain what separates levels.
func fieldOf(p *plan, name, rest string) (*field, string, error) {
	var found, twin *field
	var after string
	for i := range p.fields {
		f := &p.fields[i]
		tail, ok := strings.CutPrefix(rest, f.variable)
		if !ok {
			continue
		}
		if tail != "" {
			if tail, ok = strings.CutPrefix(tail, levels); !ok || tail == "" {
				continue
			}
		}
		switch {
		case found == nil || len(f.variable) > len(found.variable):
			found, twin, after = f, nil, tail
		case len(f.variable) == len(found.variable):
			twin = f
		}
	}
	if twin != nil {
		return nil, "", fmt.Errorf("$%s fits two fields of %s: %q and %q", name, p.typ, found.name, twin.name)
	}
	return found, after, nil
}

// keyOf returns the key of a map that a variable means: one that the files
// have, else the name in lower case.
func keyOf(below *node, name string) string {
	if below != nil && below.kind == nodeMap {
		for _, e := range below.entries {
			if variableName(e.key) == name {
				return e.key
			}
		}
	}
	return strings.ToLower(name)
}
