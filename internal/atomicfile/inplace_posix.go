//go:build !windows

package atomicfile

import (
	"errors"
	"syscall"
)

// cannotReplace reports whether a file can be written but not replaced: it is a
// mount point, or no file can be created in its directory.
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
