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
	secret  bool // within a Secret
	hidden  bool // a key of a map within a Secret, which may be a secret itself
}

// entry returns the place of an entry of a map.
func (at *place) entry(key, name string) *place {
	below := at.below(key, name)
	below.hidden = at.secret
	return &below
}

func (at *place) key(key, name string) *place {
	below := at.below(key, name)
	return &below
}

// below is key for places that are made many at a time.
func (at *place) below(key, name string) place {
	return place{parent: at, step: envfile.Step{Key: key}, name: name, null: at.null, lenient: at.lenient, secret: at.secret}
}

func (at *place) index(i int, list Origin) *place { return at.item(i, &list) }

// item is index for many items of one list.
func (at *place) item(i int, list *Origin) *place {
	return &place{parent: at, step: envfile.Step{Index: i, IsIndex: true}, list: list, secret: at.secret}
}

// path spells the path as people write it. A key of a map within a Secret is [secret]:
// tokens[secret].port.
func (at *place) path() string {
	text, from := "", 0
	steps := at.steps()
	for i, p := range steps {
		if p.hidden {
			text, from = join(text, spell(steps[from:i]))+redacted, i+1
		}
	}
	return join(text, spell(steps[from:]))
}

// realPath is path with the keys in a Secret. It is for comparisons, and no message has it.
func (at *place) realPath() string { return spell(at.steps()) }

// steps returns the places from the first step to at.
func (at *place) steps() []*place {
	var all []*place
	for ; at.parent != nil; at = at.parent {
		all = append(all, at)
	}
	slices.Reverse(all)
	return all
}

func spell(steps []*place) string {
	var p envfile.Path
	for _, at := range steps {
		p = append(p, at.step)
	}
	return p.String()
}

func join(path, rest string) string {
	if path != "" && rest != "" && rest[0] != '[' {
		return path + "." + rest
	}
	return path + rest
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
		if name == "" || p.hidden {
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
