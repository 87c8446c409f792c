package envfile

import "github.com/sealcfg/sealcfg/envfile/tree"

// A Field is a value of a file, with its position.
type Field struct {
	Document int // from 0
	Path     tree.Path
	Line     int
}

// Reselect compares the file with other rules. It returns the values that only the other rules
// would encrypt, and the values that only the file encrypts.
func (o *Opened) Reselect(r Rules) (encrypted, unencrypted []Field, err error) {
	rules, err := r.For(o.sealed.format).compile()
	if err != nil {
		return nil, nil, err
	}
	fields := fieldsOf(o.roots)
	err = rules.walk(o.roots, func(v visit) error {
		n := v.node
		switch {
		case n.Kind != tree.Value || n.Text == "":
		case v.sealed && !n.Sealed:
			encrypted = append(encrypted, fields[n])
		case !v.sealed && n.Sealed:
			unencrypted = append(unencrypted, fields[n])
		}
		return nil
	})
	return encrypted, unencrypted, err
}

// Exposed returns the values of a changed document that a policy encrypts but that [Opened.Reseal]
// would write unencrypted, because the rules of the file differ from the policy. added are values
// that the file does not have as a non-empty unencrypted value at the same path. changed
// are values that it has with another text or type.
func (o *Opened) Exposed(d *Document, policy Rules) (added, changed []Field, err error) {
	rules, err := policy.For(o.sealed.format).compile()
	if err != nil {
		return nil, nil, err
	}
	encrypts := map[*tree.Node]bool{}
	if err := rules.walk(d.p.Roots, func(v visit) error {
		encrypts[v.node] = v.sealed
		return nil
	}); err != nil {
		return nil, nil, err
	}
	type fieldKey struct {
		document int
		path     string
	}
	before := map[fieldKey]*tree.Node{}
	for n, f := range fieldsOf(o.roots) {
		before[fieldKey{f.Document, f.Path.String()}] = n
	}
	fields := fieldsOf(d.p.Roots)
	err = o.rules.walk(d.p.Roots, func(v visit) error {
		n := v.node
		if n.Kind != tree.Value || n.Text == "" || v.sealed || !encrypts[n] {
			return nil
		}
		f := fields[n]
		switch was := before[fieldKey{f.Document, f.Path.String()}]; {
		case was == nil, was.Kind != tree.Value, was.Text == "", was.Sealed:
			added = append(added, f)
		case was.Text != n.Text || was.Type != n.Type:
			changed = append(changed, f)
		}
		return nil
	})
	return added, changed, err
}

func fieldsOf(roots []*tree.Node) map[*tree.Node]Field {
	fields := map[*tree.Node]Field{}
	for i, root := range roots {
		for path, n := range root.Leaves() {
			fields[n] = Field{i, path.Clone(), n.Line}
		}
	}
	return fields
}
