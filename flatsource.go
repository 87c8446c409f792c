package sealcfg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// iniDefault is the section of the keys that come before the first section header.
const iniDefault = "DEFAULT"

// flatTree returns the settings of a dotenv or INI file, which holds only strings. Names
// are compared like the names of variables: DB__PASSWORD and the key password in the
// section [db] are both db.password. A name without a setting stays in the tree and is
// reported as unknown, because, unlike the process environment, the file holds only
// settings.
func (r *Reading) flatTree(root *envfile.Node, file string) (*tree.Node, error) {
	f := flatFile{r: r, file: file, tree: &tree.Node{Kind: tree.NodeMap}, seen: map[string]*envfile.Node{}}
	for e := range root.Entries() {
		if e.Kind != envfile.Map {
			if err := f.add("", e); err != nil {
				return nil, err
			}
			continue
		}
		prefix := e.Key + tree.LevelSeparator
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

// A flatFile collects the settings of a dotenv or INI file.
type flatFile struct {
	r    *Reading
	file string
	tree *tree.Node
	seen map[string]*envfile.Node // by the name in upper case
}

// add adds one setting. If two names differ only in case, the last one counts.
func (f *flatFile) add(prefix string, e *envfile.Node) error {
	if e.Shadowed {
		f.r.warnRepeated(e, f.file)
		return nil
	}
	at := Origin{File: f.file, Line: e.Line, Column: e.Column}
	name := prefix + e.Key
	v := variable{name: name, rest: strings.ToUpper(name), text: e.Text, origin: at}
	if twin := f.seen[v.rest]; twin != nil {
		flaw := tree.Flaw{Kind: tree.KindFormat, Reason: fmt.Sprintf("names the same setting as line %d", twin.KeyLine), Hint: "remove one of them; sealcfg uses the last one"}
		f.r.warn(flaw.Problem(envfile.Path{{Key: name}}.String(), at))
	}
	f.seen[v.rest] = e
	n, err := v.tree(f.r.plan, f.r.below, v.rest)
	if err != nil {
		return err
	}
	if n == nil {
		n = unknownTree(name, e.Text, at, Origin{File: f.file, Line: e.KeyLine, Column: e.KeyColumn})
	}
	f.tree = tree.Merge(f.tree, n)
	return nil
}

// warnShadowed adds a warning for each name that occurs more than once in a file.
func (r *Reading) warnShadowed(n *envfile.Node, file string) {
	for e := range n.Entries() {
		if e.Shadowed {
			r.warnRepeated(e, file)
		}
		r.warnShadowed(e, file)
	}
}

func (r *Reading) warnRepeated(e *envfile.Node, file string) {
	f := tree.Flaw{Kind: tree.KindFormat, Reason: "this line is ignored, because the name occurs again", Hint: "remove one of the two lines"}
	r.warn(f.Problem(envfile.Path{{Key: e.Key}}.String(), Origin{File: file, Line: e.KeyLine, Column: e.KeyColumn}))
}

// warnOfReturns adds one warning if a value of the file ends in a carriage return. In
// dotenv, the carriage return before a line feed is part of the value, so each value of a
// file from Windows has one.
func (r *Reading) warnOfReturns(root *envfile.Node, file string) {
	for e := range root.Entries() {
		if strings.HasSuffix(e.Text, "\r") {
			f := tree.Flaw{Kind: tree.KindFormat, Reason: "the value ends in a carriage return", Hint: "end the lines of the file with a line feed alone"}
			r.warn(f.Problem("", Origin{File: file, Line: e.Line, Column: e.Column}))
			return
		}
	}
}

// unknownTree returns a tree with text at the path that name stands for. The binder reports
// the name as unknown and can suggest a field on the same level.
func unknownTree(name, text string, at, key Origin) *tree.Node {
	n := &tree.Node{Kind: tree.NodeScalar, Text: text, Origin: at}
	parts := strings.Split(strings.ToLower(name), tree.LevelSeparator)
	for _, part := range slices.Backward(parts) {
		n.Key, n.KeyOrigin = part, key
		n = &tree.Node{Kind: tree.NodeMap, Origin: at, Entries: []*tree.Node{n}}
	}
	return n
}
