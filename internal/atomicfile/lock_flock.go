//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// dirLock makes its holder the only Write in a directory. The lock is on
// the directory itself, so no lock file is left over, and the system drops it
// with the process.
type dirLock struct {
	dir *os.File // nil if there is no lock
}

func lockDir(ctx context.Context, dir string) (dirLock, error) {
	f, err := os.Open(dir)
	if err != nil {
		return dirLock{}, nil // may be written but not read: go without
	}
	held, err := lockFile(ctx, f, lockWait)
	if !held {
		_ = f.Close()
		return dirLock{}, err
	}
	return dirLock{f}, nil
}

// lockFile locks an open file or directory. held is false, without an error, on a
// file system without locks.
func lockFile(ctx context.Context, f *os.File, wait time.Duration) (held bool, err error) {
	for deadline := time.Now().Add(wait); ; time.Sleep(2 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case time.Now().After(deadline):
			return false, &LockedError{f.Name()}
		}
	}
}

func (l dirLock) unlock() {
	if l.dir != nil {
		_ = l.dir.Close() // closing unlocks
	}
}

// sweep removes the temporary files of killed processes from the directory.
func (l dirLock) sweep() {
	if l.dir != nil {
		sweep(l.dir.Name())
	}
}
