// Package nocopy spares the second copy of a text that may be as large as a file.
package nocopy

import "unsafe"

// String returns b as a string that shares its bytes, as [strings.Builder] does
// with its own. Nobody may change b any more.
func String(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
