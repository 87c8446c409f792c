package yaml

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"

	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg/crypto"
	jsonfile "github.com/sealcfg/sealcfg/envfile/internal/json"
)

// sopsYAMLIndent is the indentation that sops writes.
const sopsYAMLIndent = 4

// convertYAML writes documents as sops does. Not every string round-trips through the encoder: a
// Block loses a line feed at its start. So convertYAML parses the result, and quotes all strings if
// a value differs.
func convertYAML(roots []*tree.Node, indent int) ([]byte, error) {
	if indent <= 0 {
		indent = sopsYAMLIndent
	}
	check := make([]*tree.Node, len(roots)) // a document must be a map
	for i, root := range roots {
		if check[i] = root; root.Kind != tree.Map {
			named := *root
			named.Key = "v"
			check[i] = &tree.Node{Kind: tree.Map, Children: []*tree.Node{&named}}
		}
	}
	for _, quoted := range []bool{false, true} {
		text, err := encodeYAML(check, indent, quoted)
		if err != nil {
			return nil, err
		}
		if sameValues(text, check) {
			return encodeYAML(roots, indent, quoted)
		}
	}
	return nil, fmt.Errorf("the text would not parse to the same values: %w (yaml)", layout.ErrConvert)
}

// sameValues reports whether a file holds the given values. Types may differ, because a float
// without a fraction is written like an integer.
func sameValues(text []byte, want []*tree.Node) bool {
	p, err := Format.Parse(text)
	if err != nil || len(p.Roots) != len(want) {
		return false
	}
	for i, root := range p.Roots {
		if p.Blocks[i] != nil { // a key called sops
			return true
		}
		if !bytes.Equal(jsonfile.Text(root, ""), jsonfile.Text(want[i], "")) {
			return false
		}
	}
	return true
}

func encodeYAML(roots []*tree.Node, indent int, quoted bool) (text []byte, err error) {
	defer func() {
		// The encoder panics if it cannot continue, and its message may quote a value.
		if recover() != nil {
			text, err = nil, fmt.Errorf("%w (yaml)", layout.ErrConvert)
		}
	}()
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(indent)
	for _, root := range roots {
		y, err := yamlOf(root, quoted)
		if err != nil {
			return nil, err
		}
		if enc.Encode(&yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{y}}) != nil {
			return nil, fmt.Errorf("%w (yaml)", layout.ErrConvert)
		}
	}
	if enc.Close() != nil {
		return nil, fmt.Errorf("%w (yaml)", layout.ErrConvert)
	}
	return b.Bytes(), nil
}

// yamlOf returns the encoder's node for a tree.
func yamlOf(n *tree.Node, quoted bool) (*yaml.Node, error) {
	if n.Kind == tree.Map || n.Kind == tree.List {
		return yamlCollection(n, quoted)
	}
	v, err := layout.GoValue(n)
	if err != nil {
		return nil, err
	}
	y := &yaml.Node{}
	if y.Encode(v) != nil {
		return nil, fmt.Errorf("line %d: %w (yaml)", n.Line, layout.ErrConvert)
	}
	if n.Type == crypto.Float && n.Text == "-0" { // otherwise an integer without a sign
		y.Value, y.Tag = "-0.0", "!!float"
	}
	if quoted && n.Type == crypto.Str {
		y.Style = yaml.DoubleQuotedStyle
	}
	return y, nil
}

// yamlCollection places comments as sops does: comments before the first entry come above the
// collection, the last ones at its foot, and the others above the next entry. An unencrypted
// comment after a value stays on the value's line.
func yamlCollection(n *tree.Node, quoted bool) (*yaml.Node, error) {
	y := &yaml.Node{Kind: yaml.MappingNode}
	if n.Kind == tree.List {
		y.Kind = yaml.SequenceNode
	}
	var heads, inline []string
	var last *yaml.Node // the node that holds the comments above the last added entry
	for i, e := range n.Children {
		if e.Kind == tree.Comment {
			if isTrailing(n, i) {
				inline = append(inline, e.Text)
			} else {
				heads = append(heads, e.Text)
			}
			continue
		}
		if last == nil {
			y.HeadComment, heads = yamlComment(heads), nil
		}
		v, err := yamlOf(e, quoted)
		if err != nil {
			return nil, err
		}
		last = v
		if n.Kind == tree.Map {
			key := &yaml.Node{}
			if key.Encode(e.Key) != nil {
				return nil, fmt.Errorf("line %d: %w (yaml)", e.Line, layout.ErrConvert)
			}
			last = key
			y.Content = append(y.Content, key)
		}
		last.HeadComment = above(yamlComment(heads), last.HeadComment)
		v.LineComment = yamlComment(inline)
		heads, inline = nil, nil
		y.Content = append(y.Content, v)
	}
	if left := append(heads, inline...); len(left) > 0 {
		if last == nil {
			y.HeadComment = yamlComment(left)
		} else {
			last.FootComment = yamlComment(left)
		}
	}
	return y, nil
}

// isTrailing reports whether the i-th entry is a comment on the line of the following entry, after
// its value. sops keeps this only for unencrypted comments.
func isTrailing(n *tree.Node, i int) bool {
	c := n.Children[i]
	return !c.Sealed && i+1 < len(n.Children) && n.Children[i+1].Kind != tree.Comment &&
		n.Children[i+1].Line == c.Line && n.Children[i+1].Column < c.Column
}

func above(first, second string) string {
	if first != "" && second != "" {
		return first + "\n" + second
	}
	return first + second
}

func yamlComment(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "#" + strings.Join(lines, "\n#")
}

func (*yamlFormat) Convert(roots []*tree.Node, indent int) ([]byte, error) {
	return convertYAML(roots, indent)
}

func (*yamlFormat) ConvertValue(n *tree.Node, _ int) ([]byte, error) {
	return convertYAML([]*tree.Node{n}, layout.DefaultIndent)
}
