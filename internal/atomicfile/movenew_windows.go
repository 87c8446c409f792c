package atomicfile

import (
	"errors"
	"io/fs"
	"syscall"
)

// moveNew renames temp to target, which must not exist. os.Rename would replace an
// existing file; the plain system call does not.
func moveNew(temp, target string) error {
	from, err := syscall.UTF16PtrFromString(temp)
	if err != nil {
		return err
	}
	to, err := syscall.UTF16PtrFromString(target)
	if err != nil {
		return err
	}
	err = syscall.MoveFile(from, to)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if err != nil {
		return err
	}
	return nil
}
