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
