package atomicfile

import (
	"errors"

	"golang.org/x/sys/unix"
)

// renameNew renames in one step, and fails if the new name exists. Old kernels,
// some file systems and some sandboxes do not support it.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EPERM):
		return errors.ErrUnsupported
	}
	return err
}
