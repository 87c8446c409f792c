package envfile

import "fmt"

// A node takes hundreds of bytes, also if its text is one letter and a comma. So
// what a text may hold goes by its size: a small one must not cost its reader
// much. Sealed values are far longer than what they are allowed.
const (
	freeNodes    = 190_000
	bytesPerNode = 64
)

// maxSelector bounds the text of a regular expression, which takes a thousand times
// as much when it is compiled.
const maxSelector = 4096

// maxStanzas bounds the stanzas of a file. Wrapping for as many takes seconds.
const maxStanzas = 10_000

// maxFlat bounds flat metadata: a field counts, and each of its levels.
const (
	maxFlat       = 300_000
	flatFieldCost = 3
)

// mostNodes is how many fields, items and comments a text may hold.
func mostNodes(size int) int { return freeNodes + size/bytesPerNode }

func tooManyNodes(line, size int) error {
	return &SyntaxError{Line: line, Reason: fmt.Sprintf("too many fields, items and comments for a file of its size (more than %d)", mostNodes(size))}
}

// A budget counts the nodes of a text while they are made.
type budget struct{ left, size int }

func newBudget(src []byte) budget { return budget{mostNodes(len(src)), len(src)} }

// spend takes one node off. The error is for the line that one too many stands on.
func (b *budget) spend(line int) error {
	if b.left--; b.left < 0 {
		return tooManyNodes(line, b.size)
	}
	return nil
}

// maxPaths bounds the bytes of the paths of all fields together. Each value is
// authenticated with its path, so a long name counts again for each field below it.
const maxPaths = 32 << 20

// boundPaths returns an error if the paths of a tree are too long.
func boundPaths(roots []*Node) error {
	left := maxPaths
	var visit func(n *Node, length int) error
	visit = func(n *Node, length int) error {
		for _, e := range n.entries {
			if e.Kind == Comment {
				continue
			}
			path := length + len(e.Key) + 1
			if left -= path; left < 0 {
				return syntaxError(e, "the paths of all fields together have more than %d MB: shorten the names, or split the file", maxPaths>>20)
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
