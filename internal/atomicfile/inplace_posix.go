//go:build !windows

package atomicfile

import (
	"errors"
	"syscall"
)

// cannotReplace reports whether a file can be written though not replaced: it is a
// mount point, or its directory takes no new file.
func cannotReplace(err error) bool {
	var replace *renameError
	var dir *dirError
	switch {
	case errors.As(err, &replace):
		return errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV)
	case errors.As(err, &dir):
		return errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EROFS)
	}
	return false
}
