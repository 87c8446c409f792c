package sealcfg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// iniDefault is the section of keys that stand before the first one.
const iniDefault = "DEFAULT"

// flatTree reads a file of a format that has only strings: dotenv or INI. Names are
// compared as for variables: DB__PASSWORD and [db] password are db.password. A
// name that no setting has stays in the tree and is reported as unknown, because, unlike
// the process environment, the file holds settings only.
func (r *Reading) flatTree(root *envfile.Node, file string) (*node, error) {
	f := flatFile{r: r, file: file, tree: &node{kind: nodeMap}, seen: map[string]*envfile.Node{}}
	for e := range root.Entries() {
		if e.Kind != envfile.Map {
			if err := f.add("", e); err != nil {
				return nil, err
			}
			continue
		}
		prefix := e.Key + levels
		if e.Key == iniDefault {
			prefix = ""
		}
		for v := range e.Entries() {
			if err := f.add(prefix, v); err != nil {
				return nil, err
			}
		}
	}
	return f.tree, nil
}

// flatFile collects the settings of a dotenv or INI file.
type flatFile struct {
	r    *Reading
	file string
	tree *node
	seen map[string]*envfile.Node // by the name in upper case
}

// add adds one setting. Of two names that differ in case only, the last counts.
func (f *flatFile) add(prefix string, e *envfile.Node) error {
	if e.Shadowed {
		f.r.warnRepeated(e, f.file)
		return nil
	}
	at := Origin{File: f.file, Line: e.Line, Column: e.Column}
	name := prefix + e.Key
	v := variable{name: name, rest: strings.ToUpper(name), text: e.Text, origin: at}
	if twin := f.seen[v.rest]; twin != nil {
		flaw := flaw{kind: KindFormat, reason: fmt.Sprintf("names the same setting as line %d", twin.KeyLine), hint: "remove one of them; sealcfg uses the last one"}
		f.r.warn(flaw.problem(envfile.Path{{Key: name}}.String(), at))
	}
	f.seen[v.rest] = e
	n, err := v.tree(f.r.plan, f.r.below, v.rest)
	if err != nil {
		return err
	}
	if n == nil {
		n = unknownTree(name, e.Text, at, Origin{File: f.file, Line: e.KeyLine, Column: e.KeyColumn})
	}
	f.tree = merge(f.tree, n)
	return nil
}

// warnShadowed warns of names that occur more than once in a file.
func (r *Reading) warnShadowed(n *envfile.Node, file string) {
	for e := range n.Entries() {
		if e.Shadowed {
			r.warnRepeated(e, file)
		}
		r.warnShadowed(e, file)
	}
}

func (r *Reading) warnRepeated(e *envfile.Node, file string) {
	f := flaw{kind: KindFormat, reason: "this line is ignored, because the name occurs again", hint: "remove one of the two lines"}
	r.warn(f.problem(envfile.Path{{Key: e.Key}}.String(), Origin{File: file, Line: e.KeyLine, Column: e.KeyColumn}))
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
