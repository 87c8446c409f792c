package envfile

import (
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// The types of package tree, which contains what a file consists of.
type (
	Node        = tree.Node
	Kind        = tree.Kind
	Path        = tree.Path
	Step        = tree.Step
	SyntaxError = tree.SyntaxError
	Repeat      = tree.Repeat
)

// The kinds of nodes: see [tree.Kind].
const (
	Map     = tree.Map
	List    = tree.List
	Value   = tree.Value
	Null    = tree.Null
	Comment = tree.Comment
)

// Append is the index of a new last entry: hosts[+].
const Append = tree.Append

// DefaultIndent selects sops's indentation for a format: four spaces in YAML, a tab in JSON.
const DefaultIndent = layout.DefaultIndent

var (
	// ErrPath is returned when a path is malformed or does not fit the file.
	ErrPath = tree.ErrPath
	// ErrConvert is returned when a format cannot represent a tree.
	ErrConvert = layout.ErrConvert
)

// ParsePath parses a field path: see [tree.ParsePath].
func ParsePath(s string) (Path, error) { return tree.ParsePath(s) }
