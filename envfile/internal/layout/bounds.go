package layout

import (
	"fmt"

	"github.com/sealcfg/sealcfg/envfile/tree"
)

// A node takes hundreds of bytes of memory, even for a one-letter value and a comma. The limit on
// nodes therefore depends on the size of the file, so that a small file cannot use much memory.
// Encrypted values are much longer than bytesPerNode.
const (
	freeNodes    = 190_000
	bytesPerNode = 64
)

// MaxSelector bounds the length of a regular expression. Compiling it takes about a thousand times
// its size.
const MaxSelector = 4096

// MaxStanzas bounds the stanzas of a file. Wrapping a data key for this many takes seconds.
const MaxStanzas = 10_000

// maxFlat bounds flat metadata. Each field has a cost, plus one for each of its levels.
const (
	maxFlat       = 300_000
	flatFieldCost = 3
)

// MostNodes returns how many fields, items and comments a file of a size may have.
func MostNodes(size int) int { return freeNodes + size/bytesPerNode }

func TooManyNodes(line, size int) error {
	return &tree.SyntaxError{Line: line, Reason: fmt.Sprintf("too many fields, items and comments for a file of its size (more than %d)", MostNodes(size))}
}

// A Budget limits the number of nodes while a parser creates them.
type Budget struct{ Left, size int }

func NewBudget(src []byte) Budget { return Budget{MostNodes(len(src)), len(src)} }

// Spend takes one node from the budget. The error contains the line of the first node beyond it.
func (b *Budget) Spend(line int) error {
	if b.Left--; b.Left < 0 {
		return TooManyNodes(line, b.size)
	}
	return nil
}

// maxPaths bounds the total length in bytes of the paths of all fields. Each value is authenticated
// with its path, so a long name counts again for each field below it.
const maxPaths = 32 << 20

// BoundPaths returns an error if the paths of a tree exceed maxPaths.
func BoundPaths(roots []*tree.Node) error {
	left := maxPaths
	var visit func(n *tree.Node, length int) error
	visit = func(n *tree.Node, length int) error {
		for _, e := range n.Children {
			if e.Kind == tree.Comment {
				continue
			}
			path := length + len(e.Key) + 1
			if left -= path; left < 0 {
				return tree.ErrorAt(e, "the paths of all fields together have more than %d MB: shorten the names, or split the file", maxPaths>>20)
			}
			if err := visit(e, path); err != nil {
				return err
			}
		}
		return nil
	}
	for _, root := range roots {
		if err := visit(root, 0); err != nil {
			return err
		}
	}
	return nil
}
