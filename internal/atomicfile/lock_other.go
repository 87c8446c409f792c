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

// sweep does nothing: a temporary file may be that of another process.
func (dirLock) sweep() {}

// lockFile locks nothing.
func lockFile(context.Context, *os.File, time.Duration) (held bool, err error) { return false, nil }
