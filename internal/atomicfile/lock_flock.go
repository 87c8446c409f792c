//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
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

func lockDir(dir string) (dirLock, error) {
	f, err := os.Open(dir)
	if err != nil {
		return dirLock{}, nil // may be written but not read: go without
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(2 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return dirLock{f}, nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			_ = f.Close()
			return dirLock{}, nil // a file system without locks, or with others
		case time.Now().After(deadline):
			_ = f.Close()
			return dirLock{}, errLocked
		}
	}
}

func (l dirLock) unlock() {
	if l.dir != nil {
		_ = l.dir.Close() // closing unlocks
	}
}

// sweep removes what killed processes have left in the directory.
func (l dirLock) sweep() {
	if l.dir != nil {
		sweep(l.dir.Name())
	}
}
