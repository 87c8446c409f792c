package envfile

import (
	"fmt"
	"sort"
)

// An edit replaces src[start:end] by text.
type edit struct {
	start, end int
	text       string
}

// sortEdits sorts edits by position and keeps the order of edits at one position. Package sort is
// linked once for all types, but
// package slices is compiled again for each type.
func sortEdits(edits []edit) {
	for i := 1; i < len(edits); i++ {
		if edits[i].start < edits[i-1].start { // most edits are in order
			sort.SliceStable(edits, func(i, j int) bool { return edits[i].start < edits[j].start })
			return
		}
	}
}

// splice applies edits in any order. They must not overlap. Insertions at one position keep their
// order.
func splice(src []byte, edits []edit) ([]byte, error) {
	sortEdits(edits)
	size := len(src)
	for _, e := range edits {
		size += len(e.text) - (e.end - e.start)
	}
	out := make([]byte, 0, max(size, 0))
	at := 0
	for _, e := range edits {
		if e.start < at || e.end < e.start || e.end > len(src) {
			return nil, fmt.Errorf("edits overlap at byte %d", e.start)
		}
		out = append(out, src[at:e.start]...)
		out = append(out, e.text...)
		at = e.end
	}
	return append(out, src[at:]...), nil
}
