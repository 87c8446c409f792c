package cli

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// A Change is a field that was added, changed or removed. It does not contain the value.
type Change struct {
	Kind string `json:"change"` // added, changed, removed
	FieldName
	// Clear reports that the new value is not encrypted. The rules decide, and they
	// may depend on a comment.
	Clear bool `json:"clear,omitempty"`
}

// ChangesBetween compares two files field by field. Removed fields come last; the others
// have the order of the new file.
func ChangesBetween(before, after []*envfile.Node) []Change {
	was, is := leavesOf(before), leavesOf(after)
	was, is = differing(was, is)
	old, oldOrder := fieldsOf(was, len(before) > 1)
	now, order := fieldsOf(is, len(after) > 1)
	var changes []Change
	for _, name := range order {
		was, ok := old[name]
		switch {
		case !ok:
			changes = append(changes, Change{Kind: "added", FieldName: name})
		case !SameValue(was, now[name]):
			changes = append(changes, Change{Kind: "changed", FieldName: name})
		}
	}
	for _, name := range oldOrder {
		if _, ok := now[name]; !ok {
			changes = append(changes, Change{Kind: "removed", FieldName: name})
		}
	}
	return changes
}

// ChangesTo is ChangesBetween for a new encrypted file. It also marks the fields that are
// unencrypted.
func ChangesTo(s *envfile.Sealed, before, after []*envfile.Node) []Change {
	changes := ChangesBetween(before, after)
	changed := make(map[FieldName]*Change, len(changes))
	for i := range changes {
		changed[changes[i].FieldName] = &changes[i]
	}
	if len(changes) == 0 {
		return nil
	}
	for _, f := range FieldInfos(s.Roots(), false) {
		if c := changed[f.FieldName]; c != nil {
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

// differing removes the equal fields at the start and at the end of both lists, which is
// most of a large file.
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
	return l.doc == other.doc && SameValue(l.node, other.node) && slices.Equal(l.path, other.path)
}

func SameValue(a, b *envfile.Node) bool {
	return a.Kind == b.Kind && a.Type == b.Type && a.Text == b.Text
}

func fieldsOf(leaves []leaf, several bool) (map[FieldName]*envfile.Node, []FieldName) {
	fields := make(map[FieldName]*envfile.Node, len(leaves))
	order := make([]FieldName, 0, len(leaves))
	for _, l := range leaves {
		name := NameOfField(l.doc, l.path, several)
		fields[name] = l.node
		order = append(order, name)
	}
	return fields, order
}

var ChangeSigns = map[string]string{"added": "+", "changed": "~", "removed": "-"}

// ListChanges returns the changes in one line.
func ListChanges(changes []Change) string {
	var names []string
	for _, c := range changes {
		names = append(names, ChangeSigns[c.Kind]+" "+CleanName(c.String()))
	}
	return strings.Join(names, ", ")
}

// ReportChanges prints the names of the changed fields, one per line.
func (a *App) ReportChanges(changes []Change) error {
	if a.JSON {
		if changes == nil {
			changes = []Change{}
		}
		return a.PrintJSON(struct {
			Changes []Change `json:"changes"`
		}{changes})
	}
	for _, c := range changes {
		where := ""
		if c.Clear {
			where = " (unencrypted)"
		}
		a.Say("%s %s%s", ChangeSigns[c.Kind], CleanName(c.String()), where)
	}
	return nil
}
