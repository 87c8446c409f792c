package sealcfg

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// iniDefault is the section of keys that stand before the first one.
const iniDefault = "DEFAULT"

// flatTree reads a file of a format that knows only texts: dotenv or INI. Its
// names are compared like those of variables, DB__PASSWORD and [db] password
// being db.password; unlike the process environment it is all ours, so a name
// that fits nothing stays in the tree, where it is found to be unknown.
func flatTree(root *envfile.Node, file string, p *plan, below *node) (*node, error) {
	tree := &node{kind: nodeMap}
	for e := range root.Entries() {
		if e.Kind != envfile.Map {
			if err := addFlat(&tree, "", e, file, p, below); err != nil {
				return nil, err
			}
			continue
		}
		prefix := e.Key + levels
		if e.Key == iniDefault {
			prefix = ""
		}
		for v := range e.Entries() {
			if err := addFlat(&tree, prefix, v, file, p, below); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}

// warnOfReturns tells, once a file, of carriage returns at the ends of values. The
// lines of a file from Windows end so, and the format says that they are theirs.
func (r *Reading) warnOfReturns(root *envfile.Node, file string) {
	for e := range root.Entries() {
		if strings.HasSuffix(e.Text, "\r") {
			f := flaw{kind: KindFormat, reason: "the value ends in a carriage return", hint: "end the lines of the file with a line feed alone"}
			r.warn(f.problem("", Origin{File: file, Line: e.Line, Column: e.Column}))
			return
		}
	}
}

func addFlat(tree **node, prefix string, e *envfile.Node, file string, p *plan, below *node) error {
	at := Origin{File: file, Line: e.Line, Column: e.Column}
	name := prefix + e.Key
	v := variable{name: name, rest: strings.ToUpper(name), text: e.Text, origin: at}
	n, err := v.tree(p, below, v.rest)
	if err != nil {
		return err
	}
	if n == nil {
		n = unknownTree(name, e.Text, at, Origin{File: file, Line: e.KeyLine, Column: e.KeyColumn})
	}
	*tree = merge(*tree, n)
	return nil
}

// unknownTree puts a text where its name would have it, so that it is found to be
// unknown among the fields that it may be a misspelling of.
func unknownTree(name, text string, at, key Origin) *node {
	n := &node{kind: nodeScalar, text: text, origin: at}
	parts := strings.Split(strings.ToLower(name), levels)
	for _, part := range slices.Backward(parts) {
		n.key, n.keyOrigin = part, key
		n = &node{kind: nodeMap, origin: at, entries: []*node{n}}
	}
	return n
}
