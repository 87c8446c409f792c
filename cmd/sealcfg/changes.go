package main

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// change is a field that was added, changed or removed. It has no value.
type change struct {
	Kind string `json:"change"` // added, changed, removed
	fieldName
	// Clear reports that the new value is not encrypted. The rules decide, and they
	// may depend on a comment.
	Clear bool `json:"clear,omitempty"`
}

// changesBetween compares two files field by field, in the order of the new
// one; what was removed comes last.
func changesBetween(before, after []*envfile.Node) []change {
	was, is := leavesOf(before), leavesOf(after)
	was, is = differing(was, is)
	old, oldOrder := fieldsOf(was, len(before) > 1)
	now, order := fieldsOf(is, len(after) > 1)
	var changes []change
	for _, name := range order {
		was, ok := old[name]
		switch {
		case !ok:
			changes = append(changes, change{Kind: "added", fieldName: name})
		case !sameValue(was, now[name]):
			changes = append(changes, change{Kind: "changed", fieldName: name})
		}
	}
	for _, name := range oldOrder {
		if _, ok := now[name]; !ok {
			changes = append(changes, change{Kind: "removed", fieldName: name})
		}
	}
	return changes
}

// changesTo is changesBetween for a new file as it is written, which shows what
// of it is in clear.
func changesTo(s *envfile.Sealed, before, after []*envfile.Node) []change {
	changes := changesBetween(before, after)
	changed := make(map[fieldName]*change, len(changes))
	for i := range changes {
		changed[changes[i].fieldName] = &changes[i]
	}
	if len(changes) == 0 {
		return nil
	}
	for _, f := range viewFields(s.Roots(), false) {
		if c := changed[f.fieldName]; c != nil {
			c.Clear = !f.Sealed && f.Length > 0
		}
	}
	return changes
}

// leaf is a value or null of a file.
type leaf struct {
	doc  int
	path envfile.Path
	node *envfile.Node
}

func leavesOf(roots []*envfile.Node) []leaf {
	var all []leaf
	var steps envfile.Path // of all paths: one array is less work than one for each
	for i, root := range roots {
		for path, n := range root.Leaves() {
			from := len(steps)
			steps = append(steps, path...)
			all = append(all, leaf{i, steps[from:len(steps):len(steps)], n})
		}
	}
	return all
}

// differing leaves out what stands the same at the beginning and at the end of
// both, which is nearly all of a large file.
func differing(a, b []leaf) (_, _ []leaf) {
	for len(a) > 0 && len(b) > 0 && a[0].same(b[0]) {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1].same(b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

func (l leaf) same(other leaf) bool {
	return l.doc == other.doc && sameValue(l.node, other.node) && slices.Equal(l.path, other.path)
}

func sameValue(a, b *envfile.Node) bool {
	return a.Kind == b.Kind && a.Type == b.Type && a.Text == b.Text
}

func fieldsOf(leaves []leaf, several bool) (map[fieldName]*envfile.Node, []fieldName) {
	fields := make(map[fieldName]*envfile.Node, len(leaves))
	order := make([]fieldName, 0, len(leaves))
	for _, l := range leaves {
		name := nameOfField(l.doc, l.path, several)
		fields[name] = l.node
		order = append(order, name)
	}
	return fields, order
}

var changeSigns = map[string]string{"added": "+", "changed": "~", "removed": "-"}

// listChanges names changes on one line.
func listChanges(changes []change) string {
	var names []string
	for _, c := range changes {
		names = append(names, changeSigns[c.Kind]+" "+cleanName(c.String()))
	}
	return strings.Join(names, ", ")
}

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
			where = " (unencrypted)"
		}
		a.say("%s %s%s", changeSigns[c.Kind], cleanName(c.String()), where)
	}
	return nil
}
