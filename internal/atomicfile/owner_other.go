//go:build !unix

package atomicfile

import (
	"io/fs"
	"os"
)

// keepOwner returns the old mode: a new file inherits its rights from the
// directory.
func keepOwner(_ *os.File, old fs.FileInfo) fs.FileMode { return old.Mode().Perm() }
