package envfile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/keys"
)

// A Rescue holds the recoverable contents of a file that may fail authentication. A person must
// decide how to continue: see [Rescue.Rotate] and [Rescue.EncryptAdded].
type Rescue struct {
	// Verified are the encrypted values that authenticate, each by itself.
	Verified []Field
	// Lost are values that look encrypted and do not authenticate.
	Lost []Field
	// LostComments are the lines of encrypted comments that do not authenticate.
	LostComments []int
	// Added are unencrypted values that the rules of the file encrypt.
	Added []Field
	// Unencrypted are the values that the rules of the file leave unencrypted.
	Unencrypted []Field

	// MAC is nil if the MAC authenticates everything but Added.
	MAC error
	// Binding is nil if the file has no binding, or if the binding authenticates
	// everything but Added.
	Binding error

	opened *Opened
}

// Rescue recovers the data key with one of the identities and decrypts every value that
// authenticates. It fails with a [*keys.NoIdentityError] if no identity can unwrap the data key.
func (s *Sealed) Rescue(ctx context.Context, ids ...keys.Identity) (*Rescue, error) {
	key, err := s.dataKey(ctx, ids)
	if err != nil {
		return nil, err
	}
	return s.RescueWith(key)
}

// RescueWith is [Sealed.Rescue] with a known data key.
func (s *Sealed) RescueWith(key crypto.DataKey) (*Rescue, error) {
	rules, err := s.meta.Rules.compile()
	if err != nil {
		return nil, err
	}
	o := &Opened{sealed: s, key: key, cipher: crypto.NewValueCipher(key), rules: rules, plain: map[*tree.Node]*tree.Node{}}
	r := &Rescue{opened: o}
	fields := fieldsOf(s.p.Roots)
	added := map[*tree.Node]bool{}
	mac := crypto.NewMAC(rules.macOnly)
	var comments []commentAt
	err = rules.walk(s.p.Roots, func(v visit) error {
		n := v.node
		if n.Kind == tree.Comment {
			if v.sealed || crypto.IsSealed(n.Text) {
				// One that does not authenticate is reported, not rejected.
				comments = append(comments, commentAt{n, v.aad(), false})
			}
			return nil
		}
		encrypted := strings.HasPrefix(n.Text, layout.SealedPrefix) && n.Type == crypto.Str
		text, isValue, err := o.openValue(v)
		switch {
		case encrypted && err == nil: // even if the rules leave values unencrypted: sops writes such files
			if r.Verified = append(r.Verified, fields[n]); isValue {
				mac.Add(text)
			}
		case encrypted:
			r.Lost = append(r.Lost, fields[n])
		case v.sealed && n.Text != "":
			added[n] = true
			r.Added = append(r.Added, fields[n])
		case v.sealed:
			mac.Add("")
		default:
			if n.Text != "" {
				r.Unencrypted = append(r.Unencrypted, fields[n])
			}
			if !rules.macOnly {
				mac.Add(n.Text)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := o.openComments(comments); err != nil {
		return nil, err
	}
	for _, c := range comments {
		if crypto.IsSealed(c.node.Text) && o.plain[c.node] == nil {
			r.LostComments = append(r.LostComments, c.node.Line)
		}
	}
	o.fillRoots()
	r.MAC = s.whole()
	if r.MAC == nil {
		r.MAC = mac.Verify(o.cipher, s.meta.mac, s.meta.LastModified)
	}
	r.Binding = r.checkBinding(added)
	return r, nil
}

// The possible contents of a field before a value was added.
const (
	wasAbsent    = iota
	wasAbsentToo // also the parent maps and lists that are empty without it
	wasEmpty     // an empty string
	wasNull
	waysToAdd
)

// checkBinding compares the file without the added values with its binding.
func (r *Rescue) checkBinding(added map[*tree.Node]bool) error {
	var first error
	for was := range waysToAdd {
		before := *r.opened
		before.roots = nil
		for _, root := range r.opened.sealed.p.Roots {
			if root = r.opened.before(root, added, was); root == nil {
				root = &tree.Node{Kind: tree.Map}
			}
			before.roots = append(before.roots, root)
		}
		err := before.checkBinding()
		if err == nil {
			r.opened.bound = before.bound
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// before returns the decrypted tree without the added values, or nil if n was absent.
func (o *Opened) before(n *tree.Node, added map[*tree.Node]bool, was int) *tree.Node {
	if p, ok := o.plain[n]; ok {
		return p
	}
	c := o.copyOf(n)
	switch {
	case !added[n] && len(n.Children) == 0:
		return n
	case !added[n]:
	case was == wasEmpty:
		c.Type, c.Text, c.StringQuoted = crypto.Str, "", o.sealed.format.Properties().Bare // without quotes, it would be a null
		return c
	case was == wasNull:
		c.Kind, c.Type, c.Text = tree.Null, "", ""
		return c
	default:
		return nil
	}
	c.Children = nil
	for _, e := range n.Children {
		if e = o.before(e, added, was); e != nil {
			c.Children = append(c.Children, e)
		}
	}
	if len(c.Children) == 0 && was == wasAbsentToo {
		return nil
	}
	return c
}

// Sealed returns the encrypted file.
func (r *Rescue) Sealed() *Sealed { return r.opened.sealed }

// DataKey returns the data key of the file.
func (r *Rescue) DataKey() crypto.DataKey { return r.opened.key }

// Roots returns the root map of each document. Recovered values are decrypted.
func (r *Rescue) Roots() []*tree.Node { return r.opened.roots }

// Reselect is [Opened.Reselect] for the recovered values.
func (r *Rescue) Reselect(rules Rules) (encrypted, unencrypted []Field, err error) {
	return r.opened.Reselect(rules)
}

// Location returns the location in the binding, "" if the binding does not authenticate.
func (r *Rescue) Location() string { return r.opened.Location() }

// Authentic reports whether the file authenticates, apart from Added.
func (r *Rescue) Authentic() bool {
	return r.MAC == nil && r.Binding == nil && len(r.Lost)+len(r.LostComments) == 0
}

// ErrNotRescued is returned when the file fails authentication apart from the added values.
var ErrNotRescued = errors.New("the rest of the file fails authentication")

// EncryptAdded encrypts the values of Added under the data key of the file. It fails with
// [ErrNotRescued] if [Rescue.Authentic] is false.
func (r *Rescue) EncryptAdded() (*Sealed, error) {
	if !r.Authentic() {
		return nil, ErrNotRescued
	}
	d, err := r.opened.Document()
	if err != nil {
		return nil, err
	}
	return r.opened.Reseal(d)
}

// Rotate encrypts the recovered file again, under a fresh data key, for the given rules
// and recipients. It removes lost values and replaces lost comments.
func (r *Rescue) Rotate(ctx context.Context, rules Rules, to Recipients) (*Sealed, error) {
	d, err := r.document()
	if err != nil {
		return nil, err
	}
	key, meta, err := r.opened.newDataKey(ctx, rules, to)
	if err != nil {
		return nil, err
	}
	return r.opened.sealNew(d, key, meta)
}

// lostComment replaces a comment that cannot be decrypted.
const lostComment = " (lost: this comment could not be decrypted)"

// document returns the plaintext without lost values.
func (r *Rescue) document() (*Document, error) {
	o := *r.opened
	o.plain = make(map[*tree.Node]*tree.Node, len(r.opened.plain))
	for n, plain := range r.opened.plain {
		o.plain[n] = plain
	}
	if len(r.LostComments) > 0 {
		o.replaceLost(o.sealed.p.Roots)
		o.roots = nil
		o.fillRoots()
	}
	d, err := o.Document()
	if err != nil {
		return nil, err
	}
	// The last value first, so that the positions of the others do not change.
	for _, f := range slices.Backward(r.Lost) {
		if d, err = d.without(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return d, nil
}

func (o *Opened) replaceLost(nodes []*tree.Node) {
	for _, n := range nodes {
		if n.Kind == tree.Comment && crypto.IsSealed(n.Text) && o.plain[n] == nil {
			plain := o.copyOf(n)
			plain.Text = lostComment
			o.plain[n] = plain
		}
		o.replaceLost(n.Children)
	}
}

// without returns the document without a field.
func (d *Document) without(f Field) (*Document, error) {
	root := d.p.Roots[f.Document]
	parent := root.At(f.Path[:len(f.Path)-1])
	n := root.At(f.Path)
	if parent == nil || n == nil {
		return nil, ErrNoField
	}
	edits, err := d.p.Remove(parent, n)
	if err != nil {
		return nil, err
	}
	text, err := layout.Splice(d.p.Src, edits)
	if err != nil {
		return nil, err
	}
	next, err := parsePlain(d.format, text, layout.Format.Parse)
	if err != nil {
		return nil, fmt.Errorf("cannot be removed in place: %w", err)
	}
	want := slices.Clone(d.p.Roots)
	want[f.Document] = wanted(root, f.Path, nil)
	if at := layout.FirstChange(d.format, want, next.p.Roots); at != nil {
		return nil, fmt.Errorf("cannot be removed in place: %s would change", at)
	}
	return next, nil
}

// String keeps values out of logs.
func (r *Rescue) String() string { return "[rescued file]" }

// Format keeps values out of logs, whatever the verb.
func (r *Rescue) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.String())) }
