package editing

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
)

// A threeWay merges the changes that two versions of a file made to a third one,
// field by field.
type threeWay struct {
	base         *envfile.Document // nil if both sides have made the file
	mine, theirs *envfile.Document
	prefer       Side // the side that counts for a field in conflict

	shifts map[string]bool // results of shifted, by the path of the list
}

// A Side of a merge.
type Side int

const (
	Neither Side = iota
	Mine
	Theirs
)

// A ConflictError is returned for fields that both sides have changed differently.
type ConflictError struct{ fields []string }

func (e *ConflictError) Error() string {
	return cli.JoinNames(e.fields) + ": changed differently in the file and in your text"
}

// ExitCode returns the exit code of a command that ends with conflicts.
func (e *ConflictError) ExitCode() int { return cli.ExitConflicts }

// commentConflict is reported if both sides changed more than fields.
const commentConflict = "comments or layout"

// merge returns a document with the changes of both sides. It is the document of one
// side with the changed fields of the other, so that a side that has changed
// comments or layout keeps them.
func (m threeWay) merge() (*envfile.Document, error) {
	switch {
	case bytes.Equal(m.mine.Bytes(), m.theirs.Bytes()):
		return m.mine, nil
	case m.base == nil && m.prefer == Neither:
		return nil, &ConflictError{[]string{"the whole file"}}
	case m.base != nil && bytes.Equal(m.base.Bytes(), m.theirs.Bytes()):
		return m.mine, nil
	case m.base != nil && bytes.Equal(m.base.Bytes(), m.mine.Bytes()):
		return m.theirs, nil
	}
	if err := m.oneDocument(); err != nil {
		return nil, err
	}
	want, err := m.fields()
	if err != nil {
		return nil, err
	}
	mineOnly, theirsOnly := m.onlyFields(m.mine), m.onlyFields(m.theirs)
	onto := m.theirs
	switch {
	case mineOnly && m.prefer != Mine: // the file keeps its layout
	case theirsOnly, m.prefer == Mine:
		onto = m.mine
	case m.prefer == Neither:
		return nil, &ConflictError{[]string{commentConflict}}
	}
	return withFields(onto, want)
}

// oneDocument fails unless both sides changed the first document alone: operations
// lead there.
func (m threeWay) oneDocument() error {
	base := m.base
	if base == nil {
		base = m.mine
	}
	var later []string
	for _, d := range []*envfile.Document{m.mine, m.theirs} {
		if len(d.Roots()) != len(base.Roots()) {
			return &ConflictError{[]string{"the number of documents"}}
		}
		for _, c := range cli.ChangesBetween(base.Roots(), d.Roots()) {
			if c.Document > 1 {
				later = append(later, c.String())
			}
		}
	}
	if len(later) > 0 {
		return &ConflictError{slices.Compact(slices.Sorted(slices.Values(later)))}
	}
	return nil
}

// A fieldSet holds the values and nulls of a document by their paths, in its order.
type fieldSet struct {
	order []string
	nodes map[string]*envfile.Node
	paths map[string]envfile.Path
}

func fieldSetOf(d *envfile.Document) fieldSet {
	s := fieldSet{nodes: map[string]*envfile.Node{}, paths: map[string]envfile.Path{}}
	if d == nil {
		return s
	}
	for path, n := range d.Roots()[0].Leaves() {
		s.set(path.Clone(), n)
	}
	return s
}

func (s *fieldSet) set(path envfile.Path, n *envfile.Node) {
	name := path.String()
	if _, ok := s.nodes[name]; !ok {
		s.order = append(s.order, name)
	}
	s.nodes[name], s.paths[name] = n, path
}

func (s *fieldSet) drop(name string) {
	delete(s.nodes, name)
	delete(s.paths, name)
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
}

// fields returns the merged fields, or the fields in conflict.
func (m threeWay) fields() (fieldSet, error) {
	m.shifts = map[string]bool{}
	base, mine, theirs := fieldSetOf(m.base), fieldSetOf(m.mine), fieldSetOf(m.theirs)
	theirUnits := m.changed(base, theirs)
	want := fieldSet{nodes: maps.Clone(theirs.nodes), paths: maps.Clone(theirs.paths), order: slices.Clone(theirs.order)}
	var conflicts []string
	for _, unit := range m.changed(base, mine) {
		if slices.Contains(theirUnits, unit) && !sameUnit(mine, theirs, unit) {
			if m.prefer == Neither {
				conflicts = append(conflicts, unit)
			}
			if m.prefer != Mine {
				continue
			}
		}
		for _, name := range slices.Clone(want.order) {
			if within(name, unit) {
				want.drop(name)
			}
		}
		for _, name := range mine.order {
			if within(name, unit) {
				want.set(mine.paths[name], mine.nodes[name])
			}
		}
	}
	if len(conflicts) > 0 {
		return want, &ConflictError{conflicts}
	}
	return want, nil
}

