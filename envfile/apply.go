package envfile

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"

	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/sealcfg/sealcfg/crypto"
	jsonfile "github.com/sealcfg/sealcfg/envfile/internal/json"
)

// ErrNoField is returned when no field exists at a path.
var ErrNoField = errors.New("no such field")

// An Op is one change of a document: see [Set], [SetText] and [Unset].
type Op struct {
	path     tree.Path
	document int        // from 0
	value    *tree.Node // nil to remove
	text     *string    // of SetText
	whole    bool
}

// Set sets the field at path. text is the canonical text of the value (see [crypto.Canonical]).
// Missing maps on the way are created; [+] appends to a list.
func Set(path tree.Path, typ crypto.Type, text string) Op {
	return Op{path: path, value: &tree.Node{Kind: tree.Value, Type: typ, Text: text}}
}

// SetNull sets the field at path to null.
func SetNull(path tree.Path) Op { return Op{path: path, value: &tree.Node{Kind: tree.Null}} }

// SetText sets the field at path to a JSON value: a list, a map, or a single value.
func SetText(path tree.Path, text string) Op { return Op{path: path, text: &text} }

// Whole allows the operation to replace a map or a list, with its entries and comments. It applies
// to YAML and JSON.
func (op Op) Whole() Op {
	op.whole = true
	return op
}

// In selects the document that the operation changes. Documents count from 0; without In, the
// operation changes the first one.
func (op Op) In(document int) Op {
	op.document = document
	return op
}

// Document returns the document that the operation changes.
func (op Op) Document() int { return op.document }

// Unset removes the field at path.
func Unset(path tree.Path) Op { return Op{path: path} }

// Apply returns a document with the operations applied in order. Each operation changes the first
// document or the document of [Op.In]. All other bytes stay the same. The result is parsed again
// and compared with the expected tree, so a wrong splice is an error and never a damaged document.
//
// Apply fails with [ErrNoField], with [ErrPath] for a path through a value, or with a
// [*SyntaxError], for example if a name occurs more than once in the result.
func (d *Document) Apply(ops ...Op) (*Document, error) {
	for _, op := range ops {
		if op.document < 0 || op.document >= len(d.p.Roots) {
			return nil, fmt.Errorf("%s: %w: document %d does not exist", op.path, ErrNoField, op.document+1)
		}
		times := 1
		if op.value == nil && op.text == nil {
			times = occurrences(d.p.Roots[op.document], op.path)
		}
		for range max(times, 1) {
			next, err := d.apply(op)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", op.path, err)
			}
			if d = next; d.p.Roots[op.document].At(op.path) == nil {
				break
			}
		}
	}
	if err := d.Once(); err != nil {
		return nil, err
	}
	return d, nil
}

// occurrences counts the nodes at a path. There are several if a name occurs more than once.
func occurrences(n *tree.Node, p tree.Path) int {
	if len(p) == 0 {
		return 1
	}
	if p[0].IsIndex {
		if n = n.Index(p[0].Index); n == nil {
			return 0
		}
		return occurrences(n, p[1:])
	}
	count := 0
	if n.Kind == tree.Map {
		for e := range n.Entries() {
			if e.Key == p[0].Key {
				count += occurrences(e, p[1:])
			}
		}
	}
	return count
}

func (d *Document) apply(op Op) (*Document, error) {
	if len(op.path) == 0 {
		return nil, fmt.Errorf("%w: empty", tree.ErrPath)
	}
	if op.path[0].Key == layout.MetaKey && !op.path[0].IsIndex {
		return nil, fmt.Errorf("%w: %q is the name of the metadata", tree.ErrPath, layout.MetaKey)
	}
	if op.text != nil {
		v, err := parseFlow(d.format, *op.text)
		if err != nil {
			return nil, err
		}
		op.value = v
	}
	if op.value != nil {
		op.value = asNew(op.value, d.format.Properties().Bare)
	}
	if op.value != nil && op.value.Kind == tree.Value {
		op.value.Type, op.value.Text = d.format.Coerce(op.value.Type, op.value.Text)
	}
	edits, want, err := d.plan(op)
	if err != nil {
		return nil, err
	}
	text, err := layout.Splice(d.p.Src, edits)
	if err != nil {
		return nil, err
	}
	next, err := parsePlain(d.format, text, layout.Format.Parse)
	if err == nil && d.format.Properties().Whole {
		_, err = Parse(d.format, text)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be changed in place: %w", err)
	}
	if at := layout.FirstChange(d.format, want, next.p.Roots); at != nil {
		return nil, fmt.Errorf("cannot be changed in place: %s would not parse to the new value", at)
	}
	return next, nil
}

// parseFlow parses the JSON text of a SetText.
func parseFlow(f Format, text string) (*tree.Node, error) {
	if !f.Properties().Nested {
		return nil, layout.ErrFlat
	}
	notJSON := fmt.Errorf("value: %w", &tree.SyntaxError{Line: 1, Reason: "not a JSON value"})
	if !json.Valid([]byte(text)) { // the text could close the map and start another one
		return nil, notJSON
	}
	p, err := jsonfile.Format.Parse([]byte(`{"value":` + text + "}"))
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	v := p.Roots[0].Get("value")
	if v == nil {
		return nil, notJSON
	}
	v.Layout = nil
	return v, nil
}

