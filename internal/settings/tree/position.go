package tree

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/source"
)

// LevelSeparator joins nested field names in a variable: APP_DB__API_KEY sets db.api_key.
const LevelSeparator = "__"

// A FieldPath is the path of a setting. Its text and its variable are built only when a message or
// an origin needs them.
type FieldPath struct {
	Parent *FieldPath // nil for the root
	step   envfile.Step
	name   string // the step as written in variables
	// The origins are copies: a path lives as long as the table of origins, and must not keep nodes
	// in memory, which hold values.
	list *source.Origin // of the list that contains the step's item, nil for other steps
	Null *source.Origin // the origin of the null that a source sets for a group above, or nil
	// Lenient marks a part of an optional group that no source sets. Only its defaults apply.
	Lenient bool
	Secret  bool // within a Secret
	hidden  bool // a map key within a Secret; the key may be a secret itself
}

// Entry returns the path of a map entry. Within a Secret, the path hides the key.
func (at *FieldPath) Entry(key, name string) *FieldPath {
	below := at.Below(key, name)
	below.hidden = at.Secret
	return &below
}

// Key returns the path of a field.
func (at *FieldPath) Key(key, name string) *FieldPath {
	below := at.Below(key, name)
	return &below
}

// Below is Key for callers that create many paths at once: it does not allocate.
func (at *FieldPath) Below(key, name string) FieldPath {
	return FieldPath{Parent: at, step: envfile.Step{Key: key}, name: name, Null: at.Null, Lenient: at.Lenient, Secret: at.Secret}
}

// Index returns the path of a list item.
func (at *FieldPath) Index(i int, list source.Origin) *FieldPath { return at.Item(i, &list) }

// Item is Index for callers that create the paths of many items of one list.
func (at *FieldPath) Item(i int, list *source.Origin) *FieldPath {
	return &FieldPath{Parent: at, step: envfile.Step{Index: i, IsIndex: true}, list: list, Secret: at.Secret}
}

// Text returns the path as people write it. A map key within a Secret becomes [secret]:
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

// Revealed returns the path including the keys within a Secret. It is only for comparisons:
// messages must use Text.
func (at *FieldPath) Revealed() string { return spell(at.steps()) }

// steps returns the paths from the first step to at.
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

// Variable returns the name of the variable that sets the value at this path, without the prefix.
// It returns "" if no variable can set it.
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

// ListOrigin returns the origin of the innermost list that contains the path, and the zero Origin
// outside of lists.
func (at *FieldPath) ListOrigin() source.Origin {
	for p := at; p.Parent != nil; p = p.Parent {
		if p.step.IsIndex {
			return *p.list
		}
	}
	return source.Origin{}
}

// These strings replace the values of Secrets in output.
const (
	Redacted = "[secret]"
	Unset    = "[unset]"
)
