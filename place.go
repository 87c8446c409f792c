package sealcfg

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// A place is where in the settings a value belongs. Paths and names are only
// spelled when a message or the origins need them.
type place struct {
	parent *place // nil for the settings as a whole
	step   envfile.Step
	name   string // the step as a variable spells it
	// Copies, for a place lives as long as the origins do, and nodes hold values.
	list *Origin // of the list that the step counts in, nil for none
	null *Origin // of the null that stands for the group around it, nil for none
	// lenient: part of an optional group that nothing sets, so only defaults count.
	lenient bool
}

func (at *place) key(key, name string) *place {
	below := at.below(key, name)
	return &below
}

// below is key for places that are made many at a time.
func (at *place) below(key, name string) place {
	return place{parent: at, step: envfile.Step{Key: key}, name: name, null: at.null, lenient: at.lenient}
}

func (at *place) index(i int, list Origin) *place { return at.item(i, &list) }

// item is index for many items of one list.
func (at *place) item(i int, list *Origin) *place {
	return &place{parent: at, step: envfile.Step{Index: i, IsIndex: true}, list: list}
}

// path spells the path as people write it.
func (at *place) path() string {
	var p envfile.Path
	for ; at.parent != nil; at = at.parent {
		p = append(p, at.step)
	}
	slices.Reverse(p)
	return p.String()
}

// variable returns the name of the variable that could set the place, without
// prefix, "" if there is none.
func (at *place) variable() string {
	var names []string
	for p := at; p.parent != nil; p = p.parent {
		name := p.name
		if p.step.IsIndex {
			name = strconv.Itoa(p.step.Index)
		}
		if name == "" {
			return ""
		}
		names = append(names, name)
	}
	slices.Reverse(names)
	return strings.Join(names, levels)
}

// within returns the origin of the innermost list around the place.
func (at *place) within() Origin {
	for p := at; p.parent != nil; p = p.parent {
		if p.step.IsIndex {
			return *p.list
		}
	}
	return Origin{}
}
