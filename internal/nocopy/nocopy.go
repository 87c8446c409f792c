// Package nocopy converts bytes to a string without a copy, because they may be as
// large as a file.
package nocopy

import "unsafe"

// String returns b as a string that shares its bytes, as [strings.Builder] does
// with its own bytes. The caller must not change b afterwards.
func String(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
