//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package atomicfile

import "sync"

var oneWriter sync.Mutex

// dirLock makes its holder the only Write of this process: a directory cannot be
// locked here.
type dirLock struct{}

func lockDir(string) (dirLock, error) {
	oneWriter.Lock()
	return dirLock{}, nil
}

func (dirLock) unlock() { oneWriter.Unlock() }

// sweep does nothing: a temporary file may be that of another process.
func (dirLock) sweep() {}