// plan returns the edits for op and the trees that they must produce.
func (d *Document) plan(op Op) (edits []layout.Edit, want []*tree.Node, err error) {
	root := d.p.Roots[op.document]
	parent, depth := root, 0 // the deepest existing node on the path, and the number of steps to it
	var above *tree.Node
	for depth < len(op.path) {
		child := childOn(parent, op.path[depth:])
		if child == nil {
			break
		}
		above, parent = parent, child
		depth++
	}
	missing := op.path[depth:]
	switch {
	case len(missing) > 0 && op.value == nil:
		return nil, nil, ErrNoField
	case len(missing) == 0 && op.value == nil:
		edits, err = d.p.Remove(above, parent)
	case len(missing) == 0:
		edits, err = d.replace(parent, op)
	default:
		if err := canInsert(parent, missing); err != nil {
			return nil, nil, err
		}
		edits, err = d.p.Insert(parent, missing, op.value)
	}
	want = slices.Clone(d.p.Roots)
	want[op.document] = wanted(root, op.path, op.value)
	return edits, want, err
}

func (d *Document) replace(n *tree.Node, op Op) ([]layout.Edit, error) {
	if n.Kind != tree.Map && n.Kind != tree.List {
		return d.p.Replace(n, op.value)
	}
	if op.whole {
		return d.p.Overwrite(n, op.value)
	}
	return nil, layout.ErrUnsetFirst(n)
}

// childOn returns the child of n on the way to path. If several children have the same name, it
// returns the one that contains the rest of the path.
func childOn(n *tree.Node, path tree.Path) *tree.Node {
	if path[0].IsIndex {
		return n.Index(path[0].Index)
	}
	if n.Repeats {
		for e := range n.Entries() {
			if e.Key == path[0].Key && e.At(path[1:]) != nil {
				return e
			}
		}
	}
	return n.Get(path[0].Key)
}

// canInsert reports an error if the missing steps do not fit the node where they start: a map
// requires a key, a list requires the position after its last item.
func canInsert(n *tree.Node, missing tree.Path) error {
	for i, s := range missing {
		first := i == 0
		switch {
		case first && n.Kind == tree.Value:
			return fmt.Errorf("%w: it leads through a value on line %d", tree.ErrPath, n.Line)
		case first && n.Kind == tree.Map && s.IsIndex:
			return fmt.Errorf("%w: it has an index where line %d has a map", tree.ErrPath, n.Line)
		case first && n.Kind == tree.List && !s.IsIndex:
			return fmt.Errorf("%w: it has a key where line %d has a list", tree.ErrPath, n.Line)
		case first && n.Kind == tree.List && s.Index != tree.Append && s.Index != n.Len():
			return fmt.Errorf("%w: the list has %d items", ErrNoField, n.Len())
		case (!first || n.Kind == tree.Null) && s.IsIndex && s.Index != tree.Append && s.Index != 0:
			return fmt.Errorf("%w: the list is new", ErrNoField)
		}
	}
	return nil
}

// wanted returns a copy of the tree in which the value at path is v, or is removed if v is nil.
func wanted(n *tree.Node, path tree.Path, v *tree.Node) *tree.Node {
	if len(path) == 0 {
		return wantedValue(n, v)
	}
	step := path[0]
	kind := tree.Map
	if step.IsIndex {
		kind = tree.List
	}
	c := tree.Node{Kind: kind, KeyQuoted: v != nil && v.KeyQuoted}
	child := (*tree.Node)(nil)
	if n != nil {
		if c = *n; c.Kind != kind { // a null becomes a map or a list
			c.Kind, c.Type, c.Text = kind, "", ""
		}
		c.Traits = n.Traits.Changed(func(t *tree.Traits) { t.Empty = false })
		c.Children = layout.Values(n)
		child = childOn(n, path)
	}
	entries := make([]*tree.Node, 0, len(c.Children)+1)
	for _, e := range c.Children {
		switch {
		case e != child:
			entries = append(entries, e)
		case len(path) > 1 || v != nil:
			entries = append(entries, wanted(e, path[1:], v))
		}
	}
	if child == nil {
		e := wanted(nil, path[1:], v)
		e.Key = step.Key
		entries = append(entries, e)
	}
	c.Children = entries
	return &c
}

// wantedValue returns the node that replaces n with the value v. The key of n stays. If n is a
// Single value, its anchor and any tag that encryption keeps stay too. n is nil for a new field.
func wantedValue(n, v *tree.Node) *tree.Node {
	c := *v
	if n == nil {
		return &c
	}
	c.Key, c.KeyQuoted = n.Key, n.KeyQuoted
	single := n.Kind == tree.Value || n.Kind == tree.Null
	if single {
		c.Anchor = n.Anchor
	}
	c.Traits = n.Traits.Changed(func(t *tree.Traits) {
		if !single || t.Tag == layout.Bang || !layout.StaysWhenSealed(t.Tag) {
			t.Tag = ""
		}
		t.Written = ""
		if t.Local != "" {
			t.Local = layout.LocalKind(v.Text)
		}
	})
	return &c
}

// asNew copies a value without tags and anchors. With quoted, its strings and keys count as quoted:
// YAML quotes new strings that a reader could take for another type.
func asNew(n *tree.Node, quoted bool) *tree.Node {
	c := *n
	c.Anchor, c.Alias, c.Traits, c.StringQuoted, c.KeyQuoted = "", "", nil, quoted, quoted
	c.Children = nil
	for e := range n.Entries() {
		c.Children = append(c.Children, asNew(e, quoted))
	}
	return &c
}
