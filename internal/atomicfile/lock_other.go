//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package atomicfile

import (
	"context"
	"os"
	"sync"
	"time"
)

var oneWriter sync.Mutex

// dirLock makes its holder the only Write of this process: a directory cannot be
// locked here.
type dirLock struct{}

func lockDir(context.Context, string) (dirLock, error) {
	oneWriter.Lock()
	return dirLock{}, nil
}

func (dirLock) unlock() { oneWriter.Unlock() }

// sweep removes no files, because a temporary file may belong to another process.
func (dirLock) sweep() {}

// lockFile takes no lock.
func lockFile(context.Context, *os.File, time.Duration) (held bool, err error) { return false, nil }
