package atomicfile

import (
	"errors"

	"golang.org/x/sys/unix"
)

// renameNew renames in one step, and fails if the new name exists. Some file
// systems do not support it.
func renameNew(from, to string) error {
	err := unix.RenamexNp(from, to, unix.RENAME_EXCL)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOTSUP):
		return errors.ErrUnsupported
	}
	return err
}
