package main

import (
	"fmt"

	"github.com/sealcfg/sealcfg/envfile"
)

// change is a field that was added, changed or removed. It has no value.
type change struct {
	Kind string `json:"change"` // added, changed, removed
	Path string `json:"path"`
	// Clear says that the new value is not sealed: so the rules say, which may
	// hang on a comment that nothing authenticates.
	Clear bool `json:"clear,omitempty"`
}

// changesBetween compares two files field by field, in the order of the new
// one; what was removed comes last.
func changesBetween(before, after []*envfile.Node) []change {
	old, oldOrder := fieldsOf(before)
	now, order := fieldsOf(after)
	var changes []change
	for _, path := range order {
		was, ok := old[path]
		switch n := now[path]; {
		case !ok:
			changes = append(changes, change{Kind: "added", Path: path})
		case was.Kind != n.Kind || was.Type != n.Type || was.Text != n.Text:
			changes = append(changes, change{Kind: "changed", Path: path})
		}
	}
	for _, path := range oldOrder {
		if _, ok := now[path]; !ok {
			changes = append(changes, change{Kind: "removed", Path: path})
		}
	}
	return changes
}

// changesTo is changesBetween for a new file as it is written, which shows what
// of it is in clear.
func changesTo(s *envfile.Sealed, before, after []*envfile.Node) []change {
	inClear := map[string]bool{}
	for _, f := range viewFields(s.Roots(), false) {
		inClear[f.Path] = !f.Sealed && f.Length > 0
	}
	changes := changesBetween(before, after)
	for i, c := range changes {
		changes[i].Clear = inClear[c.Path]
	}
	return changes
}

func fieldsOf(roots []*envfile.Node) (map[string]*envfile.Node, []string) {
	fields := map[string]*envfile.Node{}
	var order []string
	for i, root := range roots {
		for path, n := range root.Leaves() {
			name := path.String()
			if len(roots) > 1 {
				name = fmt.Sprintf("document %d: %s", i+1, name)
			}
			fields[name] = n
			order = append(order, name)
		}
	}
	return fields, order
}

var changeSigns = map[string]string{"added": "+", "changed": "~", "removed": "-"}

// reportChanges prints one line a field, names only.
func (a *app) reportChanges(changes []change) error {
	if a.json {
		if changes == nil {
			changes = []change{}
		}
		return a.printJSON(struct {
			Changes []change `json:"changes"`
		}{changes})
	}
	for _, c := range changes {
		where := ""
		if c.Clear {
			where = " (in clear)"
		}
		a.say("%s %s%s", changeSigns[c.Kind], cleanName(c.Path), where)
	}
	return nil
}