// changed returns the units in which a side differs from base, in order. A unit is a
// field, or a list with moved items.
func (m threeWay) changed(base, side fieldSet) []string {
	var units []string
	for _, s := range []fieldSet{base, side} {
		for _, name := range s.order {
			was, is := base.nodes[name], side.nodes[name]
			if was != nil && is != nil && cli.SameValue(was, is) {
				continue
			}
			if unit := m.unit(s.paths[name]); !slices.Contains(units, unit) {
				units = append(units, unit)
			}
		}
	}
	return units
}

// unit returns the name of the outermost list on a path that has moved items in one of the
// three documents. Without such a list, it returns the name of the path.
func (m threeWay) unit(path envfile.Path) string {
	for i := 1; i < len(path); i++ {
		if path[i].IsIndex && m.shifted(path[:i]) {
			return path[:i].String()
		}
	}
	return path.String()
}

// shifted reports whether the length of a list differs between the documents, or one
// side has moved an item.
func (m threeWay) shifted(list envfile.Path) bool {
	name := list.String()
	found, known := m.shifts[name]
	if known {
		return found
	}
	itemsOf := func(d *envfile.Document) []string {
		n := d.Roots()[0].At(list)
		if n == nil || n.Kind != envfile.List {
			return nil
		}
		items := []string{} // an empty list differs from none
		for item := range n.Entries() {
			items = append(items, fingerprint(item))
		}
		return items
	}
	mine, theirs := itemsOf(m.mine), itemsOf(m.theirs)
	base := mine
	if m.base != nil {
		base = itemsOf(m.base)
	}
	for _, side := range [][]string{mine, theirs} {
		found = found || (side == nil) != (base == nil) || len(side) != len(base) || moved(base, side)
	}
	m.shifts[name] = found
	return found
}

// moved reports whether an item of a list is at another index in side, and another item at
// its old index.
func moved(base, side []string) bool {
	gone := map[string]bool{}
	for i, item := range base {
		gone[item] = gone[item] || side[i] != item
	}
	for i, item := range side {
		if item != base[i] && gone[item] {
			return true
		}
	}
	return false
}

// fingerprint returns a string that is the same for equal nodes.
func fingerprint(n *envfile.Node) string {
	text := fmt.Sprintf("%d %q %q %q {", n.Kind, n.Key, n.Type, n.Text)
	for e := range n.Entries() {
		text += fingerprint(e)
	}
	return text + "}"
}

// within reports whether a field belongs to a unit.
func within(name, unit string) bool {
	rest, ok := strings.CutPrefix(name, unit)
	return ok && (rest == "" || rest[0] == '[' || rest[0] == '.')
}

func sameUnit(a, b fieldSet, unit string) bool {
	for _, s := range []fieldSet{a, b} {
		for name := range s.nodes {
			if within(name, unit) && (a.nodes[name] == nil || b.nodes[name] == nil || !cli.SameValue(a.nodes[name], b.nodes[name])) {
				return false
			}
		}
	}
	return true
}

// onlyFields reports whether a side has no other comments and no other layout than
// base: base with the fields of the side has the same lines, in any order.
func (m threeWay) onlyFields(side *envfile.Document) bool {
	if m.base == nil {
		return false
	}
	d, err := withFields(m.base, fieldSetOf(side))
	return err == nil && slices.Equal(sortedLines(d), sortedLines(side))
}

func sortedLines(d *envfile.Document) []string {
	var all []string
	for line := range strings.Lines(string(d.Bytes())) {
		if line = strings.TrimRight(strings.TrimSpace(line), ","); line != "" {
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}

// withFields returns d with the fields in want and no others.
func withFields(d *envfile.Document, want fieldSet) (*envfile.Document, error) {
	have := fieldSetOf(d)
	var ops []envfile.Op
	gone := map[string]bool{}
	for _, name := range slices.Backward(have.order) { // items of lists from the last one on
		if want.nodes[name] != nil {
			continue
		}
		path := emptied(have.paths[name], want)
		if !gone[path.String()] {
			gone[path.String()] = true
			ops = append(ops, envfile.Unset(path))
		}
	}
	for _, name := range want.order {
		n, was := want.nodes[name], have.nodes[name]
		switch {
		case was != nil && cli.SameValue(was, n):
		case n.Kind == envfile.Null:
			ops = append(ops, envfile.SetNull(want.paths[name]))
		default:
			ops = append(ops, envfile.Set(want.paths[name], n.Type, n.Text))
		}
	}
	merged, err := d.Apply(ops...)
	if err != nil {
		return nil, err
	}
	got := fieldSetOf(merged)
	if !maps.EqualFunc(got.nodes, want.nodes, cli.SameValue) {
		return nil, errors.New("the changes cannot be put together")
	}
	return merged, nil
}

// emptied returns the outermost map or list on a path that is left without a field.
func emptied(path envfile.Path, want fieldSet) envfile.Path {
	for i := 1; i < len(path); i++ {
		prefix := path[:i].String()
		if !slices.ContainsFunc(want.order, func(name string) bool { return within(name, prefix) }) {
			return path[:i]
		}
	}
	return path
}
