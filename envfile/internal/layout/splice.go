package layout

import (
	"fmt"
	"sort"
)

// An Edit replaces src[start:end] by text.
type Edit struct {
	Start, End int
	Text       string
}

// SortEdits sorts edits by position and keeps the order of edits at one position. Package sort is
// linked once for all types, but
// Package slices is compiled again for each type.
func SortEdits(edits []Edit) {
	for i := 1; i < len(edits); i++ {
		if edits[i].Start < edits[i-1].Start { // most edits are in order
			sort.SliceStable(edits, func(i, j int) bool { return edits[i].Start < edits[j].Start })
			return
		}
	}
}

// Splice applies edits in any order. They must not overlap. Insertions at one position keep their
// order.
func Splice(src []byte, edits []Edit) ([]byte, error) {
	SortEdits(edits)
	size := len(src)
	for _, e := range edits {
		size += len(e.Text) - (e.End - e.Start)
	}
	out := make([]byte, 0, max(size, 0))
	at := 0
	for _, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(src) {
			return nil, fmt.Errorf("edits overlap at byte %d", e.Start)
		}
		out = append(out, src[at:e.Start]...)
		out = append(out, e.Text...)
		at = e.End
	}
	return append(out, src[at:]...), nil
}
