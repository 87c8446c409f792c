package envfile

import (
	"strconv"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// ciphertexts assigns existing ciphertexts to the unchanged values of a changed document. Each
// ciphertext is used once, so no two values share a nonce.
type ciphertexts struct {
	values   map[*tree.Node]*tree.Node // nodes of the old file by nodes of the new document; set by match
	comments map[commentKey][]string
	loose    map[valueKey][]*tree.Node // ciphertexts that match did not assign to an unmoved value
	old      *Opened
}

type commentKey struct{ aad, text string }

// valueKey identifies a value. path contains list positions when match looks for unmoved values,
// and no list positions when it looks for moved ones.
type valueKey struct {
	doc  int
	path string
	typ  crypto.Type
	text string
}

func collect(o *Opened) *ciphertexts {
	c := &ciphertexts{values: map[*tree.Node]*tree.Node{}, comments: map[commentKey][]string{}}
	if o == nil || o.key.IsZero() {
		return c
	}
	c.old = o
	// An error would have stopped Open.
	_ = o.rules.walk(o.sealed.p.Roots, func(v visit) error {
		if plain := o.plain[v.node]; plain != nil && plain.Kind == tree.Comment && plain.Ciphertext != "" {
			k := commentKey{v.aad(), plain.Text}
			c.comments[k] = append(c.comments[k], plain.Ciphertext)
		}
		return nil
	})
	return c
}

// comment returns the ciphertext of an equal comment of the same map or list, or "". It returns
// each ciphertext once.
func (c *ciphertexts) comment(aad, text string) string {
	k := commentKey{aad, text}
	list := c.comments[k]
	if len(list) == 0 {
		return ""
	}
	c.comments[k] = list[1:]
	return list[0]
}

// value returns the old node whose ciphertext a node passed to match may reuse, or nil.
func (c *ciphertexts) value(n *tree.Node) *tree.Node { return c.values[n] }

// match assigns ciphertexts to the values of the new document: first to values at the same path,
// then to values that moved within one list.
func (c *ciphertexts) match(roots []*tree.Node) {
	if c.old == nil || c.matchInPlace(roots) {
		return
	}
	exact := map[valueKey][]*tree.Node{} // several for a key that a dotenv file repeats
	walkValues(c.old.roots, func(k valueKey, _ string, n *tree.Node) {
		if n.Ciphertext != "" && !n.NonCanonical { // sops would encrypt the canonical form under the same nonce
			exact[k] = append(exact[k], n)
		}
	})
	var moved []func()
	walkValues(roots, func(k valueKey, loose string, n *tree.Node) {
		if old := exact[k]; len(old) > 0 {
			c.values[n], exact[k] = old[0], old[1:]
			return
		}
		if loose != k.path {
			k.path = loose
			moved = append(moved, func() { c.assign(k, n) })
		}
	})
	if len(moved) == 0 {
		return
	}
	// The remaining ciphertexts, in file order, by path without list positions.
	c.loose = map[valueKey][]*tree.Node{}
	walkValues(c.old.roots, func(k valueKey, loose string, _ *tree.Node) {
		if old := exact[k]; len(old) > 0 && loose != k.path {
			k.path = loose
			c.loose[k] = append(c.loose[k], old...)
		}
	})
	for _, f := range moved {
		f()
	}
}

// matchInPlace is match for a document with the same fields in the same order. It returns false,
// without any effect, for other documents, and if a value of a list changed, because that value may
// have moved.
func (c *ciphertexts) matchInPlace(roots []*tree.Node) bool {
	if len(roots) != len(c.old.roots) {
		return false
	}
	found := make(map[*tree.Node]*tree.Node, len(c.old.plain))
	for i, root := range roots {
		if !sameFields(found, c.old.roots[i], root, false) {
			return false
		}
	}
	c.values = found
	return true
}

func sameFields(found map[*tree.Node]*tree.Node, old, n *tree.Node, inList bool) bool {
	if old.Kind != n.Kind || old.Key != n.Key {
		return false
	}
	if n.Kind == tree.Value {
		same := old.Type == n.Type && old.Text == n.Text
		if same && old.Ciphertext != "" && !old.NonCanonical { // as in match
			found[n] = old
		}
		return same || !inList
	}
	inList = inList || n.Kind == tree.List
	before, after := layout.Values(old), layout.Values(n)
	if len(before) != len(after) {
		return false
	}
	for i := range after {
		if !sameFields(found, before[i], after[i], inList) {
			return false
		}
	}
	return true
}

func (c *ciphertexts) assign(k valueKey, n *tree.Node) {
	if list := c.loose[k]; len(list) > 0 {
		c.values[n], c.loose[k] = list[0], list[1:]
	}
}

// walkValues visits the values of a file with their paths, with and without list positions.
func walkValues(roots []*tree.Node, fn func(k valueKey, loose string, n *tree.Node)) {
	var visit func(doc int, n *tree.Node, exact, loose string)
	visit = func(doc int, n *tree.Node, exact, loose string) {
		switch n.Kind {
		case tree.Value:
			fn(valueKey{doc, exact, n.Type, n.Text}, loose, n)
		case tree.Map:
			for e := range n.Entries() {
				step := "." + strconv.Quote(e.Key)
				visit(doc, e, exact+step, loose+step)
			}
		case tree.List:
			i := 0
			for e := range n.Entries() {
				visit(doc, e, exact+"["+strconv.Itoa(i)+"]", loose+"[]")
				i++
			}
		}
	}
	for doc, root := range roots {
		visit(doc, root, "", "")
	}
}
