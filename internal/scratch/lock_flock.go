//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package scratch

import (
	"errors"
	"os"
	"syscall"
)

// holdLock locks the directory at path until the file is closed or the process
// ends, however it ends; the programs it starts do not inherit the lock. It
// returns nil where that cannot be.
func holdLock(path string) *os.File {
	f, state := flock(path)
	if state != lockFree {
		return nil
	}
	return f
}

// tryLock looks whether a process holds the lock.
func tryLock(path string) lockState {
	f, state := flock(path)
	if f != nil {
		_ = f.Close()
	}
	return state
}

// flock returns the locked file if the lock was free.
func flock(path string) (*os.File, lockState) {
	f, err := os.Open(path)
	if err != nil {
		return nil, lockUnknown
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	switch {
	case err == nil:
		return f, lockFree
	case errors.Is(err, syscall.EWOULDBLOCK):
		_ = f.Close()
		return nil, lockHeld
	}
	_ = f.Close()
	return nil, lockUnknown
}
