package atomicfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockName is the file that stands for the lock of its directory. It matches
// [TempPattern].
const lockName = ".lock.sealcfg-directory"

// dirLock makes its holder the only Write in a directory. Windows cannot lock a
// directory, so dirLock locks a file in it: no other process may open the file, and
// the system removes it with the last handle, which ends with the process. A file
// that a power cut left there is locked like a new one.
type dirLock struct {
	dir    string
	handle syscall.Handle // 0 if there is no lock
}

func lockDir(ctx context.Context, dir string) (dirLock, error) {
	name, err := syscall.UTF16PtrFromString(filepath.Join(dir, lockName))
	if err != nil {
		return dirLock{}, err
	}
	const (
		alone         = 0 // no sharing
		deleteOnClose = 0x04000000
	)
	for deadline := time.Now().Add(lockWait); ; time.Sleep(2 * time.Millisecond) {
		h, err := syscall.CreateFile(name, syscall.GENERIC_WRITE, alone, nil, syscall.OPEN_ALWAYS,
			syscall.FILE_ATTRIBUTE_HIDDEN|deleteOnClose, 0)
		switch {
		case err == nil:
			return dirLock{dir, h}, nil
		case !inUse(err):
			return dirLock{}, nil // a file system that does not have it
		case ctx.Err() != nil:
			return dirLock{}, context.Cause(ctx)
		case time.Now().After(deadline):
			return dirLock{}, &LockedError{dir}
		}
	}
}

func (l dirLock) unlock() {
	if l.handle != 0 {
		_ = syscall.CloseHandle(l.handle)
	}
}

// sweep removes the temporary files of killed processes from the directory. The
// name of the lock file matches their pattern too, but it is open and stays.
func (l dirLock) sweep() {
	if l.handle != 0 {
		sweep(l.dir)
	}
}

// inUse reports whether an error may be temporary: another process has the file
// open, or is just removing it, which causes an access-denied error.
func inUse(err error) bool {
	const sharingViolation = syscall.Errno(32)
	return errors.Is(err, sharingViolation) || errors.Is(err, syscall.ERROR_ACCESS_DENIED)
}

// lockFile takes no lock: on Windows, no file is written in place.
func lockFile(context.Context, *os.File, time.Duration) (held bool, err error) { return false, nil }
