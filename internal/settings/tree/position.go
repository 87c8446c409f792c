package tree

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/source"
)

// LevelSeparator stands between the names of a variable: APP_DB__API_KEY is db.api_key.
const LevelSeparator = "__"

// A FieldPath is where in the settings a value belongs. Paths and names are only
// spelled when a message or the origins need them.
type FieldPath struct {
	Parent *FieldPath // nil for the settings as a whole
	step   envfile.Step
	name   string // the step as a variable spells it
	// Copies, for a place lives as long as the origins do, and nodes hold values.
	list *source.Origin // of the list that the step counts in, nil for none
	Null *source.Origin // of the null that stands for the group around it, nil for none
	// Lenient: part of an optional group that nothing sets, so only defaults count.
	Lenient bool
	Secret  bool // within a Secret
	hidden  bool // a key of a map within a Secret, which may be a secret itself
}

// Entry returns the place of an entry of a map.
func (at *FieldPath) Entry(key, name string) *FieldPath {
	below := at.Below(key, name)
	below.hidden = at.Secret
	return &below
}

func (at *FieldPath) Key(key, name string) *FieldPath {
	below := at.Below(key, name)
	return &below
}

// Below is key for places that are made many at a time.
func (at *FieldPath) Below(key, name string) FieldPath {
	return FieldPath{Parent: at, step: envfile.Step{Key: key}, name: name, Null: at.Null, Lenient: at.Lenient, Secret: at.Secret}
}

func (at *FieldPath) Index(i int, list source.Origin) *FieldPath { return at.Item(i, &list) }

// Item is index for many items of one list.
func (at *FieldPath) Item(i int, list *source.Origin) *FieldPath {
	return &FieldPath{Parent: at, step: envfile.Step{Index: i, IsIndex: true}, list: list, Secret: at.Secret}
}

// Text spells the path as people write it. A key of a map within a Secret is [secret]:
// tokens[secret].port.
func (at *FieldPath) Text() string {
	text, from := "", 0
	steps := at.steps()
	for i, p := range steps {
		if p.hidden {
			text, from = join(text, spell(steps[from:i]))+Redacted, i+1
		}
	}
	return join(text, spell(steps[from:]))
}

// Revealed is path with the keys in a Secret. It is for comparisons, and no message has it.
func (at *FieldPath) Revealed() string { return spell(at.steps()) }

// steps returns the places from the first step to at.
func (at *FieldPath) steps() []*FieldPath {
	var all []*FieldPath
	for ; at.Parent != nil; at = at.Parent {
		all = append(all, at)
	}
	slices.Reverse(all)
	return all
}

func spell(steps []*FieldPath) string {
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

// Variable returns the name of the variable that could set the place, without
// prefix, "" if there is none.
func (at *FieldPath) Variable() string {
	var names []string
	for p := at; p.Parent != nil; p = p.Parent {
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
	return strings.Join(names, LevelSeparator)
}

// ListOrigin returns the origin of the innermost list around the place.
func (at *FieldPath) ListOrigin() source.Origin {
	for p := at; p.Parent != nil; p = p.Parent {
		if p.step.IsIndex {
			return *p.list
		}
	}
	return source.Origin{}
}

// What values of Secret print as.
const (
	Redacted = "[secret]"
	Unset    = "[unset]"
)
